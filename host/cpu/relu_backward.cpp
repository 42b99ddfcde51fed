// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/relu_backward.hpp"

#include <algorithm>

namespace plateau {
template <std::floating_point Real>
void cpu::relu_backward(HostMatrix<const Real> a, HostMatrix<Real> grad_a_to_z, HostSpan<Real> grad_bias) {
  expects_relu_backward<Real, Space::host>(a, grad_a_to_z, grad_bias);
  std::fill(grad_bias.begin(), grad_bias.end(), Real(0));
  for (Index i = 0; i < a.rows; ++i) {
    const Real* a_i = a.row(i);
    Real* grad_i = grad_a_to_z.row(i);
    for (Index j = 0; j < a.cols; ++j) {
      grad_i[j] = a_i[j] <= 0 ? Real(0) : grad_i[j];
      grad_bias.data[j] += grad_i[j];
    }
  }
}

template void cpu::relu_backward<float>(HostMatrix<const float>, HostMatrix<float>, HostSpan<float>);
template void cpu::relu_backward<double>(HostMatrix<const double>, HostMatrix<double>, HostSpan<double>);
}  // namespace plateau
