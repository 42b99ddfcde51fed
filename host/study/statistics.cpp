// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "plateau/core/contract.hpp"

namespace plateau {

Interval wilson_interval(double share, Index n) {
  expects(0 <= share && share <= 1 && n >= 1, "wilson_interval: a share of at least one row");
  constexpr double kZ = 1.959963984540054;  // the normal distribution's 0.975 quantile
  const double rows = static_cast<double>(n);
  const double centre = (share + kZ * kZ / (2 * rows)) / (1 + kZ * kZ / rows);
  const double half = kZ / (1 + kZ * kZ / rows) * std::sqrt(share * (1 - share) / rows + kZ * kZ / (4 * rows * rows));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

double student_factor(double degrees_of_freedom, double confidence) {
  expects(degrees_of_freedom > 0 && 0 < confidence && confidence < 1, "student_factor: 0 < confidence < 1");
  return boost::math::quantile(boost::math::students_t(degrees_of_freedom), (1 + confidence) / 2);
}

MeanSpread mean_spread(const std::vector<double>& values) {
  expects(!values.empty(), "mean_spread: at least one value");
  const auto n = static_cast<Index>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / static_cast<double>(n);
  if (n == 1) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return {mean, 0, {-kInfinity, kInfinity}};
  }
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(n - 1));
  const double half = student_factor(static_cast<double>(n - 1), 0.95) * deviation / std::sqrt(static_cast<double>(n));
  return {mean, deviation, {mean - half, mean + half}};
}

Estimate paired_difference(const std::vector<double>& first, const std::vector<double>& second) {
  expects(first.size() == second.size() && first.size() >= 2, "paired_difference: at least two pairs");
  std::vector<double> difference(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) difference[i] = second[i] - first[i];
  const MeanSpread spread = mean_spread(difference);
  return {spread.mean, spread.interval};
}

double mcnemar_p(Index gained, Index lost) {
  expects(gained >= 0 && lost >= 0, "mcnemar_p: counts of rows");
  const auto rows = static_cast<double>(gained + lost);
  if (rows == 0) return 1;
  const boost::math::binomial fair(rows, 0.5);
  return std::min(1.0, 2 * boost::math::cdf(fair, static_cast<double>(std::min(gained, lost))));
}

Estimate crossed_difference(const std::vector<double>& run, const std::vector<std::vector<double>>& trainings) {
  expects(trainings.size() >= 2, "crossed_difference: at least two trainings");
  const double count = static_cast<double>(trainings.size()), rows = static_cast<double>(run.size());
  std::vector<double> by_row(run.size(), 0.0), by_training;
  for (const std::vector<double>& training : trainings) {
    expects(training.size() == run.size(), "crossed_difference: the same test rows");
    by_training.push_back(mean_spread(training).mean);
    for (std::size_t r = 0; r < run.size(); ++r) by_row[r] += (training[r] - run[r]) / count;
  }
  const MeanSpread over_rows = mean_spread(by_row);
  const double row_part = over_rows.deviation * over_rows.deviation / rows;
  const double deviation = mean_spread(by_training).deviation;
  const double training_part = deviation * deviation / count;
  const double variance = row_part + training_part;
  if (variance == 0) return {over_rows.mean, {over_rows.mean, over_rows.mean}};
  const double degrees =
      variance * variance / (row_part * row_part / (rows - 1) + training_part * training_part / (count - 1));
  const double half = student_factor(degrees, 0.95) * std::sqrt(variance);
  return {over_rows.mean, {over_rows.mean - half, over_rows.mean + half}};
}

Estimate operator-(Estimate estimate) { return {-estimate.value, {-estimate.interval.high, -estimate.interval.low}}; }

}  // namespace plateau
