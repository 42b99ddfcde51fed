// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/clusters.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "plateau/core/random.hpp"
#include "plateau/study/area_under_curve.hpp"
#include "plateau/study/statistics.hpp"

namespace plateau::clusters_test {
namespace {

using Ids = std::vector<std::int32_t>;

// A normal variate from one element of a stream (Box and Muller 1958).
double normal(std::uint64_t seed, std::uint64_t element) {
  const PhiloxCounter word = draw({seed, StreamId::augmentation}, element);
  const double u = (static_cast<double>(word.word[0]) + 0.5) * 0x1p-32, v = static_cast<double>(word.word[1]) * 0x1p-32;
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * 3.14159265358979323846 * v);
}

RowOutcomes outcomes(const std::vector<std::vector<std::uint8_t>>& trainings, const Ids& clusters) {
  RowOutcomes result(static_cast<Index>(trainings.front().size()), Clusters(clusters));
  for (const auto& training : trainings) result.add(training);
  return result;
}

TEST(Clusters, are_numbered_by_first_occurrence) {
  const Clusters clusters({7, -3, 7, 9, -3});
  EXPECT_EQ(clusters.of_row(), (Ids{0, 1, 0, 2, 1}));
  EXPECT_EQ(clusters.count(5), 3);
  EXPECT_FALSE(clusters.are_rows());
  EXPECT_TRUE(clusters.fit(5));
  EXPECT_FALSE(clusters.fit(4));
  EXPECT_EQ(clusters.sums({1, 2, 3, 4, 5}), (std::vector<double>{4, 7, 4}));
  EXPECT_EQ(clusters.of({1, 4, 3}).of_row(), (Ids{0, 0, 1}));
  EXPECT_TRUE(clusters.of({0, 1, 3}).are_rows());
  EXPECT_THROW(static_cast<void>(clusters.sums({1, 2})), std::invalid_argument);
}

TEST(Clusters, of_one_row_each_are_rows) {
  EXPECT_TRUE(Clusters({4, 2, 9}).are_rows());
  EXPECT_TRUE(Clusters().are_rows());
  EXPECT_EQ(Clusters({4, 2, 9}).count(3), 3);
  EXPECT_EQ(Clusters({4, 2, 9}).sums({1, 2, 3}), (std::vector<double>{1, 2, 3}));
}

// Deviations from the mean 1/4 are 3/4, -1/4, -1/4, -1/4 -> clusters 1/2 and -1/2: (1/4 + 1/4) 2/(2 - 1) = 1; the half
// rows add 1 + (1/4)^2 4/5 = 1.05; over 4^2.
TEST(Clusters, have_a_variance_solved_by_hand) {
  const VariancePart part = variance_of_mean({1, 0, 0, 0}, Clusters({0, 0, 1, 1}));
  EXPECT_NEAR(part.variance, 2.05 / 16, 1e-15);
  EXPECT_EQ(part.degrees, 1);
  const VariancePart alone = variance_of_mean({1, 0, 0, 0}, {});  // 3/4 * 4/3 = 1
  EXPECT_NEAR(alone.variance, 2.05 / 16, 1e-15);
  EXPECT_EQ(alone.degrees, 3);
  const VariancePart one = variance_of_mean({1, 0, 0, 0}, Clusters({5, 5, 5, 5}));
  EXPECT_EQ(one.variance, 1);
}

TEST(Clusters, leave_as_many_rows_as_the_design_effect_says) {
  // Ten clusters of ten rows that agree wholly: ten rows, less what Student's t(9) takes.
  std::vector<double> agree;
  Ids ids;
  for (int row = 0; row < 100; ++row) {
    agree.push_back(row / 10 < 5);
    ids.push_back(row / 10);
  }
  const double ratio = 1.959963984540054 / student_factor(9, 0.95);
  EXPECT_NEAR(effective_rows(agree, Clusters(ids)), 100 / (1000.0 / 90 * 99 / 100) * ratio * ratio, 1e-9);
  EXPECT_EQ(effective_rows(agree, {}), 100);
  // Clusters that are all alike tell no more than their rows do.
  std::vector<double> alike;
  for (int row = 0; row < 100; ++row) alike.push_back(row % 2);
  EXPECT_EQ(effective_rows(alike, Clusters(ids)), 100);
  EXPECT_NEAR(effective_rows(std::vector<double>(100, 1.0), Clusters(ids)), 100 * ratio * ratio, 1e-9);
  EXPECT_EQ(effective_rows(alike, Clusters(Ids(100, 3))), 1);
}

TEST(ClusteredDifference, of_clusters_of_one_row_is_that_of_rows_to_the_last_digit) {
  std::vector<std::vector<std::uint8_t>> first(4), second(4);
  Ids own;
  for (std::uint64_t r = 0; r < 50; ++r) {
    own.push_back(static_cast<std::int32_t>(100 - r));
    for (std::uint64_t t = 0; t < 4; ++t) {
      first[t].push_back(normal(t, r) > 0.2);
      second[t].push_back(normal(t, r) + 0.3 * normal(t, r + 100) > -0.1);
    }
  }
  for (const Pairing pairing : {Pairing::none, Pairing::by_training}) {
    const Difference rows = crossed_difference(outcomes(first, {}), outcomes(second, {}), pairing);
    const Difference clusters = crossed_difference(outcomes(first, own), outcomes(second, own), pairing);
    EXPECT_EQ(rows.interval.low, clusters.interval.low);
    EXPECT_EQ(rows.interval.high, clusters.interval.high);
    EXPECT_EQ(rows.standard_error, clusters.standard_error);
    EXPECT_EQ(rows.p_greater, clusters.p_greater);
  }
  EXPECT_THROW(crossed_difference(outcomes(first, {}), outcomes(second, Ids(50, 1)), Pairing::none),
               std::invalid_argument);
}

TEST(ClusteredDifference, of_one_cluster_says_nothing) {
  const RowOutcomes wrong = outcomes({{0, 0, 0}, {0, 0, 0}}, {1, 1, 1}),
                    right = outcomes({{1, 1, 1}, {1, 0, 1}}, {1, 1, 1});
  const Difference found = crossed_difference(wrong, right, Pairing::by_training);
  EXPECT_NEAR(found.value, 5.0 / 6, 1e-12);
  EXPECT_EQ(found.interval.low, -1);
  EXPECT_EQ(found.interval.high, 1);
  EXPECT_GT(found.p_greater, 0.05);
}

// Thirty clusters of ten rows. Rows of a cluster share 0.3 of the variance of what decides whether they are right, on
// either side of its own, and trainings share their luck.
struct Simulated {
  RowOutcomes first, second;
};
constexpr Index kClusters = 30, kRowsEach = 10, kTrainings = 3;
Simulated simulated(std::uint64_t seed, double gain, const Clusters& clusters) {
  Simulated sides{RowOutcomes(kClusters * kRowsEach, clusters), RowOutcomes(kClusters * kRowsEach, clusters)};
  std::uint64_t element = 0;
  std::vector<double> base[2];
  for (std::vector<double>& of_side : base)
    for (Index g = 0; g < kClusters; ++g) {
      const double shared = std::sqrt(0.3) * normal(seed, element++);
      for (Index r = 0; r < kRowsEach; ++r) of_side.push_back(shared + std::sqrt(0.6) * normal(seed, element++));
    }
  for (Index t = 0; t < kTrainings; ++t)
    for (const bool second : {false, true}) {
      std::vector<std::uint8_t> right;
      for (const double value : base[second])
        right.push_back(value + std::sqrt(0.1) * normal(seed, element++) + (second ? gain : 0) > 0);
      (second ? sides.second : sides.first).add(right);
    }
  return sides;
}
Ids simulated_ids() {
  Ids ids;
  for (Index r = 0; r < kClusters * kRowsEach; ++r) ids.push_back(static_cast<std::int32_t>(r / kRowsEach));
  return ids;
}

TEST(ClusteredIntervals, cover_as_often_as_they_promise_and_those_of_rows_do_not) {
  constexpr int kRepetitions = 500;
  const Clusters clusters(simulated_ids());
  const double share = 0.5 * std::erfc(-0.3 / std::sqrt(2.0)), gain = share - 0.5;  // of a normal variate
  int difference = 0, rowwise_difference = 0, accuracy = 0, rowwise_accuracy = 0;
  const auto holds = [](const Interval& interval, double truth) {
    return interval.low <= truth && truth <= interval.high;
  };
  for (std::uint64_t repetition = 0; repetition < kRepetitions; ++repetition) {
    const Simulated sides = simulated(repetition, 0.3, clusters), rows = simulated(repetition, 0.3, {});
    const Difference found = crossed_difference(sides.first, sides.second, Pairing::by_training);
    difference += holds(found.interval, gain);
    rowwise_difference += holds(crossed_difference(rows.first, rows.second, Pairing::by_training).interval, gain);
    RowOutcomes one(sides.second.rows(), clusters);
    std::vector<std::uint8_t> right;
    for (Index r = 0; r < one.rows(); ++r) right.push_back(sides.second(0, r));
    one.add(right);
    const double seen = one.training_accuracy().front();
    accuracy += holds(wilson_interval(seen, one), share);
    rowwise_accuracy += holds(wilson_interval(seen, kClusters * kRowsEach), share);
  }
  for (const int covered : {difference, accuracy}) {
    EXPECT_GE(covered, 465);
    EXPECT_LE(covered, 485);
  }
  EXPECT_LE(rowwise_difference, 425);
  EXPECT_LE(rowwise_accuracy, 425);
}

TEST(AreaUnderTheCurve, reproduces_delong) {
  const std::vector<double> score = {.1, .4, .35, .8, .65, .4, .9, .2, .7, .6, .4, .55};
  const std::vector<std::uint8_t> positive = {0, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1};
  // By the definition, over all pairs, in numpy; the area is scipy.stats.mannwhitneyu's statistic / 36.
  const Estimate area = auc(score, positive);
  EXPECT_NEAR(area.value, 0.75, 1e-12);
  EXPECT_NEAR(area.interval.low, 0.45479802722761264, 1e-12);
  EXPECT_EQ(area.interval.high, 1);  // DeLong's is 1.045
  std::vector<double> turned;
  for (const double value : score) turned.push_back(-value);
  EXPECT_NEAR(auc(turned, positive).value, 0.25, 1e-12);
  EXPECT_EQ(auc(std::vector<double>(12, 0.3), positive).value, 0.5);
  const Estimate alone = auc(score, positive, Clusters({3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 97, 93}));
  EXPECT_EQ(alone.interval.low, area.interval.low);
  EXPECT_THROW(auc({1, 2, 3}, {0, 0, 1}), std::invalid_argument);
  EXPECT_THROW(auc({1, 2, 3, std::nan("")}, {0, 0, 1, 1}), std::invalid_argument);
}

TEST(AreaUnderTheCurve, of_rows_that_are_separated_keeps_an_interval) {
  const auto separated = [](std::size_t positives, std::size_t negatives) {
    std::vector<double> score;
    std::vector<std::uint8_t> positive;
    for (std::size_t i = 0; i < positives + negatives; ++i) {
      positive.push_back(i < positives);
      score.push_back(i < positives ? 1 : 0);
    }
    return auc(score, positive);
  };
  EXPECT_EQ(separated(6, 6).value, 1);
  EXPECT_NEAR(separated(6, 6).interval.low, 0.6892305747307816, 1e-9);  // scipy.optimize.brentq
  EXPECT_NEAR(separated(20, 50).interval.low, 0.9299504045530053, 1e-9);
  EXPECT_EQ(separated(20, 50).interval.high, 1);
}

// Clusters of both kinds, as Obuchowski's formula has them, written out in Python.
TEST(AreaUnderTheCurve, of_clusters_reproduces_obuchowski) {
  const std::vector<double> score = {.1, .4, .35, .8, .65, .4, .9, .2, .7, .6, .4, .55};
  const std::vector<std::uint8_t> positive = {0, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1};
  const Estimate area = auc(score, positive, Clusters({0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3}));
  EXPECT_NEAR(area.value, 0.75, 1e-12);
  EXPECT_NEAR(area.interval.low, 0.21470362871721382, 1e-9);
  const Estimate one = auc(score, positive, Clusters({0, 1, 2, 2, 3, 2, 2, 4, 2, 5, 6, 2}));  // has all of a kind
  EXPECT_EQ(one.interval.low, 0);
  EXPECT_EQ(one.interval.high, 1);
  // Of a wholly separated set clusters count, not rows.
  const std::vector<std::uint8_t> kinds = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
  const std::vector<double> apart(kinds.begin(), kinds.end());
  const Estimate pairs = auc(apart, kinds, Clusters({0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7}));
  const Estimate rows = auc({0, 0, 0, 0, 1, 1, 1, 1}, {0, 0, 0, 0, 1, 1, 1, 1});
  EXPECT_EQ(pairs.interval.low, rows.interval.low);
}

// Scores that share 0.3 of their variance within a cluster, which is of one kind; nothing tells the kinds apart.
TEST(AreaUnderTheCurve, of_clusters_covers_as_often_as_it_promises) {
  constexpr int kRepetitions = 500;
  const Ids ids = simulated_ids();
  int clustered = 0, rowwise = 0;
  std::vector<std::uint8_t> positive;
  for (const std::int32_t id : ids) positive.push_back(id % 2 == 1);
  for (std::uint64_t repetition = 0; repetition < kRepetitions; ++repetition) {
    std::vector<double> score;
    for (std::uint64_t r = 0; r < ids.size(); ++r)
      score.push_back(std::sqrt(0.3) * normal(repetition, static_cast<std::uint64_t>(ids[r])) +
                      std::sqrt(0.7) * normal(repetition, 1000 + r));
    const Interval of_clusters = auc(score, positive, Clusters(ids)).interval, of_rows = auc(score, positive).interval;
    clustered += of_clusters.low <= 0.5 && 0.5 <= of_clusters.high;
    rowwise += of_rows.low <= 0.5 && 0.5 <= of_rows.high;
  }
  EXPECT_GE(clustered, 465);
  EXPECT_LE(clustered, 485);
  EXPECT_LE(rowwise, 425);
}

}  // namespace
}  // namespace plateau::clusters_test
