// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/run_comparison.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace plateau::run_comparison_test {
namespace {

// Of 40 test rows of two classes; right of the first `right` of them, but for `wrong` at the start and `more` after the
// end of those.
ComparedRun run_of(const std::string& name, std::uint64_t seed, Index right, Index wrong = 0, Index more = 0) {
  ComparedRun run{.name = name, .settings = {{"network", "2-4-2"}}, .seed = seed, .test_rows = 40};
  run.test_checksum = 99;
  for (Index row = 0; row < 40; ++row) {
    run.labels.push_back(static_cast<std::int32_t>(row % 2));
    const bool is_right = (row >= wrong && row < right) || (row >= right && row < right + more);
    run.predictions.push_back(is_right ? run.labels.back() : 1 - run.labels.back());
  }
  run.test_accuracy = static_cast<double>(right - wrong + more) / 40;
  return run;
}

void without_predictions(ComparedRun& run) {
  run.labels.clear();
  run.predictions.clear();
}

TEST(RunComparison, pairs_the_same_test_rows) {
  // Gains and losses by row, McNemar's p and Holm's correction by statsmodels 0.15 (mcnemar, multipletests); the
  // interval by SciPy: mean of n = 40 differences with two half rows more, Student's t of 39 degrees.
  const RunComparison found = compare_runs({run_of("a", 1, 23), run_of("b", 1, 23, 3, 8), run_of("c", 1, 23, 9, 1)});
  EXPECT_FALSE(found.over_first[0].has_value());
  const RunDifference& b = *found.over_first[1];
  EXPECT_EQ(b.rows, RowMatch::same);
  EXPECT_EQ(b.only_first, 3);
  EXPECT_EQ(b.only_this, 8);
  EXPECT_EQ(b.other_class, 11);
  EXPECT_NEAR(b.value, 0.125, 1e-12);
  EXPECT_NEAR(b.interval.low, -0.0456617, 1e-6);
  EXPECT_NEAR(b.interval.high, 0.2956617, 1e-6);
  EXPECT_NEAR(b.mcnemar_p, 0.2265625, 1e-9);
  EXPECT_NEAR(b.adjusted_p, 0.2265625, 1e-9);
  const RunDifference& c = *found.over_first[2];
  EXPECT_NEAR(c.value, -0.2, 1e-12);
  EXPECT_NEAR(c.interval.low, -0.3553578, 1e-6);
  EXPECT_NEAR(c.interval.high, -0.0446422, 1e-6);
  EXPECT_NEAR(c.mcnemar_p, 0.021484375, 1e-9);
  EXPECT_NEAR(c.adjusted_p, 0.04296875, 1e-9);
  EXPECT_NEAR(found.accuracy[0]->value, 0.575, 1e-12);
  EXPECT_NEAR(found.accuracy[0]->interval.low, 0.4219507, 1e-6);
  EXPECT_NEAR(found.accuracy[0]->interval.high, 0.7149061, 1e-6);
}

TEST(RunComparison, of_a_run_with_its_repetition_is_no_difference_within_what_the_rows_can_tell) {
  const RunComparison found = compare_runs({run_of("a", 1, 23), run_of("again", 1, 23)});
  const RunDifference& again = *found.over_first[1];
  EXPECT_EQ(again.value, 0);
  EXPECT_EQ(again.only_first + again.only_this + again.other_class, 0);
  EXPECT_NEAR(again.interval.high, 2.0226909 / 40, 1e-6);  // Student's t of 39 degrees, times 1 / n
  EXPECT_EQ(again.interval.low, -again.interval.high);
  EXPECT_EQ(again.mcnemar_p, 1);
  EXPECT_TRUE(found.groups.empty());  // a training twice is no second seed
  EXPECT_TRUE(found.differing.empty());
}

TEST(RunComparison, counts_rows_that_are_wrong_in_another_way) {
  ComparedRun first = run_of("a", 1, 23), other = run_of("b", 1, 23);
  other.predictions[39] = -1;
  const RunDifference difference = *compare_runs({first, other}).over_first[1];
  EXPECT_EQ(difference.other_class, 1);
  EXPECT_EQ(difference.only_first + difference.only_this, 0);
}

TEST(RunComparison, of_rows_that_are_not_known_to_be_the_same_is_of_independent_shares) {
  const auto differs = [](const ComparedRun& second, RowMatch match) {
    const RunDifference difference = *compare_runs({run_of("a", 1, 23), second}).over_first[1];
    EXPECT_EQ(difference.rows, match) << second.name;
    EXPECT_NEAR(difference.value, 0.05, 1e-12) << second.name;
    EXPECT_NEAR(difference.interval.low, -0.158562349, 1e-6) << second.name;
    EXPECT_NEAR(difference.interval.high, 0.252612983, 1e-6) << second.name;
    EXPECT_EQ(difference.only_first, 0);
    EXPECT_EQ(difference.adjusted_p, 1);
  };
  ComparedRun older = run_of("older", 1, 25), other = older, none = older, relabelled = older;
  older.test_checksum.reset();
  without_predictions(older);
  differs(older, RowMatch::unknown);
  without_predictions(none);  // as many rows, of the same checksum
  differs(none, RowMatch::unknown);
  other.test_checksum = 98;
  differs(other, RowMatch::other);
  relabelled.labels[0] = 1;  // the checksum agrees by chance
  differs(relabelled, RowMatch::other);
}

TEST(RunComparison, knows_rows_by_their_text_where_other_columns_are_read) {
  ComparedRun first = run_of("a", 1, 23), other = run_of("b", 1, 25);
  const auto match = [&] { return compare_runs({first, other}).over_first[1]->rows; };
  other.test_checksum = 98;
  EXPECT_EQ(match(), RowMatch::other);
  other.test_text_checksum = 7;
  EXPECT_EQ(match(), RowMatch::other);
  first.test_text_checksum = 7;
  EXPECT_EQ(match(), RowMatch::same);
  other.test_text_checksum = 8;
  EXPECT_EQ(match(), RowMatch::other);
  other.test_checksum = first.test_checksum;  // the same values, written in another way
  EXPECT_EQ(match(), RowMatch::same);
  other.test_checksum = 98;
  other.test_text_checksum = 7;
  other.labels[0] = 1;
  EXPECT_EQ(match(), RowMatch::other);
}

TEST(RunComparison, leaves_out_what_has_no_accuracy) {
  ComparedRun none = run_of("none", 1, 23);
  none.test_accuracy.reset();
  without_predictions(none);
  const RunComparison found = compare_runs({run_of("a", 1, 23), none, run_of("c", 1, 25)});
  EXPECT_FALSE(found.accuracy[1].has_value());
  EXPECT_FALSE(found.over_first[1].has_value());
  EXPECT_TRUE(found.over_first[2].has_value());
  for (const auto& difference : compare_runs({none, run_of("c", 1, 25)}).over_first)
    EXPECT_FALSE(difference.has_value());
  ComparedRun one{.name = "one", .seed = 1, .test_rows = 1, .test_accuracy = 1, .test_checksum = 5};
  one.labels = one.predictions = {0};
  const RunDifference difference = *compare_runs({one, one}).over_first[1];  // one row has no interval
  EXPECT_EQ(difference.interval.low, -1);
  EXPECT_EQ(difference.interval.high, 1);
}

TEST(RunComparison, refuses_what_is_no_run) {
  EXPECT_THROW(compare_runs({}), std::invalid_argument);
  ComparedRun run = run_of("a", 1, 23);
  run.predictions.pop_back();
  EXPECT_THROW(compare_runs({run}), std::invalid_argument);
  run = run_of("a", 1, 23);
  run.test_accuracy = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(compare_runs({run}), std::invalid_argument);
}

TEST(RunComparison, names_the_settings_that_differ) {
  ComparedRun a = run_of("a", 1, 23), b = run_of("b", 2, 23), c = run_of("c", 1, 23);
  a.settings = {{"network", "2-4-2"}, {"optimizer", "adam"}, {"beta1", "0.9"}, {"epochs", "5"}};
  b.settings = {{"network", "2-4-2"}, {"optimizer", "sgd"}, {"momentum", "0.9"}, {"epochs", "5"}};
  c.settings = {{"epochs", "7"}};
  EXPECT_EQ(compare_runs({a, b, c}).differing, (std::vector<std::string>{"optimizer", "epochs", "seed"}));
  EXPECT_EQ(value_of(a, "optimizer"), "adam");
  EXPECT_EQ(value_of(c, "optimizer"), "");
  EXPECT_EQ(value_of(b, "seed"), "2");
}

// Runs of two settings by three seeds.
std::vector<ComparedRun> two_settings() {
  std::vector<ComparedRun> runs{run_of("a1", 1, 23), run_of("b1", 1, 30),       run_of("a3", 3, 24, 1),
                                run_of("b2", 2, 31), run_of("a2", 2, 23, 0, 2), run_of("b3", 3, 29, 0, 2)};
  for (ComparedRun& run : runs)
    if (run.name.starts_with('b')) run.settings = {{"network", "2-64-2"}};
  return runs;
}

RowOutcomes right_of(const std::vector<const ComparedRun*>& runs) {
  RowOutcomes outcomes(40);
  for (const ComparedRun* run : runs) {
    std::vector<std::uint8_t> right;
    for (std::size_t row = 0; row < 40; ++row) right.push_back(run->predictions[row] == run->labels[row]);
    outcomes.add(right);
  }
  return outcomes;
}

TEST(RunComparison, compares_settings_over_their_seeds) {
  std::vector<ComparedRun> runs = two_settings();
  const RunComparison found = compare_runs(runs);
  ASSERT_EQ(found.groups.size(), 2u);
  EXPECT_EQ(found.groups[0].runs, (std::vector<std::size_t>{0, 4, 2}));
  EXPECT_EQ(found.groups[0].match, GroupMatch::reference);
  EXPECT_NEAR(found.groups[0].test_accuracy.mean, (23 + 25 + 23) / 120.0, 1e-12);
  const RunGroup& second = found.groups[1];
  EXPECT_EQ(second.runs, (std::vector<std::size_t>{1, 3, 5}));
  EXPECT_EQ(second.match, GroupMatch::compared);
  EXPECT_TRUE(second.by_seed);
  const Difference want = crossed_difference(right_of({&runs[0], &runs[4], &runs[2]}),
                                             right_of({&runs[1], &runs[3], &runs[5]}), Pairing::by_training);
  EXPECT_EQ(second.over_first.value, want.value);
  EXPECT_EQ(second.over_first.interval.low, want.interval.low);
  EXPECT_EQ(second.p, 2 * want.p_greater);
  EXPECT_EQ(second.adjusted_p, second.p);
  EXPECT_NEAR(second.over_first.value, (30 + 31 + 31 - 23 - 25 - 23) / 120.0, 1e-12);

  runs[5].seed = 7;  // other seeds: there are no pairs
  const RunGroup unpaired = compare_runs(runs).groups[1];
  EXPECT_FALSE(unpaired.by_seed);
  EXPECT_EQ(unpaired.over_first.interval.low,
            crossed_difference(right_of({&runs[0], &runs[4], &runs[2]}), right_of({&runs[1], &runs[3], &runs[5]}),
                               Pairing::none)
                .interval.low);
}

TEST(RunComparison, takes_into_a_setting_what_is_complete_and_once_per_seed) {
  std::vector<ComparedRun> runs = two_settings();
  runs[4].complete = false;
  runs.push_back(runs[0]);
  const RunComparison found = compare_runs(runs);
  EXPECT_EQ(found.groups[0].runs, (std::vector<std::size_t>{0, 2}));
  runs[2].complete = false;
  EXPECT_EQ(compare_runs(runs).groups.size(), 1u);  // one seed is no group
}

TEST(RunComparison, compares_no_settings_whose_rows_are_not_all_the_same) {
  std::vector<ComparedRun> runs = two_settings();
  runs[5].test_checksum = 98;
  const RunGroup second = compare_runs(runs).groups[1];
  EXPECT_EQ(second.match, GroupMatch::other_rows);
  EXPECT_EQ(second.over_first.value, 0);
  runs = two_settings();
  runs[2].test_checksum = 98;  // one of the first setting
  EXPECT_EQ(compare_runs(runs).groups[1].match, GroupMatch::other_rows);
}

}  // namespace
}  // namespace plateau::run_comparison_test
