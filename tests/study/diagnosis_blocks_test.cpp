// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The blocks of a diagnosis that train, each on rows of which the answer is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "plateau/study/learning_curve.hpp"
#include "plateau/study/shift.hpp"
#include "plateau/study/signal.hpp"
#include "support/cases.hpp"
#include "support/datasets.hpp"

namespace plateau::test::diagnosis_blocks_test {
namespace {

using Ids = std::vector<std::int32_t>;

// Uniform features in [-1, 1), the first one moved by `offset`; the label says whether it is above 0, or, with `coins`,
// nothing.
struct Making {
  Index rows = 0;
  Index features = 2;
  float offset = 0;
  bool coins = false;
};
Dataset made(const Making& making, std::uint64_t seed) {
  std::vector<float> x;
  for (const double value : random_values(making.rows * making.features, -1, 1, seed))
    x.push_back(static_cast<float>(value));
  Ids labels = random_labels(making.rows, 2, seed + 1000);
  for (Index row = 0; row < making.rows; ++row) {
    float& first = x[at(row * making.features)];
    first += making.offset;
    if (!making.coins) labels[at(row)] = first > 0;
  }
  Dataset data = labelled(making.features, x, labels);
  data.classes = numbered_classes(2);
  return data;
}

Battery small_battery() {
  Battery battery = battery_of(Depth::quick);
  battery.permutations = 39;
  battery.signal_seeds = 3;
  battery.optimiser_steps = 120;
  battery.curve_repeats = 2;
  return battery;
}

class DiagnosisBlocks : public testing::Test {
 protected:
  CpuTrainer trainer{{.workers = 2}};
  Laboratory laboratory{trainer};
  Battery battery = small_battery();

  std::optional<SignalEvidence> signal_of(const Split& split, std::uint64_t seed = 1) {
    return test_signal(laboratory, split, {.architecture = {{split.train.features(), 4, 2}}}, battery, seed);
  }
  // By the recipe, a network with one hidden layer.
  LearningCurve curve_of(const Split& split, const Folds& folds) {
    const plateau::Run run = recipe({}, {{split.train.features(), 8, 2}}, 0.01, split.train.rows(), battery);
    return learning_curve(laboratory, split, {"", run}, folds, battery, 3);
  }
  std::optional<ShiftEvidence> shift_of(const Split& split) {
    const Folds folds(split.train, 3, 1);
    return test_shift(laboratory, split, curve_of(split, folds), folds, battery, 1);
  }
};

TEST_F(DiagnosisBlocks, a_signal_that_is_there_is_seen) {
  const std::optional<SignalEvidence> found = signal_of({.train = made({60}, 1), .test = made({60}, 2)});
  EXPECT_EQ(found->p, 1.0 / 40);
  EXPECT_EQ(found->null.size(), 39u);
  EXPECT_EQ(found->permutations, 39);
  EXPECT_EQ(found->trainings, 42 * 3);
  EXPECT_GT(found->statistic, 0.25);
  EXPECT_GT(found->detectable, 0);
}

TEST_F(DiagnosisBlocks, of_coin_flips_hardly_any_signal_is_seen) {
  battery.permutations = 19;
  int seen = 0;
  double sum = 0, detectable = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Making coins{.rows = 40, .coins = true};
    const std::optional<SignalEvidence> found = signal_of({.train = made(coins, 50 + seed), .test = made(coins, seed)});
    seen += found->p <= 0.05;
    sum += found->p;
    detectable += found->detectable / 10;
    EXPECT_LT(found->statistic, 0.2);
  }
  // Of accuracies on so many rows, (1.645 + 0.842) sqrt(0.25 / (40 + 40 / 3)) = 0.17; the best of three has more.
  EXPECT_GT(detectable, 0.12);
  EXPECT_LT(detectable, 0.25);
  EXPECT_LE(seen, 2);
  EXPECT_GT(sum / 10, 0.2);
}

// Groups of five rows in one place, where one row has another label than the four: where the place tells the label,
// which of the five it is that differs is told by nothing.
TEST_F(DiagnosisBlocks, labels_are_shuffled_within_groups) {
  Split split{.train = made({.rows = 80}, 1), .test = made({.rows = 80}, 2)};
  for (Dataset* part : {&split.train, &split.test})
    for (Index row = 0; row < 80; ++row) {
      const Index group = row / 5;
      float& first = part->values.view().data[2 * row];
      first = static_cast<float>(group * 7 % 16) / 8 - 0.9375f + first / 100;
      part->labels[at(row)] = (first > 0) != (row % 5 == 0);
      part->groups.push_back(static_cast<std::int32_t>(group));
    }
  const std::optional<SignalEvidence> within = signal_of(split);
  ASSERT_TRUE(within.has_value());
  EXPECT_GT(within->p, 0.05);
  EXPECT_GT(within->statistic, 0.1);
  EXPECT_GT(within->detectable, within->statistic);  // shuffled labels have it as well: no claim that there is none
  split.train.groups.clear();
  EXPECT_LE(signal_of(split)->p, 0.05);
}

TEST_F(DiagnosisBlocks, labels_that_are_constant_within_groups_cannot_be_shuffled) {
  Split split{.train = made({.rows = 40}, 1), .test = made({.rows = 40}, 2)};
  for (const std::int32_t label : split.train.labels) split.train.groups.push_back(label);
  EXPECT_FALSE(signal_of(split).has_value());
  EXPECT_EQ(laboratory.trainings(), 0);
}

TEST_F(DiagnosisBlocks, more_rows_help_where_there_are_few_of_many_features) {
  const Making wide{.rows = 80, .features = 24};
  Making tests = wide;
  tests.rows = 300;
  const Split split{.train = made(wide, 1), .test = made(tests, 2)};
  const Folds folds(split.train, 5, 1);
  const LearningCurve curve = curve_of(split, folds);
  const CurveEvidence& found = curve.evidence;
  ASSERT_EQ(found.points.size(), 3u);
  EXPECT_EQ(found.points[2].rows, 64);
  EXPECT_EQ(found.points[1].rows, 32);
  EXPECT_EQ(found.points[0].rows, 16);
  EXPECT_EQ(found.to_rows, 64);
  EXPECT_EQ(found.from_rows, 32);
  EXPECT_LT(found.points[0].test_accuracy, found.points[2].test_accuracy);
  EXPECT_GT(found.gain.interval.low, 0);
  EXPECT_NEAR(found.gain.value, found.points[2].test_accuracy - found.points[1].test_accuracy, 1e-12);
  EXPECT_GT(found.at_twice, 0);
  EXPECT_LT(found.at_twice, found.gain.value);
  EXPECT_LT(found.at_twice_interval.low, found.at_twice);
  EXPECT_LT(found.at_twice, found.at_twice_interval.high);
  EXPECT_NE(found.back_test_error, 0);
  EXPECT_EQ(curve.largest.size(), 10u);
  EXPECT_EQ(curve.test_right.trainings(), 10);
  EXPECT_EQ(curve.largest[6].predictions[1].probability.size(), 2 * folds.rows_inside(1).size());
  // Five folds: a quarter as many rows are held out as are not.
  const Estimate largest = overlapping_folds_mean(curve.test_right.training_accuracy(), 0.25);
  EXPECT_EQ(found.points[2].over_trainings.low, largest.interval.low);
  EXPECT_GT(found.gain.error_of_trainings,
            mean_spread(curve.test_right.training_accuracy()).deviation / std::sqrt(4.0));
  EXPECT_DOUBLE_EQ(found.points[2].test_accuracy, mean_spread(curve.test_right.training_accuracy()).mean);
}

TEST_F(DiagnosisBlocks, more_rows_do_not_help_where_the_rule_is_learnt) {
  const Split split{.train = made({.rows = 360}, 1), .test = made({.rows = 300}, 2)};
  const Folds folds(split.train, 3, 1);
  const CurveEvidence found = curve_of(split, folds).evidence;
  EXPECT_LT(std::abs(found.gain.value), 0.02);
  EXPECT_LT(found.at_twice_interval.high, 0.03);
  EXPECT_GT(found.points.back().test_accuracy, 0.95);
}

TEST_F(DiagnosisBlocks, a_curve_of_few_rows_has_few_points) {
  const Split split{.train = made({.rows = 20}, 1), .test = made({.rows = 30}, 2)};
  const Folds folds(split.train, 3, 1);
  EXPECT_EQ(curve_of(split, folds).evidence.points.size(), 2u);
}

TEST_F(DiagnosisBlocks, test_rows_that_are_like_training_rows_are_no_shift) {
  const std::optional<ShiftEvidence> found =
      shift_of({.train = made({.rows = 120}, 1), .test = made({.rows = 120}, 2)});
  EXPECT_GT(found->p, 0.05);
  EXPECT_LT(found->auc.interval.low, 0.6);
  EXPECT_NEAR(found->null_auc, 0.5, 0.08);
  EXPECT_LT(found->loss.interval.low, 0.02);
  EXPECT_GT(found->cross_validated, 0.85);
}

// The label of the training rows says whether the first feature is above 0; the test rows' lie beside that.
TEST_F(DiagnosisBlocks, test_rows_from_elsewhere_are_told_and_their_loss_measured) {
  Split split{.train = made({.rows = 120}, 1), .test = made({.rows = 120, .offset = 1}, 2)};
  for (Index row = 0; row < 120; ++row) split.test.labels[at(row)] = split.test.x().row(row)[0] > 1;
  const std::optional<ShiftEvidence> found = shift_of(split);
  EXPECT_EQ(found->p, 1.0 / 20);
  EXPECT_GT(found->auc.interval.low, 0.6);
  EXPECT_GT(found->loss.interval.low, 0.2);
  EXPECT_LE(found->loss.p_greater, 1e-4);
  EXPECT_GT(found->loss.detectable, 0);
}

// Groups of six rows that lie close together. Rows of a group tell where others of it come from, and nothing else does.
Split in_groups(Index train_groups, Index test_groups, float offset) {
  constexpr Index kEach = 6;
  Split split{.train = made({.rows = kEach * train_groups}, 1), .test = made({.rows = kEach * test_groups}, 2)};
  std::uint64_t seed = 10;
  for (Dataset* part : {&split.train, &split.test}) {
    const std::vector<double> centre = random_values(2 * part->rows() / kEach, -1, 1, seed++);
    for (Index row = 0; row < part->rows(); ++row) {
      const Index group = row / kEach;
      for (Index f = 0; f < 2; ++f) {
        float& x = part->values.view().data[2 * row + f];
        x = static_cast<float>(centre[at(2 * group + f)]) + x / 20 + (part == &split.test && f == 1 ? offset : 0);
      }
      part->labels[at(row)] = part->x().row(row)[0] > 0;
      part->groups.push_back(static_cast<std::int32_t>(group));
    }
  }
  return split;
}

TEST_F(DiagnosisBlocks, groups_that_are_told_apart_are_no_shift) {
  Split split = in_groups(12, 8, 0);
  const std::optional<ShiftEvidence> found = shift_of(split);
  EXPECT_GT(found->p, 0.05);
  EXPECT_LT(found->auc.interval.low, 0.6);
  split.train.groups.clear();
  split.test.groups.clear();
  const std::optional<ShiftEvidence> by_rows = shift_of(split);
  EXPECT_LE(by_rows->p, 0.05);
  EXPECT_GT(by_rows->auc.interval.low, 0.6);
  EXPECT_LT(by_rows->loss.standard_error, found->loss.standard_error);
}

TEST_F(DiagnosisBlocks, groups_from_elsewhere_are_a_shift) {
  const std::optional<ShiftEvidence> found = shift_of(in_groups(12, 8, 2));
  EXPECT_EQ(found->p, 1.0 / 20);
  EXPECT_GT(found->auc.interval.low, 0.6);
  EXPECT_NEAR(found->null_auc, 0.5, 0.15);
}

TEST_F(DiagnosisBlocks, too_few_rows_on_a_side_say_nothing_of_a_shift) {
  EXPECT_TRUE(shift_of({.train = made({.rows = 40}, 1), .test = made({.rows = kFewestShiftRows}, 2)}).has_value());
  EXPECT_FALSE(shift_of({.train = made({.rows = 40}, 1), .test = made({.rows = kFewestShiftRows - 1}, 2)}).has_value());
}

}  // namespace
}  // namespace plateau::test::diagnosis_blocks_test
