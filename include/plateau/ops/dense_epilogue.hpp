// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Dense products that end in what otherwise a kernel of its own does: bias and ReLU, the gradient through the ReLU, and
// the bias gradients. On a GPU they are epilogues of cuBLASLt, which may or may not be faster than product and kernel.
//
//   forward        a [B, O]      = max(x [B, I] * w [O, I]^T + bias [O], 0)        mask_ij = [a_ij > 0]
//   input grad     grad_x [B, I] = mask [B, I] .* (grad_z [B, O] * w [O, I])       grad_bias_j = sum_i grad_x_ij
//   weight grad    grad_w [O, I] = grad_z [B, O]^T * x [B, I]                      grad_bias_j = sum_i grad_z_ij
//
// The mask that the input gradient takes is one that the forward product has written: a bit per element, rows a
// multiple of 128 bits apart. Which bit is which is the device's own business. NaN: before a ReLU it may become 0, as
// dense and bias_activation never let it; a gradient that is NaN stays NaN. Outputs are overwritten and must not
// overlap inputs. At least one row. Wrong shapes throw std::invalid_argument before anything is written; a shape for
// which the library has no such product throws gpu::UnsupportedProduct.
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

// A mask of this many features: words per row, and words between rows.
constexpr Index mask_words(Index features) { return ceil_div(features, 32); }
constexpr Index mask_stride(Index features) { return round_up(mask_words(features), 4); }

constexpr Cost dense_forward_relu_cost(Index batch, Index in, Index out) {
  const double b = double(batch), i = double(in), o = double(out);
  return {.flops = 2 * b * i * o + 2 * b * o,
          .bytes_read = 4 * (b * i + o * i + o),
          .bytes_written = 4 * b * o + b * o / 8};
}
constexpr Cost dense_input_grad_relu_cost(Index batch, Index in, Index out) {
  const double b = double(batch), i = double(in), o = double(out);
  return {.flops = 2 * b * i * o + b * i,
          .bytes_read = 4 * (b * o + o * i) + b * i / 8,
          .bytes_written = 4 * b * i + 4 * i};
}
constexpr Cost dense_weight_grad_bias_cost(Index batch, Index in, Index out) {
  const double b = double(batch), i = double(in), o = double(out);
  return {.flops = 2 * b * i * o + b * o, .bytes_read = 4 * (b * o + b * i), .bytes_written = 4 * (o * i + o)};
}

// The shape rule of all three: x-like [B, I], w-like [O, I], z-like [B, O], one bias element per column of `biased`.
template <class X, class W, class Z, class Biased, class Bias>
void expects_dense_epilogue(const X& x, const W& w, const Z& z, const Biased& biased, const Bias& bias) {
  expects(x.rows == z.rows && x.rows >= 1, "dense_epilogue: inputs and outputs have the same rows, at least one");
  expects(x.cols == w.cols, "dense_epilogue: the weight has a column per input feature");
  expects(z.cols == w.rows, "dense_epilogue: the weight has a row per output feature");
  expects(w.rows >= 1 && w.cols >= 1, "dense_epilogue: at least one input and one output feature");
  expects(bias.size == biased.cols, "dense_epilogue: one bias element per feature");
}
template <class Mask, class Masked>
void expects_mask(const Mask& mask, const Masked& masked) {
  expects(mask.rows == masked.rows && mask.cols == mask_words(masked.cols) && mask.stride == mask_stride(masked.cols),
          "dense_epilogue: a mask has mask_words of bits per row, mask_stride apart");
}

namespace cpu {

template <std::floating_point Real>
void dense_forward_relu(HostMatrix<const Real> x, HostMatrix<const Real> w, HostSpan<const Real> bias,
                        HostMatrix<Real> a, HostMatrix<std::uint32_t> mask);
template <std::floating_point Real>
void dense_input_grad_relu(HostMatrix<const Real> grad_z, HostMatrix<const Real> w,
                           HostMatrix<const std::uint32_t> mask, HostMatrix<Real> grad_x, HostSpan<Real> grad_bias);
template <std::floating_point Real>
void dense_weight_grad_bias(HostMatrix<const Real> grad_z, HostMatrix<const Real> x, HostMatrix<Real> grad_w,
                            HostSpan<Real> grad_bias);

}  // namespace cpu

namespace gpu {

class BlasHandle;
void dense_forward_relu(const BlasHandle& blas, DeviceMatrix<const float> x, DeviceMatrix<const float> w,
                        DeviceSpan<const float> bias, DeviceMatrix<float> a, DeviceMatrix<std::uint32_t> mask);
void dense_input_grad_relu(const BlasHandle& blas, DeviceMatrix<const float> grad_z, DeviceMatrix<const float> w,
                           DeviceMatrix<const std::uint32_t> mask, DeviceMatrix<float> grad_x,
                           DeviceSpan<float> grad_bias);
void dense_weight_grad_bias(const BlasHandle& blas, DeviceMatrix<const float> grad_z, DeviceMatrix<const float> x,
                            DeviceMatrix<float> grad_w, DeviceSpan<float> grad_bias);

}  // namespace gpu
}  // namespace plateau
