// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The owner of host memory: one aligned, uninitialised allocation of trivial elements, lent out as views.
#pragma once

#include <algorithm>
#include <memory>
#include <new>
#include <type_traits>

#include "plateau/core/contract.hpp"

namespace plateau {

template <class T>
class HostBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr std::size_t kAlignmentBytes = 64;  // a cache line, and the widest vector register

  HostBuffer() = default;
  // Throws std::invalid_argument for a negative size and std::bad_alloc when there is no memory.
  explicit HostBuffer(Index size) : size_(size) {
    expects(size >= 0, "HostBuffer: size >= 0");
    if (size > 0) {
      if (static_cast<std::size_t>(size) > std::size_t(-1) / 2 / sizeof(T)) throw std::bad_alloc();
      data_.reset(static_cast<T*>(
          ::operator new (static_cast<std::size_t>(size) * sizeof(T), std::align_val_t{kAlignmentBytes})));
    }
  }
  HostBuffer(Index size, T value) : HostBuffer(size) { std::fill_n(data_.get(), size, value); }

  Index size() const { return size_; }
  HostSpan<T> view() { return {data_.get(), size_}; }
  HostSpan<const T> view() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(T* data) const { ::operator delete (data, std::align_val_t{kAlignmentBytes}); }
  };
  std::unique_ptr<T, Free> data_;
  Index size_ = 0;
};

}  // namespace plateau
