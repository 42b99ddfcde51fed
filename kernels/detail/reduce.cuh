// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Sums and maxima over a warp or a block, in an order that depends on the shape only.
#pragma once

#include "detail/launch.cuh"

namespace plateau::gpu {

// Every lane gets the sum of all 32; a butterfly, so all lanes get the same bits.
template <class T>
__device__ T warp_sum(T value) {
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) value += __shfl_xor_sync(kFullWarp, value, distance);
  return value;
}

template <class T, int kThreads>
struct BlockSum {
  static constexpr int kWarps = kThreads / kWarpSize;
  static_assert(kThreads % kWarpSize == 0 && kWarps <= kWarpSize);

  T warp[kWarps];

  // The sum over a block of kThreads threads in x, complete in thread 0 only. All threads call it, once.
  __device__ T operator()(T value) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    value = warp_sum(value);
    if (lane == 0) warp[threadIdx.x / kWarpSize] = value;
    __syncthreads();
    if (threadIdx.x >= kWarpSize) return value;
    return warp_sum(lane < kWarps ? warp[lane] : T(0));
  }
};

}  // namespace plateau::gpu
