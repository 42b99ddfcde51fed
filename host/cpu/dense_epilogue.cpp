// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/dense_epilogue.hpp"

#include <algorithm>

namespace plateau {
template <std::floating_point Real>
void cpu::dense_forward_relu(HostMatrix<const Real> x, HostMatrix<const Real> w, HostSpan<const Real> bias,
                             HostMatrix<Real> a, HostMatrix<std::uint32_t> mask) {
  expects_dense_epilogue(x, w, a, a, bias);
  expects_mask(mask, a);
  for (Index i = 0; i < a.rows; ++i) {
    std::fill_n(mask.row(i), mask.cols, 0u);
    for (Index o = 0; o < a.cols; ++o) {
      Real sum = 0;
      for (Index k = 0; k < x.cols; ++k) sum += x.row(i)[k] * w.row(o)[k];
      sum += bias[o];
      a.row(i)[o] = sum <= 0 ? Real(0) : sum;
      mask.row(i)[o / 32] |= std::uint32_t{sum > 0} << (o % 32);
    }
  }
}

template <std::floating_point Real>
void cpu::dense_input_grad_relu(HostMatrix<const Real> grad_z, HostMatrix<const Real> w,
                                HostMatrix<const std::uint32_t> mask, HostMatrix<Real> grad_x,
                                HostSpan<Real> grad_bias) {
  expects_dense_epilogue(grad_x, w, grad_z, grad_x, grad_bias);
  expects_mask(mask, grad_x);
  std::fill(grad_bias.begin(), grad_bias.end(), Real(0));
  for (Index i = 0; i < grad_x.rows; ++i)
    for (Index j = 0; j < grad_x.cols; ++j) {
      Real sum = 0;
      for (Index o = 0; o < grad_z.cols; ++o) sum += grad_z.row(i)[o] * w.row(o)[j];
      const bool passes = (mask.row(i)[j / 32] >> (j % 32) & 1u) != 0;
      grad_x.row(i)[j] = passes ? sum : Real(0);
      grad_bias[j] += grad_x.row(i)[j];
    }
}

template <std::floating_point Real>
void cpu::dense_weight_grad_bias(HostMatrix<const Real> grad_z, HostMatrix<const Real> x, HostMatrix<Real> grad_w,
                                 HostSpan<Real> grad_bias) {
  expects_dense_epilogue(x, grad_w, grad_z, grad_z, grad_bias);
  for (Index o = 0; o < grad_w.rows; ++o) {
    Real bias_sum = 0;
    for (Index i = 0; i < grad_z.rows; ++i) bias_sum += grad_z.row(i)[o];
    grad_bias[o] = bias_sum;
    for (Index j = 0; j < grad_w.cols; ++j) {
      Real sum = 0;
      for (Index i = 0; i < grad_z.rows; ++i) sum += grad_z.row(i)[o] * x.row(i)[j];
      grad_w.row(o)[j] = sum;
    }
  }
}

template void cpu::dense_forward_relu<float>(HostMatrix<const float>, HostMatrix<const float>, HostSpan<const float>,
                                             HostMatrix<float>, HostMatrix<std::uint32_t>);
template void cpu::dense_forward_relu<double>(HostMatrix<const double>, HostMatrix<const double>,
                                              HostSpan<const double>, HostMatrix<double>, HostMatrix<std::uint32_t>);
template void cpu::dense_input_grad_relu<float>(HostMatrix<const float>, HostMatrix<const float>,
                                                HostMatrix<const std::uint32_t>, HostMatrix<float>, HostSpan<float>);
template void cpu::dense_input_grad_relu<double>(HostMatrix<const double>, HostMatrix<const double>,
                                                 HostMatrix<const std::uint32_t>, HostMatrix<double>, HostSpan<double>);
template void cpu::dense_weight_grad_bias<float>(HostMatrix<const float>, HostMatrix<const float>, HostMatrix<float>,
                                                 HostSpan<float>);
template void cpu::dense_weight_grad_bias<double>(HostMatrix<const double>, HostMatrix<const double>,
                                                  HostMatrix<double>, HostSpan<double>);
}  // namespace plateau
