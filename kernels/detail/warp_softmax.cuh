// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The softmax of a row of logits in the registers of a warp: lane l owns columns l, l + 32, .... A block has
// kRowsPerBlock rows, one per warp.
#pragma once

#include <cmath>

#include "detail/reduce.cuh"
#include "plateau/core/contract.hpp"

namespace plateau::gpu {

inline constexpr int kRowsPerBlock = 8;

// For `rows` rows, at least one.
inline LaunchShape warp_row_shape(Index rows, CallSite where = CallSite::current()) {
  return {.grid = dim3(static_cast<unsigned>(ceil_div(rows, kRowsPerBlock))),
          .block = dim3(kWarpSize, kRowsPerBlock),
          .where = where};
}

__device__ inline Index warp_row() { return Index{blockIdx.x} * kRowsPerBlock + threadIdx.y; }

struct Largest {
  float value;
  int column;
};

// The largest logit of the row, at its smallest column; not a number is never larger than anything.
__device__ inline Largest warp_largest(Largest mine) {
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    const float value = __shfl_xor_sync(kFullWarp, mine.value, distance);
    const int column = __shfl_xor_sync(kFullWarp, mine.column, distance);
    if (value > mine.value || (value == mine.value && column < mine.column)) mine = {value, column};
  }
  return mine;
}

// All lanes of the warp call every function but for_each_column together.
template <int kItems>  // columns held per lane; kItems * kWarpSize >= classes
class WarpRow {
 public:
  __device__ WarpRow(const float* z, int classes) : classes_(classes), lane_(static_cast<int>(threadIdx.x)) {
    largest_ = {-INFINITY, lane_};
    bool ordered = true;
#pragma unroll
    for (int k = 0; k < kItems; ++k) {
      const int column = k * kWarpSize + lane_;
      item_[k] = column < classes ? z[column] : -INFINITY;  // padding vanishes: exp(-inf) = 0
      ordered = ordered && !isnan(item_[k]);
      if (item_[k] > largest_.value) largest_ = {item_[k], column};
    }
    largest_ = warp_largest(largest_);
    ordered_ = __all_sync(kFullWarp, ordered);
  }

  __device__ float largest() const { return largest_.value; }
  // The smallest column of the largest logit; -1 where a logit is NaN.
  __device__ int predicted() const { return ordered_ ? largest_.column : -1; }
  __device__ bool has(int column) const { return 0 <= column && column < classes_; }

  // The logit of a column, NaN where the row has no such column; not after exponentiate.
  __device__ float logit(int column) const {
    float value = has(column) ? 0.0f : NAN;
#pragma unroll
    for (int k = 0; k < kItems; ++k)
      if (k * kWarpSize + lane_ == column) value += item_[k];
    return warp_sum(value);
  }

  // Turns every logit into exp(z - largest), and returns their sum.
  __device__ float exponentiate() {
    float sum = 0.0f;
#pragma unroll
    for (int k = 0; k < kItems; ++k) {
      item_[k] = expf(item_[k] - largest_.value);
      sum += item_[k];
    }
    return warp_sum(sum);
  }

  // function(column, what is held of it), of the columns of this lane.
  template <class Function>
  __device__ void for_each_column(Function function) const {
#pragma unroll
    for (int k = 0; k < kItems; ++k)
      if (const int column = k * kWarpSize + lane_; column < classes_) function(column, item_[k]);
  }

 private:
  float item_[kItems];
  Largest largest_;
  bool ordered_;
  int classes_, lane_;
};

}  // namespace plateau::gpu
