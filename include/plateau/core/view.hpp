// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Views: where numbers lie, how many, and in which memory. They own nothing and compute nothing.
//
// The memory space is part of the type, so handing host memory to a GPU launcher, or device memory to a CPU twin, does
// not compile. Matrices are row-major; `stride` is the distance between rows in elements, stride >= cols.
#pragma once

#include <cstdint>
#include <type_traits>

#if defined(__CUDACC__)
#define PLATEAU_HD __host__ __device__
#else
#define PLATEAU_HD
#endif

namespace plateau {

using Index = std::int64_t;  // every size and offset; products of sizes are formed in it

enum class Space { host, device };

template <class T, Space S>
struct SpanView {
  T* data = nullptr;
  Index size = 0;

  // A template, so that views of const elements do not declare a conversion to themselves.
  template <class Const>
  requires(!std::is_const_v<T> && std::is_same_v<Const, const T>) PLATEAU_HD constexpr operator SpanView<Const, S>()
      const {
    return {data, size};
  }
  PLATEAU_HD constexpr bool empty() const { return size == 0; }
  PLATEAU_HD constexpr SpanView subspan(Index first, Index count) const { return {data + first, count}; }

  constexpr T& operator[](Index i) const requires(S == Space::host) { return data[i]; }
  constexpr T* begin() const requires(S == Space::host) { return data; }
  constexpr T* end() const requires(S == Space::host) { return data + size; }
};

template <class T, Space S>
struct MatrixView {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;

  template <class Const>
  requires(!std::is_const_v<T> && std::is_same_v<Const, const T>) PLATEAU_HD constexpr operator MatrixView<Const, S>()
      const {
    return {data, rows, cols, stride};
  }
  PLATEAU_HD constexpr bool empty() const { return rows == 0 || cols == 0; }
  PLATEAU_HD constexpr T* row(Index i) const { return data + i * stride; }
  PLATEAU_HD constexpr MatrixView row_range(Index first, Index count) const {
    return {data + first * stride, count, cols, stride};
  }
};

template <class T>
using HostSpan = SpanView<T, Space::host>;
template <class T>
using HostMatrix = MatrixView<T, Space::host>;
template <class T>
using DeviceSpan = SpanView<T, Space::device>;
template <class T>
using DeviceMatrix = MatrixView<T, Space::device>;

// A [rows, cols] matrix over `span`, from its first element: dense, or with rows `stride` elements apart.
template <class T, Space S>
PLATEAU_HD constexpr MatrixView<T, S> as_matrix(SpanView<T, S> span, Index rows, Index cols) {
  return {span.data, rows, cols, cols};
}
template <class T, Space S>
PLATEAU_HD constexpr MatrixView<T, S> as_matrix(SpanView<T, S> span, Index rows, Index cols, Index stride) {
  return {span.data, rows, cols, stride};
}

}  // namespace plateau
