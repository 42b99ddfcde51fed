// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Dense layer products, the only matrix multiplications of the layered engine.
//
//   forward        z [B, O]      = x [B, I] * w [O, I]^T
//   input grad     grad_x [B, I] = grad_z [B, O] * w [O, I]
//   weight grad    grad_w [O, I] = grad_z [B, O]^T * x [B, I]
//
// Weights have PyTorch's shape [out, in]. Outputs are overwritten and must not overlap inputs. Zero rows are legal: a
// weight gradient over no rows is zero. Wrong shapes throw std::invalid_argument before anything is written.
#pragma once

#include <concepts>
#include <string>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

// Each of the three products multiplies the same shapes; only which operand is the result differs.
constexpr Cost dense_forward_cost(Index batch, Index in, Index out) {
  const double b = double(batch), i = double(in), o = double(out);
  return {.flops = 2 * b * i * o, .bytes_read = 4 * (b * i + o * i), .bytes_written = 4 * b * o};
}
constexpr Cost dense_input_grad_cost(Index batch, Index in, Index out) {
  const double b = double(batch), i = double(in), o = double(out);
  return {.flops = 2 * b * i * o, .bytes_read = 4 * (b * o + o * i), .bytes_written = 4 * b * i};
}
constexpr Cost dense_weight_grad_cost(Index batch, Index in, Index out) {
  const double b = double(batch), i = double(in), o = double(out);
  return {.flops = 2 * b * i * o, .bytes_read = 4 * (b * o + b * i), .bytes_written = 4 * o * i};
}

// The shape rule of all three: x-like [B, I], w-like [O, I], z-like [B, O].
template <class X, class W, class Z>
void expects_dense(const X& x, const W& w, const Z& z) {
  expects(x.rows == z.rows, "dense: inputs and outputs have the same rows");
  expects(x.cols == w.cols, "dense: the weight has a column per input feature");
  expects(z.cols == w.rows, "dense: the weight has a row per output feature");
  expects(w.rows >= 1 && w.cols >= 1, "dense: at least one input and one output feature");
}

namespace cpu {

template <std::floating_point Real>
void dense_forward(HostMatrix<const Real> x, HostMatrix<const Real> w, HostMatrix<Real> z);
template <std::floating_point Real>
void dense_input_grad(HostMatrix<const Real> grad_z, HostMatrix<const Real> w, HostMatrix<Real> grad_x);
template <std::floating_point Real>
void dense_weight_grad(HostMatrix<const Real> grad_z, HostMatrix<const Real> x, HostMatrix<Real> grad_w);

// Name, version and vector instructions of the library that multiplies on the CPU: part of what decides a result's
// bits.
std::string matrix_library();

}  // namespace cpu

namespace gpu {

class BlasHandle;
void dense_forward(const BlasHandle& blas, DeviceMatrix<const float> x, DeviceMatrix<const float> w,
                   DeviceMatrix<float> z);
void dense_input_grad(const BlasHandle& blas, DeviceMatrix<const float> grad_z, DeviceMatrix<const float> w,
                      DeviceMatrix<float> grad_x);
void dense_weight_grad(const BlasHandle& blas, DeviceMatrix<const float> grad_z, DeviceMatrix<const float> x,
                       DeviceMatrix<float> grad_w);

}  // namespace gpu
}  // namespace plateau
