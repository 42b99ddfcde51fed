// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a trained classifier says of every row: the predicted class and, where it is asked for, the probability of each
// class.
//
//   m_i = max_j z_ij      s_i = sum_j exp(z_ij - m_i)
//   predicted_i    = the smallest j with z_ij = m_i; -1 where a logit of the row is NaN, as softmax_xent defines it
//   probability_ij = exp(z_ij - m_i) / s_i; NaN in the whole row where one of its logits is NaN or m_i is infinite
//
//   shapes    z, probability [B, C], 1 <= C <= kMaxClasses    predicted [B] i32
//   aliasing  probability may be exactly z; any other overlap is undefined. An empty one is not computed.
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/softmax_xent.hpp"

namespace plateau {

// With the probabilities.
constexpr Cost class_probabilities_cost(Index batch, Index classes) {
  const double elements = double(batch) * double(classes);
  return {.flops = 4 * elements, .bytes_read = 4 * elements, .bytes_written = 4 * elements + 4.0 * double(batch)};
}

template <class Real, Space S>
void expects_class_probabilities(MatrixView<const Real, S> z, SpanView<std::int32_t, S> predicted,
                                 MatrixView<Real, S> probability) {
  expects(1 <= z.cols && z.cols <= kMaxClasses, "class_probabilities: 1 <= classes <= kMaxClasses");
  expects(predicted.size == z.rows, "class_probabilities: one prediction per row");
  expects(probability.empty() || (probability.rows == z.rows && probability.cols == z.cols),
          "class_probabilities: the probabilities have the shape of z, or are empty");
}

namespace cpu {

template <std::floating_point Real>
void class_probabilities(HostMatrix<const Real> z, HostSpan<std::int32_t> predicted, HostMatrix<Real> probability);

}  // namespace cpu

namespace gpu {

class Stream;
void class_probabilities(const Stream& stream, DeviceMatrix<const float> z, DeviceSpan<std::int32_t> predicted,
                         DeviceMatrix<float> probability);

}  // namespace gpu
}  // namespace plateau
