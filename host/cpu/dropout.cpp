// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/dropout.hpp"

namespace plateau {
template <std::floating_point Real>
void cpu::dropout(const DropoutRule& rule, HostSpan<const TrainingState> state, HostMatrix<Real> a) {
  expects_dropout<Space::host>(rule, state);
  if (state[0].status != RunStatus::running) return;
  const RandomStream stream = dropout_stream(rule.seed, state[0].step);
  const auto scale = static_cast<Real>(dropout_scale(rule.rate));
  for (Index number = 0; number < dropout_first_rows(a.rows); ++number) {
    const Index first = dropout_first_row(number);
    for (Index j = 0; j < a.cols; ++j) {
      const PhiloxCounter drawn = draw(stream, dropout_place(rule.layer, first, j, a.cols).element);
      for (int k = 0; k < kDropoutRowsOfDraw; ++k) {
        const Index i = first + k * kDropoutRowDistance;
        if (i >= a.rows) break;
        Real& unit = a.row(i)[j];
        unit = dropout_keeps(rule.rate, drawn.word[k]) ? unit * scale : Real(0);
      }
    }
  }
}

template void cpu::dropout<float>(const DropoutRule&, HostSpan<const TrainingState>, HostMatrix<float>);
template void cpu::dropout<double>(const DropoutRule&, HostSpan<const TrainingState>, HostMatrix<double>);
}  // namespace plateau
