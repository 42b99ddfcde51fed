// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The control block of a training: it lives in the memory of the device that trains, so that no decision needs the
// host. Once its status says the run has stopped, the operations that read it change nothing any more.
//
//   set_rate          what the schedule takes off the learning rate in the state's epoch (core/schedule.hpp)
//   draw_mixing       the partners' share of the state's step (core/mixing.hpp)
//   advance_step      counts an optimizer step t and forms Adam's bias corrections 1 - beta1^t and sqrt(1 - beta2^t)
//                     in double (Kingma and Ba 2015, section 3)
//   finish_epoch      counts an epoch
//   exchange_signals  stops the run where the host has asked for that, and tells it how far the run is: after epoch e,
//                     counted from 1, recent[(e - 1) % R] = history[e - 1]
//
// A fresh block is all zero bytes. Its bias corrections are those of step 0: advance_step comes before any step.
#pragma once

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/mixing.hpp"
#include "plateau/core/schedule.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

enum class RunStatus : std::int32_t { running = 0, diverged = 1, interrupted = 2, stopped_early = 3 };

struct TrainingState {
  std::int64_t step = 0;             // optimizer steps taken, the one about to be applied included
  double bias_correction1 = 0;       // 1 - beta1^step
  double bias_correction2_sqrt = 0;  // sqrt(1 - beta2^step)
  double rate_reduction = 0;         // what the schedule takes off the learning rate, as a share of it
  double second_share = 0;           // of the second row and label in a mixed batch
  double batch_weight = 0;           // sum of the class weights of the batch's labels
  double best_loss = 0;              // mean validation loss after the first `best_epochs` epochs
  std::int64_t best_epochs = 0;      // 0: none has been judged yet
  std::int32_t epoch = 0;            // epochs finished = the row of the history being filled
  RunStatus status = RunStatus::running;
};

// What an epoch leaves behind: a row of the history (ops/metrics.hpp).
struct EpochMetrics {
  double train_loss_sum = 0;
  double test_loss_sum = 0;
  double gradient_norm = 0;  // of the epoch's last step, before weight decay
  std::int64_t train_correct = 0;
  std::int64_t test_correct = 0;
  double validation_loss_sum = 0;
  std::int64_t validation_correct = 0;
  std::int64_t test_changed = 0;  // test rows predicted otherwise than after the epoch before; all, after the first
};

// What a training and its host tell each other while it runs; on a GPU it lies in host memory that the device reaches.
struct RunSignals {
  std::int32_t stop_requested = 0;  // written by the host: not 0 ends the run after the epoch
  RunStatus status = RunStatus::running;
  std::int32_t epoch = 0;  // epochs finished
};

struct AdamBetas {
  double beta1 = 0.9;
  double beta2 = 0.999;
};

constexpr Cost advance_step_cost() {
  return {.flops = 0, .bytes_read = sizeof(TrainingState), .bytes_written = sizeof(TrainingState)};
}
constexpr Cost finish_epoch_cost() { return advance_step_cost(); }
constexpr Cost set_rate_cost() { return advance_step_cost(); }
constexpr Cost draw_mixing_cost() { return advance_step_cost(); }
constexpr Cost exchange_signals_cost() {
  return {.flops = 0,
          .bytes_read = sizeof(TrainingState) + sizeof(RunSignals) + sizeof(EpochMetrics),
          .bytes_written = sizeof(TrainingState) + sizeof(RunSignals) + sizeof(EpochMetrics)};
}

template <Space S>
void expects_training_state(SpanView<const TrainingState, S> state) {
  expects(state.size == 1, "training_state: one control block per run");
}
// state [1]    history [E]    signals [1]    recent [R], R >= 1: with the signals where the host reaches them
template <Space S>
void expects_exchange_signals(SpanView<const TrainingState, S> state, SpanView<const EpochMetrics, S> history,
                              SpanView<RunSignals, S> signals, SpanView<EpochMetrics, S> recent) {
  expects_training_state(state);
  expects(signals.size == 1, "training_state: one block of signals per run");
  expects(!history.empty() && !recent.empty(), "training_state: figures of an epoch, and room for them");
}

template <Space S>
void expects_set_rate(Index epochs, SpanView<const TrainingState, S> state) {
  expects_training_state(state);
  expects(epochs >= 1, "training_state: a schedule of at least one epoch");
}

// alpha: of the shares' distribution.
template <Space S>
void expects_draw_mixing(double alpha, SpanView<const TrainingState, S> state) {
  expects_training_state(state);
  expects(kLeastMixing <= alpha && alpha <= kMostMixing, "draw_mixing: alpha within its limits");
}

namespace cpu {

void draw_mixing(double alpha, std::uint64_t seed, HostSpan<TrainingState> state);
void set_rate(Schedule schedule, Index epochs, HostSpan<TrainingState> state);
void advance_step(AdamBetas betas, HostSpan<TrainingState> state);
void finish_epoch(HostSpan<TrainingState> state);
void exchange_signals(HostSpan<TrainingState> state, HostSpan<const EpochMetrics> history, HostSpan<RunSignals> signals,
                      HostSpan<EpochMetrics> recent);

}  // namespace cpu

namespace gpu {

class Stream;
void draw_mixing(const Stream& stream, double alpha, std::uint64_t seed, DeviceSpan<TrainingState> state);
void set_rate(const Stream& stream, Schedule schedule, Index epochs, DeviceSpan<TrainingState> state);
void advance_step(const Stream& stream, AdamBetas betas, DeviceSpan<TrainingState> state);
void finish_epoch(const Stream& stream, DeviceSpan<TrainingState> state);
void exchange_signals(const Stream& stream, DeviceSpan<TrainingState> state, DeviceSpan<const EpochMetrics> history,
                      DeviceSpan<RunSignals> signals, DeviceSpan<EpochMetrics> recent);

}  // namespace gpu
}  // namespace plateau
