// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What an epoch leaves behind, added up where the training runs: the history is fetched once, after the last epoch.
//
//   part == train       history[epoch].train_* += the sums over these rows; called per batch, before its step
//   part == validation  history[epoch].validation_* = the sums over these rows
//   part == test        history[epoch].test_* = the sums over these rows; which rows were right, one bit each; and how
//                       many are predicted otherwise than `previous` says, which then holds these predictions
//   epoch               the state's
//   stop                a sum of losses that is not finite marks the run diverged, and so does, with the test rows, a
//                       gradient norm of the epoch that is not; from then on nothing is recorded
//
// Sums run in double, in a fixed order. Bit r % 32 of word r / 32 of `correct` row `epoch` says that test row r was
// predicted right; an empty `correct` is not written. An empty `previous` is not compared with; `correct` and
// `previous` are for test rows.
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

enum class DataPart { train, test, validation };

PLATEAU_HD constexpr Index correct_words(Index rows) { return ceil_div(rows, 32); }

constexpr Cost metrics_cost(Index rows) {
  return {.flops = 2.0 * double(rows), .bytes_read = 12.0 * double(rows), .bytes_written = double(rows) / 8};
}

// loss, predicted, label [R]    history [E]    correct [E, correct_words(R)] or empty    previous [R] or empty
template <class Real, Space S>
void expects_metrics(SpanView<const Real, S> loss, SpanView<const std::int32_t, S> predicted,
                     SpanView<const std::int32_t, S> label, SpanView<const TrainingState, S> state,
                     SpanView<EpochMetrics, S> history, MatrixView<std::uint32_t, S> correct,
                     SpanView<std::int32_t, S> previous) {
  expects_training_state(state);
  expects(predicted.size == loss.size && label.size == loss.size, "metrics: one loss, prediction and label per row");
  expects(correct.empty() || (correct.rows == history.size && correct.cols == correct_words(loss.size)),
          "metrics: a row of bits per epoch, a bit per row of data");
  expects(previous.empty() || previous.size == loss.size, "metrics: one previous prediction per row");
}

namespace cpu {

template <std::floating_point Real>
void metrics(DataPart part, HostSpan<const Real> loss, HostSpan<const std::int32_t> predicted,
             HostSpan<const std::int32_t> label, HostSpan<TrainingState> state, HostSpan<EpochMetrics> history,
             HostMatrix<std::uint32_t> correct, HostSpan<std::int32_t> previous);

}  // namespace cpu

namespace gpu {

class Stream;
void metrics(const Stream& stream, DataPart part, DeviceSpan<const float> loss,
             DeviceSpan<const std::int32_t> predicted, DeviceSpan<const std::int32_t> label,
             DeviceSpan<TrainingState> state, DeviceSpan<EpochMetrics> history, DeviceMatrix<std::uint32_t> correct,
             DeviceSpan<std::int32_t> previous);

}  // namespace gpu
}  // namespace plateau
