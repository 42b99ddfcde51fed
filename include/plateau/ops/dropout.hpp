// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Dropout of a hidden layer's activations, and once more of their gradient on the way back: the same rule at the same
// step draws the same mask.
//
//   a_ij <- mask_ij ? a_ij * dropout_scale(rate) : 0        mask of the state's step, as core/dropout.hpp defines it
//
// In place. A dropped unit is exactly 0, also where it was NaN or infinite: it takes no part in the step. (PyTorch
// multiplies by its mask, which keeps NaN.) A kept NaN stays NaN. The scale and the product are rounded to float once
// each, so that every device gets the same bits. Does nothing once the run has stopped.
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/dropout.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

struct DropoutRule {
  float rate = 0;  // the share that is dropped, 0 <= rate < 1
  std::uint64_t seed = 0;
  Index layer = 0;  // 0 <= layer < kMaxDropoutLayers
};

constexpr Cost dropout_cost(Index batch, Index features) {
  const double elements = double(batch) * double(features);
  return {.flops = 2 * elements, .bytes_read = 4 * elements, .bytes_written = 4 * elements};
}

// a [B, F]    state [1]
template <Space S>
void expects_dropout(const DropoutRule& rule, SpanView<const TrainingState, S> state) {
  expects(0 <= rule.rate && rule.rate < 1, "dropout: 0 <= rate < 1");
  expects(0 <= rule.layer && rule.layer < kMaxDropoutLayers, "dropout: 0 <= layer < kMaxDropoutLayers");
  expects_training_state<S>(state);
}

namespace cpu {

template <std::floating_point Real>
void dropout(const DropoutRule& rule, HostSpan<const TrainingState> state, HostMatrix<Real> a);

}  // namespace cpu

namespace gpu {

class Stream;
void dropout(const Stream& stream, const DropoutRule& rule, DeviceSpan<const TrainingState> state,
             DeviceMatrix<float> a);

}  // namespace gpu
}  // namespace plateau
