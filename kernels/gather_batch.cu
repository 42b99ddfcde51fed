// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// gather_batch, gather_rows: rows of a dataset, copied beside each other.
//
//   formula   include/plateau/ops/gather_batch.hpp; the epoch comes from the state
//   shapes    x [N, F], batch_x [B, F] f32 row-major (any strides)    label [N], batch_label [B] i32
//   traffic   4 B F + 4 B bytes read, as many written (gather_batch_cost); rows of fewer than 32 floats are read
//             partly in vain
//   roofline  memory-bound from some ten features on; below that six rounds of Philox per row outweigh the copy
//   mapping   as many threads per row as it has columns, up to a block; each finds the row's source itself
#include "plateau/ops/gather_batch.hpp"

#include "detail/rows.cuh"
#include "plateau/core/permutation.hpp"

namespace plateau::gpu {
namespace {

__global__ __launch_bounds__(kRowBlock) void gather_batch_kernel(RowOrder order, Index first_row,
                                                                 KeyedPermutation shuffle, const TrainingState* state,
                                                                 DeviceMatrix<const float> x, const std::int32_t* label,
                                                                 DeviceMatrix<float> batch_x,
                                                                 std::int32_t* batch_label) {
  const KeyedPermutation of_epoch = shuffle.of_instance(static_cast<std::uint32_t>(state->epoch));
  for (Index row = row_index(); row < batch_x.rows; row += row_stride()) {
    const Index place = first_row + row;
    const Index source = order == RowOrder::as_stored ? place : of_epoch(place);
    for (Index j = threadIdx.x; j < batch_x.cols; j += blockDim.x) batch_x.row(row)[j] = x.row(source)[j];
    if (threadIdx.x == 0) batch_label[row] = label[source];
  }
}

__global__ __launch_bounds__(kRowBlock) void gather_rows_kernel(RowSelection rows, DeviceMatrix<const float> x,
                                                                const std::int32_t* label, DeviceMatrix<float> taken_x,
                                                                std::int32_t* taken_label) {
  for (Index row = row_index(); row < taken_x.rows; row += row_stride()) {
    const Index source = rows(row);
    for (Index j = threadIdx.x; j < taken_x.cols; j += blockDim.x) taken_x.row(row)[j] = x.row(source)[j];
    if (threadIdx.x == 0) taken_label[row] = label[source];
  }
}

}  // namespace

void gather_batch(const Stream& stream, const BatchSelection& selection, DeviceSpan<const TrainingState> state,
                  DeviceMatrix<const float> x, DeviceSpan<const std::int32_t> label, DeviceMatrix<float> batch_x,
                  DeviceSpan<std::int32_t> batch_label) {
  expects_gather_batch<float, Space::device>(selection, state, x, label, batch_x, batch_label);
  if (batch_x.rows == 0) return;
  launch(stream, row_shape(batch_x.rows, batch_x.cols), &gather_batch_kernel, selection.order, selection.first_row,
         KeyedPermutation({selection.seed, StreamId::shuffle}, x.rows), state.data, x, label.data, batch_x,
         batch_label.data);
}

void gather_rows(const Stream& stream, const RowSelection& rows, DeviceMatrix<const float> x,
                 DeviceSpan<const std::int32_t> label, DeviceMatrix<float> taken_x,
                 DeviceSpan<std::int32_t> taken_label) {
  expects_gather_rows<float, Space::device>(rows, x, label, taken_x, taken_label);
  launch(stream, row_shape(taken_x.rows, taken_x.cols), &gather_rows_kernel, rows, x, label.data, taken_x,
         taken_label.data);
}

}  // namespace plateau::gpu
