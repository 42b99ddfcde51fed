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

  const auto rows = static_cast<double>(x.rows);
  for (Index j = 0; j < x.cols; ++j) {
    const auto first = static_cast<double>(x.row(0)[j]);
    FeatureStatistics column{.minimum = first, .maximum = first};
    for (Index i = 0; i < x.rows; ++i) {
      const auto value = static_cast<double>(x.row(i)[j]);
      column.mean += value / rows;
      column.minimum = smaller(column.minimum, value);
      column.maximum = larger(column.maximum, value);
    }
    double squares = 0;
    for (Index i = 0; i < x.rows; ++i) {
      const double distance = static_cast<double>(x.row(i)[j]) - column.mean;
      squares += distance * distance;
    }
    column.spread = std::sqrt(squares / rows);
    features[j] = column;
  }
}

template void cpu::dataset_statistics<float>(HostMatrix<const float>, HostSpan<const std::int32_t>,
                                             HostSpan<std::int64_t>, HostSpan<FeatureStatistics>);
template void cpu::dataset_statistics<double>(HostMatrix<const double>, HostSpan<const std::int32_t>,
                                              HostSpan<std::int64_t>, HostSpan<FeatureStatistics>);
}  // namespace plateau
