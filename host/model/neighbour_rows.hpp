// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Queries for neighbours, block by block of their rows: a query's answer does not depend on those beside it.
#pragma once

#include <algorithm>
#include <limits>
#include <utility>

#include "plateau/model/trainer.hpp"

namespace plateau {

class NeighbourRows {
 public:
  // Throws std::invalid_argument where nearest_neighbours would.
  NeighbourRows(HostMatrix<const float> queries, HostMatrix<const float> candidates, Index k,
                HostSpan<const std::int32_t> exclude)
      : queries_(queries), exclude_(exclude), found_{.k = k} {
    const Block all = block(0, queries.rows);  // shapes alone: they are looked at before there is room for them
    expects_nearest_neighbours<float, Space::host>(queries, candidates, exclude, all.index, all.distance);
    found_.index.resize(static_cast<std::size_t>(queries.rows * k), -1);
    found_.distance.resize(found_.index.size(), std::numeric_limits<float>::infinity());
  }

  struct Block {
    HostMatrix<const float> queries;
    HostSpan<const std::int32_t> exclude;  // empty: none
    HostMatrix<std::int32_t> index;
    HostMatrix<float> distance;
  };
  // At most `rows` of the rows from `first` on.
  Block block(Index first, Index rows) {
    const Index count = std::min(rows, queries_.rows - first), k = found_.k;
    return {queries_.row_range(first, count),
            exclude_.empty() ? exclude_ : exclude_.subspan(first, count),
            {found_.index.data() + first * k, count, k, k},
            {found_.distance.data() + first * k, count, k, k}};
  }

  Neighbours take() { return std::move(found_); }

 private:
  HostMatrix<const float> queries_;
  HostSpan<const std::int32_t> exclude_;
  Neighbours found_;
};

}  // namespace plateau
