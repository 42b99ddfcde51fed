// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Early stopping (Prechelt 1998): the loss on held-out validation rows decides, after every epoch, whether it is the
// best so far and whether the run ends. Both follow finish_epoch, in this order, and come before exchange_signals.
//
//   judge_epoch  e = epochs finished      loss = history[e - 1].validation_loss_sum / validation_rows
//                where none was judged before, or loss < best_loss:            best_loss = loss, best_epochs = e
//                then, where patience > 0 and e - best_epochs >= patience:     the run has stopped early
//   keep_best    best = parameter, where the run goes on and best_epochs == e >= 1
//
// So a run stops after `patience` epochs in a row without a smaller loss; with patience 0 it never does, and only its
// best epoch is kept. A run that stops early keeps its count of epochs.
//
//   shapes    history [E], 1 <= e <= E    parameter, best [P], which do not overlap
//   bits      the loss is one division in double: every device judges alike
//   NaN       a loss that is not a number is no better than any other; the first epoch judged is the best so far
//   state     both do nothing once the run has stopped. A diverged run must not be copied: its count of epochs is still
//             that of the last good one, which may be the best, but its parameters have been changed since
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/metrics.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

struct EarlyStopping {
  Index validation_rows = 1;
  std::int32_t patience = 0;  // epochs without a smaller loss after which the run stops; 0: it never does
};

constexpr Cost judge_epoch_cost() {
  return {
      .flops = 1, .bytes_read = sizeof(TrainingState) + sizeof(EpochMetrics), .bytes_written = sizeof(TrainingState)};
}
constexpr Cost keep_best_cost(Index parameters) {
  return {.flops = 0, .bytes_read = 4.0 * double(parameters), .bytes_written = 4.0 * double(parameters)};
}

template <Space S>
void expects_judge_epoch(const EarlyStopping& stopping, SpanView<const TrainingState, S> state) {
  expects_training_state(state);
  expects(stopping.validation_rows >= 1, "judge_epoch: at least one validation row");
  expects(stopping.patience >= 0, "judge_epoch: patience is not negative");
}
template <class Real, Space S>
void expects_keep_best(SpanView<const TrainingState, S> state, SpanView<const Real, S> parameter,
                       SpanView<Real, S> best) {
  expects_training_state(state);
  expects(best.size == parameter.size, "keep_best: as many parameters in both places");
}

namespace cpu {

void judge_epoch(const EarlyStopping& stopping, HostSpan<TrainingState> state, HostSpan<const EpochMetrics> history);
template <std::floating_point Real>
void keep_best(HostSpan<const TrainingState> state, HostSpan<const Real> parameter, HostSpan<Real> best);

}  // namespace cpu

namespace gpu {

class Stream;
void judge_epoch(const Stream& stream, const EarlyStopping& stopping, DeviceSpan<TrainingState> state,
                 DeviceSpan<const EpochMetrics> history);
void keep_best(const Stream& stream, DeviceSpan<const TrainingState> state, DeviceSpan<const float> parameter,
               DeviceSpan<float> best);

}  // namespace gpu
}  // namespace plateau
