// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Kernels that do nearly nothing, to time what lies between them.
//
//   increment   counter += 1, by one thread of one warp. Each reads what the one before wrote, so none may begin early;
//               measured is the time from kernel to kernel, in a stream and in a graph, and the host's part of a launch
//   pause       one thread waits for `clocks` clocks
#include "detail/launch.cuh"
#include "machine.hpp"

namespace plateau::gpu {
namespace {

__global__ __launch_bounds__(kWarpSize) void increment_kernel(std::uint32_t* counter) {
  if (threadIdx.x == 0) *counter += 1;
}

__global__ __launch_bounds__(kWarpSize) void pause_kernel(std::int64_t clocks) {
  if (threadIdx.x != 0) return;
  const std::int64_t start = clock64();
  while (clock64() - start < clocks) {
  }
}

}  // namespace

void machine::increment(const Stream& stream, Words counter) {
  launch(stream, {.block = dim3(kWarpSize)}, &increment_kernel, counter.data);
}

void machine::pause(const Stream& stream, std::int64_t clocks) {
  launch(stream, {.block = dim3(kWarpSize)}, &pause_kernel, clocks);
}

}  // namespace plateau::gpu
