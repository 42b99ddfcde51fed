// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/bias_grad.hpp"

#include <algorithm>

namespace plateau {
template <std::floating_point Real>
void cpu::bias_grad(HostMatrix<const Real> grad_z, HostSpan<Real> grad_bias) {
  expects_bias_grad<Real, Space::host>(grad_z, grad_bias);
  std::fill(grad_bias.begin(), grad_bias.end(), Real(0));
  for (Index i = 0; i < grad_z.rows; ++i)
    for (Index j = 0; j < grad_z.cols; ++j) grad_bias.data[j] += grad_z.row(i)[j];
}

template void cpu::bias_grad<float>(HostMatrix<const float>, HostSpan<float>);
template void cpu::bias_grad<double>(HostMatrix<const double>, HostSpan<double>);
}  // namespace plateau
