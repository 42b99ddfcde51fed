// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// softmax_xent: loss, predicted class and logit gradient of every row in one read of the logits.
//
//   formula   include/plateau/ops/softmax_xent.hpp
//   shapes    z, grad_z [B, C] f32 row-major (any strides)    label, predicted [B] i32    loss [B] f32
//   traffic   4BC + 4B read, 4BC + 8B written (softmax_xent_cost); without a gradient 4BC less
//   roofline  5 B C flop, 0.6 flop/byte: memory-bound. B = 65536, C = 1000 moves 525 MB, 109 us at 4.8 TB/s;
//             B = 2^20, C = 10 moves 96 MB, 20 us. From 33 to some 100 classes the shuffles of a row outweigh its
//             bytes (counted, not measured)
//   mapping   up to 32 classes: one thread per row, which stays in its registers. Aligned rows are read and written
//             four classes at a time; rows without gaps between them by the warp, 128 neighbouring bytes at a time,
//             by way of shared memory; others class by class.
//             More classes: one warp per row, 8 rows per block; lane l owns columns l, l + 32, ...; the row stays in
//             registers
//   aliasing  grad_z may be exactly z: a thread, or warp, writes only what it has read
#include "plateau/ops/softmax_xent.hpp"

#include <cmath>

#include "detail/elements.cuh"
#include "detail/warp_softmax.cuh"

namespace plateau::gpu {
namespace {

// ---- A thread per row -----------------------------------------------------------------------------------------------
constexpr Index kClassesOfOneThread = 32;
constexpr int kXentThreads = 128;  // a row each
constexpr int kXentWarps = kXentThreads / kWarpSize;

struct RowLoss {
  float loss, inverse_sum;
  std::int32_t predicted;
};

// Turns the logits of a row, -inf beyond its classes, into exp(z - largest).
template <int kItems>
__device__ RowLoss exponentiate(float (&item)[kItems], int classes, int target) {
  float largest = -INFINITY, z_target = 0.0f, sum = 0.0f;
  int column = 0;
  bool ordered = true;
#pragma unroll
  for (int j = 0; j < kItems; ++j) {
    ordered = ordered && !isnan(item[j]);
    if (item[j] > largest) {
      largest = item[j];
      column = j;
    }
    if (j == target) z_target = item[j];
  }
#pragma unroll
  for (int j = 0; j < kItems; ++j) {
    item[j] = expf(item[j] - largest);
    sum += item[j];
  }
  const bool known = 0 <= target && target < classes;
  return {.loss = known ? logf(sum) + largest - z_target : NAN,
          .inverse_sum = 1.0f / sum,
          .predicted = ordered ? column : -1};
}

__device__ float logit_grad(float item, float inverse_sum, bool is_target, float inverse_batch) {
  return (item * inverse_sum - (is_target ? 1.0f : 0.0f)) * inverse_batch;
}

template <int kItems, int kCount>  // kItems >= classes; kCount of them per access
__global__ __launch_bounds__(kXentThreads) void softmax_xent_thread_per_row_kernel(DeviceMatrix<const float> z,
                                                                                   const std::int32_t* label,
                                                                                   float* loss, std::int32_t* predicted,
                                                                                   DeviceMatrix<float> grad_z) {
  const Index row = Index{blockIdx.x} * kXentThreads + threadIdx.x;
  if (row >= z.rows) return;
  const int classes = static_cast<int>(z.cols);
  const int target = label[row];

  float item[kItems];
#pragma unroll
  for (int j = 0; j < kItems; j += kCount) {
    if (j + kCount <= classes) {
      const Floats<kCount> values = load<kCount>(z.row(row) + j);
#pragma unroll
      for (int k = 0; k < kCount; ++k) item[j + k] = values.at[k];
    } else {
#pragma unroll
      for (int k = 0; k < kCount; ++k) item[j + k] = j + k < classes ? z.row(row)[j + k] : -INFINITY;
    }
  }
  const RowLoss of_row = exponentiate(item, classes, target);
  loss[row] = of_row.loss;
  predicted[row] = of_row.predicted;

  if (grad_z.empty()) return;
  const float inverse_batch = 1.0f / static_cast<float>(z.rows);
#pragma unroll
  for (int j = 0; j < kItems; j += kCount) {
    Floats<kCount> grad;
#pragma unroll
    for (int k = 0; k < kCount; ++k)
      grad.at[k] = logit_grad(item[j + k], of_row.inverse_sum, j + k == target, inverse_batch);
    if (j + kCount <= classes) {
      store(grad_z.row(row) + j, grad);
    } else {
#pragma unroll
      for (int k = 0; k < kCount; ++k)
        if (j + k < classes) grad_z.row(row)[j + k] = grad.at[k];
    }
  }
}

// Of matrices without gaps between their rows: 32 of them are one piece of memory.
template <int kItems>  // >= classes
__global__ __launch_bounds__(kXentThreads) void softmax_xent_staged_rows_kernel(DeviceMatrix<const float> z,
                                                                                const std::int32_t* label, float* loss,
                                                                                std::int32_t* predicted,
                                                                                DeviceMatrix<float> grad_z) {
  struct Staged {
    float rows[kXentWarps][kWarpSize * kItems];
  };
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize, warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const Index first_row = (Index{blockIdx.x} * kXentWarps + warp) * kWarpSize;
  if (first_row >= z.rows) return;  // the whole warp leaves together
  const int classes = static_cast<int>(z.cols);
  const int rows = z.rows - first_row < kWarpSize ? static_cast<int>(z.rows - first_row) : kWarpSize;
  const int elements = rows * classes;
  const Index row = first_row + lane;
  const int target = lane < rows ? label[row] : 0;
  float* staged = shared<Staged>().rows[warp];
  float* own = staged + lane * classes;

  float item[kItems];
#pragma unroll
  for (int k = 0; k < kItems; ++k)
    if (const int e = k * kWarpSize + lane; e < elements) item[k] = z.row(first_row)[e];
#pragma unroll
  for (int k = 0; k < kItems; ++k)
    if (const int e = k * kWarpSize + lane; e < elements) staged[e] = item[k];
  __syncwarp();

  if (lane < rows) {
#pragma unroll
    for (int j = 0; j < kItems; ++j) item[j] = j < classes ? own[j] : -INFINITY;
    const RowLoss of_row = exponentiate(item, classes, target);
    loss[row] = of_row.loss;
    predicted[row] = of_row.predicted;
    const float inverse_batch = 1.0f / static_cast<float>(z.rows);
#pragma unroll
    for (int j = 0; j < kItems; ++j)
      if (j < classes) own[j] = logit_grad(item[j], of_row.inverse_sum, j == target, inverse_batch);
  }
  if (grad_z.empty()) return;
  __syncwarp();
#pragma unroll
  for (int k = 0; k < kItems; ++k)
    if (const int e = k * kWarpSize + lane; e < elements) grad_z.row(first_row)[e] = staged[e];
}

template <int kItems>
auto thread_per_row_kernel(DeviceMatrix<const float> z, DeviceMatrix<float> grad_z) {
  if (rows_aligned_for_vectors(z, grad_z)) return &softmax_xent_thread_per_row_kernel<kItems, kVector>;
  if (z.stride == z.cols && grad_z.stride == grad_z.cols) return &softmax_xent_staged_rows_kernel<kItems>;
  return &softmax_xent_thread_per_row_kernel<kItems, 1>;
}

// ---- A warp per row -------------------------------------------------------------------------------------------------
template <int kItems>  // columns held per lane; kItems * kWarpSize >= classes
__global__ __launch_bounds__(kRowsPerBlock* kWarpSize) void softmax_xent_warp_per_row_kernel(
    DeviceMatrix<const float> z, const std::int32_t* label, float* loss, std::int32_t* predicted,
    DeviceMatrix<float> grad_z) {
  const Index row = warp_row();
  if (row >= z.rows) return;  // the whole warp leaves together, so the shuffles below stay complete
  const int target = label[row];
  WarpRow<kItems> of_row(z.row(row), static_cast<int>(z.cols));
  const float z_target = of_row.logit(target), sum = of_row.exponentiate();
  if (threadIdx.x == 0) {
    loss[row] = logf(sum) + of_row.largest() - z_target;
    predicted[row] = of_row.predicted();
  }

  if (grad_z.empty()) return;
  const float inverse_sum = 1.0f / sum, inverse_batch = 1.0f / static_cast<float>(z.rows);
  of_row.for_each_column([&](int column, float exponential) {
    grad_z.row(row)[column] = logit_grad(exponential, inverse_sum, column == target, inverse_batch);
  });
}

}  // namespace

void softmax_xent(const Stream& stream, DeviceMatrix<const float> z, DeviceSpan<const std::int32_t> label,
                  DeviceSpan<float> loss, DeviceSpan<std::int32_t> predicted, DeviceMatrix<float> grad_z) {
  expects_softmax_xent<float, Space::device>(z, label, loss, predicted, grad_z);
  if (z.rows == 0) return;
  if (z.cols <= kClassesOfOneThread) {
    const auto kernel = z.cols <= 4    ? thread_per_row_kernel<4>(z, grad_z)
                        : z.cols <= 8  ? thread_per_row_kernel<8>(z, grad_z)
                        : z.cols <= 16 ? thread_per_row_kernel<16>(z, grad_z)
                                       : thread_per_row_kernel<32>(z, grad_z);
    const LaunchShape shape{.grid = dim3(static_cast<unsigned>(ceil_div(z.rows, kXentThreads))),
                            .block = dim3(kXentThreads)};
    return launch(stream, shape, kernel, z, label.data, loss.data, predicted.data, grad_z);
  }
  const Index items = ceil_div(z.cols, kWarpSize);
  const auto kernel = items <= 4    ? &softmax_xent_warp_per_row_kernel<4>
                      : items <= 8  ? &softmax_xent_warp_per_row_kernel<8>
                      : items <= 16 ? &softmax_xent_warp_per_row_kernel<16>
                                    : &softmax_xent_warp_per_row_kernel<32>;
  launch(stream, warp_row_shape(z.rows), kernel, z, label.data, loss.data, predicted.data, grad_z);
}

}  // namespace plateau::gpu
