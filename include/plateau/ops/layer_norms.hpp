// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a step does to one layer: the 2-norms of its gradient, of its update and of its parameters, into the record of
// the state's epoch. Does nothing once the run has stopped.
//
//   records[epoch, layer] = { sqrt(sum_i grad_i^2), sqrt(sum_i (after_i - before_i)^2), sqrt(sum_i before_i^2) }
//
//   shapes    grad, before, after [P], the layer's parameters: its weights, biases and the zeros between them
//             records [E, L], 0 <= layer < L
//   sums      differences, squares and sums are formed in double, in a fixed order; NaN stays visible
//   epoch     one beyond the records is refused where the host knows it; a GPU records nothing
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

struct LayerRecord {
  double gradient_norm = 0;
  double update_norm = 0;
  double weight_norm = 0;  // before the update
};

constexpr Cost layer_norms_cost(Index parameters) {
  return {
      .flops = 7.0 * double(parameters), .bytes_read = 12.0 * double(parameters), .bytes_written = sizeof(LayerRecord)};
}

template <class Real, Space S>
void expects_layer_norms(Index layer, SpanView<const Real, S> grad, SpanView<const Real, S> before,
                         SpanView<const Real, S> after, SpanView<const TrainingState, S> state,
                         MatrixView<LayerRecord, S> records) {
  expects_training_state(state);
  expects(before.size == grad.size && after.size == grad.size, "layer_norms: one gradient per parameter of the layer");
  expects(0 <= layer && layer < records.cols, "layer_norms: the records have a column of this layer");
}

namespace cpu {

template <std::floating_point Real>
void layer_norms(Index layer, HostSpan<const Real> grad, HostSpan<const Real> before, HostSpan<const Real> after,
                 HostSpan<const TrainingState> state, HostMatrix<LayerRecord> records);

}  // namespace cpu

namespace gpu {

class Stream;
void layer_norms(const Stream& stream, Index layer, DeviceSpan<const float> grad, DeviceSpan<const float> before,
                 DeviceSpan<const float> after, DeviceSpan<const TrainingState> state,
                 DeviceMatrix<LayerRecord> records);

}  // namespace gpu
}  // namespace plateau
