// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/remedies_trial.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bench/validation/makers.hpp"

namespace plateau::validation {
namespace {

using Json = nlohmann::ordered_json;

Json remedy(const char* name, double points, double truth, bool level = false) {
  return {{"remedy", name},     {"points", points}, {"low", points - 1},
          {"high", points + 1}, {"level", level},   {"truth", truth}};
}
Json line(const char* named, const char* largest, std::vector<Json> remedies) {
  return {{"placebo", {{"helps", false}, {"above", false}, {"below", true}}},
          {"named", named},
          {"named_single", named},
          {"largest", largest},
          {"remedies", std::move(remedies)}};
}

TEST(RemediesRates, count_sets_in_which_the_best_leads) {
  const std::vector<Json> lines{
      // The best leads by 3: the first names it, the second and the third another, the fourth none.
      line("dropout", "mixup", {remedy("dropout", 5, 6), remedy("mixup", 6, 3)}),
      line("mixup", "dropout", {remedy("dropout", 5, 6, true), remedy("mixup", 5, 3)}),
      line("mixup", "dropout", {remedy("dropout", 5, 6), remedy("mixup", 5, 3)}),
      line("", "", {remedy("dropout", 1, 3.5), remedy("mixup", 0, 0.5)}),
      // By 1.9 points; of single changes, and over nothing at all, by 4.
      line("pair", "pair", {remedy("dropout", 5, 4), remedy("mixup", 5, 0), remedy("pair", 5, 5.9)}),
      // Best of what harms.
      line("", "", {remedy("dropout", -5, -6), remedy("mixup", 0, -1)}),
      {{"refused", "one class"}}};
  const Json rates = remedies_rates(lines);
  EXPECT_EQ(rates["sets"], 6);
  EXPECT_EQ(rates["refused"], 1);
  EXPECT_EQ(rates["placebo"]["helpful"]["hits"], 0);
  EXPECT_EQ(rates["placebo"]["interval_below_0"]["hits"], 6);
  EXPECT_EQ(rates["named"]["sets"], 4);
  EXPECT_EQ(rates["named"]["right_of_all"]["hits"], 1);
  EXPECT_EQ(rates["named"]["right_of_named"]["of"], 3);
  EXPECT_EQ(rates["named"]["wrong_but_not_told_apart"], 1);
  EXPECT_EQ(rates["named_among_single_changes"]["sets"], 5);
  EXPECT_EQ(rates["largest_gain"]["right_of_all"]["hits"], 2);
  // 0, 3, 3 and 0 points.
  EXPECT_EQ(rates["given_away_by_named"]["fewer_than_lead"]["of"], 4);
  EXPECT_EQ(rates["given_away_by_named"]["fewer_than_lead"]["hits"], 2);
  EXPECT_DOUBLE_EQ(rates["given_away_by_named"]["mean_points"], 1.5);
  EXPECT_EQ(rates["gain_of_named_less_truth"]["sets"], 4);
  EXPECT_DOUBLE_EQ(rates["gain_of_named_less_truth"]["points"], (-1 + 2 + 2 - 0.9) / 4);
  // Held where the truth is one point away at most.
  EXPECT_EQ(rates["intervals_that_hold_the_truth"]["of"], 13);
  EXPECT_EQ(rates["intervals_that_hold_the_truth"]["hits"], 8);
}

// A network that is too small for a parity: fresh rows and fresh seeds say the same of the larger one as the study.
TEST(RemediesTrial, has_a_truth_for_everything_that_accuracy_judges) {
  Specification s = specification_of(Part::tuning, "capacity", 0);
  s.train_rows = 200;
  s.test_rows = 200;
  s.run.epochs = 40;
  const Problem problem(s);
  CpuTrainer trainer({.workers = 2});
  const auto trial = try_remedies(problem, Depth::quick,
                                  {Remedy::weight_decay, Remedy::class_weights, Remedy::ensemble}, true, trainer);
  ASSERT_TRUE(trial && trial->result);
  ASSERT_EQ(trial->truths.size(), 2u);
  const Json json = remedies_line(problem, 1, Depth::quick, *trial);
  EXPECT_EQ(json["only"], Json({"weight-decay", "class-weights", "ensemble"}));
  for (const Json& of : json["remedies"]) {
    EXPECT_NE(of["truth"], of["points"]) << of;  // other rows and seeds
    EXPECT_LE(std::abs(of["truth"].get<double>() - of["points"].get<double>()), 15) << of;
  }
  EXPECT_EQ(remedies_rates({json})["sets"], 1);
}

}  // namespace
}  // namespace plateau::validation
