// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// bias_grad: column sums of the last layer's output gradient.
//
//   formula   grad_bias_j = sum_i grad_z_ij
//   shapes    grad_z [B, F] f32 row-major (any stride)    grad_bias [F] f32
//   traffic   grad_z read once: 4 B F + 4 F bytes (bias_grad_cost)
//   roofline  B F flop, 0.25 flop/byte: memory-bound; F is the number of classes, so the launch itself dominates
//   mapping   detail/column_sum.cuh: a block per 32 columns, its threads take rows in turn
#include "plateau/ops/bias_grad.hpp"

#include "detail/column_sum.cuh"

namespace plateau::gpu {
namespace {

__global__ __launch_bounds__(kColumnSumBlock) void bias_grad_kernel(DeviceMatrix<const float> grad_z, int columns,
                                                                    float* grad_bias) {
  sum_columns(
      grad_z.rows, grad_z.cols, columns, [&](Index i, Index j) { return grad_z.row(i)[j]; }, grad_bias);
}

}  // namespace

void bias_grad(const Stream& stream, DeviceMatrix<const float> grad_z, DeviceSpan<float> grad_bias) {
  expects_bias_grad<float, Space::device>(grad_z, grad_bias);
  if (grad_bias.empty()) return;
  launch(stream, column_sum_shape(grad_z.cols), &bias_grad_kernel, grad_z, columns_per_block(grad_z.cols),
         grad_bias.data);
}

}  // namespace plateau::gpu
