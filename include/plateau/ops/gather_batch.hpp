// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rows of a dataset, copied beside each other: those of one mini-batch, or those that a run takes.
//
//   gather_batch  row r of the batch = dataset row order(first_row + r); order: the identity, or the keyed permutation
//                 (seed, shuffle stream, epoch of the state) of all rows
//   gather_rows   row k = dataset row rows(k) (core/row_selection.hpp)
//
//   shapes        x [N, F], label [N]; batch_x [B, F], batch_label [B]; first_row + B <= N, or B = rows.count()
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/row_selection.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

enum class RowOrder { as_stored, shuffled_each_epoch };

struct BatchSelection {
  RowOrder order = RowOrder::as_stored;
  std::uint64_t seed = 0;
  Index first_row = 0;
};

constexpr Cost gather_batch_cost(Index batch, Index features) {
  const double bytes = 4.0 * double(batch) * double(features) + 4.0 * double(batch);
  return {.flops = 0, .bytes_read = bytes, .bytes_written = bytes};
}
constexpr Cost gather_rows_cost(Index rows, Index features) { return gather_batch_cost(rows, features); }

template <class Real, Space S>
void expects_gather_batch(const BatchSelection& selection, SpanView<const TrainingState, S> state,
                          MatrixView<const Real, S> x, SpanView<const std::int32_t, S> label,
                          MatrixView<Real, S> batch_x, SpanView<std::int32_t, S> batch_label) {
  expects_training_state(state);
  expects(label.size == x.rows, "gather_batch: one label per row");
  expects(batch_x.cols == x.cols && batch_label.size == batch_x.rows,
          "gather_batch: the batch has the dataset's columns");
  expects(selection.first_row >= 0 && selection.first_row + batch_x.rows <= x.rows,
          "gather_batch: the batch lies within the rows");
}

// `rows` of x; where they are listed, the list lies in the memory of x.
template <class Real, Space S>
void expects_gather_rows(const RowSelection& rows, MatrixView<const Real, S> x, SpanView<const std::int32_t, S> label,
                         MatrixView<Real, S> taken_x, SpanView<std::int32_t, S> taken_label) {
  expects(label.size == x.rows, "gather_rows: one label per row");
  expects(rows.dataset_rows() == x.rows, "gather_rows: rows of this dataset");
  expects(taken_x.rows == rows.count() && taken_x.cols == x.cols && taken_label.size == rows.count(),
          "gather_rows: room for the rows that are taken");
}

namespace cpu {

template <std::floating_point Real>
void gather_batch(const BatchSelection& selection, HostSpan<const TrainingState> state, HostMatrix<const Real> x,
                  HostSpan<const std::int32_t> label, HostMatrix<Real> batch_x, HostSpan<std::int32_t> batch_label);
template <std::floating_point Real>
void gather_rows(const RowSelection& rows, HostMatrix<const Real> x, HostSpan<const std::int32_t> label,
                 HostMatrix<Real> taken_x, HostSpan<std::int32_t> taken_label);

}  // namespace cpu

namespace gpu {

class Stream;
void gather_batch(const Stream& stream, const BatchSelection& selection, DeviceSpan<const TrainingState> state,
                  DeviceMatrix<const float> x, DeviceSpan<const std::int32_t> label, DeviceMatrix<float> batch_x,
                  DeviceSpan<std::int32_t> batch_label);
void gather_rows(const Stream& stream, const RowSelection& rows, DeviceMatrix<const float> x,
                 DeviceSpan<const std::int32_t> label, DeviceMatrix<float> taken_x,
                 DeviceSpan<std::int32_t> taken_label);

}  // namespace gpu
}  // namespace plateau
