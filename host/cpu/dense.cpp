// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/dense.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cstring>

namespace plateau {
namespace {

// The only file that includes Eigen. Row-major with an outer stride, so padded views are multiplied in place.
template <class Real>
using RowMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class Real>
using Const = Eigen::Map<const RowMajor<Real>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <class Real>
using Mutable = Eigen::Map<RowMajor<Real>, Eigen::Unaligned, Eigen::OuterStride<>>;

template <class Real>
Const<Real> eigen(HostMatrix<const Real> m) {
  return {m.data, m.rows, m.cols, Eigen::OuterStride<>(m.stride)};
}
template <class Real>
Mutable<Real> eigen(HostMatrix<Real> m) {
  return {m.data, m.rows, m.cols, Eigen::OuterStride<>(m.stride)};
}

// Up to so many classes a row of the weight is as long as a vector register is worth filling, and the sums of a row are
// best formed along it. The weight alone decides, so that no value depends on how many rows are multiplied with its
// own.
constexpr Index kNarrow = 4;
// Up to so many features and classes Eigen's blocked product spends its time packing rows that are used few times.
constexpr Index kSmall = 256;

// ---- Small products -------------------------------------------------------------------------------------------------
// c [M, N] = a [M, K] * b [K, N] in tiles of Rows x Vectors registers, kDepth terms at a time. A value's terms are
// added in the order of k, kDepth of them from zero, and these sums in order: it has the same bits whatever tile it
// lies in.

#if defined(__AVX512F__)
constexpr Index kVectorBytes = 64, kTileRows = 8;
#elif defined(__AVX__)
constexpr Index kVectorBytes = 32, kTileRows = 4;
#else
constexpr Index kVectorBytes = 16, kTileRows = 4;
#endif
constexpr Index kDepth = 128;

template <class Real>
struct Vector {
  typedef Real Lanes __attribute__((vector_size(kVectorBytes)));
  static constexpr Index kLanes = kVectorBytes / Index{sizeof(Real)};

  static Lanes load(const Real* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
  }
  static void store(Lanes lanes, Real* to) { std::memcpy(to, &lanes, sizeof lanes); }
};

// A matrix, or a transposed one.
template <class Real>
struct Operand {
  const Real* data;
  Index cols, row_step, col_step;

  const Real* at(Index i, Index j) const { return data + i * row_step + j * col_step; }
};
template <class Real>
Operand<Real> as_is(HostMatrix<const Real> m) {
  return {m.data, m.cols, m.stride, 1};
}
template <class Real>
Operand<Real> transposed(HostMatrix<const Real> m) {
  return {m.data, m.rows, 1, m.stride};
}

// The terms of `cols` columns of b, row by row, with zeros up to the panel's width.
template <class Real>
struct Panel {
  Index first, depth, first_col, cols;
  alignas(kVectorBytes) Real terms[kDepth * 2 * Vector<Real>::kLanes];

  template <Index Width>
  void fill(const Operand<Real>& b) {
    if (b.col_step == 1 && cols == Width) {
      for (Index k = 0; k < depth; ++k) std::copy_n(b.at(first + k, first_col), Width, terms + k * Width);
      return;
    }
    if (cols < Width) std::fill_n(terms, depth * Width, Real(0));
    for (Index j = 0; j < cols; ++j)
      for (Index k = 0; k < depth; ++k) terms[k * Width + j] = *b.at(first + k, first_col + j);
  }
};

// Adds the panel's terms to Rows rows of c; the first terms overwrite them. Not inlined: the loop over the terms needs
// all general registers for itself.
template <Index Rows, Index Vectors, class Real>
[[gnu::noinline]] void multiply_tile(Operand<Real> a, Index first_row, const Panel<Real>& panel, HostMatrix<Real> c) {
  using V = Vector<Real>;
  typename V::Lanes sum[Rows][Vectors] = {};
  const Real* a_k = a.at(first_row, panel.first);
  const Real* b_k = panel.terms;
  for (Index k = panel.depth; k > 0; --k, a_k += a.col_step, b_k += Vectors * V::kLanes) {
    typename V::Lanes b[Vectors];
    for (Index v = 0; v < Vectors; ++v) b[v] = V::load(b_k + v * V::kLanes);
    for (Index i = 0; i < Rows; ++i)
      for (Index v = 0; v < Vectors; ++v) sum[i][v] += a_k[i * a.row_step] * b[v];
  }
  const bool begins = panel.first == 0;
  Real* to = c.row(first_row) + panel.first_col;
  if (panel.cols == Vectors * V::kLanes) {
    for (Index i = 0; i < Rows; ++i)
      for (Index v = 0; v < Vectors; ++v) {
        Real* to_v = to + i * c.stride + v * V::kLanes;
        V::store(begins ? sum[i][v] : V::load(to_v) + sum[i][v], to_v);
      }
  } else {
    Real values[Rows][Vectors * V::kLanes];
    for (Index i = 0; i < Rows; ++i)
      for (Index v = 0; v < Vectors; ++v) V::store(sum[i][v], values[i] + v * V::kLanes);
    for (Index i = 0; i < Rows; ++i, to += c.stride)
      for (Index j = 0; j < panel.cols; ++j) to[j] = begins ? values[i][j] : to[j] + values[i][j];
  }
}

template <Index Vectors, class Real>
void multiply_panel(const Operand<Real>& a, const Operand<Real>& b, Panel<Real>& panel, HostMatrix<Real> c) {
  for (panel.first = 0; panel.first == 0 || panel.first < a.cols; panel.first += kDepth) {
    panel.depth = std::min(kDepth, a.cols - panel.first);
    panel.template fill<Vectors * Vector<Real>::kLanes>(b);
    Index row = 0;
    for (; row + kTileRows <= c.rows; row += kTileRows) multiply_tile<kTileRows, Vectors>(a, row, panel, c);
    for (; row + 2 <= c.rows; row += 2) multiply_tile<2, Vectors>(a, row, panel, c);
    for (; row < c.rows; ++row) multiply_tile<1, Vectors>(a, row, panel, c);
  }
}

template <class Real>
void multiply(const Operand<Real>& a, const Operand<Real>& b, HostMatrix<Real> c) {
  constexpr Index kWidth = 2 * Vector<Real>::kLanes;
  Panel<Real> panel;
  for (panel.first_col = 0; panel.first_col < c.cols; panel.first_col += kWidth) {
    panel.cols = std::min(kWidth, c.cols - panel.first_col);
    if (panel.cols > Vector<Real>::kLanes)
      multiply_panel<2>(a, b, panel, c);
    else
      multiply_panel<1>(a, b, panel, c);
  }
}

template <class Real>
bool is_small(HostMatrix<Real> w) {
  return w.rows <= kSmall && w.cols <= kSmall;
}

}  // namespace

template <std::floating_point Real>
void cpu::dense_forward(HostMatrix<const Real> x, HostMatrix<const Real> w, HostMatrix<Real> z) {
  expects_dense(x, w, z);
  if (w.rows <= kNarrow)
    eigen(z).noalias() = eigen(x).lazyProduct(eigen(w).transpose());
  else if (is_small(w))
    multiply(as_is(x), transposed(w), z);
  else
    eigen(z).noalias() = eigen(x) * eigen(w).transpose();
}

template <std::floating_point Real>
void cpu::dense_input_grad(HostMatrix<const Real> grad_z, HostMatrix<const Real> w, HostMatrix<Real> grad_x) {
  expects_dense(grad_x, w, grad_z);
  if (is_small(w))
    multiply(as_is(grad_z), as_is(w), grad_x);
  else
    eigen(grad_x).noalias() = eigen(grad_z) * eigen(w);
}

template <std::floating_point Real>
void cpu::dense_weight_grad(HostMatrix<const Real> grad_z, HostMatrix<const Real> x, HostMatrix<Real> grad_w) {
  expects_dense(x, grad_w, grad_z);
  if (!is_small(grad_w)) {
    eigen(grad_w).noalias() = eigen(grad_z).transpose() * eigen(x);
  } else if (x.cols <= kNarrow) {  // the long side innermost
    Real room[kNarrow * kSmall];
    const HostMatrix<Real> grad_w_transposed{room, grad_w.cols, grad_w.rows, grad_w.rows};
    multiply(transposed(x), as_is(grad_z), grad_w_transposed);
    eigen(grad_w) = eigen(grad_w_transposed).transpose();
  } else {
    multiply(transposed(grad_z), as_is(x), grad_w);
  }
}

std::string cpu::matrix_library() {
  return "Eigen " + std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
         std::to_string(EIGEN_MINOR_VERSION) + " (" + Eigen::SimdInstructionSetsInUse() + "); own products up to " +
         std::to_string(kSmall) + " x " + std::to_string(kSmall);
}

template void cpu::dense_forward<float>(HostMatrix<const float>, HostMatrix<const float>, HostMatrix<float>);
template void cpu::dense_forward<double>(HostMatrix<const double>, HostMatrix<const double>, HostMatrix<double>);
template void cpu::dense_input_grad<float>(HostMatrix<const float>, HostMatrix<const float>, HostMatrix<float>);
template void cpu::dense_input_grad<double>(HostMatrix<const double>, HostMatrix<const double>, HostMatrix<double>);
template void cpu::dense_weight_grad<float>(HostMatrix<const float>, HostMatrix<const float>, HostMatrix<float>);
template void cpu::dense_weight_grad<double>(HostMatrix<const double>, HostMatrix<const double>, HostMatrix<double>);
}  // namespace plateau
