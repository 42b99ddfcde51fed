// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/metrics.hpp"

#include <algorithm>
#include <cmath>

namespace plateau {
template <std::floating_point Real>
void cpu::metrics(DataPart part, HostSpan<const Real> loss, HostSpan<const std::int32_t> predicted,
                  HostSpan<const std::int32_t> label, HostSpan<TrainingState> state, HostSpan<EpochMetrics> history,
                  HostMatrix<std::uint32_t> correct, HostSpan<std::int32_t> previous) {
  expects_metrics<Real, Space::host>(loss, predicted, label, state, history, correct, previous);
  TrainingState& s = state[0];
  if (s.status != RunStatus::running) return;
  expects(s.epoch < history.size, "metrics: the history has a row for this epoch");

  double loss_sum = 0;
  std::int64_t right = 0;
  for (Index r = 0; r < loss.size; ++r) {
    loss_sum += static_cast<double>(loss.data[r]);
    right += predicted.data[r] == label.data[r];
  }

  EpochMetrics& epoch = history[s.epoch];
  if (part == DataPart::train) {
    epoch.train_loss_sum += loss_sum;
    epoch.train_correct += right;
  } else if (part == DataPart::validation) {
    epoch.validation_loss_sum = loss_sum;
    epoch.validation_correct = right;
  } else {
    epoch.test_loss_sum = loss_sum;
    epoch.test_correct = right;
  }
  if (!previous.empty()) {
    epoch.test_changed = 0;
    for (Index r = 0; r < loss.size; ++r) epoch.test_changed += previous[r] != predicted[r];
    std::copy(predicted.begin(), predicted.end(), previous.begin());
  }
  if (!correct.empty()) {
    std::uint32_t* bits = correct.row(s.epoch);
    std::fill_n(bits, correct.cols, 0u);
    for (Index r = 0; r < loss.size; ++r) bits[r / 32] |= std::uint32_t{predicted.data[r] == label.data[r]} << (r % 32);
  }
  const bool finite = std::isfinite(loss_sum) && (part != DataPart::test || std::isfinite(epoch.gradient_norm));
  if (!finite) s.status = RunStatus::diverged;
}

template void cpu::metrics<float>(DataPart, HostSpan<const float>, HostSpan<const std::int32_t>,
                                  HostSpan<const std::int32_t>, HostSpan<TrainingState>, HostSpan<EpochMetrics>,
                                  HostMatrix<std::uint32_t>, HostSpan<std::int32_t>);
template void cpu::metrics<double>(DataPart, HostSpan<const double>, HostSpan<const std::int32_t>,
                                   HostSpan<const std::int32_t>, HostSpan<TrainingState>, HostSpan<EpochMetrics>,
                                   HostMatrix<std::uint32_t>, HostSpan<std::int32_t>);
}  // namespace plateau
