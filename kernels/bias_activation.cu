// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// bias_activation: adds a layer's bias and applies its activation, in place.
//
//   formula   include/plateau/ops/bias_activation.hpp
//   shapes    z [B, F] f32 row-major (any stride)    bias [F] f32
//   traffic   z read and written, bias read: 8 B F + 4 F bytes (bias_activation_cost); the bias stays in the L1 cache
//   roofline  2 B F flop, 0.25 flop/byte: memory-bound. B = 8192, F = 4096 moves 268 MB, 56 us at 4.8 TB/s
//   mapping   a thread per four neighbouring columns where every row is aligned for it, else per element
#include "plateau/ops/bias_activation.hpp"

#include "detail/elements.cuh"
#include "detail/rows.cuh"

namespace plateau::gpu {
namespace {

template <int kCount, Activation kActivation>
__global__ __launch_bounds__(kRowBlock) void bias_activation_kernel(const float* bias, DeviceMatrix<float> z) {
  for (Index row = row_index(); row < z.rows; row += row_stride())
    for (Index j = Index{threadIdx.x} * kCount; j < z.cols; j += Index{blockDim.x} * kCount) {
      float* at = z.row(row) + j;
      Floats<kCount> values = load<kCount>(at);
      const Floats<kCount> added = load<kCount>(bias + j);
#pragma unroll
      for (int k = 0; k < kCount; ++k) {
        const float sum = values.at[k] + added.at[k];
        values.at[k] = kActivation == Activation::relu && sum < 0 ? 0.0f : sum;  // this way round NaN stays NaN
      }
      store(at, values);
    }
}

}  // namespace

void bias_activation(const Stream& stream, Activation activation, DeviceSpan<const float> bias, DeviceMatrix<float> z) {
  expects_bias_activation<float, Space::device>(z, bias);
  if (z.empty()) return;
  const bool vectors = z.cols % kVector == 0 && z.stride % kVector == 0 && aligned_for_vectors(z.data, bias.data);
  const bool relu = activation == Activation::relu;
  const auto kernel =
      vectors
          ? (relu ? &bias_activation_kernel<kVector, Activation::relu>
                  : &bias_activation_kernel<kVector, Activation::identity>)
          : (relu ? &bias_activation_kernel<1, Activation::relu> : &bias_activation_kernel<1, Activation::identity>);
  launch(stream, row_shape(z.rows, vectors ? z.cols / kVector : z.cols), kernel, bias.data, z);
}

}  // namespace plateau::gpu
