// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which units of a batch's rows are dropped at a step (Srivastava et al. 2014; inverted: what is kept is scaled by
// 1 / (1 - rate), so that nothing changes at evaluation). Computed for each on its own: the same on every device.
//
//   mask(step, layer, row, unit) = uniform(a word of draw((seed, dropout stream, step), element)) >= rate
//
// One draw serves the four rows r, r + 8, r + 16 and r + 24 of 32 rows beside each other.
#pragma once

#include "plateau/core/random.hpp"

namespace plateau {

struct DropoutPlace {
  std::uint64_t element = 0;
  int word = 0;
};

// Of unit `unit` of `width` in row `row` of the batch. layer < 2^15; row * width < 2^50.
PLATEAU_HD constexpr DropoutPlace dropout_place(Index layer, Index row, Index unit, Index width) {
  const Index draws = (row / 32 * 8 + row % 8) * width + unit;
  return {static_cast<std::uint64_t>(layer) << 48 | static_cast<std::uint64_t>(draws), static_cast<int>(row % 32 / 8)};
}

PLATEAU_HD constexpr RandomStream dropout_stream(std::uint64_t seed, std::int64_t step) {
  return {seed, StreamId::dropout, static_cast<std::uint32_t>(step)};
}

PLATEAU_HD constexpr bool dropout_keeps(float rate, std::uint32_t word) { return uniform(word) >= rate; }

// What a kept unit is multiplied by. 0 <= rate < 1.
PLATEAU_HD constexpr float dropout_scale(float rate) { return static_cast<float>(1 / (1 - static_cast<double>(rate))); }

}  // namespace plateau
