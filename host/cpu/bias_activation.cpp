// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/bias_activation.hpp"

namespace plateau {
template <std::floating_point Real>
void cpu::bias_activation(Activation activation, HostSpan<const Real> bias, HostMatrix<Real> z) {
  expects_bias_activation<Real, Space::host>(z, bias);
  for (Index i = 0; i < z.rows; ++i) {
    Real* z_i = z.row(i);
    if (activation == Activation::relu) {
      for (Index j = 0; j < z.cols; ++j) {
        const Real sum = z_i[j] + bias.data[j];
        z_i[j] = sum < 0 ? Real(0) : sum;  // this way round NaN stays NaN
      }
    } else {
      for (Index j = 0; j < z.cols; ++j) z_i[j] += bias.data[j];
    }
  }
}

template void cpu::bias_activation<float>(Activation, HostSpan<const float>, HostMatrix<float>);
template void cpu::bias_activation<double>(Activation, HostSpan<const double>, HostMatrix<double>);
}  // namespace plateau
