// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One mini-batch: rows first_row, first_row + 1, ... of the epoch's order, copied beside each other.
//
//   batch row r = dataset row order(first_row + r)
//   order       the identity, or the keyed permutation (seed, shuffle stream, epoch of the state) of all rows
//
//   shapes      x [N, F], label [N]; batch_x [B, F], batch_label [B]; first_row + B <= N
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
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

namespace cpu {

template <std::floating_point Real>
void gather_batch(const BatchSelection& selection, HostSpan<const TrainingState> state, HostMatrix<const Real> x,
                  HostSpan<const std::int32_t> label, HostMatrix<Real> batch_x, HostSpan<std::int32_t> batch_label);

}  // namespace cpu

namespace gpu {

class Stream;
void gather_batch(const Stream& stream, const BatchSelection& selection, DeviceSpan<const TrainingState> state,
                  DeviceMatrix<const float> x, DeviceSpan<const std::int32_t> label, DeviceMatrix<float> batch_x,
                  DeviceSpan<std::int32_t> batch_label);

}  // namespace gpu
}  // namespace plateau
