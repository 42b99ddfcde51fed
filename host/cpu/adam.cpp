// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/adam.hpp"

#include <cmath>

namespace plateau {
template <std::floating_point Real>
void cpu::adam(const AdamParameters& adam, HostSpan<const TrainingState> state, HostSpan<const Real> grad,
               HostSpan<Real> parameter, HostSpan<Real> m, HostSpan<Real> v) {
  expects_adam<Real, Space::host>(state, grad, parameter, m, v);
  if (state[0].status != RunStatus::running) return;
  const bool decoupled = adam.decay_kind == WeightDecay::decoupled;
  const auto l2 = static_cast<Real>(decoupled ? 0 : adam.weight_decay);
  const double rate = adam.learning_rate * (1 - state[0].rate_reduction);
  const auto keep = static_cast<Real>(decoupled ? 1 - rate * adam.weight_decay : 1);
  const auto beta1 = static_cast<Real>(adam.betas.beta1), rest1 = static_cast<Real>(1 - adam.betas.beta1);
  const auto beta2 = static_cast<Real>(adam.betas.beta2), rest2 = static_cast<Real>(1 - adam.betas.beta2);
  const auto step_size = static_cast<Real>(rate / state[0].bias_correction1);
  const auto correction2_sqrt = static_cast<Real>(state[0].bias_correction2_sqrt);
  const auto epsilon = static_cast<Real>(adam.epsilon);

  for (Index i = 0; i < parameter.size; ++i) {
    const Real p = parameter.data[i] * keep;
    const Real g = grad.data[i] + l2 * p;
    m.data[i] = beta1 * m.data[i] + rest1 * g;
    v.data[i] = beta2 * v.data[i] + rest2 * g * g;
    parameter.data[i] = p - step_size * m.data[i] / (std::sqrt(v.data[i]) / correction2_sqrt + epsilon);
  }
}

template void cpu::adam<float>(const AdamParameters&, HostSpan<const TrainingState>, HostSpan<const float>,
                               HostSpan<float>, HostSpan<float>, HostSpan<float>);
template void cpu::adam<double>(const AdamParameters&, HostSpan<const TrainingState>, HostSpan<const double>,
                                HostSpan<double>, HostSpan<double>, HostSpan<double>);
}  // namespace plateau
