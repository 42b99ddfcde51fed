// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// bias_grad: column sums of the last layer's output gradient.
//
//   formula   grad_bias_j = sum_i grad_z_ij
//   shapes    grad_z [B, F] f32 row-major (any stride)    grad_bias [F] f32
//   traffic   grad_z read once: 4 B F + 4 F bytes (bias_grad_cost)
//   roofline  B F flop, 0.25 flop/byte: memory-bound. B = 8192, F = 4096 moves 134 MB, 28 us at 4.8 TB/s; where F is a
//             number of classes, the launches dominate
//   mapping   detail/column_sum.cuh: a block per 128 columns and part of the rows, a thread per four columns of them,
//             two rows in flight (32 bytes); a second launch adds the parts, whose sums stay in the L2 cache. Small
//             matrices: a block per 8 columns and all rows, and no second launch
#include "plateau/ops/bias_grad.hpp"

#include "detail/column_sum.cuh"

namespace plateau::gpu {

void bias_grad(const Stream& stream, DeviceMatrix<const float> grad_z, DeviceSpan<float> partial,
               DeviceSpan<float> grad_bias) {
  expects_bias_grad<float, Space::device>(grad_z, grad_bias);
  if (grad_bias.empty()) return;
  sum_columns_by_parts(stream, grad_z.rows, grad_z.cols, partial, grad_bias.data,
                       [&](const ColumnSplit& split, float* sums) { launch_column_sum(stream, split, grad_z, sums); });
}

}  // namespace plateau::gpu
