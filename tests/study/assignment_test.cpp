// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/assignment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "plateau/core/random.hpp"

namespace plateau::assignment_test {
namespace {

// What best_assignment() makes largest: the sum, then how many rows stay where they are.
std::pair<Index, Index> merit(const std::vector<Index>& weight, const std::vector<Index>& column) {
  std::pair<Index, Index> sum{0, 0};
  const auto n = static_cast<Index>(column.size());
  for (Index row = 0; row < n; ++row) {
    sum.first += weight[static_cast<std::size_t>(row * n + column[static_cast<std::size_t>(row)])];
    sum.second += column[static_cast<std::size_t>(row)] == row;
  }
  return sum;
}

std::vector<Index> identity(Index n) {
  std::vector<Index> column(static_cast<std::size_t>(n));
  std::iota(column.begin(), column.end(), Index{0});
  return column;
}

TEST(Assignment, is_the_best_of_all_permutations) {
  // Weights below 3 have many ties, those below 1000 few.
  for (Index n = 1; n <= 7; ++n)
    for (const std::uint32_t below : {3u, 1000u})
      for (std::uint64_t table = 0; table < 6; ++table) {
        std::vector<Index> weight;
        for (Index i = 0; i < n * n; ++i)
          weight.push_back(draw({table, StreamId::features, below}, static_cast<std::uint64_t>(i)).word[0] % below);
        std::vector<Index> column = identity(n);
        std::pair<Index, Index> best{-1, -1};
        do best = std::max(best, merit(weight, column));
        while (std::next_permutation(column.begin(), column.end()));
        const std::vector<Index> found = best_assignment(weight, n);
        EXPECT_TRUE(std::is_permutation(found.begin(), found.end(), column.begin(), column.end()));
        EXPECT_EQ(merit(weight, found), best) << n << " rows, weights below " << below << ", table " << table;
      }
}

TEST(Assignment, of_large_weights_and_many_rows) {
  constexpr Index kLargest = (Index{1} << 31) - 1;
  EXPECT_EQ(best_assignment({0, kLargest, kLargest, kLargest - 1}, 2), (std::vector<Index>{1, 0}));
  // A permutation of 300 rows that is hidden under smaller weights.
  constexpr Index n = 300;
  std::vector<Index> weight, hidden;
  for (Index i = 0; i < n * n; ++i)
    weight.push_back(draw({1, StreamId::features}, static_cast<std::uint64_t>(i)).word[0] % 90);
  for (Index row = 0; row < n; ++row) {
    hidden.push_back((row * 7 + 3) % n);
    weight[static_cast<std::size_t>(row * n + hidden.back())] = 100;
  }
  EXPECT_EQ(best_assignment(weight, n), hidden);
}

TEST(Assignment, keeps_every_row_where_nothing_is_gained) {
  EXPECT_EQ(best_assignment(std::vector<Index>(25, 4), 5), identity(5));
  EXPECT_THROW(best_assignment({1, 2, 3}, 2), std::invalid_argument);
  EXPECT_THROW(best_assignment({-1}, 1), std::invalid_argument);
  EXPECT_THROW(best_assignment({}, 0), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::assignment_test
