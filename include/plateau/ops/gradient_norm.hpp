// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The 2-norm of the flat gradient, into the history row of the state's epoch. Squares are summed in double, in a fixed
// order. Does nothing once the run has stopped.
//
//   history[epoch].gradient_norm = sqrt(sum_i grad_i^2)        grad [P]    history [E]
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/metrics.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

constexpr Cost gradient_norm_cost(Index parameters) {
  return {.flops = 2.0 * double(parameters), .bytes_read = 4.0 * double(parameters), .bytes_written = 8};
}

// Sums that a GPU forms beside each other before it adds them: one per 16384 elements, up to a limit.
inline constexpr Index kMaxGradientNormPartials = 1024;
constexpr Index gradient_norm_partials(Index parameters) {
  const Index blocks = ceil_div(parameters, Index{1} << 14);
  return blocks < 1 ? 1 : blocks > kMaxGradientNormPartials ? kMaxGradientNormPartials : blocks;
}

namespace cpu {

template <std::floating_point Real>
void gradient_norm(HostSpan<const Real> grad, HostSpan<const TrainingState> state, HostSpan<EpochMetrics> history);

}  // namespace cpu

namespace gpu {

class Stream;
// `partial` is room for the blocks' sums, at least gradient_norm_partials(grad.size) of them.
void gradient_norm(const Stream& stream, DeviceSpan<const float> grad, DeviceSpan<const TrainingState> state,
                   DeviceSpan<double> partial, DeviceSpan<EpochMetrics> history);

}  // namespace gpu
}  // namespace plateau
