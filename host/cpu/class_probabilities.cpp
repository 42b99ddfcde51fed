// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/class_probabilities.hpp"

#include <cmath>

#include "softmax_row.hpp"

namespace plateau {
template <std::floating_point Real>
void cpu::class_probabilities(HostMatrix<const Real> z, HostSpan<std::int32_t> predicted,
                              HostMatrix<Real> probability) {
  expects_class_probabilities<Real, Space::host>(z, predicted, probability);
  for (Index i = 0; i < z.rows; ++i) {
    const Real* z_i = z.row(i);
    Real* probability_i = probability.empty() ? nullptr : probability.row(i);
    const auto [of_row, row_max, sum] = softmax_row(z_i, z.cols, probability_i);
    predicted.data[i] = of_row;

    if (probability.empty()) continue;
    for (Index j = 0; j < z.cols; ++j) probability_i[j] /= sum;
  }
}

template void cpu::class_probabilities<float>(HostMatrix<const float>, HostSpan<std::int32_t>, HostMatrix<float>);
template void cpu::class_probabilities<double>(HostMatrix<const double>, HostSpan<std::int32_t>, HostMatrix<double>);
}  // namespace plateau
