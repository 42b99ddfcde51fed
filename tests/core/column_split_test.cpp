// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/column_split.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace plateau::test::column_split_test {
namespace {

TEST(ColumnSplit, takes_every_element_once_in_the_room_there_is) {
  for (const Index rows : {0,    1,    2,    31,   64,   100,  255,    256,     257,       2000,
                           4095, 4096, 4097, 8191, 8192, 8193, 70'000, 131'072, 5'000'011, 1 << 24})
    for (const Index cols :
         {1, 2, 3, 4, 5, 8, 9, 10, 16, 127, 128, 129, 255, 256, 257, 1000, 4096, 4097, 131'072, 131'073, 1 << 20}) {
      const ColumnSplit split = column_split(rows, cols);
      SCOPED_TRACE(::testing::Message() << rows << " x " << cols);

      EXPECT_LE(1, split.width);
      EXPECT_LE(split.width, ColumnSplit::kWidest);
      EXPECT_EQ(split.lanes, ColumnSplit::kThreads / split.width);
      EXPECT_LE(cols, split.column_blocks * split.width * ColumnSplit::kColumnsOfThread);
      EXPECT_LT((split.column_blocks - 1) * split.width * ColumnSplit::kColumnsOfThread, cols);
      EXPECT_LE(rows, split.parts * split.part_rows);
      EXPECT_TRUE(split.parts == 1 || (split.parts - 1) * split.part_rows < rows);
      EXPECT_LE(1, split.parts);
      EXPECT_LE(column_partials(rows, cols), kMaxColumnPartials);
      EXPECT_EQ(column_partials(rows, cols), split.parts == 1 ? 0 : split.parts * cols);
      EXPECT_TRUE(split.parts == 1 || split.parts * split.column_blocks <= ColumnSplit::kMostBlocks);
    }
}

TEST(ColumnSplit, leaves_small_matrices_whole) {
  for (Index rows = 0; rows <= 4096; rows += rows < 70 ? 1 : 503)
    for (Index cols = 1; cols <= 256; ++cols) {
      EXPECT_EQ(column_split(rows, cols).parts, 1) << rows << " x " << cols;
      EXPECT_EQ(column_partials(rows, cols), 0) << rows << " x " << cols;
    }
  EXPECT_EQ(column_split(8191, 1).parts, 1);
  EXPECT_EQ(column_split(8192, 1).parts, 2);
}

TEST(ColumnSplit, gives_every_row_of_a_small_matrix_a_lane_as_far_as_they_go) {
  EXPECT_EQ(column_split(2000, 128).width, 2);
  EXPECT_EQ(column_split(100, 128).width, 5);
  EXPECT_EQ(column_split(32, 128).width, 16);
  EXPECT_EQ(column_split(1, 128).width, 32);
  EXPECT_EQ(column_split(2000, 1).width, 1);
}

TEST(ColumnSplit, keeps_a_whole_gpu_busy_with_64_megabytes) {
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1 << 24, 1},
                                   {1 << 20, 16},
                                   {131'072, 128},
                                   {65'536, 257},
                                   {16'384, 1000},
                                   {8192, 4096},
                                   {2048, 8192},
                                   {64, 1 << 18}}) {
    const ColumnSplit split = column_split(rows, cols);
    EXPECT_GE(split.parts * split.column_blocks, 256) << rows << " x " << cols;
  }
}

}  // namespace
}  // namespace plateau::test::column_split_test
