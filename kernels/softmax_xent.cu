// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// softmax_xent: loss, predicted class and logit gradient of every row in one read of the logits.
//
//   formula   include/plateau/ops/softmax_xent.hpp
//   shapes    z, grad_z [B, C] f32 row-major (any strides)    label, predicted [B] i32    loss [B] f32
//   traffic   4BC + 4B read, 4BC + 8B written (softmax_xent_cost); without a gradient 4BC less
//   roofline  5 B C flop, 0.6 flop/byte: memory-bound. B = 65536, C = 1000 moves 525 MB, 109 us at 4.8 TB/s
//   mapping   one warp per row, 8 rows per block; lane l owns columns l, l + 32, ...; the row stays in registers
//   aliasing  grad_z may be exactly z: a lane writes only what it has read
#include "plateau/ops/softmax_xent.hpp"

#include <cmath>

#include "detail/reduce.cuh"

namespace plateau::gpu {
namespace {

constexpr int kRowsPerBlock = 8;

struct Largest {
  float value;
  int column;
};

// The largest logit of the row, at its smallest column; not a number is never larger than anything.
__device__ Largest warp_largest(Largest mine) {
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    const float value = __shfl_xor_sync(kFullWarp, mine.value, distance);
    const int column = __shfl_xor_sync(kFullWarp, mine.column, distance);
    if (value > mine.value || (value == mine.value && column < mine.column)) mine = {value, column};
  }
  return mine;
}

template <int kItems>  // columns held per lane; kItems * kWarpSize >= classes
__global__ __launch_bounds__(kRowsPerBlock* kWarpSize) void softmax_xent_kernel(DeviceMatrix<const float> z,
                                                                                const std::int32_t* label, float* loss,
                                                                                std::int32_t* predicted,
                                                                                DeviceMatrix<float> grad_z) {
  const Index row = Index{blockIdx.x} * kRowsPerBlock + threadIdx.y;
  if (row >= z.rows) return;  // the whole warp leaves together, so the shuffles below stay complete
  const int lane = static_cast<int>(threadIdx.x);
  const int classes = static_cast<int>(z.cols);
  const int target = label[row];

  float item[kItems];
  Largest largest{-INFINITY, lane};
  bool ordered = true;
#pragma unroll
  for (int k = 0; k < kItems; ++k) {
    const int col = k * kWarpSize + lane;
    item[k] = col < classes ? z.row(row)[col] : -INFINITY;  // padding vanishes: exp(-inf) = 0
    ordered = ordered && !isnan(item[k]);
    if (item[k] > largest.value) largest = {item[k], col};
  }
  largest = warp_largest(largest);
  ordered = __all_sync(kFullWarp, ordered);

  float sum = 0.0f;
  float z_target = 0 <= target && target < classes ? 0.0f : NAN;
#pragma unroll
  for (int k = 0; k < kItems; ++k) {
    if (k * kWarpSize + lane == target) z_target += item[k];
    item[k] = expf(item[k] - largest.value);
    sum += item[k];
  }
  sum = warp_sum(sum);
  z_target = warp_sum(z_target);
  if (lane == 0) {
    loss[row] = logf(sum) + largest.value - z_target;
    predicted[row] = ordered ? largest.column : -1;
  }

  if (grad_z.empty()) return;
  const auto batch = static_cast<float>(z.rows);
#pragma unroll
  for (int k = 0; k < kItems; ++k) {
    const int col = k * kWarpSize + lane;
    if (col < classes) grad_z.row(row)[col] = (item[k] / sum - (col == target ? 1.0f : 0.0f)) / batch;
  }
}

}  // namespace

void softmax_xent(const Stream& stream, DeviceMatrix<const float> z, DeviceSpan<const std::int32_t> label,
                  DeviceSpan<float> loss, DeviceSpan<std::int32_t> predicted, DeviceMatrix<float> grad_z) {
  expects_softmax_xent<float, Space::device>(z, label, loss, predicted, grad_z);
  if (z.rows == 0) return;
  const LaunchShape shape{.grid = dim3(static_cast<unsigned>(ceil_div(z.rows, kRowsPerBlock))),
                          .block = dim3(kWarpSize, kRowsPerBlock)};
  const Index items = ceil_div(z.cols, kWarpSize);
  const auto kernel = items <= 1    ? &softmax_xent_kernel<1>
                      : items <= 4  ? &softmax_xent_kernel<4>
                      : items <= 16 ? &softmax_xent_kernel<16>
                                    : &softmax_xent_kernel<32>;
  launch(stream, shape, kernel, z, label.data, loss.data, predicted.data, grad_z);
}

}  // namespace plateau::gpu
