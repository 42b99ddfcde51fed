// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/evaluation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace plateau::evaluation_test {
namespace {

Evaluation evaluated(const Predictions& predictions, const std::vector<std::int32_t>& label, Index classes) {
  return evaluate_predictions(predictions, {label.data(), static_cast<Index>(label.size())}, classes);
}

// Five rows of three classes, none of the third; counted by hand.
const Predictions kFive{.predicted = {0, 0, 1, 0, 2},
                        .probability = {0.8f, 0.1f, 0.1f,    //
                                        0.5f, 0.25f, 0.25f,  //
                                        0.25f, 0.5f, 0.25f,  //
                                        0.75f, 0.25f, 0.0f,  //
                                        0.25f, 0.25f, 0.5f}};
const std::vector<std::int32_t> kLabels{0, 0, 1, 1, 0};

TEST(Evaluation, counts_classes_and_their_confusion) {
  const Evaluation got = evaluated(kFive, kLabels, 3);

  EXPECT_EQ(got.rows, 5);
  EXPECT_EQ(got.right, 3);
  EXPECT_EQ(got.accuracy, 0.6);
  EXPECT_EQ(got.interval.low, wilson_interval(0.6, 5).low);
  EXPECT_EQ(got.interval.high, wilson_interval(0.6, 5).high);
  EXPECT_EQ(got.confusion, (std::vector<Index>{2, 0, 1, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(got.majority_share, 0.6);
  EXPECT_EQ(got.without_class, 0);
  EXPECT_EQ(got.classes[0].rows, 3);
  EXPECT_EQ(got.classes[0].predicted, 3);
  EXPECT_DOUBLE_EQ(got.classes[0].recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(got.classes[0].precision, 2.0 / 3);
  EXPECT_EQ(got.classes[1].recall, 0.5);
  EXPECT_EQ(got.classes[1].precision, 1);
  EXPECT_EQ(got.classes[1].recall_interval.low, wilson_interval(0.5, 2).low);
  EXPECT_EQ(got.classes[1].precision_interval.high, wilson_interval(1, 1).high);
  EXPECT_TRUE(std::isnan(got.classes[2].recall)) << "no row has the class";
  EXPECT_TRUE(std::isnan(got.classes[2].recall_interval.low));
  EXPECT_EQ(got.classes[2].precision, 0);
  EXPECT_DOUBLE_EQ(got.balanced_accuracy, (2.0 / 3 + 0.5) / 2) << "of the classes that have rows";
}

TEST(Evaluation, log_loss_is_the_mean_over_rows) {
  const double want = -(std::log(0.8f) + std::log(0.5) + std::log(0.5) + std::log(0.25) + std::log(0.25)) / 5;
  EXPECT_NEAR(evaluated(kFive, kLabels, 3).log_loss, want, 1e-7);

  const Predictions sure{.predicted = {0}, .probability = {1, 0}};
  EXPECT_EQ(evaluated(sure, {0}, 2).log_loss, 0);
  EXPECT_NEAR(evaluated(sure, {1}, 2).log_loss, 149 * std::log(2.0), 1e-9) << "what a float can tell from zero";
}

// Two bins: 0.5 lies in (7/15, 8/15], 0.75 in (11/15, 12/15] with 0.8, whose float lies above 12/15.
TEST(Evaluation, calibration_error_is_the_mean_distance_of_confidence_and_accuracy) {
  const Evaluation got = evaluated(kFive, kLabels, 3);

  ASSERT_EQ(got.calibration.size(), 15u);
  EXPECT_EQ(got.calibration[7].rows, 3);
  EXPECT_EQ(got.calibration[7].confidence, 0.5);
  EXPECT_DOUBLE_EQ(got.calibration[7].accuracy, 2.0 / 3);
  EXPECT_EQ(got.calibration[11].rows, 1);
  EXPECT_EQ(got.calibration[11].accuracy, 0);
  EXPECT_EQ(got.calibration[12].rows, 1);
  EXPECT_EQ(got.calibration[12].accuracy, 1);
  EXPECT_EQ(got.calibration[0].rows, 0);
  EXPECT_NEAR(got.calibration_error, (3 * (2.0 / 3 - 0.5) + 0.75 + 0.2) / 5, 1e-7);
  Index rows = 0;
  for (const CalibrationBin& bin : got.calibration) rows += bin.rows;
  EXPECT_EQ(rows, 5);
}

TEST(Evaluation, a_row_without_a_class_is_wrong_and_has_no_loss) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Evaluation got = evaluated({.predicted = {-1, 1}, .probability = {nan, nan, 0, 1}}, {0, 1}, 2);

  EXPECT_EQ(got.without_class, 1);
  EXPECT_EQ(got.accuracy, 0.5);
  EXPECT_TRUE(std::isnan(got.log_loss));
  EXPECT_EQ(got.confusion, (std::vector<Index>{0, 0, 0, 1}));
}

TEST(Evaluation, a_row_whose_probabilities_are_not_finite_has_no_class) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Evaluation got =
      evaluated({.predicted = {0, 1, 0}, .probability = {nan, nan, 0.25f, 0.75f, 0.5f, nan}}, {0, 1, 0}, 2);

  EXPECT_EQ(got.without_class, 2);
  EXPECT_EQ(got.right, 1);
  EXPECT_TRUE(std::isnan(got.log_loss));
  EXPECT_EQ(got.classes[0].predicted, 0);
  EXPECT_EQ(got.classes[0].recall, 0);
  EXPECT_EQ(got.confusion, (std::vector<Index>{0, 0, 0, 1}));
  EXPECT_EQ(got.calibration_error, 0.25) << "of the one row that is given a class";
  Index rows = 0;
  for (const CalibrationBin& bin : got.calibration) rows += bin.rows;
  EXPECT_EQ(rows, 1);

  EXPECT_TRUE(std::isnan(evaluated({.predicted = {0}, .probability = {nan, nan}}, {0}, 2).calibration_error));
}

TEST(Evaluation, refuses_what_does_not_match) {
  EXPECT_THROW(evaluated(kFive, {0, 0, 1, 1}, 3), std::invalid_argument);
  EXPECT_THROW(evaluated(kFive, kLabels, 2), std::invalid_argument);
  EXPECT_THROW(evaluated(kFive, {0, 0, 1, 1, 3}, 3), std::invalid_argument);
  EXPECT_THROW(evaluated({}, {}, 2), std::invalid_argument);
}

TEST(PredictInBlocks, gives_what_all_rows_together_give) {
  const std::vector<float> x{0, 1, 2, 3, -1, 5, 0.5f, -2, 4, 4, 7, -7, 1, 1};
  const TrainedNetwork network{.architecture = {{2, 3}}, .parameters = {1, -1, 0.5f, 2, -1, 0.25f, 0, 1, -1}};
  CpuTrainer trainer({.workers = 1});
  const HostMatrix<const float> rows = as_matrix(HostSpan<const float>{x.data(), 14}, 7, 2);
  const Predictions whole = trainer.predict(network, rows);
  for (const auto& [block, blocks] : {std::pair<Index, int>{1, 7}, {3, 3}, {7, 1}, {100, 1}}) {
    int seen = 0;
    const Predictions parts = predict_in_blocks(trainer, network, rows, block, [&] { ++seen; });
    EXPECT_EQ(parts.predicted, whole.predicted) << block;
    EXPECT_EQ(parts.probability, whole.probability) << block;
    EXPECT_EQ(seen, blocks) << block;
  }
  EXPECT_THROW(predict_in_blocks(trainer, network, rows, 2, [] { throw std::runtime_error("enough"); }),
               std::runtime_error);
  EXPECT_THROW(predict_in_blocks(trainer, network, rows, 0), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::evaluation_test
