// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// early_stopping: judges an epoch by its validation loss, and keeps the parameters of the best one.
//
//   formula   include/plateau/ops/early_stopping.hpp
//   shapes    state [1]    history [E]    parameter, best [P] f32
//   traffic   judge_epoch: the control block and a row of the history. keep_best: 4 P bytes read, as many written
//             (keep_best_cost) after an epoch that is the best so far, else the control block alone
//   roofline  judge_epoch: latency, one launch. keep_best: memory-bound, P = 33.6 M moves 268 MB, 56 us at 4.8 TB/s
//   mapping   judge_epoch: one thread. keep_best: a thread per four neighbouring parameters where both spans are
//             aligned for it, else per parameter; the P % 4 last ones go to the first threads
//   state     a run that has stopped is left alone; one whose patience is over is marked
#include "plateau/ops/early_stopping.hpp"

#include "detail/elements.cuh"

namespace plateau::gpu {
namespace {

__global__ void judge_epoch_kernel(EarlyStopping stopping, TrainingState* state,
                                   DeviceSpan<const EpochMetrics> history) {
  const std::int32_t epoch = state->epoch;
  if (state->status != RunStatus::running || epoch < 1 || epoch > history.size) return;
  const double loss = history.data[epoch - 1].validation_loss_sum / static_cast<double>(stopping.validation_rows);
  if (state->best_epochs == 0 || loss < state->best_loss) {
    state->best_loss = loss;
    state->best_epochs = epoch;
  }
  if (stopping.patience > 0 && epoch - state->best_epochs >= stopping.patience)
    state->status = RunStatus::stopped_early;
}

template <int kCount>
__global__ __launch_bounds__(kElementBlock) void keep_best_kernel(const TrainingState* state, const float* parameter,
                                                                  float* best, Index size) {
  if (state->status != RunStatus::running || state->epoch < 1 || state->best_epochs != state->epoch) return;
  const Index vectors = size / kCount;
  for (Index i = element_index(); i < vectors; i += element_stride())
    store(best + i * kCount, load<kCount>(parameter + i * kCount));
  const Index last = vectors * kCount + element_index();
  if (last < size) best[last] = parameter[last];
}

}  // namespace

void judge_epoch(const Stream& stream, const EarlyStopping& stopping, DeviceSpan<TrainingState> state,
                 DeviceSpan<const EpochMetrics> history) {
  expects_judge_epoch<Space::device>(stopping, state);
  launch(stream, {}, &judge_epoch_kernel, stopping, state.data, history);
}

void keep_best(const Stream& stream, DeviceSpan<const TrainingState> state, DeviceSpan<const float> parameter,
               DeviceSpan<float> best) {
  expects_keep_best<float, Space::device>(state, parameter, best);
  if (parameter.empty()) return;
  const bool vectors = aligned_for_vectors(parameter.data, best.data);
  launch(stream, element_shape(vectors ? ceil_div(parameter.size, kVector) : parameter.size),
         vectors ? &keep_best_kernel<kVector> : &keep_best_kernel<1>, state.data, parameter.data, best.data,
         parameter.size);
}

}  // namespace plateau::gpu
