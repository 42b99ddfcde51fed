// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Matrices and spans in a backend's memory, poisoned where nothing was stored and fenced on both sides.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <vector>

#include "plateau/core/contract.hpp"

namespace plateau::test {

// What an element holds before anything is stored in it: NaN, or for integers and structs a value no operation writes.
// Every byte of it is this one.
template <class T>
inline constexpr unsigned char kPoisonByte = std::floating_point<T> ? 0xFF : 0x5A;
template <class T>
T poison() {
  std::array<unsigned char, sizeof(T)> bytes;
  bytes.fill(kPoisonByte<T>);
  return std::bit_cast<T>(bytes);
}
template <class T>
bool are_poison(const T* values, std::size_t count) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(values);
  return count == 0 || (*bytes == kPoisonByte<T> && std::memcmp(bytes, bytes + 1, count * sizeof(T) - 1) == 0);
}

template <class T>
bool is_poison(const T& value) {
  const T untouched = poison<T>();
  return std::memcmp(&value, &untouched, sizeof(T)) == 0;
}

// A span of n elements is {1, n}.
struct Shape {
  Index rows = 0;
  Index cols = 0;
  Index padding = 0;  // elements between the end of a row and the start of the next; fenced like the ends
};

template <class Backend, class T>
class Guarded {
 public:
  static constexpr Index kFence = 64;  // elements; keeps the first row as aligned as the allocation

  // An output: all poison.
  Guarded(const Backend& backend, Shape shape)
      : backend_(&backend),
        shape_(shape),
        buffer_(backend.template allocate<T>(2 * kFence + shape.rows * stride(), poison<T>())) {}

  // An input, or something changed in place: `values`, row by row without padding, converted to T.
  template <class V>
  Guarded(const Backend& backend, Shape shape, const std::vector<V>& values) : Guarded(backend, shape) {
    expects(std::cmp_equal(values.size(), shape.rows * shape.cols), "Guarded: a value per element");
    std::vector<T> all(static_cast<std::size_t>(buffer_.size()));
    std::memset(static_cast<void*>(all.data()), kPoisonByte<T>, all.size() * sizeof(T));
    const V* from = values.data();
    for (Index i = 0; i < shape_.rows; ++i) {
      T* row = all.data() + first_of_row(i);
      for (Index j = 0; j < shape_.cols; ++j) row[j] = static_cast<T>(*from++);
    }
    backend.template copy_in<T, T>(HostSpan<const T>{all.data(), buffer_.size()}, buffer_.view());
    backend.finish();
  }

  // All there is, in the order of the rows and without padding. Fails the test where a fence has changed.
  std::vector<T> download() const {
    std::vector<T> all(static_cast<std::size_t>(buffer_.size()));
    backend_->template copy_out<T, T>(buffer_.view(), HostSpan<T>{all.data(), buffer_.size()});
    backend_->finish();
    const auto cols = static_cast<std::size_t>(shape_.cols);
    std::vector<T> values(static_cast<std::size_t>(shape_.rows) * cols);
    std::size_t fence = 0;  // where the next one begins
    bool intact = true;
    for (Index i = 0; i < shape_.rows; ++i) {
      const std::size_t row = first_of_row(i);
      if (cols > 0)
        std::memcpy(static_cast<void*>(values.data() + static_cast<std::size_t>(i) * cols), all.data() + row,
                    cols * sizeof(T));
      intact = are_poison(all.data() + fence, row - fence) && intact;
      fence = row + cols;
    }
    intact = are_poison(all.data() + fence, all.size() - fence) && intact;
    EXPECT_TRUE(intact) << "written outside of the view";
    return values;
  }

  bool untouched() const {
    for (const T& value : download())
      if (!is_poison(value)) return false;
    return true;
  }

  MatrixView<T, Backend::kSpace> matrix() { return {buffer_.view().data + kFence, shape_.rows, shape_.cols, stride()}; }
  MatrixView<const T, Backend::kSpace> matrix() const {
    return {buffer_.view().data + kFence, shape_.rows, shape_.cols, stride()};
  }
  // All rows as one span; needs a shape without padding.
  SpanView<T, Backend::kSpace> span() {
    expects(shape_.padding == 0, "Guarded: a span has no padding");
    return {buffer_.view().data + kFence, shape_.rows * shape_.cols};
  }
  SpanView<const T, Backend::kSpace> span() const {
    expects(shape_.padding == 0, "Guarded: a span has no padding");
    return {buffer_.view().data + kFence, shape_.rows * shape_.cols};
  }

 private:
  Index stride() const { return shape_.cols + shape_.padding; }
  std::size_t first_of_row(Index i) const { return static_cast<std::size_t>(kFence + i * stride()); }

  const Backend* backend_;
  Shape shape_;
  typename Backend::template Buffer<T> buffer_;
};

}  // namespace plateau::test
