// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Adds a layer's bias and applies its activation, in place.
//
//   z_ij <- f(z_ij + bias_j)      f = ReLU (hidden layers) or the identity (logits)
//
// ReLU keeps NaN, as PyTorch's does, so that a diverging training is seen and not silently zeroed.
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

enum class Activation { identity, relu };

constexpr Cost bias_activation_cost(Index batch, Index features) {
  const double elements = double(batch) * double(features);
  return {.flops = 2 * elements, .bytes_read = 4 * elements + 4.0 * double(features), .bytes_written = 4 * elements};
}

// z [B, F]    bias [F]
template <class Real, Space S>
void expects_bias_activation(MatrixView<Real, S> z, SpanView<const Real, S> bias) {
  expects(bias.size == z.cols, "bias_activation: one bias per column");
}

namespace cpu {

template <std::floating_point Real>
void bias_activation(Activation activation, HostSpan<const Real> bias, HostMatrix<Real> z);

}  // namespace cpu

namespace gpu {

class Stream;
void bias_activation(const Stream& stream, Activation activation, DeviceSpan<const float> bias, DeviceMatrix<float> z);

}  // namespace gpu
}  // namespace plateau
