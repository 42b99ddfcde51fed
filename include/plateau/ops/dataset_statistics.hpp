// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the rows of a dataset look like: how many of each class, and mean, spread and range of every feature.
//
//   class_rows_c = #{i : label_i = c}                       a label outside [0, C) is counted nowhere
//   mean_j       = sum_i x_ij / R
//   spread_j     = sqrt(sum_i (x_ij - mean_j)^2 / R)        the population's standard deviation, by which one scales
//   minimum_j    = min_i x_ij        maximum_j = max_i x_ij  NaN where a value of the column is
//
//   shapes    x [R, F], label [R], class_rows [C], features [F]; R >= 1. Sums run in double, in a fixed order.
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

struct FeatureStatistics {
  double mean = 0;
  double spread = 0;
  double minimum = 0;
  double maximum = 0;
};

constexpr Cost dataset_statistics_cost(Index rows, Index features) {
  const double values = double(rows) * double(features);
  return {.flops = 8 * values,
          .bytes_read = 4 * values + 4.0 * double(rows),
          .bytes_written = sizeof(FeatureStatistics) * double(features)};
}

template <class Real, Space S>
void expects_dataset_statistics(MatrixView<const Real, S> x, SpanView<const std::int32_t, S> label,
                                SpanView<std::int64_t, S> class_rows, SpanView<FeatureStatistics, S> features) {
  expects(x.rows >= 1, "dataset_statistics: at least one row");
  expects(label.size == x.rows, "dataset_statistics: one label per row");
  expects(class_rows.size >= 1, "dataset_statistics: at least one class");
  expects(features.size == x.cols, "dataset_statistics: one result per feature");
}

namespace cpu {

template <std::floating_point Real>
void dataset_statistics(HostMatrix<const Real> x, HostSpan<const std::int32_t> label, HostSpan<std::int64_t> class_rows,
                        HostSpan<FeatureStatistics> features);

}  // namespace cpu

namespace gpu {

class Stream;
// Not for a training step: it takes and returns memory of the stream's pool.
void dataset_statistics(const Stream& stream, DeviceMatrix<const float> x, DeviceSpan<const std::int32_t> label,
                        DeviceSpan<std::int64_t> class_rows, DeviceSpan<FeatureStatistics> features);

}  // namespace gpu
}  // namespace plateau
