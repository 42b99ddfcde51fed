// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/softmax_xent.hpp"

#include <cmath>
#include <limits>

#include "softmax_row.hpp"

namespace plateau {
template <std::floating_point Real>
void cpu::softmax_xent(HostMatrix<const Real> z, HostSpan<const std::int32_t> label, HostSpan<Real> loss,
                       HostSpan<std::int32_t> predicted, HostMatrix<Real> grad_z) {
  expects_softmax_xent<Real, Space::host>(z, label, loss, predicted, grad_z);
  for (Index i = 0; i < z.rows; ++i) {
    const Real* z_i = z.row(i);
    const Index target = label.data[i];
    const bool known = 0 <= target && target < z.cols;
    const Real target_z = known ? z_i[target] : std::numeric_limits<Real>::quiet_NaN();
    Real* grad_i = grad_z.empty() ? nullptr : grad_z.row(i);  // may lie on the logits, which are read no more
    const auto [of_row, row_max, sum] = softmax_row(z_i, z.cols, grad_i);
    predicted.data[i] = of_row;
    loss.data[i] = std::log(sum) + row_max - target_z;

    if (grad_z.empty()) continue;
    for (Index j = 0; j < z.cols; ++j) grad_i[j] = (grad_i[j] / sum - Real(j == target)) / static_cast<Real>(z.rows);
  }
}

template void cpu::softmax_xent<float>(HostMatrix<const float>, HostSpan<const std::int32_t>, HostSpan<float>,
                                       HostSpan<std::int32_t>, HostMatrix<float>);
template void cpu::softmax_xent<double>(HostMatrix<const double>, HostSpan<const std::int32_t>, HostSpan<double>,
                                        HostSpan<std::int32_t>, HostMatrix<double>);
}  // namespace plateau
