// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Bias gradient of the last layer, which no activation follows: the column sums of its output gradient.
//
//   grad_bias_j = sum_i grad_z_ij        grad_z [B, F]    grad_bias [F]; zero rows give zero; fixed order over the rows
#pragma once

#include <concepts>

#include "plateau/core/column_split.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

constexpr Cost bias_grad_cost(Index batch, Index features) {
  const double elements = double(batch) * double(features);
  return {.flops = elements, .bytes_read = 4 * elements, .bytes_written = 4.0 * double(features)};
}

template <class Real, Space S>
void expects_bias_grad(MatrixView<const Real, S> grad_z, SpanView<Real, S> grad_bias) {
  expects(grad_bias.size == grad_z.cols, "bias_grad: one bias gradient per column");
}

namespace cpu {

template <std::floating_point Real>
void bias_grad(HostMatrix<const Real> grad_z, HostSpan<Real> grad_bias);

}  // namespace cpu

namespace gpu {

class Stream;
// `partial` is room for the sums of the parts, at least column_partials(B, F) floats.
void bias_grad(const Stream& stream, DeviceMatrix<const float> grad_z, DeviceSpan<float> partial,
               DeviceSpan<float> grad_bias);

}  // namespace gpu
}  // namespace plateau
