// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/row_selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

namespace plateau::row_selection_test {
namespace {

std::vector<Index> rows_of(const RowSelection& selection) {
  std::vector<Index> rows;
  for (Index k = 0; k < selection.count(); ++k) rows.push_back(selection(k));
  return rows;
}

std::vector<Index> sorted(std::vector<Index> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<Index> first_numbers(Index count) {
  std::vector<Index> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), Index{0});
  return numbers;
}

TEST(RowSelection, all_rows_keep_their_order) { EXPECT_EQ(rows_of(RowSelection::all(7)), first_numbers(7)); }

TEST(RowSelection, a_part_is_the_beginning_of_every_larger_one) {
  const std::vector<Index> whole = rows_of(RowSelection::part(3, 100, 100));
  EXPECT_EQ(sorted(whole), first_numbers(100));
  EXPECT_NE(whole, first_numbers(100));
  for (const Index count : {1, 2, 50, 99}) {
    const std::vector<Index> part = rows_of(RowSelection::part(3, 100, count));
    EXPECT_EQ(part, std::vector<Index>(whole.begin(), whole.begin() + count));
  }
  EXPECT_NE(rows_of(RowSelection::part(4, 100, 50)), rows_of(RowSelection::part(3, 100, 50)));
}

TEST(RowSelection, a_part_and_the_rows_outside_of_it_cover_all) {
  for (const Index count : {1, 33, 99}) {
    std::vector<Index> both = rows_of(RowSelection::outside_part(3, 100, count));
    EXPECT_EQ(static_cast<Index>(both.size()), 100 - count);
    const std::vector<Index> part = rows_of(RowSelection::part(3, 100, count));
    both.insert(both.end(), part.begin(), part.end());
    EXPECT_EQ(sorted(both), first_numbers(100));
  }
  EXPECT_EQ(rows_of(RowSelection::part(3, 100, 20)), rows_of(RowSelection::fold(3, 100, 5, 0)));
  EXPECT_EQ(rows_of(RowSelection::outside_part(3, 100, 20)), rows_of(RowSelection::outside_fold(3, 100, 5, 0)));
}

TEST(RowSelection, folds_share_no_row_and_cover_all) {
  for (const Index rows : {2, 10, 101})
    for (const Index folds : {Index{2}, std::min<Index>(rows, 5), rows}) {
      std::vector<Index> all;
      for (Index fold = 0; fold < folds; ++fold) {
        const std::vector<Index> inside = rows_of(RowSelection::fold(9, rows, folds, fold));
        std::vector<Index> both = rows_of(RowSelection::outside_fold(9, rows, folds, fold));
        EXPECT_GE(static_cast<Index>(inside.size()), rows / folds);
        EXPECT_LE(static_cast<Index>(inside.size()), ceil_div(rows, folds));
        both.insert(both.end(), inside.begin(), inside.end());
        EXPECT_EQ(sorted(both), first_numbers(rows)) << "fold " << fold << " of " << folds;
        all.insert(all.end(), inside.begin(), inside.end());
      }
      EXPECT_EQ(sorted(all), first_numbers(rows));
    }
}

TEST(RowSelection, takes_the_rows_of_a_list_in_its_order) {
  const std::vector<std::int32_t> list{7, 0, 7, 3}, copy{1, 2, 3, 4};
  const RowSelection listed = RowSelection::listed({list.data(), 4}, 8);
  EXPECT_EQ(rows_of(listed), (std::vector<Index>{7, 0, 7, 3}));
  EXPECT_EQ(listed.list().data, list.data());
  EXPECT_EQ(rows_of(listed.with_list(copy.data())), (std::vector<Index>{1, 2, 3, 4}));
  EXPECT_TRUE(RowSelection::all(5).list().empty());
}

TEST(RowSelection, refuses_rows_of_a_list_that_do_not_exist) {
  for (const std::vector<std::int32_t>& list : {std::vector<std::int32_t>{}, {0, 8}, {-1}})
    EXPECT_THROW(RowSelection::listed({list.data(), static_cast<Index>(list.size())}, 8), std::invalid_argument);
  EXPECT_THROW(RowSelection::all(5).with_list(nullptr), std::invalid_argument);
}

TEST(RowSelection, is_not_the_order_of_shuffles_and_label_permutations) {
  const std::vector<Index> rows = rows_of(RowSelection::part(3, 100, 100));
  for (const StreamId id : {StreamId::shuffle, StreamId::label_permutation}) {
    const KeyedPermutation other({3, id}, 100);
    std::vector<Index> places;
    for (Index i = 0; i < 100; ++i) places.push_back(other(i));
    EXPECT_NE(rows, places);
  }
}

TEST(RowSelection, refuses_rows_and_folds_that_do_not_exist) {
  EXPECT_THROW(RowSelection::all(0), std::invalid_argument);
  EXPECT_THROW(RowSelection::part(1, 10, 0), std::invalid_argument);
  EXPECT_THROW(RowSelection::part(1, 10, 11), std::invalid_argument);
  EXPECT_THROW(RowSelection::outside_part(1, 10, 0), std::invalid_argument);
  EXPECT_THROW(RowSelection::outside_part(1, 10, 10), std::invalid_argument);
  EXPECT_THROW(RowSelection::fold(1, 10, 1, 0), std::invalid_argument);
  EXPECT_THROW(RowSelection::fold(1, 10, 11, 0), std::invalid_argument);
  EXPECT_THROW(RowSelection::outside_fold(1, 10, 5, 5), std::invalid_argument);
  EXPECT_THROW(RowSelection::outside_fold(1, 10, 5, -1), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::row_selection_test
