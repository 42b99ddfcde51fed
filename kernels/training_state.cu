// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// training_state: the control block of a run, changed by one thread so that no decision needs the host.
//
//   formula   include/plateau/ops/training_state.hpp
//   shapes    state [1]; history [E]; signals [1] and recent [R], in host memory that the device reaches
//   traffic   the block, read and written; for the host an epoch's figures as well
//   roofline  latency: one launch
#include "plateau/ops/training_state.hpp"

#include <cmath>

#include "detail/launch.cuh"

namespace plateau::gpu {
namespace {

__global__ void draw_mixing_kernel(double alpha, std::uint64_t seed, TrainingState* state) {
  if (state->status == RunStatus::running) state->second_share = mixing_share(seed, state->step, alpha);
}

__global__ void set_rate_kernel(Schedule schedule, Index epochs, TrainingState* state) {
  if (state->status == RunStatus::running) state->rate_reduction = rate_reduction(schedule, state->epoch, epochs);
}

__global__ void advance_step_kernel(AdamBetas betas, TrainingState* state) {
  if (state->status != RunStatus::running) return;
  const auto step = static_cast<double>(++state->step);
  state->bias_correction1 = 1 - pow(betas.beta1, step);
  state->bias_correction2_sqrt = sqrt(1 - pow(betas.beta2, step));
}

__global__ void finish_epoch_kernel(TrainingState* state) {
  if (state->status == RunStatus::running) ++state->epoch;
}

// Volatile: the host reads and writes the signals while this runs, and must find every value that was written.
__global__ void exchange_signals_kernel(TrainingState* state, const EpochMetrics* history, volatile RunSignals* signals,
                                        DeviceSpan<EpochMetrics> recent) {
  const std::int32_t last = state->epoch - 1;
  if (last >= 0) recent.data[last % static_cast<std::int32_t>(recent.size)] = history[last];
  if (state->status == RunStatus::running && signals->stop_requested != 0) state->status = RunStatus::interrupted;
  signals->epoch = state->epoch;
  signals->status = state->status;
}

}  // namespace

void draw_mixing(const Stream& stream, double alpha, std::uint64_t seed, DeviceSpan<TrainingState> state) {
  expects_draw_mixing<Space::device>(alpha, state);
  launch(stream, {}, &draw_mixing_kernel, alpha, seed, state.data);
}

void set_rate(const Stream& stream, Schedule schedule, Index epochs, DeviceSpan<TrainingState> state) {
  expects_set_rate<Space::device>(epochs, state);
  launch(stream, {}, &set_rate_kernel, schedule, epochs, state.data);
}

void advance_step(const Stream& stream, AdamBetas betas, DeviceSpan<TrainingState> state) {
  expects_training_state<Space::device>(state);
  launch(stream, {}, &advance_step_kernel, betas, state.data);
}

void finish_epoch(const Stream& stream, DeviceSpan<TrainingState> state) {
  expects_training_state<Space::device>(state);
  launch(stream, {}, &finish_epoch_kernel, state.data);
}

void exchange_signals(const Stream& stream, DeviceSpan<TrainingState> state, DeviceSpan<const EpochMetrics> history,
                      DeviceSpan<RunSignals> signals, DeviceSpan<EpochMetrics> recent) {
  expects_exchange_signals<Space::device>(state, history, signals, recent);
  launch(stream, {}, &exchange_signals_kernel, state.data, history.data, signals.data, recent);
}

}  // namespace plateau::gpu
