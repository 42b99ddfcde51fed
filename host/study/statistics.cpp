// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/hypergeometric.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "plateau/core/contract.hpp"
#include "plateau/study/clusters.hpp"

namespace plateau {
namespace {

constexpr double kDetectable = kZ975 + kZ80;

double sum_of_squares(const std::vector<double>& values, double mean) {
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares;
}

// Variance of the mean of a table [trainings, rows] that is due to its trainings, and that due to single cells, which
// both the rows' variance and the trainings' hold.
struct TableParts {
  VariancePart trainings, cells;
};

// `squares`: of all cells. cell(t, r) is training t's value of row r; those of a cluster's rows count as one.
template <class Cell>
TableParts table_parts(const std::vector<double>& by_row, const std::vector<double>& by_training, double squares,
                       const Clusters& clusters, const Cell& cell) {
  const double rows = static_cast<double>(by_row.size()), count = static_cast<double>(by_training.size());
  if (count == 1) return {};
  const double mean = std::accumulate(by_training.begin(), by_training.end(), 0.0) / count;
  const double of_trainings = rows * sum_of_squares(by_training, mean);
  const VariancePart trainings{of_trainings / (count - 1) / (rows * count), count - 1};
  if (clusters.are_rows()) {
    const double of_rows = count * sum_of_squares(by_row, mean);
    const double of_cells = std::max(0.0, squares - rows * count * mean * mean - of_rows - of_trainings);
    const double degrees = (rows - 1) * (count - 1);
    return {trainings, {of_cells / degrees / (rows * count), degrees}};
  }
  const double of_clusters = static_cast<double>(clusters.count(static_cast<Index>(by_row.size())));
  if (of_clusters == 1) return {trainings, {}};
  double of_cells = 0;
  std::vector<double> rest(by_row.size());
  for (std::size_t t = 0; t < by_training.size(); ++t) {
    for (std::size_t r = 0; r < rest.size(); ++r)
      rest[r] = cell(static_cast<Index>(t), static_cast<Index>(r)) - by_row[r] - (by_training[t] - mean);
    for (const double sum : clusters.sums(rest)) of_cells += sum * sum;
  }
  const double degrees = (of_clusters - 1) * (count - 1);
  return {trainings, {of_cells / degrees * of_clusters / count / (rows * rows), degrees}};
}

// Trainings whose rows overlap repeat each other: what they vary by beyond single cells, seen over `count` of them, is
// (1 / count + test rows / train rows) of the variance of one. Returns what that adds.
double overlap(TableParts& parts, std::size_t count, double test_over_train) {
  const double of_one = static_cast<double>(count) * std::max(0.0, parts.trainings.variance - parts.cells.variance);
  parts.trainings.variance += test_over_train * of_one;
  return test_over_train * of_one;
}

Interval wilson_of(double share, double rows) {
  expects(0 <= share && share <= 1, "wilson_interval: a share of the rows");
  const double centre = (share + kZ975 * kZ975 / (2 * rows)) / (1 + kZ975 * kZ975 / rows);
  const double half =
      kZ975 / (1 + kZ975 * kZ975 / rows) * std::sqrt(share * (1 - share) / rows + kZ975 * kZ975 / (4 * rows * rows));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace

Interval wilson_interval(double share, Index n) {
  expects(n >= 1, "wilson_interval: at least one row");
  return wilson_of(share, static_cast<double>(n));
}

Interval wilson_interval(double share, const RowOutcomes& right) {
  return wilson_of(share, effective_rows(right.row_accuracy(), right.clusters()));
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
  const double deviation = std::sqrt(sum_of_squares(values, mean) / static_cast<double>(n - 1));
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

Estimate independent_difference(Index right_first, Index rows_first, Index right_second, Index rows_second) {
  expects(rows_first >= 1 && rows_second >= 1 && 0 <= right_first && right_first <= rows_first && 0 <= right_second &&
              right_second <= rows_second,
          "independent_difference: shares of at least one row");
  const double first = static_cast<double>(right_first) / static_cast<double>(rows_first);
  const double second = static_cast<double>(right_second) / static_cast<double>(rows_second);
  const Interval of_first = wilson_interval(first, rows_first), of_second = wilson_interval(second, rows_second);
  const double value = second - first;
  return {value,
          {value - std::hypot(second - of_second.low, of_first.high - first),
           value + std::hypot(of_second.high - second, first - of_first.low)}};
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
  const double degrees = satterthwaite(variance, {{row_part, rows - 1}, {training_part, count - 1}});
  const double half = student_factor(degrees, 0.95) * std::sqrt(variance);
  return {over_rows.mean, {over_rows.mean - half, over_rows.mean + half}};
}

RowOutcomes::RowOutcomes(Index rows, Clusters clusters) : rows_(rows), clusters_(std::move(clusters)) {
  expects(rows >= 1 && clusters_.fit(rows), "RowOutcomes: at least one row, and a cluster for every row");
}

void RowOutcomes::add(const std::vector<std::uint8_t>& right) {
  expects(static_cast<Index>(right.size()) == rows_, "RowOutcomes: a value for every row");
  expects(std::all_of(right.begin(), right.end(), [](std::uint8_t value) { return value <= 1; }),
          "RowOutcomes: right is 1, wrong is 0");
  right_.insert(right_.end(), right.begin(), right.end());
}

std::vector<double> RowOutcomes::row_accuracy() const {
  expects(trainings() >= 1, "RowOutcomes: at least one training");
  std::vector<double> accuracy(static_cast<std::size_t>(rows_), 0.0);
  for (std::size_t i = 0; i < right_.size(); ++i) accuracy[i % accuracy.size()] += right_[i];
  for (double& value : accuracy) value /= static_cast<double>(trainings());
  return accuracy;
}

std::vector<double> RowOutcomes::training_accuracy() const {
  std::vector<double> accuracy(static_cast<std::size_t>(trainings()), 0.0);
  for (std::size_t i = 0; i < right_.size(); ++i) accuracy[i / static_cast<std::size_t>(rows_)] += right_[i];
  for (double& value : accuracy) value /= static_cast<double>(rows_);
  return accuracy;
}

Difference difference_of(double value, double variance, double degrees) {
  expects(variance > 0 && degrees > 0, "difference_of: a variance");
  Difference result{{value, {}}, std::sqrt(variance)};
  const double half = student_factor(degrees, 0.95) * result.standard_error;
  result.interval = {std::max(-1.0, value - half), std::min(1.0, value + half)};
  result.p_greater = boost::math::cdf(boost::math::students_t(degrees), -value / result.standard_error);
  result.detectable = kDetectable * result.standard_error;
  return result;
}

Difference crossed_difference(const RowOutcomes& first, const RowOutcomes& second, Pairing pairing,
                              double test_over_train) {
  expects(first.rows() == second.rows() && first.rows() >= 2, "crossed_difference: the same rows, at least two");
  expects(first.clusters() == second.clusters(), "crossed_difference: the same clusters");
  expects(test_over_train >= 0, "crossed_difference: shares of rows");
  const bool paired = pairing == Pairing::by_training;
  expects(!paired || first.trainings() == second.trainings(), "crossed_difference: pairs of trainings");
  const std::vector<double> row_first = first.row_accuracy(), row_second = second.row_accuracy();
  std::vector<double> by_row(row_first.size());
  double squares = 1;  // of the two half rows
  for (std::size_t r = 0; r < by_row.size(); ++r) {
    by_row[r] = row_second[r] - row_first[r];
    squares += by_row[r] * by_row[r];
  }
  const double rows = static_cast<double>(first.rows());
  const double mean = std::accumulate(by_row.begin(), by_row.end(), 0.0) / rows;
  const double centre = mean * rows / (rows + 1);
  const Clusters& clusters = first.clusters();
  const VariancePart row_part = clusters.are_rows()
                                    ? VariancePart{(squares - (rows + 1) * centre * centre) / rows / rows, rows - 1}
                                    : variance_of_mean(by_row, clusters);

  // By training there is one table, of differences; otherwise there are two, whose parts add up.
  std::vector<double> training_first = first.training_accuracy(), training_second = second.training_accuracy();
  TableParts one, other;
  if (paired) {
    double unequal = 0;
    for (Index t = 0; t < first.trainings(); ++t)
      for (Index r = 0; r < first.rows(); ++r) unequal += first(t, r) != second(t, r);
    for (std::size_t t = 0; t < training_first.size(); ++t) training_second[t] -= training_first[t];
    const auto change = [&](Index t, Index r) { return static_cast<double>(second(t, r) - first(t, r)); };
    one = table_parts(by_row, training_second, unequal, clusters, change);
  } else {
    const auto of_side = [&](const RowOutcomes& side, const std::vector<double>& by_row_of_side,
                             const std::vector<double>& by_training) {
      const double right = std::accumulate(by_training.begin(), by_training.end(), 0.0) * rows;  // each its own square
      return table_parts(by_row_of_side, by_training, right, clusters,
                         [&](Index t, Index r) { return static_cast<double>(side(t, r)); });
    };
    one = of_side(first, row_first, training_first);
    other = of_side(second, row_second, training_second);
  }
  const double of_overlap =
      overlap(one, training_first.size(), test_over_train) + overlap(other, training_second.size(), test_over_train);
  const double training_variance = one.trainings.variance + other.trainings.variance;
  const double variance = std::max({row_part.variance, training_variance,
                                    row_part.variance + training_variance - one.cells.variance - other.cells.variance});

  Difference result = difference_of(
      mean, variance, satterthwaite(variance, {row_part, one.trainings, other.trainings, one.cells, other.cells}));
  const double of_cells = one.cells.variance + other.cells.variance;
  result.error_of_trainings = std::sqrt(std::max(0.0, training_variance - of_cells));
  result.error_of_overlap = std::sqrt(of_overlap);
  return result;
}

Estimate overlapping_folds_mean(const std::vector<double>& differences, double test_over_train) {
  expects(differences.size() >= 2 && test_over_train > 0, "overlapping_folds_mean: at least two folds of rows");
  const double folds = static_cast<double>(differences.size());
  const MeanSpread spread = mean_spread(differences);
  const double half = student_factor(folds - 1, 0.95) * spread.deviation * std::sqrt(1 / folds + test_over_train);
  return {spread.mean, {spread.mean - half, spread.mean + half}};
}

double minimum_detectable_difference(double disagreeing_share, Index rows) {
  expects(0 <= disagreeing_share && disagreeing_share <= 1 && rows >= 1,
          "minimum_detectable_difference: a share of at least one row");
  return kDetectable * std::sqrt(disagreeing_share / static_cast<double>(rows));
}

Index rows_to_detect(double disagreeing_share, double difference) {
  expects(0 <= disagreeing_share && disagreeing_share <= 1 && difference > 0, "rows_to_detect: a share, a difference");
  const double root = kDetectable / difference;
  const double rows = std::ceil(disagreeing_share * root * root);
  expects(rows < 0x1p62, "rows_to_detect: a difference that rows can show");
  return std::max<Index>(1, static_cast<Index>(rows));
}

double permutation_p(double observed, const std::vector<double>& null) {
  const auto larger = std::count_if(null.begin(), null.end(), [&](double value) { return !(value < observed); });
  return static_cast<double>(1 + larger) / static_cast<double>(1 + null.size());
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<double> adjusted(p);
  for (double& value : adjusted)
    if (!(value <= 1)) value = 1;
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return adjusted[a] < adjusted[b]; });
  double least = 0;  // the smallest p has to bear the most; none is less than one before it
  for (std::size_t k = 0; k < order.size(); ++k) {
    double& value = adjusted[order[k]];
    value = least = std::max(least, std::min(1.0, value * static_cast<double>(order.size() - k)));
  }
  return adjusted;
}

double tost_p(double mean, double standard_error, double degrees_of_freedom, double margin) {
  expects(degrees_of_freedom > 0 && margin > 0, "tost_p: a margin, and degrees of freedom");
  const double room = margin - std::abs(mean);
  if (standard_error == 0) return room >= 0 ? 0 : 1;
  const double t = room / standard_error;
  return std::isnan(t) ? 1 : boost::math::cdf(boost::math::students_t(degrees_of_freedom), -t);
}

double fisher_exact_p(Index hits_a, Index rows_a, Index hits_b, Index rows_b) {
  expects(0 <= hits_a && hits_a <= rows_a && 0 <= hits_b && hits_b <= rows_b && rows_a >= 1 && rows_b >= 1,
          "fisher_exact_p: hits among at least one row");
  const Index hits = hits_a + hits_b, rows = rows_a + rows_b;
  if (hits_a <= std::max<Index>(0, hits - rows_b)) return 1;  // no fewer are possible
  const boost::math::hypergeometric in_a(narrow<unsigned>(hits), narrow<unsigned>(rows_a), narrow<unsigned>(rows));
  return boost::math::cdf(boost::math::complement(in_a, narrow<unsigned>(hits_a - 1)));
}

Estimate operator-(Estimate estimate) { return {-estimate.value, {-estimate.interval.high, -estimate.interval.low}}; }

}  // namespace plateau
