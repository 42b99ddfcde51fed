// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Column sums of a row-major matrix that is computed on the way: a block owns up to 32 neighbouring columns and all
// rows, its threads take rows in turn, and the partial sums are folded in halves. The order depends on the shape only.
#pragma once

#include <algorithm>

#include "detail/launch.cuh"
#include "plateau/core/contract.hpp"

namespace plateau::gpu {

inline constexpr int kColumnSumBlock = 512;  // threads
inline constexpr int kMaxColumnsPerBlock = kWarpSize;

// Narrow matrices have fewer columns per block, so that more threads share the rows. A power of two.
inline int columns_per_block(Index cols) {
  int columns = 1;
  while (columns < kMaxColumnsPerBlock && columns < cols) columns *= 2;
  return columns;
}

// For at least one column.
inline LaunchShape column_sum_shape(Index cols, CallSite where = CallSite::current()) {
  return {.grid = dim3(static_cast<unsigned>(ceil_div(cols, columns_per_block(cols)))),
          .block = dim3(kColumnSumBlock),
          .where = where};
}

// sum[j] = value(0, j) + value(1, j) + ...; `value` is called once per element, by the thread that owns it.
template <class Value>
__device__ void sum_columns(Index rows, Index cols, int columns, Value value, float* sum) {
  struct Partial {
    float of[kColumnSumBlock];
  };
  Partial& partial = shared<Partial>();
  const int thread = static_cast<int>(threadIdx.x);
  const int lanes = kColumnSumBlock / columns, lane = thread / columns;
  const Index j = Index{blockIdx.x} * columns + thread % columns;

  float total = 0;
  if (j < cols)
    for (Index i = lane; i < rows; i += lanes) total += value(i, j);
  partial.of[thread] = total;
  for (int half = lanes / 2; half > 0; half /= 2) {
    __syncthreads();
    if (lane < half) partial.of[thread] += partial.of[thread + half * columns];
  }
  if (lane == 0 && j < cols) sum[j] = partial.of[thread];
}

}  // namespace plateau::gpu
