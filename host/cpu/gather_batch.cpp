// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/gather_batch.hpp"

#include <algorithm>

#include "plateau/core/permutation.hpp"

namespace plateau {
template <std::floating_point Real>
void cpu::gather_batch(const BatchSelection& selection, HostSpan<const TrainingState> state, HostMatrix<const Real> x,
                       HostSpan<const std::int32_t> label, HostMatrix<Real> batch_x,
                       HostSpan<std::int32_t> batch_label) {
  expects_gather_batch<Real, Space::host>(selection, state, x, label, batch_x, batch_label);
  if (batch_x.rows == 0) return;
  const RandomStream stream{selection.seed, StreamId::shuffle, static_cast<std::uint32_t>(state[0].epoch)};
  const KeyedPermutation shuffled(stream, x.rows);
  for (Index r = 0; r < batch_x.rows; ++r) {
    const Index place = selection.first_row + r;
    const Index source = selection.order == RowOrder::as_stored ? place : shuffled(place);
    std::copy_n(x.row(source), x.cols, batch_x.row(r));
    batch_label.data[r] = label.data[source];
  }
}

template <std::floating_point Real>
void cpu::gather_rows(const RowSelection& rows, HostMatrix<const Real> x, HostSpan<const std::int32_t> label,
                      HostMatrix<Real> taken_x, HostSpan<std::int32_t> taken_label) {
  expects_gather_rows<Real, Space::host>(rows, x, label, taken_x, taken_label);
  for (Index k = 0; k < rows.count(); ++k) {
    const Index source = rows(k);
    std::copy_n(x.row(source), x.cols, taken_x.row(k));
    taken_label[k] = label[source];
  }
}

template void cpu::gather_batch<float>(const BatchSelection&, HostSpan<const TrainingState>, HostMatrix<const float>,
                                       HostSpan<const std::int32_t>, HostMatrix<float>, HostSpan<std::int32_t>);
template void cpu::gather_batch<double>(const BatchSelection&, HostSpan<const TrainingState>, HostMatrix<const double>,
                                        HostSpan<const std::int32_t>, HostMatrix<double>, HostSpan<std::int32_t>);
template void cpu::gather_rows<float>(const RowSelection&, HostMatrix<const float>, HostSpan<const std::int32_t>,
                                      HostMatrix<float>, HostSpan<std::int32_t>);
template void cpu::gather_rows<double>(const RowSelection&, HostMatrix<const double>, HostSpan<const std::int32_t>,
                                       HostMatrix<double>, HostSpan<std::int32_t>);
}  // namespace plateau
