// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Gradient through a ReLU, fused with the bias gradient of the layer below it: the column sums of what it writes.
//
//   grad_z_ij = a_ij <= 0 ? 0 : grad_a_ij        grad_bias_j = sum_i grad_z_ij        a = ReLU(z), the layer's output
//
// In place: grad_a becomes grad_z. A NaN activation passes its gradient on, as in PyTorch. Zero rows give a zero
// grad_bias. Column sums run over the rows in a fixed order.
#pragma once

#include <concepts>

#include "plateau/core/column_split.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

constexpr Cost relu_backward_cost(Index batch, Index features) {
  const double elements = double(batch) * double(features);
  return {.flops = 2 * elements, .bytes_read = 8 * elements, .bytes_written = 4 * elements + 4.0 * double(features)};
}

// a, grad_a_to_z [B, F]    grad_bias [F]
template <class Real, Space S>
void expects_relu_backward(MatrixView<const Real, S> a, MatrixView<Real, S> grad_a_to_z, SpanView<Real, S> grad_bias) {
  expects(a.rows == grad_a_to_z.rows && a.cols == grad_a_to_z.cols, "relu_backward: the gradient has the shape of a");
  expects(grad_bias.size == a.cols, "relu_backward: one bias gradient per column");
}

namespace cpu {

template <std::floating_point Real>
void relu_backward(HostMatrix<const Real> a, HostMatrix<Real> grad_a_to_z, HostSpan<Real> grad_bias);

}  // namespace cpu

namespace gpu {

class Stream;
// `partial` is room for the sums of the parts, at least column_partials(B, F) floats.
void relu_backward(const Stream& stream, DeviceMatrix<const float> a, DeviceMatrix<float> grad_a_to_z,
                   DeviceSpan<float> partial, DeviceSpan<float> grad_bias);

}  // namespace gpu
}  // namespace plateau
