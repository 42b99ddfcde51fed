// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/remedies_report.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/files.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/run_directory.hpp"

namespace plateau {
namespace {

using Json = nlohmann::json;

Difference gain_of(double value, double error, double p) {
  return {{value, {value - 2 * error, value + 2 * error}}, error, p, 2.8 * error};
}
RemedyRow row(Remedy remedy, RemedyState state, const Difference& gain, std::string chosen) {
  return {.remedy = remedy,
          .state = state,
          .chosen = std::move(chosen),
          .settings = 3,
          .setting = {.what = "it", .architecture = "2-4-2", .trainings = 20, .test_accuracy = 0.875, .gain = gain},
          .cost = {.trainings = 29, .seconds = 1.5}};
}

RemediesResult some_result() {
  RemediesResult result{.configuration = {.files = {.train = "rows.csv", .test_fraction = 0.25},
                                          .run = {.architecture = {{2, 4, 2}}, .epochs = 7},
                                          .only = {Remedy::dropout}},
                        .trainings = 99,
                        .test_looks = 6,
                        .seconds = 12.5};
  RemedyRow ensemble = row(Remedy::ensemble, RemedyState::unresolved, gain_of(0.01, 0.01, 0.2), "the vote of 20");
  ensemble.ensembles = {{.members = 20,
                         .ensembles = 1,
                         .accuracy = 0.81,
                         .over_mean = gain_of(0.01, 0.01, 0.2),
                         .over_best = gain_of(-0.02, 0.01, 0.9)}};
  RemedyRow weights = row(Remedy::class_weights, RemedyState::unresolved, gain_of(-0.0004, 0.002, 0.5), "weights");
  weights.balanced = true;
  result.table = {
      .delta = 0.01,
      .train_rows = 300,
      .test_rows = 100,
      .classes = 2,
      .features = 2,
      .baseline = {.architecture = "2-4-2", .trainings = 20, .diverged = 1, .test_accuracy = 0.8},
      .test_interval = {0.7, 0.9},
      .rows = {row(Remedy::dropout, RemedyState::unresolved, gain_of(0.05, 0.01, 1e-5), "dropout \"0.3\", yes"),
               ensemble,
               weights,
               row(Remedy::jitter, RemedyState::unresolved, gain_of(std::numeric_limits<double>::quiet_NaN(), 1, 1),
                   "jitter 1"),
               row(Remedy::mixup, RemedyState::unresolved, gain_of(-0.1, 0.01, 1), "mixup 1"),
               row(Remedy::more_data, RemedyState::predicted, gain_of(0.02, 0.005, 1), "twice the rows"),
               row(Remedy::placebo, RemedyState::control, gain_of(-0.001, 0.01, 0.5), "other seeds"),
               {.remedy = Remedy::early_stopping, .chosen = "it is best at its end"}},
      .curve = CurveEvidence{.points = {{50, 0.7, {}}, {100, 0.75, {}}, {200, 0.79, {}}},
                             .gain = gain_of(0.04, 0.01, 0.001),
                             .from_rows = 100,
                             .to_rows = 200,
                             .at_twice = 0.02,
                             .at_twice_interval = {0.01, 0.03},
                             .back_test_error = -0.004}};
  decide(result.table);
  result.advice = advice(result.table);
  return result;
}

TEST(RemediesSummary, tells_what_to_do_and_what_was_measured) {
  const std::string text = remedies_summary(some_result(), cpu_environment(2));
  for (const char* const part :
       {"\nremedies: 300 training and 100 test rows, 2 features, 2 classes\n\nAdvice       What helps most is dropout ",
        "\nBaseline     2-4-2, adam at learning rate 0.001, full batch, 7 epochs, features as they are\n",
        "             test accuracy 0.800 [0.700, 0.900], train accuracy 0.000, mean of 20 trainings, of\n"
        "             which 1 diverged; 0.0 s\n",
        "\nremedy         points   95 % interval       p    Holm  verdict\n"
        "dropout           5.0      [3.0, 7.0]  <0.001  <0.001  helps\n"
        "more-data         2.0      [1.0, 3.0]       -       -  predicted\n"
        "ensemble          1.0     [-1.0, 3.0]   0.200   0.800  unresolved; about 2000 test rows could tell\n"
        "class-weights     0.0     [-0.4, 0.4]   0.500   1.000  no effect above 0.4 points (balanced accuracy)\n"
        "placebo          -0.1     [-2.1, 1.9]   0.500       -  control\n"
        "mixup           -10.0   [-12.0, -8.0]   1.000   1.000  hurts\n"
        "jitter            nan      [nan, nan]   1.000   1.000  unresolved\n",
        "\nEnsembles    - 1 vote of 20: 0.810, 1.0 over the mean single training [-1.0, 3.0], -2.0 over",
        "\nMore data    from 100 to 200 training rows 4.0 points were gained [2.0, 6.0];",
        "a point for about 150 rows; the", "the same prediction was 0.4 points",
        "\nNot tried    - early-stopping: it is best at its end\n", "99 trainings, 12.5 s\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(RemediesJson, holds_every_number_and_times_under_measured_only) {
  RemediesResult result = some_result();
  Json json = Json::parse(remedies_json(result, cpu_environment(2)));
  EXPECT_EQ(json["schema"], "plateau-remedies");
  EXPECT_EQ(json["schema_version"], kRemediesJsonVersion);
  EXPECT_EQ(json["configuration"]["data"], "rows.csv");
  EXPECT_EQ(json["configuration"]["only"], Json({"dropout"}));
  EXPECT_EQ(json["configuration"]["delta"], 0.01);
  EXPECT_EQ(json["advice"], result.advice);
  EXPECT_EQ(json["exit_code"], 0);
  EXPECT_EQ(json["placebo_differs"], false);
  EXPECT_EQ(json["baseline"]["test_interval_95"], Json({0.7, 0.9}));
  EXPECT_EQ(json["rows_per_point"], 150.0);
  EXPECT_EQ(json["learning_curve"]["to_rows"], 200);
  ASSERT_EQ(json["remedies"].size(), 8u);
  const Json& first = json["remedies"][0];
  EXPECT_EQ(first["remedy"], "dropout");
  EXPECT_EQ(first["state"], "helps");
  EXPECT_EQ(first["points"], 5.0);
  EXPECT_EQ(first["trainings"], 29);
  EXPECT_EQ(first["setting"]["gain"]["value"], 0.05);
  EXPECT_EQ(json["remedies"][2]["needed"]["test_rows"], result.table.rows[2].needed->test_rows);
  EXPECT_EQ(json["remedies"][2]["ensembles"][0]["over_best"]["value"], -0.02);
  EXPECT_EQ(json["remedies"][3]["judged_by"], "balanced_accuracy");
  EXPECT_TRUE(json["remedies"][4]["adjusted_p"].is_null());  // the placebo's
  EXPECT_TRUE(json["remedies"][6]["points"].is_null());      // NaN
  EXPECT_EQ(json["remedies"][7], Json({{"remedy", "early-stopping"},
                                       {"state", "not-tried"},
                                       {"chosen", "it is best at its end"},
                                       {"settings", 0},
                                       {"trainings", 0}}));
  EXPECT_EQ(json["measured"]["seconds"]["of"]["dropout"], 1.5);

  result.seconds = 1;
  for (RemedyRow& of : result.table.rows) of.cost.seconds = 77;
  Json other = Json::parse(remedies_json(result, cpu_environment(2)));
  EXPECT_NE(json, other);
  json.erase("measured");
  other.erase("measured");
  EXPECT_EQ(json, other);
}

TEST(RemediesCsv, has_a_line_per_remedy_with_as_many_fields_as_columns) {
  const std::string csv = remedies_csv(some_result());
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  const auto commas = std::ranges::count(line, ',');
  EXPECT_EQ(line.find("remedy,state,chosen,judged_by,gain,"), 0u);
  int count = 0;
  bool first = true;
  while (std::getline(lines, line)) {
    ++count;
    if (first) {
      EXPECT_EQ(line.find("dropout,helps,\"dropout \"\"0.3\"\", yes\",accuracy,0.05,"), 0u) << line;
    }
    EXPECT_EQ(std::ranges::count(line, ','), commas + (first ? 1 : 0)) << line;  // one stands between quotes
    first = false;
  }
  EXPECT_EQ(count, 8);
}

TEST(RemediesDirectory, is_never_overwritten) {
  const std::filesystem::path folder = testing_files::test_folder() / "out";
  const RemediesResult result = some_result();
  prepare_remedies_directory(folder);
  write_remedies_directory(folder, result, "{}\n");
  EXPECT_TRUE(std::filesystem::exists(folder / "remedies.csv"));
  EXPECT_THROW(prepare_remedies_directory(folder), InputError);
  EXPECT_THROW(prepare_diagnosis_directory(folder), InputError);
  EXPECT_THROW(write_remedies_directory(folder, result, "{}\n"), InputError);
}

}  // namespace
}  // namespace plateau
