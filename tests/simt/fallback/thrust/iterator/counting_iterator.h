// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iterator>

namespace thrust {

template <class T>
class counting_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = const T*;
  using reference = T;

  explicit counting_iterator(T value = T{}) : value_(value) {}
  T operator*() const { return value_; }
  counting_iterator& operator++() {
    ++value_;
    return *this;
  }
  counting_iterator operator++(int) {
    counting_iterator before = *this;
    ++value_;
    return before;
  }
  friend counting_iterator operator+(counting_iterator i, difference_type n) {
    return counting_iterator(static_cast<T>(static_cast<difference_type>(i.value_) + n));
  }
  friend bool operator==(const counting_iterator&, const counting_iterator&) = default;

 private:
  T value_;
};

template <class T>
counting_iterator<T> make_counting_iterator(T value) {
  return counting_iterator<T>(value);
}

}  // namespace thrust
