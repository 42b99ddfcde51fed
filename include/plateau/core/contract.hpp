// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Preconditions and the integer arithmetic around them. A broken precondition is a bug of the caller and throws
// std::invalid_argument; what a user typed or stored is refused by InputError (core/error.hpp) before it gets here.
#pragma once

#include <concepts>
#include <stdexcept>
#include <utility>

#include "plateau/core/view.hpp"

namespace plateau {

inline void expects(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

PLATEAU_HD constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index multiple) { return ceil_div(a, multiple) * multiple; }

// `value` in the type To, unchanged; throws std::invalid_argument where To cannot hold it.
template <std::integral To, std::integral From>
constexpr To narrow(From value) {
  expects(std::in_range<To>(value), "narrow: the value does not fit the type");
  return static_cast<To>(value);
}

}  // namespace plateau
