// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// metrics: losses and right predictions of a batch or of the test rows, added up into the history on the device.
//
//   formula   include/plateau/ops/metrics.hpp
//   shapes    loss [R] f32    predicted, label [R] i32    history [E]    correct [E, ceil(R / 32)] u32 or empty
//             previous [R] i32 or empty
//   traffic   12 R bytes read, R / 8 written (metrics_cost)
//   roofline  latency: R = 2000 moves 24 KB. One block keeps the order of the sums fixed without a second launch;
//             it reads what one multiprocessor can, so beyond some 100,000 rows it takes longer than the memory needs
//   mapping   one block; a warp takes 32 neighbouring rows at a time, their right predictions are one ballot
//   state     a run that has stopped is left alone; one whose losses or gradient are not finite is marked
#include "plateau/ops/metrics.hpp"

#include <cmath>

#include "detail/reduce.cuh"

namespace plateau::gpu {
namespace {

constexpr int kMetricThreads = 512;

struct MetricsScratch {
  BlockSum<double, kMetricThreads> loss;
  BlockSum<long long, kMetricThreads> right, changed;
};

__global__ __launch_bounds__(kMetricThreads) void metrics_kernel(DataPart part, DeviceSpan<const float> loss,
                                                                 const std::int32_t* predicted,
                                                                 const std::int32_t* label, TrainingState* state,
                                                                 DeviceSpan<EpochMetrics> history,
                                                                 DeviceMatrix<std::uint32_t> correct,
                                                                 std::int32_t* previous) {
  const Index epoch = state->epoch;
  if (state->status != RunStatus::running || epoch >= history.size) return;  // every thread reads the same

  double loss_sum = 0;
  long long right = 0, changed = 0;
  const Index whole_warps = (loss.size + kWarpSize - 1) / kWarpSize * kWarpSize;  // so that every ballot is complete
  for (Index r = threadIdx.x; r < whole_warps; r += kMetricThreads) {
    const bool is_right = r < loss.size && predicted[r] == label[r];
    if (r < loss.size) loss_sum += static_cast<double>(loss.data[r]);
    right += is_right;
    const unsigned bits = __ballot_sync(kFullWarp, is_right);
    if (previous != nullptr && r < loss.size) {
      changed += previous[r] != predicted[r];
      previous[r] = predicted[r];
    }
    if (!correct.empty() && r % kWarpSize == 0) correct.row(epoch)[r / kWarpSize] = bits;
  }

  auto& scratch = shared<MetricsScratch>();
  loss_sum = scratch.loss(loss_sum);
  right = scratch.right(right);
  if (previous != nullptr) changed = scratch.changed(changed);
  if (threadIdx.x != 0) return;
  EpochMetrics& row = history.data[epoch];
  if (part == DataPart::train) {
    row.train_loss_sum += loss_sum;
    row.train_correct += right;
  } else if (part == DataPart::validation) {
    row.validation_loss_sum = loss_sum;
    row.validation_correct = right;
  } else {
    row.test_loss_sum = loss_sum;
    row.test_correct = right;
  }
  if (previous != nullptr) row.test_changed = changed;
  const bool finite = isfinite(loss_sum) && (part != DataPart::test || isfinite(row.gradient_norm));
  if (!finite) state->status = RunStatus::diverged;
}

}  // namespace

void metrics(const Stream& stream, DataPart part, DeviceSpan<const float> loss,
             DeviceSpan<const std::int32_t> predicted, DeviceSpan<const std::int32_t> label,
             DeviceSpan<TrainingState> state, DeviceSpan<EpochMetrics> history, DeviceMatrix<std::uint32_t> correct,
             DeviceSpan<std::int32_t> previous) {
  expects_metrics<float, Space::device>(loss, predicted, label, state, history, correct, previous);
  launch(stream, {.block = dim3(kMetricThreads)}, &metrics_kernel, part, loss, predicted.data, label.data, state.data,
         history, correct, previous.data);
}

}  // namespace plateau::gpu
