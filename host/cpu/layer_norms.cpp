// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/layer_norms.hpp"

#include <cmath>

namespace plateau {
namespace {

// The 2-norm of value(0) ... value(size - 1). Independent partial sums, added in a fixed order: one chain of additions
// would wait for itself at every element.
template <class Value>
double norm(Index size, Value value) {
  constexpr Index kLanes = 16;
  double partial[kLanes] = {};
  Index i = 0;
  for (; i + kLanes <= size; i += kLanes)
    for (Index lane = 0; lane < kLanes; ++lane) partial[lane] += value(i + lane) * value(i + lane);
  double sum = 0;
  for (; i < size; ++i) sum += value(i) * value(i);
  for (const double p : partial) sum += p;
  return std::sqrt(sum);
}

}  // namespace

template <std::floating_point Real>
void cpu::layer_norms(Index layer, HostSpan<const Real> grad, HostSpan<const Real> before, HostSpan<const Real> after,
                      HostSpan<const TrainingState> state, HostMatrix<LayerRecord> records) {
  expects_layer_norms<Real, Space::host>(layer, grad, before, after, state, records);
  if (state[0].status != RunStatus::running) return;
  expects(state[0].epoch < records.rows, "layer_norms: the records have a row for this epoch");

  const auto weight = [&](Index i) { return static_cast<double>(before.data[i]); };
  records.row(state[0].epoch)[layer] = {
      .gradient_norm = norm(grad.size, [&](Index i) { return static_cast<double>(grad.data[i]); }),
      .update_norm = norm(grad.size, [&](Index i) { return static_cast<double>(after.data[i]) - weight(i); }),
      .weight_norm = norm(grad.size, weight)};
}

template void cpu::layer_norms<float>(Index, HostSpan<const float>, HostSpan<const float>, HostSpan<const float>,
                                      HostSpan<const TrainingState>, HostMatrix<LayerRecord>);
template void cpu::layer_norms<double>(Index, HostSpan<const double>, HostSpan<const double>, HostSpan<const double>,
                                       HostSpan<const TrainingState>, HostMatrix<LayerRecord>);
}  // namespace plateau
