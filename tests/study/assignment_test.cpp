// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/assignment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
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

// Ten rows of each of three classes: 0 and 1 are exchanged, eight and nine rows of them, and 2 is given six rows.
TEST(RecallChange, is_counted_class_by_class) {
  std::vector<std::int32_t> given, label;
  const auto rows = [&](int count, std::int32_t as, std::int32_t of) {
    for (int i = 0; i < count; ++i) given.push_back(as), label.push_back(of);
  };
  rows(8, 1, 0), rows(1, 0, 0), rows(1, -1, 0);
  rows(9, 0, 1), rows(1, 2, 1);
  rows(6, 2, 2), rows(4, 0, 2);
  const RecallChange exchanged = recall_change(given, label, {1, 0, 2});
  EXPECT_NEAR(exchanged.gained, 0.8 - 0.1 + 0.9, 1e-12);
  EXPECT_EQ(exchanged.lost, 0);
  const RecallChange turned = recall_change(given, label, {1, 2, 0});  // 0 for 1, 1 for 2, 2 for 0
  EXPECT_NEAR(turned.gained, 0.9, 1e-12);
  EXPECT_NEAR(turned.lost, 0.1 + 0.6, 1e-12);
  const RecallChange of_absent = recall_change({0, 0}, {0, 0}, {0, 2, 1});  // classes without rows lose nothing
  EXPECT_EQ(of_absent.gained + of_absent.lost, 0);
  EXPECT_THROW(recall_change({0}, {0, 1}, {0, 1}), std::invalid_argument);
  EXPECT_THROW(recall_change({0}, {2}, {0, 1}), std::out_of_range);
}

TEST(RecallChange, is_one_of_exchanged_names_where_hardly_a_class_loses) {
  EXPECT_TRUE((RecallChange{0.8, 0.8 * kExchangeLoses}).is_exchange());
  EXPECT_FALSE((RecallChange{0.8, 0.8 * kExchangeLoses + 1e-9}).is_exchange());
  EXPECT_TRUE(RecallChange{}.is_exchange());
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE((RecallChange{kNaN, 0}).is_exchange());
  EXPECT_FALSE((RecallChange{1, kNaN}).is_exchange());
}

}  // namespace
}  // namespace plateau::assignment_test
