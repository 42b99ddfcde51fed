// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Numbers of a file to the types that a training takes: labels in int32, features in float. What does not fit is
// refused by row and column, through the refuse() of the source that they come from.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <utility>

#include "plateau/core/view.hpp"
#include "wording.hpp"

namespace plateau {

// In [0, 2^31).
template <class Source, std::integral Stored>
std::int32_t label_from(const Source& source, Index row, Stored value) {
  if (!std::in_range<std::int32_t>(value) || value < 0)
    source.refuse("row " + std::to_string(row) + " holds label " + std::to_string(value) + "; labels are " +
                  (value < 0 ? "0, 1, 2, ..." : "below 2147483648"));
  return static_cast<std::int32_t>(value);  // NOLINT(bugprone-signed-char-misuse)
}

// Element `i` of a dense matrix with `cols` columns, rounded to the nearest float.
template <class Source>
float feature_from(const Source& source, Index i, Index cols, double value) {
  const auto rounded = static_cast<float>(value);
  if (std::isinf(rounded) && std::isfinite(value))
    source.refuse("row " + std::to_string(i / cols) + ", column " + std::to_string(i % cols) + " holds " +
                  shortest_decimal(value) + ", beyond the range of a 32-bit float");
  return rounded;
}

}  // namespace plateau
