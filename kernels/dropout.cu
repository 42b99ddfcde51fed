// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// dropout: zeroes the dropped units of a batch and scales the others, in place.
//
//   formula   include/plateau/ops/dropout.hpp; the product is rounded once, so the bits are the CPU twin's
//   shapes    a [B, F] f32 row-major (any stride)
//   traffic   a read and written: 8 B F bytes (dropout_cost)
//   roofline  ten rounds of Philox per four elements, some 30 instructions an element for its 8 bytes: memory-bound by
//             a narrow margin (estimated, not measured). B = 8192, F = 4096 moves 268 MB, 56 us at 4.8 TB/s
//   mapping   a thread per draw, which serves four rows of one column; neighbouring threads take neighbouring columns
//   state     a run that has stopped is left alone
#include "plateau/ops/dropout.hpp"

#include "detail/rows.cuh"
#include "plateau/core/rounded.hpp"

namespace plateau::gpu {
namespace {

__global__ __launch_bounds__(kRowBlock) void dropout_kernel(DropoutRule rule, float scale, const TrainingState* state,
                                                            DeviceMatrix<float> a) {
  if (state->status != RunStatus::running) return;
  const RandomStream stream = dropout_stream(rule.seed, state->step);
  const Index first_rows = dropout_first_rows(a.rows);
  for (Index number = row_index(); number < first_rows; number += row_stride()) {
    const Index first = dropout_first_row(number), step = kDropoutRowDistance * a.stride;
    const Index rows = ceil_div(a.rows - first, kDropoutRowDistance);  // of the draw, as far as there are any
    for (Index j = threadIdx.x; j < a.cols; j += blockDim.x) {
      float* at = a.row(first) + j;
      float unit[kDropoutRowsOfDraw];  // all are on their way while the draw is computed
#pragma unroll
      for (int k = 0; k < kDropoutRowsOfDraw; ++k)
        if (k < rows) unit[k] = at[k * step];
      const PhiloxCounter drawn = draw(stream, dropout_place(rule.layer, first, j, a.cols).element);
#pragma unroll
      for (int k = 0; k < kDropoutRowsOfDraw; ++k)
        if (k < rows) at[k * step] = dropout_keeps(rule.rate, drawn.word[k]) ? mul_rn(unit[k], scale) : 0.0f;
    }
  }
}

}  // namespace

void dropout(const Stream& stream, const DropoutRule& rule, DeviceSpan<const TrainingState> state,
             DeviceMatrix<float> a) {
  expects_dropout<Space::device>(rule, state);
  if (a.empty()) return;
  launch(stream, row_shape(dropout_first_rows(a.rows), a.cols), &dropout_kernel, rule, dropout_scale(rule.rate),
         state.data, a);
}

}  // namespace plateau::gpu
