// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Column sums of a row-major matrix that is computed on the way, divided as ColumnSplit says (core/column_split.hpp):
// every thread adds its rows in turn, the lanes of a block are folded in halves, and a second launch adds the parts, if
// there are several, in the same way. The order depends on the shape only: not on strides, alignment or the device.
#pragma once

#include "detail/elements.cuh"
#include "plateau/core/column_split.hpp"

namespace plateau::gpu {

inline constexpr int kColumnSumBlock = ColumnSplit::kThreads;
static_assert(ColumnSplit::kColumnsOfThread == kVector);

inline LaunchShape column_sum_shape(const ColumnSplit& split, CallSite where = CallSite::current()) {
  return {.grid = dim3(static_cast<unsigned>(split.column_blocks), static_cast<unsigned>(split.parts)),
          .block = dim3(kColumnSumBlock),
          .where = where};
}

// The up to kVector columns of a thread. They lie beside each other and are accessed as one where every row is aligned
// for that, else the block's width apart, so that neighbouring threads access neighbouring elements.
template <bool kVectors>
class ThreadColumns {
 public:
  __device__ ThreadColumns(const ColumnSplit& split, int x, Index cols)
      : first_((Index{blockIdx.x} * split.width + (kVectors ? x : 0)) * kVector + (kVectors ? 0 : x)),
        step_(kVectors ? 1 : static_cast<int>(split.width)) {
    for (int k = 0; k < kVector; ++k) count_ += first_ + k * step_ < cols;
  }
  __device__ int count() const { return count_; }

  // Zero beyond the last column.
  __device__ Floats<kVector> load(const float* row) const {
    if (kVectors && count_ == kVector) return gpu::load<kVector>(row + first_);
    Floats<kVector> values{};
#pragma unroll
    for (int k = 0; k < kVector; ++k)
      if (k < count_) values.at[k] = row[first_ + k * step_];
    return values;
  }
  __device__ void store(float* row, const Floats<kVector>& values) const {
    if (kVectors && count_ == kVector) return gpu::store(row + first_, values);
    store_each(row, values);
  }
  // Without asking for an aligned row.
  __device__ void store_each(float* row, const Floats<kVector>& values) const {
#pragma unroll
    for (int k = 0; k < kVector; ++k)
      if (k < count_) row[first_ + k * step_] = values.at[k];
  }

 private:
  Index first_;
  int step_, count_ = 0;
};

__device__ inline void add(Floats<kVector>& total, const Floats<kVector>& values) {
#pragma unroll
  for (int k = 0; k < kVector; ++k) total.at[k] += values.at[k];
}

// sums[p, j] = sum over the rows i of part p of column j of finish(columns, i, read(columns, i)). Both are called once
// per row and thread; a thread has kRows rows read before it finishes the first of them.
template <bool kVectors, int kRows, class Read, class Finish>
__device__ void sum_columns(const ColumnSplit& split, Index rows, Index cols, Read read, Finish finish, float* sums) {
  struct Partial {
    Floats<kVector> of[kColumnSumBlock];
  };
  Partial& partial = shared<Partial>();
  const int thread = static_cast<int>(threadIdx.x);
  const int width = static_cast<int>(split.width), lanes = static_cast<int>(split.lanes), lane = thread / width;
  const ThreadColumns<kVectors> columns(split, thread % width, cols);
  const Index first_row = Index{blockIdx.y} * split.part_rows;
  const Index end = first_row + split.part_rows < rows ? first_row + split.part_rows : rows;

  Floats<kVector> total{};
  if (lane < lanes && columns.count() > 0) {
    Index i = first_row + lane;
#pragma unroll 1
    for (; i + (kRows - 1) * lanes < end; i += kRows * lanes) {
      decltype(read(columns, i)) values[kRows];
#pragma unroll
      for (int k = 0; k < kRows; ++k) values[k] = read(columns, i + k * lanes);
#pragma unroll
      for (int k = 0; k < kRows; ++k) add(total, finish(columns, i + k * lanes, values[k]));
    }
#pragma unroll 1
    for (; i < end; i += lanes) add(total, finish(columns, i, read(columns, i)));
  }

  partial.of[thread] = total;
  for (int count = lanes; count > 1;) {
    const int half = (count + 1) / 2;
    __syncthreads();
    if (lane + half < count) add(partial.of[thread], partial.of[thread + half * width]);
    count = half;
  }
  if (lane == 0) columns.store_each(sums + Index{blockIdx.y} * cols, partial.of[thread]);
}

namespace {

template <bool kVectors>
__global__ __launch_bounds__(kColumnSumBlock) void column_sum_kernel(ColumnSplit split,
                                                                     DeviceMatrix<const float> matrix, float* sums) {
  constexpr int kRowsInFlight = 2;
  sum_columns<kVectors, kRowsInFlight>(
      split, matrix.rows, matrix.cols, [&](const auto& columns, Index i) { return columns.load(matrix.row(i)); },
      [](const auto&, Index, const Floats<kVector>& values) { return values; }, sums);
}

void launch_column_sum(const Stream& stream, const ColumnSplit& split, DeviceMatrix<const float> matrix, float* sums,
                       CallSite where = CallSite::current()) {
  const auto kernel = rows_aligned_for_vectors(matrix) ? &column_sum_kernel<true> : &column_sum_kernel<false>;
  launch(stream, column_sum_shape(split, where), kernel, split, matrix, sums);
}

}  // namespace

// launch_parts(split, sums) queues the kernel that leaves the sums of part p at sums[p, 0..cols).
template <class LaunchParts>
void sum_columns_by_parts(const Stream& stream, Index rows, Index cols, DeviceSpan<float> partial, float* sum,
                          LaunchParts launch_parts) {
  const ColumnSplit split = column_split(rows, cols);
  expects(partial.size >= column_partials(rows, cols), "column sums: room for the sums of the parts");
  if (split.parts == 1) return launch_parts(split, sum);
  launch_parts(split, partial.data);
  const ColumnSplit of_parts = column_split(split.parts, cols);
  static_assert(ColumnSplit::kMostBlocks <= ColumnSplit::kRowsOfOnePart &&
                kMaxColumnPartials <= ColumnSplit::kElementsOfOnePart);  // so that the parts' sums are no parts again
  launch_column_sum(stream, of_parts, {partial.data, split.parts, cols, cols}, sum);
}

}  // namespace plateau::gpu
