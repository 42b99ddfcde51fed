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

inline constexpr Index kMaxDropoutLayers = 1 << 15;
inline constexpr Index kDropoutRows = 32;        // that lie beside each other and share draws
inline constexpr Index kDropoutRowDistance = 8;  // of the rows of one draw
inline constexpr int kDropoutRowsOfDraw = 4;     // a word each
static_assert(kDropoutRows == kDropoutRowsOfDraw * kDropoutRowDistance);

struct DropoutPlace {
  std::uint64_t element = 0;
  int word = 0;
};

// Of unit `unit` of `width` in row `row` of the batch. layer < kMaxDropoutLayers; row * width < 2^50.
PLATEAU_HD constexpr DropoutPlace dropout_place(Index layer, Index row, Index unit, Index width) {
  const Index draws = (row / kDropoutRows * kDropoutRowDistance + row % kDropoutRowDistance) * width + unit;
  return {static_cast<std::uint64_t>(layer) << 48 | static_cast<std::uint64_t>(draws),
          static_cast<int>(row % kDropoutRows / kDropoutRowDistance)};
}
// How many rows of `rows` begin a draw, and the number-th of them: the one that takes its first word.
PLATEAU_HD constexpr Index dropout_first_rows(Index rows) {
  const Index rest = rows % kDropoutRows;
  return rows / kDropoutRows * kDropoutRowDistance + (rest < kDropoutRowDistance ? rest : kDropoutRowDistance);
}
PLATEAU_HD constexpr Index dropout_first_row(Index number) {
  return number / kDropoutRowDistance * kDropoutRows + number % kDropoutRowDistance;
}

PLATEAU_HD constexpr RandomStream dropout_stream(std::uint64_t seed, std::int64_t step) {
  return {seed, StreamId::dropout, static_cast<std::uint32_t>(step)};
}

PLATEAU_HD constexpr bool dropout_keeps(float rate, std::uint32_t word) { return uniform(word) >= rate; }

// What a kept unit is multiplied by. 0 <= rate < 1.
PLATEAU_HD constexpr float dropout_scale(float rate) { return static_cast<float>(1 / (1 - static_cast<double>(rate))); }

}  // namespace plateau
