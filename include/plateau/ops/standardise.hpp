// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Brings every feature to mean 0 and spread 1, in place, by statistics that were taken before: those of the training
// rows, for all rows.
//
//   x_ij <- (x_ij - mean_j) * factor_j        the scale of feature j as core/scaling.hpp forms it: factor = 1 / spread
//
// A constant feature is only shifted. In float the difference and the product are rounded once each, so that every
// device gets the same bits. NaN stays NaN.
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/scaling.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/dataset_statistics.hpp"

namespace plateau {

constexpr Cost standardise_cost(Index rows, Index features) {
  const double values = double(rows) * double(features);
  return {.flops = 2 * values,
          .bytes_read = 4 * values + sizeof(FeatureStatistics) * double(features),
          .bytes_written = 4 * values};
}

// x [R, F]    features [F]
template <class Real, Space S>
void expects_standardise(SpanView<const FeatureStatistics, S> features, MatrixView<Real, S> x) {
  expects(features.size == x.cols, "standardise: statistics of every feature");
}

namespace cpu {

template <std::floating_point Real>
void standardise(HostSpan<const FeatureStatistics> features, HostMatrix<Real> x);

}  // namespace cpu

namespace gpu {

class Stream;
void standardise(const Stream& stream, DeviceSpan<const FeatureStatistics> features, DeviceMatrix<float> x);

}  // namespace gpu
}  // namespace plateau
