// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// weighted_xent: loss, predicted class and logit gradient of every row with class weights and mixed labels; the weights
// that balance the classes; and what a batch weighs.
//
//   formula   include/plateau/ops/weighted_xent.hpp
//   shapes    z, grad_z [B, C] f32 row-major (any strides)    label, second_label, predicted [B] i32    loss [B] f32
//             weight [C] f32    state [1]
//   traffic   weighted_softmax_xent: 4BC + 8B + 4C read, 4BC + 8B written (weighted_softmax_xent_cost)
//             batch_weight, balanced_class_weights: the labels read once
//   roofline  5 B C flop, 0.6 flop/byte: memory-bound; below some 100 classes the shuffles of a row outweigh its bytes.
//             The other two take one block, which keeps their order fixed without a second launch: latency for a
//             batch, and once per training whatever the rows need
//   mapping   weighted_softmax_xent: a warp per row, 8 rows per block; the row stays in registers. batch_weight: a
//             thread takes every 512th row. balanced_class_weights: likewise, counted by integer atomics in shared
//             memory, whose sums do not depend on their order
//   aliasing  grad_z may be exactly z: a warp writes only what it has read
//   state     a run that has stopped is left alone
#include "plateau/ops/weighted_xent.hpp"

#include <cmath>

#include "detail/warp_softmax.cuh"

namespace plateau::gpu {
namespace {

constexpr int kWeightedXentThreads = 512;  // of the kernels of one block

struct ClassRows {
  unsigned of[kMaxClasses];
};

__global__ __launch_bounds__(kWeightedXentThreads) void balanced_class_weights_kernel(
    DeviceSpan<const std::int32_t> label, DeviceSpan<float> weight) {
  unsigned* class_rows = shared<ClassRows>().of;
  for (Index c = threadIdx.x; c < weight.size; c += kWeightedXentThreads) class_rows[c] = 0;
  __syncthreads();
  for (Index i = threadIdx.x; i < label.size; i += kWeightedXentThreads)
    if (const std::int32_t y = label.data[i]; 0 <= y && y < weight.size) atomicAdd(&class_rows[y], 1u);
  __syncthreads();
  for (Index c = threadIdx.x; c < weight.size; c += kWeightedXentThreads) {
    const Index rows = class_rows[c];
    const double share = static_cast<double>(label.size) / static_cast<double>(weight.size * rows);
    weight.data[c] = rows == 0 ? 0.0f : static_cast<float>(share);
  }
}

__global__ __launch_bounds__(kWeightedXentThreads) void batch_weight_kernel(DeviceSpan<const float> weight,
                                                                            DeviceSpan<const std::int32_t> label,
                                                                            TrainingState* state) {
  if (state->status != RunStatus::running) return;
  double sum = 0;
  for (Index i = threadIdx.x; i < label.size; i += kWeightedXentThreads) {
    const std::int32_t y = label.data[i];
    sum += static_cast<double>(0 <= y && y < weight.size ? weight.data[y] : NAN);
  }
  sum = shared<BlockSum<double, kWeightedXentThreads>>()(sum);
  if (threadIdx.x == 0) state->batch_weight = sum;
}

template <int kItems>  // columns held per lane; kItems * kWarpSize >= classes
__global__ __launch_bounds__(kRowsPerBlock* kWarpSize) void weighted_softmax_xent_kernel(
    DeviceMatrix<const float> z, const std::int32_t* label, DeviceSpan<const std::int32_t> second_label,
    DeviceSpan<const float> weight, const TrainingState* state, float* loss, std::int32_t* predicted,
    DeviceMatrix<float> grad_z) {
  const Index row = warp_row();
  if (row >= z.rows || state->status != RunStatus::running) return;  // the whole warp leaves together
  WarpRow<kItems> of_row(z.row(row), static_cast<int>(z.cols));
  const auto weight_of = [&](int y) { return !of_row.has(y) ? NAN : weight.empty() ? 1.0f : weight.data[y]; };

  const auto batch = static_cast<double>(z.rows), batch_weight = weight.empty() ? batch : state->batch_weight;
  const float share = second_label.empty() ? 0.0f : static_cast<float>(state->second_share);
  const int first = label[row], second = second_label.empty() ? first : second_label.data[row];
  const float a = (1.0f - share) * weight_of(first), b = share * weight_of(second);
  const float z_first = of_row.logit(first), z_second = of_row.logit(second), sum = of_row.exponentiate();
  if (threadIdx.x == 0) {
    const float log_sum = logf(sum) + of_row.largest();
    const auto term = [&](float factor, float z_y) { return factor == 0 ? 0.0f : factor * (log_sum - z_y); };
    loss[row] = static_cast<float>(batch / batch_weight) * (term(a, z_first) + term(b, z_second));
    predicted[row] = of_row.predicted();
  }

  if (grad_z.empty()) return;
  const auto grad_scale = static_cast<float>(1 / batch_weight);
  const float inverse_sum = 1.0f / sum;
  of_row.for_each_column([&](int column, float exponential) {
    const float target = (column == first ? a : 0.0f) + (column == second ? b : 0.0f);
    grad_z.row(row)[column] = ((a + b) * (exponential * inverse_sum) - target) * grad_scale;
  });
}

}  // namespace

void balanced_class_weights(const Stream& stream, DeviceSpan<const std::int32_t> label, DeviceSpan<float> weight) {
  expects_balanced_class_weights<Space::device>(label, weight);
  launch(stream, {.block = dim3(kWeightedXentThreads)}, &balanced_class_weights_kernel, label, weight);
}

void batch_weight(const Stream& stream, DeviceSpan<const float> weight, DeviceSpan<const std::int32_t> label,
                  DeviceSpan<TrainingState> state) {
  expects_batch_weight<Space::device>(weight, state);
  launch(stream, {.block = dim3(kWeightedXentThreads)}, &batch_weight_kernel, weight, label, state.data);
}

void weighted_softmax_xent(const Stream& stream, DeviceMatrix<const float> z, DeviceSpan<const std::int32_t> label,
                           DeviceSpan<const std::int32_t> second_label, DeviceSpan<const float> weight,
                           DeviceSpan<const TrainingState> state, DeviceSpan<float> loss,
                           DeviceSpan<std::int32_t> predicted, DeviceMatrix<float> grad_z) {
  expects_weighted_softmax_xent<float, Space::device>(z, label, second_label, weight, state, loss, predicted, grad_z);
  if (z.rows == 0) return;
  const Index items = ceil_div(z.cols, kWarpSize);
  const auto kernel = items <= 1    ? &weighted_softmax_xent_kernel<1>
                      : items <= 4  ? &weighted_softmax_xent_kernel<4>
                      : items <= 16 ? &weighted_softmax_xent_kernel<16>
                                    : &weighted_softmax_xent_kernel<32>;
  launch(stream, warp_row_shape(z.rows), kernel, z, label.data, second_label, weight, state.data, loss.data,
         predicted.data, grad_z);
}

}  // namespace plateau::gpu
