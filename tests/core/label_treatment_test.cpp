// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What it does to labels is tested with the operation that applies it (tests/ops/treat_labels_test.cpp).
#include "plateau/core/label_treatment.hpp"

#include <gtest/gtest.h>

namespace plateau::label_treatment_test {
namespace {

TEST(RowGroups, holds_the_rows_of_every_group_beside_each_other_in_their_order) {
  const std::vector<std::int32_t> group{5, -1, 5, 2, -1};
  const RowGroups groups({group.data(), 5});
  const auto view = groups.view();

  EXPECT_EQ(std::vector<std::int32_t>(view.member.begin(), view.member.end()),
            (std::vector<std::int32_t>{1, 4, 3, 0, 2}));
  const GroupPlace expected[] = {{3, 2, 0}, {0, 2, 0}, {3, 2, 1}, {2, 1, 0}, {0, 2, 1}};
  for (Index row = 0; row < 5; ++row) {
    EXPECT_EQ(view.place[row].first, expected[row].first) << row;
    EXPECT_EQ(view.place[row].size, expected[row].size) << row;
    EXPECT_EQ(view.place[row].place, expected[row].place) << row;
  }
}

TEST(RowGroups, is_empty_where_there_are_none) {
  EXPECT_TRUE(RowGroups().view().place.empty());
  EXPECT_TRUE(RowGroups(HostSpan<const std::int32_t>{}).view().member.empty());
}

}  // namespace
}  // namespace plateau::label_treatment_test
