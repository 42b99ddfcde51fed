// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "plateau/core/random.hpp"

namespace plateau {
namespace {

// A normal variate from one element of a stream (Box and Muller 1958).
double normal(std::uint64_t seed, std::uint64_t element) {
  const PhiloxCounter word = draw({seed, StreamId::augmentation}, element);
  const double u = (static_cast<double>(word.word[0]) + 0.5) * 0x1p-32, v = static_cast<double>(word.word[1]) * 0x1p-32;
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * 3.14159265358979323846 * v);
}

TEST(Wilson, reproduces_worked_examples) {
  // At share 1/2 the score equation gives 1/2 +- z / (2 sqrt(n + z^2)), z = 1.959964; at share 1, n / (n + z^2).
  const Interval half = wilson_interval(0.5, 500);
  EXPECT_NEAR(half.low, 0.456341, 1e-6);
  EXPECT_NEAR(half.high, 0.543659, 1e-6);
  const Interval all = wilson_interval(1.0, 500);
  EXPECT_NEAR(all.low, 500 / (500 + 3.841459), 1e-6);
  EXPECT_EQ(all.high, 1.0);
  const Interval none = wilson_interval(0.0, 10);
  EXPECT_EQ(none.low, 0.0);
  EXPECT_NEAR(none.high, 3.841459 / (10 + 3.841459), 1e-6);
}

TEST(Wilson, end_points_solve_the_score_equation) {
  for (const Index n : {1, 10, 500, 100000})
    for (const double share : {0.0, 0.1, 0.5, 0.9, 1.0}) {
      const Interval interval = wilson_interval(share, n);
      for (const double p : {interval.low, interval.high})
        EXPECT_NEAR((p - share) * (p - share), 3.8414588206941 * p * (1 - p) / static_cast<double>(n), 1e-12);
    }
}

TEST(Wilson, refuses_what_is_no_share) {
  EXPECT_THROW(wilson_interval(-0.1, 5), std::invalid_argument);
  EXPECT_THROW(wilson_interval(1.1, 5), std::invalid_argument);
  EXPECT_THROW(wilson_interval(std::nan(""), 5), std::invalid_argument);
  EXPECT_THROW(wilson_interval(0.5, 0), std::invalid_argument);
}

TEST(Student, reproduces_the_printed_table) {
  EXPECT_NEAR(student_factor(1, 0.95), 12.7062, 1e-4);
  EXPECT_NEAR(student_factor(19, 0.95), 2.0930, 1e-4);
  EXPECT_NEAR(student_factor(499, 0.90), 1.6479, 1e-4);
  EXPECT_THROW(student_factor(0, 0.95), std::invalid_argument);
  EXPECT_THROW(student_factor(3, 1.0), std::invalid_argument);
}

TEST(MeanSpread, of_a_sample_solved_by_hand) {
  const MeanSpread spread = mean_spread({1, 2, 3, 4});  // deviation sqrt(5/3), t(3) = 3.18245
  EXPECT_DOUBLE_EQ(spread.mean, 2.5);
  EXPECT_NEAR(spread.deviation, std::sqrt(5.0 / 3), 1e-12);
  EXPECT_NEAR(spread.interval.high - 2.5, 3.182446 * std::sqrt(5.0 / 3) / 2, 1e-6);
  const MeanSpread one = mean_spread({0.25});
  EXPECT_EQ(one.mean, 0.25);
  EXPECT_EQ(one.interval.high, std::numeric_limits<double>::infinity());
  EXPECT_THROW(mean_spread({}), std::invalid_argument);
}

TEST(PairedDifference, has_the_sign_of_second_minus_first) {
  const Estimate difference = paired_difference({0, 0, 1, 1}, {1, 0, 1, 1});
  EXPECT_DOUBLE_EQ(difference.value, 0.25);
  EXPECT_LT(difference.interval.low, 0);
  const Estimate negated = -difference;
  EXPECT_EQ(negated.value, -difference.value);
  EXPECT_EQ(negated.interval.low, -difference.interval.high);
  EXPECT_THROW(paired_difference({1, 2}, {1}), std::invalid_argument);
}

TEST(McNemar, is_the_binomial_test_of_the_rows_that_changed) {
  EXPECT_DOUBLE_EQ(mcnemar_p(4, 0), 0.125);  // 2 / 2^4
  EXPECT_DOUBLE_EQ(mcnemar_p(0, 6), 0.03125);
  EXPECT_DOUBLE_EQ(mcnemar_p(2, 8), 2 * (1 + 10 + 45) / 1024.0);
  EXPECT_DOUBLE_EQ(mcnemar_p(8, 2), mcnemar_p(2, 8));
  EXPECT_EQ(mcnemar_p(3, 3), 1);
  EXPECT_EQ(mcnemar_p(4, 3), 1);
  EXPECT_EQ(mcnemar_p(0, 0), 1);
  EXPECT_NEAR(mcnemar_p(450'000, 451'000), 0.2926, 1e-4);  // of a normal variate, 999 / sqrt(901000)
  EXPECT_THROW(mcnemar_p(-1, 3), std::invalid_argument);
  EXPECT_THROW(mcnemar_p(3, -1), std::invalid_argument);
}

// 95 % intervals must cover the truth in 95 % of repetitions: of 1000, 950 +- 4 standard deviations of the binomial.
TEST(Intervals, cover_as_often_as_they_promise) {
  int paired = 0, crossed = 0;
  for (std::uint64_t repetition = 0; repetition < 1000; ++repetition) {
    std::vector<double> first, second;
    std::vector<std::vector<double>> trainings(4, std::vector<double>(60));
    std::uint64_t element = 0;
    for (int i = 0; i < 60; ++i) {
      first.push_back(normal(repetition, element++));
      second.push_back(first.back() + 0.3 + 0.5 * normal(repetition, element++));
    }
    const Estimate p = paired_difference(first, second);
    paired += p.interval.low <= 0.3 && 0.3 <= p.interval.high;

    // Rows differ in difficulty, trainings in luck; the truth is the mean over both populations.
    std::vector<double> row_gain;
    for (int i = 0; i < 60; ++i) row_gain.push_back(0.3 + 0.8 * normal(repetition, element++));
    for (auto& training : trainings) {
      const double luck = 0.1 * normal(repetition, element++);
      for (std::size_t i = 0; i < 60; ++i) training[i] = first[i] + row_gain[i] + luck;
    }
    const Estimate c = crossed_difference(first, trainings);
    crossed += c.interval.low <= 0.3 && 0.3 <= c.interval.high;
  }
  EXPECT_NEAR(paired, 950, 4 * std::sqrt(1000 * 0.95 * 0.05));
  // The spread of the trainings' means is added to that of the rows, which they share: never too narrow.
  EXPECT_GE(crossed, 950 - 4 * std::sqrt(1000 * 0.95 * 0.05));
  EXPECT_LE(crossed, 990);
}

TEST(CrossedDifference, trainings_that_disagree_widen_it) {
  // Rows that all gain the same leave no variance over rows: what is left is that of the trainings, deviation 0.1 over
  // 4 trainings at 3 degrees of freedom.
  const std::vector<double> run(50, 0.2);
  std::vector<std::vector<double>> trainings;
  for (const double gain : {-0.1, -0.1, 0.1, 0.1}) trainings.emplace_back(50, 0.5 + gain);
  const Estimate difference = crossed_difference(run, trainings);
  EXPECT_NEAR(difference.value, 0.3, 1e-12);
  EXPECT_NEAR(difference.interval.high - difference.value, 3.182446 * std::sqrt(0.04 / 3) / 2, 1e-6);
}

TEST(CrossedDifference, more_trainings_never_remove_the_share_of_the_rows) {
  std::vector<double> run(50, 0.0), training(50);
  for (std::size_t i = 0; i < 50; ++i) training[i] = i % 2 == 0 ? 1.0 : 0.0;
  const Estimate few = crossed_difference(run, std::vector<std::vector<double>>(2, training));
  const Estimate many = crossed_difference(run, std::vector<std::vector<double>>(200, training));
  EXPECT_DOUBLE_EQ(few.value, 0.5);
  EXPECT_NEAR(few.interval.high, many.interval.high, 1e-9);
  EXPECT_GT(many.interval.high - many.value, 0.1);
  EXPECT_THROW(crossed_difference(run, {training}), std::invalid_argument);
  const Estimate nothing = crossed_difference(run, {run, run});
  EXPECT_EQ(nothing.interval.high, 0.0);
}

}  // namespace
}  // namespace plateau
