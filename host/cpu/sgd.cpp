// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/sgd.hpp"

namespace plateau {
template <std::floating_point Real>
void cpu::sgd(const SgdParameters& sgd, HostSpan<const TrainingState> state, HostSpan<const Real> grad,
              HostSpan<Real> parameter, HostSpan<Real> velocity) {
  expects_sgd<Real, Space::host>(state, grad, parameter, velocity);
  if (state[0].status != RunStatus::running) return;
  const auto learning_rate = static_cast<Real>(sgd.learning_rate * (1 - state[0].rate_reduction));
  const auto momentum = static_cast<Real>(sgd.momentum);
  const auto decay = static_cast<Real>(sgd.weight_decay);
  for (Index i = 0; i < parameter.size; ++i) {
    velocity.data[i] = momentum * velocity.data[i] + (grad.data[i] + decay * parameter.data[i]);
    parameter.data[i] -= learning_rate * velocity.data[i];
  }
}

template void cpu::sgd<float>(const SgdParameters&, HostSpan<const TrainingState>, HostSpan<const float>,
                              HostSpan<float>, HostSpan<float>);
template void cpu::sgd<double>(const SgdParameters&, HostSpan<const TrainingState>, HostSpan<const double>,
                               HostSpan<double>, HostSpan<double>);
}  // namespace plateau
