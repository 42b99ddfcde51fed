// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/early_stopping.hpp"

#include <algorithm>

namespace plateau {
void cpu::judge_epoch(const EarlyStopping& stopping, HostSpan<TrainingState> state,
                      HostSpan<const EpochMetrics> history) {
  expects_judge_epoch<Space::host>(stopping, state);
  TrainingState& s = state[0];
  if (s.status != RunStatus::running) return;
  expects(1 <= s.epoch && s.epoch <= history.size, "judge_epoch: the history has a row of the epoch before");

  const double loss = history[s.epoch - 1].validation_loss_sum / static_cast<double>(stopping.validation_rows);
  if (s.best_epochs == 0 || loss < s.best_loss) {
    s.best_loss = loss;
    s.best_epochs = s.epoch;
  }
  if (stopping.patience > 0 && s.epoch - s.best_epochs >= stopping.patience) s.status = RunStatus::stopped_early;
}

template <std::floating_point Real>
void cpu::keep_best(HostSpan<const TrainingState> state, HostSpan<const Real> parameter, HostSpan<Real> best) {
  expects_keep_best<Real, Space::host>(state, parameter, best);
  const TrainingState& s = state[0];
  if (s.status != RunStatus::running || s.epoch < 1 || s.best_epochs != s.epoch) return;
  std::copy(parameter.begin(), parameter.end(), best.begin());
}

template void cpu::keep_best<float>(HostSpan<const TrainingState>, HostSpan<const float>, HostSpan<float>);
template void cpu::keep_best<double>(HostSpan<const TrainingState>, HostSpan<const double>, HostSpan<double>);
}  // namespace plateau
