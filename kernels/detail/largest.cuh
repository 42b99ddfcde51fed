// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The largest value of a row that a warp holds, and where it is.
#pragma once

#include "detail/launch.cuh"

namespace plateau::gpu {

struct Largest {
  float value;
  int column;
};

// Every lane gets the largest value of all 32, at its smallest column; not a number is never larger than anything.
__device__ inline Largest warp_largest(Largest mine) {
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    const float value = __shfl_xor_sync(kFullWarp, mine.value, distance);
    const int column = __shfl_xor_sync(kFullWarp, mine.column, distance);
    if (value > mine.value || (value == mine.value && column < mine.column)) mine = {value, column};
  }
  return mine;
}

}  // namespace plateau::gpu
