// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// relu_backward: the gradient through a ReLU, in place, and the bias gradient of the layer below it, in one pass.
//
//   formula   include/plateau/ops/relu_backward.hpp
//   shapes    a, grad_a_to_z [B, F] f32 row-major (any strides)    grad_bias [F] f32
//   traffic   a and grad_a read, grad_z written: 12 B F + 4 F bytes (relu_backward_cost)
//   roofline  2 B F flop, 0.17 flop/byte: memory-bound. B = 8192, F = 4096 moves 403 MB, 84 us at 4.8 TB/s
//   mapping   detail/column_sum.cuh: a block per 128 columns and part of the rows, a thread per four columns of them,
//             two rows in flight (64 bytes); a second launch adds the parts, whose sums stay in the L2 cache. Small
//             matrices: a block per 8 columns and all rows, and no second launch
#include "plateau/ops/relu_backward.hpp"

#include "detail/column_sum.cuh"

namespace plateau::gpu {
namespace {

constexpr int kRowsInFlight = 2;

struct Pair {
  Floats<kVector> a, grad;
};

template <bool kVectors>
__global__ __launch_bounds__(kColumnSumBlock) void relu_backward_kernel(ColumnSplit split, DeviceMatrix<const float> a,
                                                                        DeviceMatrix<float> grad_a_to_z, float* sums) {
  const auto read = [&](const auto& columns, Index i) {
    return Pair{columns.load(a.row(i)), columns.load(grad_a_to_z.row(i))};
  };
  const auto mask = [&](const auto& columns, Index i, Pair pair) {
#pragma unroll
    for (int k = 0; k < kVector; ++k)
      if (pair.a.at[k] <= 0) pair.grad.at[k] = 0;  // a NaN activation passes its gradient on
    columns.store(grad_a_to_z.row(i), pair.grad);
    return pair.grad;
  };
  sum_columns<kVectors, kVectors ? kRowsInFlight : 1>(split, a.rows, a.cols, read, mask, sums);
}

}  // namespace

void relu_backward(const Stream& stream, DeviceMatrix<const float> a, DeviceMatrix<float> grad_a_to_z,
                   DeviceSpan<float> partial, DeviceSpan<float> grad_bias) {
  expects_relu_backward<float, Space::device>(a, grad_a_to_z, grad_bias);
  if (grad_bias.empty()) return;
  const auto kernel =
      rows_aligned_for_vectors(a, grad_a_to_z) ? &relu_backward_kernel<true> : &relu_backward_kernel<false>;
  sum_columns_by_parts(stream, a.rows, a.cols, partial, grad_bias.data, [&](const ColumnSplit& split, float* sums) {
    launch(stream, column_sum_shape(split), kernel, split, a, grad_a_to_z, sums);
  });
}

}  // namespace plateau::gpu
