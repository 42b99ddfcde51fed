// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/training_state.hpp"

#include <cmath>

namespace plateau {
void cpu::draw_mixing(double alpha, std::uint64_t seed, HostSpan<TrainingState> state) {
  expects_draw_mixing<Space::host>(alpha, state);
  if (state[0].status == RunStatus::running) state[0].second_share = mixing_share(seed, state[0].step, alpha);
}

void cpu::set_rate(Schedule schedule, Index epochs, HostSpan<TrainingState> state) {
  expects_set_rate<Space::host>(epochs, state);
  if (state[0].status == RunStatus::running) state[0].rate_reduction = rate_reduction(schedule, state[0].epoch, epochs);
}

void cpu::advance_step(AdamBetas betas, HostSpan<TrainingState> state) {
  expects_training_state<Space::host>(state);
  TrainingState& s = state[0];
  if (s.status != RunStatus::running) return;
  ++s.step;
  s.bias_correction1 = 1 - std::pow(betas.beta1, static_cast<double>(s.step));
  s.bias_correction2_sqrt = std::sqrt(1 - std::pow(betas.beta2, static_cast<double>(s.step)));
}

void cpu::finish_epoch(HostSpan<TrainingState> state) {
  expects_training_state<Space::host>(state);
  if (state[0].status == RunStatus::running) ++state[0].epoch;
}

void cpu::exchange_signals(HostSpan<TrainingState> state, HostSpan<const EpochMetrics> history,
                           HostSpan<RunSignals> signals, HostSpan<EpochMetrics> recent) {
  expects_exchange_signals<Space::host>(state, history, signals, recent);
  const Index last = state[0].epoch - 1;
  if (last >= 0) recent[last % recent.size] = history[last];
  if (state[0].status == RunStatus::running && signals[0].stop_requested != 0) state[0].status = RunStatus::interrupted;
  signals[0].epoch = state[0].epoch;
  signals[0].status = state[0].status;
}
}  // namespace plateau
