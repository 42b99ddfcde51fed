// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/gradient_norm.hpp"

#include <cmath>

namespace plateau {
template <std::floating_point Real>
void cpu::gradient_norm(HostSpan<const Real> grad, HostSpan<const TrainingState> state,
                        HostSpan<EpochMetrics> history) {
  expects_training_state<Space::host>(state);
  if (state[0].status != RunStatus::running) return;
  expects(state[0].epoch < history.size, "gradient_norm: the history has a row for this epoch");

  // Independent partial sums, added in a fixed order: one chain of additions would wait for itself at every element.
  constexpr Index kLanes = 16;
  double partial[kLanes] = {};
  Index i = 0;
  for (; i + kLanes <= grad.size; i += kLanes)
    for (Index lane = 0; lane < kLanes; ++lane) {
      const auto g = static_cast<double>(grad.data[i + lane]);
      partial[lane] += g * g;
    }
  double sum = 0;
  for (; i < grad.size; ++i) sum += static_cast<double>(grad.data[i]) * static_cast<double>(grad.data[i]);
  for (const double p : partial) sum += p;
  history[state[0].epoch].gradient_norm = std::sqrt(sum);
}

template void cpu::gradient_norm<float>(HostSpan<const float>, HostSpan<const TrainingState>, HostSpan<EpochMetrics>);
template void cpu::gradient_norm<double>(HostSpan<const double>, HostSpan<const TrainingState>, HostSpan<EpochMetrics>);
}  // namespace plateau
