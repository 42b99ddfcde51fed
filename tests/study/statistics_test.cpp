// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "plateau/core/random.hpp"

namespace plateau::statistics_test {
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

TEST(IndependentDifference, reproduces_newcombes_table) {
  // Newcombe 1998, Statistics in Medicine 17:873, table II, method 10; his difference is the first less the second.
  struct Line {
    Index right_one, rows_one, right_other, rows_other;
    double low, high;
  };
  for (const Line& line :
       {Line{56, 70, 48, 80, 0.0524, 0.3339}, Line{9, 10, 3, 10, 0.1705, 0.8090}, Line{6, 7, 2, 7, 0.0582, 0.8062},
        Line{5, 56, 0, 29, -0.0381, 0.1926}, Line{0, 10, 0, 20, -0.1611, 0.2775}, Line{0, 10, 0, 10, -0.2775, 0.2775},
        Line{10, 10, 0, 20, 0.6791, 1.0000}, Line{10, 10, 0, 10, 0.6075, 1.0000}}) {
    const Estimate got = independent_difference(line.right_other, line.rows_other, line.right_one, line.rows_one);
    EXPECT_NEAR(got.interval.low, line.low, 5.1e-5) << line.right_one;
    EXPECT_NEAR(got.interval.high, line.high, 5.1e-5) << line.right_one;
  }
  EXPECT_NEAR(independent_difference(48, 80, 56, 70).value, 0.2, 1e-12);
  EXPECT_THROW(independent_difference(1, 0, 1, 2), std::invalid_argument);
  EXPECT_THROW(independent_difference(1, 2, 3, 2), std::invalid_argument);
  EXPECT_THROW(independent_difference(-1, 2, 1, 2), std::invalid_argument);
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

// Expected values without another source were computed with SciPy 1.17.1, by the functions named.

TEST(Fisher, reproduces_its_tea_and_scipy) {
  EXPECT_NEAR(fisher_exact_p(3, 4, 1, 4), 17.0 / 70, 1e-12);  // Fisher 1935: 3 of 4 cups right, by chance
  EXPECT_NEAR(fisher_exact_p(4, 4, 0, 4), 1.0 / 70, 1e-12);
  // scipy.stats.fisher_exact(..., alternative="greater")
  EXPECT_NEAR(fisher_exact_p(8, 10, 1, 6), 0.024475524475524483, 1e-12);
  EXPECT_NEAR(fisher_exact_p(8, 500, 2, 500), 0.05380772641758835, 1e-10);
  EXPECT_NEAR(fisher_exact_p(60, 20'000, 300, 200'000), 3.7223333159934635e-06, 1e-12);
  EXPECT_EQ(fisher_exact_p(0, 10, 3, 10), 1);
  EXPECT_EQ(fisher_exact_p(10, 10, 10, 10), 1);
  EXPECT_THROW(fisher_exact_p(5, 4, 1, 4), std::invalid_argument);
  EXPECT_THROW(fisher_exact_p(0, 0, 1, 4), std::invalid_argument);
}

TEST(Permutation, p_counts_the_observed_as_one_of_them) {
  EXPECT_DOUBLE_EQ(permutation_p(0.5, {0.1, 0.2, 0.5, 0.7}), 3.0 / 5);
  EXPECT_DOUBLE_EQ(permutation_p(0.8, {0.1, 0.2, 0.5, 0.7}), 1.0 / 5);
  EXPECT_DOUBLE_EQ(permutation_p(0.8, std::vector<double>(199, 0.0)), 0.005);
  EXPECT_DOUBLE_EQ(permutation_p(0.8, {}), 1);
  EXPECT_DOUBLE_EQ(permutation_p(0.8, {0.1, std::nan("")}), 2.0 / 3);
  EXPECT_DOUBLE_EQ(permutation_p(std::nan(""), {0.1, 0.2}), 1);
}

TEST(Holm, adjusts_step_by_step) {
  // By hand: sorted 0.005 0.01 0.03 0.04 times 4 3 2 1, and none less than one before it.
  const std::vector<double> adjusted = holm({0.01, 0.04, 0.03, 0.005});
  const std::vector<double> expected = {0.03, 0.06, 0.06, 0.02};
  ASSERT_EQ(adjusted.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-15);
  EXPECT_EQ(holm({0.5, 0.6}), (std::vector<double>{1, 1}));
  EXPECT_EQ(holm({std::nan(""), 0.01}), (std::vector<double>{1, 0.02}));
  EXPECT_TRUE(holm({}).empty());
}

TEST(Equivalence, is_the_larger_of_two_one_sided_tests) {
  EXPECT_NEAR(tost_p(0.4, 0.25, 9, 1), 0.019948943334674188, 1e-12);            // scipy.stats.t.sf(2.4, 9)
  EXPECT_NEAR(tost_p(-0.002, 0.0042, 499, 0.01), 0.028692850997513716, 1e-12);  // .sf(0.008 / 0.0042, 499)
  EXPECT_NEAR(tost_p(1, 0.25, 9, 1), 0.5, 1e-12);
  EXPECT_GT(tost_p(3, 0.25, 9, 1), 0.999);
  EXPECT_EQ(tost_p(0.5, 0, 9, 1), 0);
  EXPECT_EQ(tost_p(1.5, 0, 9, 1), 1);
  EXPECT_EQ(tost_p(std::nan(""), 0.1, 9, 1), 1);
  EXPECT_EQ(tost_p(std::nan(""), 0, 9, 1), 1);
  EXPECT_EQ(tost_p(0, std::nan(""), 9, 1), 1);
  EXPECT_THROW(tost_p(0, 1, 9, 0), std::invalid_argument);
}

TEST(OverlappingFolds, widen_the_interval_by_the_rows_they_share) {
  // numpy and scipy.stats.t: mean -+ t.ppf(.975, 9) std(ddof=1) sqrt(1/10 + 1/9)
  const Estimate mean = overlapping_folds_mean({.02, .05, -.01, .03, .04, .00, .06, .01, .02, .03}, 1.0 / 9);
  EXPECT_NEAR(mean.value, 0.025, 1e-12);
  EXPECT_NEAR(mean.interval.low, 0.0024133651830257202, 1e-12);
  EXPECT_NEAR(mean.interval.high, 0.047586634816974276, 1e-12);
  EXPECT_THROW(overlapping_folds_mean({1}, 0.1), std::invalid_argument);
}

TEST(Detectable, is_two_point_eight_standard_errors) {
  EXPECT_NEAR(minimum_detectable_difference(0.05, 500), 0.028015852181129685, 1e-12);  // scipy.stats.norm.ppf
  EXPECT_NEAR(minimum_detectable_difference(0.1, 10'000), 0.008859390348296596, 1e-12);
  EXPECT_EQ(minimum_detectable_difference(0, 500), 0);
  for (const Index rows : {7, 500, 12'345}) {
    EXPECT_EQ(rows_to_detect(0.1, minimum_detectable_difference(0.1, rows) * (1 + 1e-12)), rows);
    EXPECT_EQ(rows_to_detect(0.1, minimum_detectable_difference(0.1, rows) * (1 - 1e-12)), rows + 1);
  }
  EXPECT_EQ(rows_to_detect(0, 0.01), 1);
  EXPECT_THROW(rows_to_detect(0.1, 0), std::invalid_argument);
}

// How often such differences are found indeed: 80 % within 4 standard deviations of the binomial.
TEST(Detectable, is_found_in_four_of_five_comparisons) {
  int found = 0;
  const double share = 0.1, difference = minimum_detectable_difference(share, 500);
  for (std::uint64_t repetition = 0; repetition < 500; ++repetition) {
    std::vector<double> change;
    for (std::uint64_t i = 0; i < 500; ++i) {
      const double u = static_cast<double>(draw({repetition, StreamId::features}, i).word[0]) * 0x1p-32;
      change.push_back(u < (share + difference) / 2 ? 1 : u < share ? -1 : 0);
    }
    found += mean_spread(change).interval.low > 0;
  }
  EXPECT_NEAR(found, 400, 4 * std::sqrt(500 * 0.8 * 0.2));
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

RowOutcomes outcomes(const std::vector<std::vector<std::uint8_t>>& trainings) {
  RowOutcomes result(static_cast<Index>(trainings.front().size()));
  for (const auto& training : trainings) result.add(training);
  return result;
}

TEST(RowOutcomes, holds_what_was_added) {
  RowOutcomes right(3);
  right.add({1, 0, 1});
  right.add({1, 0, 0});
  EXPECT_EQ(right.trainings(), 2);
  EXPECT_TRUE(right(0, 2));
  EXPECT_FALSE(right(1, 2));
  EXPECT_EQ(right.row_accuracy(), (std::vector<double>{1, 0, 0.5}));
  EXPECT_EQ(right.training_accuracy(), (std::vector<double>{2.0 / 3, 1.0 / 3}));
  EXPECT_THROW(right.add({1, 0}), std::invalid_argument);
  EXPECT_THROW(right.add({1, 0, 2}), std::invalid_argument);
}

TEST(CrossedSets, of_equal_trainings_still_have_an_error) {
  std::vector<std::uint8_t> right(200, 1);
  const RowOutcomes first = outcomes({right, right, right});
  for (const Pairing pairing : {Pairing::none, Pairing::by_training}) {
    const Difference nothing = crossed_difference(first, first, pairing);
    EXPECT_EQ(nothing.value, 0);
    EXPECT_NEAR(nothing.standard_error, 1.0 / 200, 1e-12);
    EXPECT_NEAR(nothing.interval.high, student_factor(199, 0.95) / 200, 1e-12);
    EXPECT_NEAR(nothing.p_greater, 0.5, 1e-12);
    EXPECT_NEAR(nothing.detectable, 2.8015852181129683 / 200, 1e-12);
  }
  // Two rows of 200 differ, both in favour of the first: 2 / 200, where a plain variance gives an error of 0.00705.
  std::vector<std::uint8_t> fewer = right;
  fewer[0] = fewer[1] = 0;
  const Difference two = crossed_difference(outcomes({right}), outcomes({fewer}), Pairing::by_training);
  EXPECT_DOUBLE_EQ(two.value, -0.01);
  EXPECT_NEAR(two.standard_error, std::sqrt(3 - 4.0 / 201) / 200, 1e-12);
  EXPECT_GT(two.interval.high, 0);
  EXPECT_GT(two.p_greater, 0.5);
}

TEST(CrossedSets, refuse_what_is_not_paired) {
  const RowOutcomes one = outcomes({{1, 0, 1}}), two = outcomes({{1, 0, 1}, {0, 0, 1}});
  EXPECT_THROW(crossed_difference(one, two, Pairing::by_training), std::invalid_argument);
  EXPECT_NO_THROW(crossed_difference(one, two, Pairing::none));
  EXPECT_THROW(crossed_difference(one, outcomes({{1, 0}}), Pairing::none), std::invalid_argument);
  EXPECT_THROW(crossed_difference(RowOutcomes(3), two, Pairing::none), std::invalid_argument);
}

// Trainings of `count` seeds on `rows` rows: a cell is right with the row's probability, moved by the seed's luck. Rows
// of both sides share their difficulty, and trainings a part of their luck if they are paired.
struct Sides {
  RowOutcomes first, second;
};
Sides simulated_sides(std::uint64_t seed, Index rows, Index count, Pairing pairing, double gain,
                      double cell_noise = 0.7) {
  std::uint64_t element = 0;
  std::vector<double> difficulty;
  for (Index r = 0; r < rows; ++r) difficulty.push_back(normal(seed, element++));
  Sides sides{RowOutcomes(rows), RowOutcomes(rows)};
  for (Index t = 0; t < count; ++t) {
    double luck = 0.3 * normal(seed, element++);
    for (const bool second : {false, true}) {
      if (second && pairing == Pairing::none) luck = 0.3 * normal(seed, element++);
      const double own = luck + 0.1 * normal(seed, element++) + (second ? gain : 0);
      std::vector<std::uint8_t> right;
      for (Index r = 0; r < rows; ++r)
        right.push_back(1.5 * difficulty[static_cast<std::size_t>(r)] + own + cell_noise * normal(seed, element++) >
                        -1);
      (second ? sides.second : sides.first).add(right);
    }
  }
  return sides;
}

// Owen 2007, The pigeonhole bootstrap (Ann. Appl. Stat. 1:386): rows and trainings are drawn again, each on its own.
double pigeonhole_error(const Sides& sides, Pairing pairing, Index repetitions) {
  std::uint64_t element = 0;
  const auto drawn = [&](Index below) {
    return static_cast<Index>(draw({5, StreamId::row_selection}, element++).word[0] %
                              static_cast<std::uint32_t>(below));
  };
  std::vector<double> values;
  for (Index repetition = 0; repetition < repetitions; ++repetition) {
    std::vector<Index> rows, first, second;
    for (Index r = 0; r < sides.first.rows(); ++r) rows.push_back(drawn(sides.first.rows()));
    for (Index t = 0; t < sides.first.trainings(); ++t) {
      first.push_back(drawn(sides.first.trainings()));
      second.push_back(pairing == Pairing::by_training ? first.back() : drawn(sides.second.trainings()));
    }
    Index gained = 0;
    for (std::size_t t = 0; t < first.size(); ++t)
      for (const Index r : rows) gained += sides.second(second[t], r) - sides.first(first[t], r);
    values.push_back(static_cast<double>(gained) / static_cast<double>(rows.size() * first.size()));
  }
  return mean_spread(values).deviation;
}

TEST(CrossedSets, agree_with_the_pigeonhole_bootstrap) {
  // The variance of single cells, which the bootstrap counts three times, is a small part of the whole.
  const Sides sides = simulated_sides(3, 200, 40, Pairing::by_training, 1.0, 0.1);
  const Difference paired = crossed_difference(sides.first, sides.second, Pairing::by_training);
  const Difference loose = crossed_difference(sides.first, sides.second, Pairing::none);
  EXPECT_DOUBLE_EQ(paired.value, loose.value);
  EXPECT_LT(paired.standard_error, loose.standard_error);
  EXPECT_NEAR(paired.standard_error / pigeonhole_error(sides, Pairing::by_training, 400), 1, 0.12);
  EXPECT_NEAR(loose.standard_error / pigeonhole_error(sides, Pairing::none, 400), 1, 0.12);
}

// Cells that nothing but chance decides: the rows' variance and the trainings' both hold theirs, and it counts once.
TEST(CrossedSets, count_the_variance_of_single_cells_once) {
  constexpr Index kRows = 200, kTrainings = 10, kRepetitions = 40;
  for (const Pairing pairing : {Pairing::none, Pairing::by_training}) {
    double variance = 0;
    for (std::uint32_t repetition = 0; repetition < kRepetitions; ++repetition) {
      Sides sides{RowOutcomes(kRows), RowOutcomes(kRows)};
      for (std::uint64_t t = 0; t < 2 * kTrainings; ++t) {
        std::vector<std::uint8_t> right;
        for (std::uint64_t r = 0; r < kRows; ++r)
          right.push_back(static_cast<std::uint8_t>(coin(draw({t, StreamId::labels, repetition}, r).word[0])));
        (t < kTrainings ? sides.first : sides.second).add(right);
      }
      const double error = crossed_difference(sides.first, sides.second, pairing).standard_error;
      variance += error * error / kRepetitions;
    }
    // Two coins have the variance 1/2; twice that would be the ratio 2. What is larger by chance counts fully.
    const double ratio = variance / (0.5 / (kRows * kTrainings));
    EXPECT_GT(ratio, 0.95);
    EXPECT_LT(ratio, 1.4);
  }
}

// Trainings that differ in what they do to all rows alike: 2 of 4 right of 10 rows, or 6, and cells without a share of
// their own. The variance of a side's mean is 1 / 4 of theirs, and with an overlap of 1/4 twice that.
TEST(CrossedSets, of_overlapping_trainings_count_what_these_repeat) {
  std::vector<std::vector<std::uint8_t>> none(4, std::vector<std::uint8_t>(400, 0)), some = none;
  for (std::size_t t = 0; t < 4; ++t)
    std::fill(some[t].begin(), some[t].begin() + (t < 2 ? 100 : 300), std::uint8_t{1});
  const RowOutcomes first = outcomes(none), second = outcomes(some);
  const Difference apart = crossed_difference(first, second, Pairing::none);
  const Difference overlapping = crossed_difference(first, second, Pairing::none, 0.25);
  EXPECT_EQ(apart.value, overlapping.value);
  EXPECT_NEAR(overlapping.error_of_trainings, std::sqrt(2.0) * apart.error_of_trainings, 1e-12);
  EXPECT_NEAR(overlapping.error_of_overlap, apart.error_of_trainings, 1e-12);  // any number of them leaves that
  EXPECT_EQ(apart.error_of_overlap, 0);
  EXPECT_LT(apart.interval.high, overlapping.interval.high);
  EXPECT_GT(apart.error_of_trainings, 0.1);  // deviation 0.29 of 4
  EXPECT_THROW(crossed_difference(first, second, Pairing::none, std::nan("")), std::invalid_argument);
}

// The truth is that of all rows and seeds there could be: sums of normal variates, whose shares are known.
TEST(CrossedSets, cover_as_often_as_they_promise) {
  const double deviation = std::sqrt(1.5 * 1.5 + 0.3 * 0.3 + 0.1 * 0.1 + 0.7 * 0.7);
  const auto share = [&](double gain) { return 0.5 * std::erfc(-(1 + gain) / deviation / std::sqrt(2.0)); };
  const double truth = share(0.4) - share(0);
  int paired = 0, loose = 0, found = 0;
  constexpr int kRepetitions = 400;
  for (std::uint64_t repetition = 0; repetition < kRepetitions; ++repetition) {
    for (const Pairing pairing : {Pairing::none, Pairing::by_training}) {
      const Sides sides = simulated_sides(repetition, 100, 5, pairing, 0.4);
      const Interval interval = crossed_difference(sides.first, sides.second, pairing).interval;
      (pairing == Pairing::none ? loose : paired) += interval.low <= truth && truth <= interval.high;
    }
    const Sides same = simulated_sides(kRepetitions + repetition, 100, 5, Pairing::by_training, 0);
    found += crossed_difference(same.first, same.second, Pairing::by_training).p_greater <= 0.05;
  }
  const double deviations = 4 * std::sqrt(kRepetitions * 0.95 * 0.05);
  EXPECT_NEAR(paired, 0.95 * kRepetitions, deviations);
  EXPECT_NEAR(loose, 0.95 * kRepetitions, deviations);
  EXPECT_NEAR(found, 0.05 * kRepetitions, deviations);
}

}  // namespace
}  // namespace plateau::statistics_test
