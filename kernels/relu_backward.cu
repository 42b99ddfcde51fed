// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// relu_backward: the gradient through a ReLU, in place, and the bias gradient of the layer below it, in one pass.
//
//   formula   include/plateau/ops/relu_backward.hpp
//   shapes    a, grad_a_to_z [B, F] f32 row-major (any strides)    grad_bias [F] f32
//   traffic   a and grad_a read, grad_z written: 12 B F + 4 F bytes (relu_backward_cost)
//   roofline  2 B F flop, 0.17 flop/byte: memory-bound. B = 8192, F = 4096 moves 403 MB, 84 us at 4.8 TB/s
//   mapping   detail/column_sum.cuh: a block per 32 columns, its threads take rows in turn, so
//             a matrix of few columns keeps few blocks busy
#include "plateau/ops/relu_backward.hpp"

#include "detail/column_sum.cuh"

namespace plateau::gpu {
namespace {

__global__ __launch_bounds__(kColumnSumBlock) void relu_backward_kernel(DeviceMatrix<const float> a,
                                                                        DeviceMatrix<float> grad_a_to_z, int columns,
                                                                        float* grad_bias) {
  const auto grad_z = [&](Index i, Index j) {
    float& grad = grad_a_to_z.row(i)[j];
    if (a.row(i)[j] <= 0) grad = 0;  // a NaN activation passes its gradient on
    return grad;
  };
  sum_columns(a.rows, a.cols, columns, grad_z, grad_bias);
}

}  // namespace

void relu_backward(const Stream& stream, DeviceMatrix<const float> a, DeviceMatrix<float> grad_a_to_z,
                   DeviceSpan<float> grad_bias) {
  expects_relu_backward<float, Space::device>(a, grad_a_to_z, grad_bias);
  if (grad_bias.empty()) return;
  launch(stream, column_sum_shape(a.cols), &relu_backward_kernel, a, grad_a_to_z, columns_per_block(a.cols),
         grad_bias.data);
}

}  // namespace plateau::gpu
