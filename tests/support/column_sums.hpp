// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Shapes for operations that sum columns, and how many launches an operation is.
#pragma once

#include "plateau/core/column_split.hpp"
#include "plateau/gpu/graph.hpp"
#include "support/backends.hpp"
#include "support/guarded.hpp"

namespace plateau::test {

// A GPU divides the rows of these into parts: two or many, of which the last is as long as the others or shorter; the
// columns end within, with and just behind a vector and a block.
#if defined(__SANITIZE_THREAD__)
inline constexpr Shape kDividedShapes[] = {{8193, 1}, {4097, 33}};
inline constexpr Shape kFewDividedShapes[] = {{8193, 1}};
inline constexpr Index kColumnCounts[] = {1, 3, 33, 129};
inline constexpr Index kRowCounts[] = {1, 33, 2000};
#else
inline constexpr Shape kDividedShapes[] = {{8192, 1}, {8193, 1}, {8190, 10}, {5000, 12}, {4097, 128}, {4097, 129}};
inline constexpr Shape kFewDividedShapes[] = {{8193, 1}, {8190, 10}, {5000, 12}, {4097, 33}};
inline constexpr Index kColumnCounts[] = {1, 2, 3, 17, 31, 32, 33, 127, 128, 129};
inline constexpr Index kRowCounts[] = {1, 31, 32, 33, 500, 2000};
#endif
// Few rows, but many elements.
inline constexpr Shape kWideDividedShape{257, 4097};

// `values` with `columns` more in front of every row.
inline std::vector<double> behind_columns(Index columns, Shape shape, const std::vector<double>& values) {
  std::vector<double> all;
  for (Index i = 0; i < shape.rows; ++i) {
    all.insert(all.end(), static_cast<std::size_t>(columns), 0x1p100);
    all.insert(all.end(), values.begin() + i * shape.cols, values.begin() + (i + 1) * shape.cols);
  }
  return all;
}
template <class T, Space S>
MatrixView<T, S> without_columns(Index columns, MatrixView<T, S> matrix) {
  return {matrix.data + columns, matrix.rows, matrix.cols - columns, matrix.stride};
}

template <class Enqueue>
Index launches(Enqueue enqueue) {
  return gpu::capture(gpu_backend().stream(), enqueue).nodes();
}

}  // namespace plateau::test
