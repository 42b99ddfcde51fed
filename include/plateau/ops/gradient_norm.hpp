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

namespace cpu {

template <std::floating_point Real>
void gradient_norm(HostSpan<const Real> grad, HostSpan<const TrainingState> state, HostSpan<EpochMetrics> history);

}  // namespace cpu
}  // namespace plateau
