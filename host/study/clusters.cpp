// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/clusters.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "plateau/core/contract.hpp"
#include "plateau/study/statistics.hpp"

namespace plateau {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Squares of the deviations from the mean, summed within clusters first.
double squared_sums(const std::vector<double>& values, double mean, const Clusters& clusters) {
  std::vector<double> deviation(values);
  for (double& value : deviation) value -= mean;
  double squares = 0;
  for (const double sum : clusters.sums(deviation)) squares += sum * sum;
  return squares;
}

}  // namespace

Clusters::Clusters(const std::vector<std::int32_t>& of_row) {
  std::unordered_map<std::int32_t, std::int32_t> number;
  for (const std::int32_t id : of_row)
    of_row_.push_back(number.try_emplace(id, static_cast<std::int32_t>(number.size())).first->second);
  count_ = static_cast<Index>(number.size());
  if (number.size() == of_row.size()) *this = {};
}

Clusters Clusters::of(const std::vector<std::size_t>& rows) const {
  if (are_rows()) return {};
  std::vector<std::int32_t> taken;
  taken.reserve(rows.size());
  for (const std::size_t row : rows) taken.push_back(of_row_.at(row));
  return Clusters(taken);
}

std::vector<double> Clusters::sums(const std::vector<double>& values) const {
  expects(fit(static_cast<Index>(values.size())), "Clusters: a cluster for every row");
  if (are_rows()) return values;
  std::vector<double> sums(static_cast<std::size_t>(count_), 0.0);
  for (std::size_t row = 0; row < values.size(); ++row) sums[static_cast<std::size_t>(of_row_[row])] += values[row];
  return sums;
}

double satterthwaite(double variance, std::initializer_list<VariancePart> parts) {
  double sum = 0;
  for (const VariancePart& part : parts) sum += part.variance * part.variance / part.degrees;
  return variance * variance / sum;
}

VariancePart variance_of_mean(const std::vector<double>& values, const Clusters& clusters) {
  expects(values.size() >= 2, "variance_of_mean: at least two values");
  const double rows = static_cast<double>(values.size());
  const double count = static_cast<double>(clusters.count(static_cast<Index>(values.size())));
  if (count == 1) return {1, 1};
  const double mean = mean_of(values);
  const double half_rows = 1 + mean * mean * rows / (rows + 1);
  return {(squared_sums(values, mean, clusters) * count / (count - 1) + half_rows) / rows / rows, count - 1};
}

double effective_rows(const std::vector<double>& values, const Clusters& clusters) {
  expects(!values.empty(), "effective_rows: at least one value");
  const double rows = static_cast<double>(values.size());
  if (clusters.are_rows()) return rows;
  const double count = static_cast<double>(clusters.count(static_cast<Index>(values.size())));
  if (count == 1) return 1;
  const double mean = mean_of(values);
  const double of_rows = squared_sums(values, mean, {}) * rows / (rows - 1);
  const double of_clusters = squared_sums(values, mean, clusters) * count / (count - 1);
  const double effect = of_rows > 0 ? of_clusters / of_rows : 1;
  const double ratio = kZ975 / student_factor(count - 1, 0.95);
  return std::clamp(rows / effect * ratio * ratio, 1.0, rows);
}

}  // namespace plateau
