// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/area_under_curve.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plateau/core/contract.hpp"

namespace plateau {
namespace {

// Midranks, from 1, of values[order[0]] <= values[order[1]] <= ...: equal values share their ranks' mean. At the places
// of the values.
std::vector<double> midranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> rank(values.size());
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    for (std::size_t i = first; i < end; ++i) rank[order[i]] = static_cast<double>(first + 1 + end) / 2;
  }
  return rank;
}

// The lower limit of an area of 1 between `m` and `n` rows: where 1 - area is kZ975 of its own standard errors.
double newcombe_low(double m, double n) {
  const double between = (m + n) / 2 - 1;
  double low = 0, high = 1;
  for (int step = 0; step < 60; ++step) {  // bisection; the square is the larger one below the limit
    const double area = (low + high) / 2;
    const double variance =
        area * (1 - area) * (1 + between * (1 - area) / (2 - area) + between * area / (1 + area)) / (m * n);
    ((1 - area) * (1 - area) > kZ975 * kZ975 * variance ? low : high) = area;
  }
  return low;
}

// Variance of an area by sums over clusters of what rows of either kind deviate by, over their number; `count`:
// clusters that have some. Clusters of both kinds bring the covariance.
double obuchowski(const std::vector<double>& negative, const std::vector<double>& positive, double count_negative,
                  double count_positive) {
  const double count = static_cast<double>(negative.size());
  const auto factor = [](double n) { return n / (n - 1); };
  double variance = 0;
  for (std::size_t g = 0; g < negative.size(); ++g)
    variance += factor(count_negative) * negative[g] * negative[g] +
                factor(count_positive) * positive[g] * positive[g] + 2 * factor(count) * negative[g] * positive[g];
  return std::max(0.0, variance);
}

}  // namespace

Estimate auc(const std::vector<double>& score, const std::vector<std::uint8_t>& positive, const Clusters& clusters) {
  expects(score.size() == positive.size() && clusters.fit(static_cast<Index>(score.size())),
          "auc: a score and a cluster for every row");
  expects(std::none_of(score.begin(), score.end(), [](double value) { return std::isnan(value); }),
          "auc: scores that can be compared");
  // How many rows of the other kind lie below a row, ties counting half: its midrank among all less that among its own.
  const std::vector<double> among_all = midranks(score);
  std::vector<double> own[2], rank[2];
  std::vector<std::size_t> rows[2];
  for (std::size_t i = 0; i < score.size(); ++i) {
    const int kind = positive[i] != 0;
    own[kind].push_back(score[i]);
    rank[kind].push_back(among_all[i]);
    rows[kind].push_back(i);
  }
  expects(own[0].size() >= 2 && own[1].size() >= 2, "auc: at least two rows of either kind");
  const double negatives = static_cast<double>(own[0].size()), positives = static_cast<double>(own[1].size());
  MeanSpread below[2];
  for (const int kind : {0, 1}) {
    const std::vector<double> among_own = midranks(own[kind]);
    for (std::size_t i = 0; i < among_own.size(); ++i)
      rank[kind][i] = (rank[kind][i] - among_own[i]) / (kind == 1 ? negatives : positives);
    below[kind] = mean_spread(rank[kind]);
  }
  const double area = below[1].mean;
  double variance =
      below[1].deviation * below[1].deviation / positives + below[0].deviation * below[0].deviation / negatives;
  double count[2] = {negatives, positives}, factor = kZ975;
  if (!clusters.are_rows()) {
    // By row and kind, deviations over the number of rows; where positives lie above many, negatives lie above few.
    std::vector<double> part[2];
    for (const int kind : {0, 1}) {
      part[kind].assign(score.size(), 0.0);
      const double scale = kind == 1 ? 1 / positives : -1 / negatives;
      for (std::size_t i = 0; i < rows[kind].size(); ++i)
        part[kind][rows[kind][i]] = (rank[kind][i] - below[kind].mean) * scale;
      const Clusters of_kind = clusters.of(rows[kind]);
      count[kind] = static_cast<double>(of_kind.count(static_cast<Index>(rows[kind].size())));
      if (count[kind] == 1) return {area, {0, 1}};
    }
    variance = obuchowski(clusters.sums(part[0]), clusters.sums(part[1]), count[0], count[1]);
    factor = student_factor(std::min(count[0], count[1]) - 1, 0.95);
  }
  if (area == 1) return {1, {newcombe_low(count[1], count[0]), 1}};
  if (area == 0) return {0, {0, 1 - newcombe_low(count[1], count[0])}};
  const double half = factor * std::sqrt(variance);
  return {area, {std::max(0.0, area - half), std::min(1.0, area + half)}};
}

}  // namespace plateau
