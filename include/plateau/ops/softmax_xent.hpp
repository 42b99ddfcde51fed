// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Softmax cross-entropy: the loss and the predicted class of every row, and the gradient of the mean loss with respect
// to the logits, in one read of the logits.
//
//   m_i = max_j z_ij      s_i = sum_j exp(z_ij - m_i)      y_i = label of row i
//   loss_i      = log(s_i) + m_i - z_i,y_i
//   predicted_i = the smallest j with z_ij = m_i; -1 where a logit of the row is NaN
//   grad_z_ij   = (exp(z_ij - m_i) / s_i - [j == y_i]) / B
//
//   shapes    z, grad_z [B, C], 1 <= C <= kMaxClasses    label, predicted [B] i32    loss [B]
//   aliasing  grad_z may be exactly z; any other overlap is undefined. An empty grad_z is not computed (evaluation).
//   labels    one outside [0, C) gives loss = NaN, never a stray access
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

inline constexpr Index kMaxClasses = 1024;

constexpr Cost softmax_xent_cost(Index batch, Index classes) {
  const double elements = double(batch) * double(classes);
  return {.flops = 5 * elements,
          .bytes_read = 4 * elements + 4.0 * double(batch),
          .bytes_written = 4 * elements + 8.0 * double(batch)};
}

template <class Real, Space S>
void expects_softmax_xent(MatrixView<const Real, S> z, SpanView<const std::int32_t, S> label, SpanView<Real, S> loss,
                          SpanView<std::int32_t, S> predicted, MatrixView<Real, S> grad_z) {
  expects(1 <= z.cols && z.cols <= kMaxClasses, "softmax_xent: 1 <= classes <= kMaxClasses");
  expects(label.size == z.rows, "softmax_xent: one label per row");
  expects(loss.size == z.rows && predicted.size == z.rows, "softmax_xent: one loss and one prediction per row");
  expects(grad_z.empty() || (grad_z.rows == z.rows && grad_z.cols == z.cols),
          "softmax_xent: grad_z has the shape of z, or is empty");
}

namespace cpu {

template <std::floating_point Real>
void softmax_xent(HostMatrix<const Real> z, HostSpan<const std::int32_t> label, HostSpan<Real> loss,
                  HostSpan<std::int32_t> predicted, HostMatrix<Real> grad_z);

}  // namespace cpu

namespace gpu {

class Stream;
void softmax_xent(const Stream& stream, DeviceMatrix<const float> z, DeviceSpan<const std::int32_t> label,
                  DeviceSpan<float> loss, DeviceSpan<std::int32_t> predicted, DeviceMatrix<float> grad_z);

}  // namespace gpu
}  // namespace plateau
