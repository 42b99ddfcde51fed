// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How a GPU divides a matrix whose columns it sums. A function of the shape alone, and so is the order of the sums:
// equal shapes give equal bits. A block's threads stand `width` beside each other, four columns each, and `lanes` above
// each other, which take the rows of one part in turn.
#pragma once

#include <algorithm>

#include "plateau/core/contract.hpp"

namespace plateau {

struct ColumnSplit {
  static constexpr Index kThreads = 512, kColumnsOfThread = 4;
  static constexpr Index kWidest = 32;     // 512 neighbouring bytes of a row
  static constexpr Index kNarrowest = 2;   // 32: what memory moves at once
  static constexpr Index kFewestRows = 8;  // of a thread, where the rows are divided
  static constexpr Index kMostBlocks = 1024;
  // Up to here one launch is enough: rows are not divided, and columns all the more.
  static constexpr Index kRowsOfOnePart = 4096, kElementsOfOnePart = 1 << 20;

  Index width, lanes;
  Index column_blocks;
  Index parts, part_rows;  // the sums of several parts are added by a second launch
};

constexpr ColumnSplit column_split(Index rows, Index cols) {
  using Split = ColumnSplit;
  const bool one_part = rows <= Split::kRowsOfOnePart && rows * cols <= Split::kElementsOfOnePart;
  const Index items = std::max(ceil_div(cols, Split::kColumnsOfThread), Index{1});
  const Index no_idle_lanes = Split::kThreads / std::max(rows, Index{1});
  const Index widest = one_part ? std::clamp(no_idle_lanes, Split::kNarrowest, Split::kWidest) : Split::kWidest;
  Split split{};
  split.column_blocks = ceil_div(items, widest);
  split.width = ceil_div(items, split.column_blocks);
  split.lanes = Split::kThreads / split.width;
  const Index most_parts = std::max(Split::kMostBlocks / split.column_blocks, Index{1});
  const Index wanted = one_part ? 1 : std::clamp(rows / (split.lanes * Split::kFewestRows), Index{1}, most_parts);
  split.part_rows = std::max(round_up(ceil_div(rows, wanted), split.lanes), split.lanes);
  split.parts = std::max(ceil_div(rows, split.part_rows), Index{1});
  return split;
}

// Floats of scratch memory that a GPU wants for the sums of the parts, and the most that any shape wants.
constexpr Index column_partials(Index rows, Index cols) {
  const Index parts = column_split(rows, cols).parts;
  return parts > 1 ? parts * cols : 0;
}
inline constexpr Index kMaxColumnPartials =
    ColumnSplit::kMostBlocks * ColumnSplit::kWidest * ColumnSplit::kColumnsOfThread;

}  // namespace plateau
