// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/run.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "support/compare.hpp"
#include "support/rows.hpp"

namespace plateau::test::run_test {
namespace {

auto small_run() { return plateau::Run{.architecture = {{3, 8, 2}}}; }

std::string refusal(const plateau::Run& run, const TrainingData& data) {
  try {
    expects_run(run, data);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "taken";
}

TEST(Run, refuses_what_does_not_fit_and_names_the_field) {
  const Rows rows = learnable_rows(20, 10, 3, 2);
  const TrainingData data = rows.views();
  EXPECT_EQ(refusal(small_run(), data), "taken");
  struct Wrong {
    std::string said;
    std::function<void(plateau::Run&)> change;
  };
  const auto adam = [](AdamParameters parameters) { return [=](plateau::Run& run) { run.optimizer = parameters; }; };
  const auto sgd = [](SgdParameters parameters) { return [=](plateau::Run& run) { run.optimizer = parameters; }; };
  const std::vector<Wrong> wrongs{
      {"run: architecture: the data have the architecture's number of features",
       [](plateau::Run& run) {
         run.architecture = {{2, 2}};
       }},
      {"run: every label is one of the classes",
       [](plateau::Run& run) {
         run.architecture = {{3, 1}};
       }},
      {"run: learning_rate > 0, in float too", adam({.learning_rate = 0})},
      {"run: learning_rate > 0, in float too", adam({.learning_rate = -1})},
      {"run: learning_rate > 0, in float too", adam({.learning_rate = kNaN})},
      {"run: learning_rate > 0, in float too", adam({.learning_rate = kInfinity})},
      {"run: weight_decay >= 0", adam({.betas = {}, .weight_decay = -0.1})},
      {"run: 0 <= beta1 < 1", adam({.betas = {1, 0.9}})},
      {"run: 0 <= beta2 < 1", adam({.betas = {0.9, kNaN}})},
      {"run: epsilon >= 0", adam({.betas = {}, .epsilon = -1})},
      {"run: learning_rate > 0, in float too", sgd({.learning_rate = 0})},
      {"run: weight_decay >= 0", sgd({.weight_decay = kNaN})},
      {"run: momentum >= 0", sgd({.momentum = -0.5})},
      {"run: 1 <= epochs <= 1000000", [](plateau::Run& run) { run.epochs = 0; }},
      {"run: 1 <= epochs <= 1000000", [](plateau::Run& run) { run.epochs = Index{1} << 40; }},
      {"run: learning_rate > 0, in float too", sgd({.learning_rate = 1e-60})},
      {"run: batch >= 0", [](plateau::Run& run) { run.batch = -1; }},
      {"run: rows: they are those of the data", [](plateau::Run& run) { run.rows = RowSelection::all(19); }},
      {"run: validation: they are rows of the data",
       [](plateau::Run& run) { run.validation = RowSelection::part(1, 21, 3); }},
      {"run: 0 <= patience <= 1000000", [](plateau::Run& run) { run.patience = -1; }},
      {"run: 0 <= patience <= 1000000", [](plateau::Run& run) { run.patience = Index{1} << 40; }},
      {"run: patience: stopping early needs validation rows", [](plateau::Run& run) { run.patience = 2; }},
      {"run: labels: 0 <= flip_rate <= 1", [](plateau::Run& run) { run.labels.flip_rate = 1.5f; }},
      {"run: 0 <= dropout < 1", [](plateau::Run& run) { run.dropout = 1; }},
      {"run: 0 <= dropout < 1", [](plateau::Run& run) { run.dropout = 1 - 1e-12; }},  // one, in float
      {"run: 0 <= dropout < 1", [](plateau::Run& run) { run.dropout = kNaN; }},
      {"run: jitter >= 0", [](plateau::Run& run) { run.jitter = -1; }},
      {"run: mixup: 0, or an alpha from 0.05 to 100", [](plateau::Run& run) { run.mixup = 0.01; }},
      {"run: class_weights: balanced or given ones, not both",
       [](plateau::Run& run) {
         run.class_weights = {.balanced = true, .given = {1, 1}};
       }},
      {"run: class_weights: one per class", [](plateau::Run& run) { run.class_weights.given = {1}; }},
      {"run: class_weights >= 0",
       [](plateau::Run& run) {
         run.class_weights.given = {1, -1};
       }},
      {"run: frozen: layers of the architecture", [](plateau::Run& run) { run.frozen = 4; }},
      {"run: frozen: a layer is trained", [](plateau::Run& run) { run.frozen = 3; }},
      {"run: pause: 0, or one of its epochs", [](plateau::Run& run) { run.pause = 2; }},
      {"run: initial: one value per parameter", [](plateau::Run& run) { run.initial = FlatParameters(3); }},
      {"run: outputs: predictions for rows of the data",
       [](plateau::Run& run) { run.outputs.predictions = {{.rows = RowSelection::all(10)}}; }},
      {"run: outputs: a best epoch needs validation rows",
       [](plateau::Run& run) { run.outputs.predictions = {{.at = ParametersAt::best}}; }},
  };
  for (const Wrong& wrong : wrongs) {
    auto run = small_run();
    wrong.change(run);
    EXPECT_EQ(refusal(run, data), wrong.said);
  }
}

TEST(Run, refuses_data_that_do_not_fit_themselves) {
  const Rows rows = learnable_rows(20, 10, 3, 2);
  const std::vector<std::int32_t> group(19);
  const RowGroups groups({group.data(), 19});
  TrainingData data = rows.views();
  data.train_groups = &groups;
  EXPECT_EQ(refusal(small_run(), data), "data: every training row has a group");
  data = rows.views();
  data.test_label.size = 9;
  EXPECT_EQ(refusal(small_run(), data), "data: one label per row");
  data = rows.views();
  data.train_x.rows = 0;
  data.train_label.size = 0;
  EXPECT_EQ(refusal(small_run(), data), "data: at least one training and one test row");
  data = rows.views();
  data.test_x.cols = 2;
  EXPECT_EQ(refusal(small_run(), data), "data: test rows have the training rows' features");
}

TEST(Run, of_a_fleet_is_refused_by_its_number) {
  const Rows rows = learnable_rows(20, 10, 3, 2);
  std::vector<plateau::Run> runs(3, small_run());
  EXPECT_NO_THROW(expects_fleet(runs, rows.views()));
  EXPECT_NO_THROW(expects_fleet({}, rows.views()));
  runs[2].optimizer = SgdParameters{.learning_rate = 0};
  try {
    expects_fleet(runs, rows.views());
    FAIL() << "it was taken";
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()), "run 2 of the fleet: run: learning_rate > 0, in float too");
  }
}

TEST(EpochRecord, holds_means_over_the_rows) {
  const EpochMetrics sums{.train_loss_sum = 10,
                          .test_loss_sum = 6,
                          .gradient_norm = 3,
                          .train_correct = 5,
                          .test_correct = 3,
                          .validation_loss_sum = 9,
                          .validation_correct = 2,
                          .test_changed = 1};
  const EpochRecord record = record_of(sums, {.train = 20, .test = 4, .validation = 3}, false);
  EXPECT_EQ(record.train_loss, 0.5);
  EXPECT_EQ(record.train_accuracy, 0.25);
  EXPECT_EQ(record.test_loss, 1.5);
  EXPECT_EQ(record.test_accuracy, 0.75);
  EXPECT_EQ(record.gradient_norm, 3);
  EXPECT_EQ(record.validation_loss, 3);
  EXPECT_EQ(record.validation_accuracy, 2.0 / 3);
  EXPECT_EQ(record.test_churn, 0.25);
  EXPECT_TRUE(std::isnan(record_of(sums, {20, 4, 3}, true).test_churn));
  EXPECT_TRUE(std::isnan(record_of(sums, {20, 4, 0}, false).validation_loss));
}

TEST(Run, is_complete_where_it_trained_as_long_as_it_meant_to) {
  static_assert(is_complete(RunOutcome::finished) && is_complete(RunOutcome::stopped_early));
  static_assert(!is_complete(RunOutcome::diverged) && !is_complete(RunOutcome::interrupted));
}

TEST(CorrectBits, are_a_row_of_words_per_epoch) {
  const CorrectBits bits({0b101, 0, 0b1, 0b10}, 2, 33);
  EXPECT_TRUE(bits(0, 0) && bits(0, 2) && bits(1, 0) && !bits(0, 1) && !bits(0, 32));
  EXPECT_TRUE(!bits(1, 32));
  EXPECT_THROW(CorrectBits({0b101}, 2, 33), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::test::run_test
