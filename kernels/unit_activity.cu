// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// unit_activity: marks the columns of a layer's activations that have a positive element.
//
//   formula   include/plateau/ops/unit_activity.hpp
//   shapes    a [B, U] f32 row-major (any stride)    active [U] i32
//   traffic   a read once: 4 B U + 4 U bytes (unit_activity_cost)
//   roofline  B U comparisons, 0.25 flop/byte: memory-bound. B = 8192, U = 4096 moves 134 MB, 28 us at 4.8 TB/s. Narrow
//             layers are fewer blocks than a GPU has room for, and wait for their loads: it runs once per training
//   mapping   a block per 32 columns and all rows, so that no two blocks mark the same unit; a lane per column, a warp
//             per every 32nd row, four rows in flight (16 bytes a thread)
#include "plateau/ops/unit_activity.hpp"

#include "detail/launch.cuh"

namespace plateau::gpu {
namespace {

constexpr int kActivityWarps = 32;

__global__ __launch_bounds__(kActivityWarps* kWarpSize) void unit_activity_kernel(DeviceMatrix<const float> a,
                                                                                  std::int32_t* active) {
  struct Found {
    unsigned by_warp[kActivityWarps];  // a bit per column
  };
  Found& found = shared<Found>();
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const Index j = Index{blockIdx.x} * kWarpSize + lane;

  bool positive = false;
  if (j < a.cols) {
#pragma unroll 4
    for (Index i = warp; i < a.rows; i += kActivityWarps) positive |= a.row(i)[j] > 0;
  }
  const unsigned columns = __ballot_sync(kFullWarp, positive);
  if (lane == 0) found.by_warp[warp] = columns;
  __syncthreads();
  if (warp > 0) return;
  unsigned any = 0;
  for (const unsigned of_warp : found.by_warp) any |= of_warp;
  if ((any >> lane & 1u) != 0) active[j] = 1;
}

}  // namespace

void unit_activity(const Stream& stream, DeviceMatrix<const float> a, DeviceSpan<std::int32_t> active) {
  expects_unit_activity<float, Space::device>(a, active);
  if (a.empty()) return;
  launch(stream,
         {.grid = dim3(static_cast<unsigned>(ceil_div(a.cols, kWarpSize))), .block = dim3(kWarpSize, kActivityWarps)},
         &unit_activity_kernel, a, active.data);
}

}  // namespace plateau::gpu
