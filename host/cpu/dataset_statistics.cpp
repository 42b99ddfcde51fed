// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/dataset_statistics.hpp"

#include <algorithm>
#include <cmath>

namespace plateau {
namespace {

// Once NaN, always NaN: std::min would let it go again.
double smaller(double a, double b) { return std::isnan(b) || b < a ? b : a; }
double larger(double a, double b) { return std::isnan(b) || b > a ? b : a; }

}  // namespace

template <std::floating_point Real>
void cpu::dataset_statistics(HostMatrix<const Real> x, HostSpan<const std::int32_t> label,
                             HostSpan<std::int64_t> class_rows, HostSpan<FeatureStatistics> features) {
  expects_dataset_statistics<Real, Space::host>(x, label, class_rows, features);
  std::fill(class_rows.begin(), class_rows.end(), 0);
  for (const std::int32_t y : label)
    if (0 <= y && y < class_rows.size) ++class_rows[y];

  // Distances from the first row: the mean of a constant column is that constant, to the bit.
  const auto value = [&](Index i, Index j) { return static_cast<double>(x.row(i)[j]); };
  const auto rows = static_cast<double>(x.rows);
  for (Index j = 0; j < x.cols; ++j) features[j] = {.minimum = value(0, j), .maximum = value(0, j)};
  for (Index i = 0; i < x.rows; ++i)
    for (Index j = 0; j < x.cols; ++j) {
      features[j].mean += value(i, j) - value(0, j);
      features[j].minimum = smaller(features[j].minimum, value(i, j));
      features[j].maximum = larger(features[j].maximum, value(i, j));
    }
  for (Index j = 0; j < x.cols; ++j) features[j].mean = value(0, j) + features[j].mean / rows;
  for (Index i = 0; i < x.rows; ++i)
    for (Index j = 0; j < x.cols; ++j) {
      const double distance = value(i, j) - features[j].mean;
      features[j].spread += distance * distance;
    }
  for (FeatureStatistics& feature : features) feature.spread = std::sqrt(feature.spread / rows);
}

template void cpu::dataset_statistics<float>(HostMatrix<const float>, HostSpan<const std::int32_t>,
                                             HostSpan<std::int64_t>, HostSpan<FeatureStatistics>);
template void cpu::dataset_statistics<double>(HostMatrix<const double>, HostSpan<const std::int32_t>,
                                              HostSpan<std::int64_t>, HostSpan<FeatureStatistics>);
}  // namespace plateau
