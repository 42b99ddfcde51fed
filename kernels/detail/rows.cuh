// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A thread per few columns of a row-major matrix: blocks as wide as the rows, as far as they go, and as tall as is
// left.
#pragma once

#include <algorithm>

#include "detail/launch.cuh"
#include "plateau/core/contract.hpp"

namespace plateau::gpu {

inline constexpr int kRowBlock = 256;            // threads
inline constexpr Index kMaxRowBlocks = 1 << 12;  // beyond these a thread takes several rows

// For `rows` rows of `items` items each; both >= 1. Thread (x, y) takes row y of its block and items x, x + width, ...
inline LaunchShape row_shape(Index rows, Index items, CallSite where = CallSite::current()) {
  unsigned width = 1;
  while (width < kRowBlock && Index{width} < items) width *= 2;
  const unsigned height = kRowBlock / width;
  const Index blocks = std::min(ceil_div(rows, Index{height}), kMaxRowBlocks);
  return {.grid = dim3(static_cast<unsigned>(blocks)), .block = dim3(width, height), .where = where};
}

__device__ inline Index row_index() { return Index{blockIdx.x} * blockDim.y + threadIdx.y; }
__device__ inline Index row_stride() { return Index{gridDim.x} * blockDim.y; }

}  // namespace plateau::gpu
