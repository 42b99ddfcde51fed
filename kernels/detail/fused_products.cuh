// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The three matrix products of one layer over one tile of kFusedRows rows, by the threads of a block. Operands lie in
// shared memory as FusedPlan lays them out; every padding column and row of the weights is zero.
//
//   forward      output[r, o] = activation(sum_i input[r, i] weight[o, i] + bias[o])
//   input grad   sum_o grad[r, o] weight[o, i]
//   weight grad  sum_r grad[r, o] input[r, i], added to the registers of the thread that holds (o, i)
//
// A thread forms 4 x 4 results at a time from vectors of four operands. All sums run in an order that depends on the
// plan only.
#pragma once

#include "detail/elements.cuh"
#include "plateau/core/fused_plan.hpp"

namespace plateau::gpu::fused {

static_assert(kFusedRows == kWarpSize && kVector == 4);
inline constexpr int kRowGroups = kFusedRows / 4;  // thread (group g) takes rows g, g + 8, g + 16, g + 24

// Eight lanes beside each other take columns beside each other, four groups of lanes four groups of rows.
struct RowTile {
  int group, column4;
};
__device__ inline RowTile row_tile(int unit) {
  const int lane = unit % kWarpSize, warp = unit / kWarpSize;
  return {.group = warp % 2 * 4 + lane / 8, .column4 = warp / 2 * 8 + lane % 8};
}
__device__ inline int row_units(int columns4) { return (columns4 + 7) / 8 * 2 * kWarpSize; }

template <int kThreads>
__device__ void forward(const FusedLayer& layer, const float* memory, const float* input, int input_stride,
                        float* output, bool relu) {
  const int out4 = layer.out4, in4 = layer.in4, parts = layer.forward_parts, weight_stride = layer.weight_stride;
  const int thread = static_cast<int>(threadIdx.x), part = thread % parts;
  const int units = parts == 1 ? row_units(out4) : kRowGroups * out4;
  // Every lane of a warp takes as many turns, so that the sums over the parts are complete.
  for (int first = 0; first < units * parts; first += kThreads) {
    const int unit = (first + thread) / parts;
    const RowTile at = parts == 1 ? row_tile(unit) : RowTile{.group = unit % kRowGroups, .column4 = unit / kRowGroups};
    const bool valid = at.column4 < out4;
    const float* x = input + at.group * input_stride;
    const float* w = memory + layer.weight + (valid ? at.column4 : 0) * weight_stride;
    float sum[4][4] = {};
#pragma unroll 1
    for (int k = part; k < in4; k += parts) {
      Floats<4> a[4], b[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) a[i] = load<4>(x + i * kRowGroups * input_stride + 4 * k);
#pragma unroll
      for (int j = 0; j < 4; ++j) b[j] = load<4>(w + j * out4 * weight_stride + 4 * k);
#pragma unroll
      for (int q = 0; q < 4; ++q)
#pragma unroll
        for (int i = 0; i < 4; ++i)
#pragma unroll
          for (int j = 0; j < 4; ++j) sum[i][j] += a[i].at[q] * b[j].at[q];
    }
    for (int distance = 1; distance < parts; distance *= 2)
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) sum[i][j] += __shfl_xor_sync(kFullWarp, sum[i][j], distance);
    if (!valid || part != 0) continue;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int o = at.column4 + j * out4;
      const float bias = memory[layer.bias + o];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const float z = sum[i][j] + bias;
        output[(at.group + i * kRowGroups) * layer.output_stride + o] =
            relu && z < 0.0f ? 0.0f : z;  // this way round NaN stays NaN
      }
    }
  }
}

// Where input > 0, replaces it by its gradient times the scale, and by zero elsewhere. Nothing else may read the input
// meanwhile.
template <int kThreads>
__device__ void input_grad(const FusedLayer& layer, const float* memory, const float* grad, float* input,
                           int input_stride, float scale) {
  const int out4 = layer.out4, in4 = layer.in4, grad_stride = layer.output_stride;
  const int units = row_units(in4);
  for (int unit = static_cast<int>(threadIdx.x); unit < units; unit += kThreads) {
    const RowTile at = row_tile(unit);
    if (at.column4 >= in4) continue;
    const float* dz = grad + at.group * grad_stride;
    const float* w = memory + layer.weight + 4 * at.column4;
    float sum[4][4] = {};
#pragma unroll 1
    for (int k = 0; k < out4; ++k) {
      Floats<4> a[4], b[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) a[i] = load<4>(dz + i * kRowGroups * grad_stride + 4 * k);
#pragma unroll
      for (int q = 0; q < 4; ++q) b[q] = load<4>(w + (4 * k + q) * layer.weight_stride);
#pragma unroll
      for (int q = 0; q < 4; ++q)
#pragma unroll
        for (int i = 0; i < 4; ++i)
#pragma unroll
          for (int j = 0; j < 4; ++j) sum[i][j] += a[i].at[q] * b[q].at[j];
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      float* own = input + (at.group + i * kRowGroups) * input_stride + 4 * at.column4;
      Floats<4> a = load<4>(own);
#pragma unroll
      for (int j = 0; j < 4; ++j) a.at[j] = a.at[j] > 0.0f ? sum[i][j] * scale : 0.0f;
      store(own, a);
    }
  }
}

// ---- Weight gradients in registers ----------------------------------------------------------------------------------

template <int kThreads>
__device__ FusedUnit unit_of(const FusedLayer& layer, int slot) {
  return fused_unit(layer, slot, kThreads, static_cast<int>(threadIdx.x));
}

// kSide x kSide tiles of 4 x 4; tile (u, v) lies u * rows4 and v * columns4 tiles further.
template <int kSide>
struct Accumulator {
  float sum[kSide][kSide][4][4];
};

template <int kThreads, int kSide>
__device__ void add_weight_grad(const FusedLayer& layer, int slot, const float* grad, const float* input,
                                int input_stride, Accumulator<kSide>& own) {
  const FusedUnit unit = unit_of<kThreads>(layer, slot);
  if (!unit.valid) return;
  const float* dz[kSide];
  const float* a[kSide];
#pragma unroll
  for (int u = 0; u < kSide; ++u) {  // a tile beyond the matrix reads another one's operands, and is never used
    const int row4 = unit.row4 + u * layer.rows4, column4 = unit.column4 + u * layer.columns4;
    dz[u] = grad + 4 * (row4 < layer.out4 ? row4 : unit.row4);
    a[u] = input + 4 * (column4 < layer.in4 ? column4 : unit.column4);
  }
  const int grad_stride = layer.output_stride;
#pragma unroll 2
  for (int r = unit.part; r < kFusedRows; r += layer.parts) {
    Floats<4> d[kSide], v[kSide];
#pragma unroll
    for (int u = 0; u < kSide; ++u) d[u] = load<4>(dz[u] + r * grad_stride);
#pragma unroll
    for (int u = 0; u < kSide; ++u) v[u] = load<4>(a[u] + r * input_stride);
#pragma unroll
    for (int u = 0; u < kSide; ++u)
#pragma unroll
      for (int w = 0; w < kSide; ++w)
#pragma unroll
        for (int i = 0; i < 4; ++i)
#pragma unroll
          for (int j = 0; j < 4; ++j) own.sum[u][w][i][j] += d[u].at[i] * v[w].at[j];
  }
}

}  // namespace plateau::gpu::fused
