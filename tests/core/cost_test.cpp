// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/cost.hpp"

#include <gtest/gtest.h>

namespace plateau::cost_test {
namespace {

TEST(Cost, counts_what_is_read_and_written) {
  constexpr Cost cost{.flops = 1, .bytes_read = 20, .bytes_written = 300};

  EXPECT_EQ(cost.bytes(), 320);
  EXPECT_EQ(Cost{}.flops, 0);
  EXPECT_EQ(Cost{}.bytes(), 0);
}

TEST(Cost, adds_part_by_part) {
  constexpr Cost sum = Cost{1, 20, 300} + Cost{4, 50, 600};

  EXPECT_EQ(sum.flops, 5);
  EXPECT_EQ(sum.bytes_read, 70);
  EXPECT_EQ(sum.bytes_written, 900);
}

TEST(Roofline, takes_the_longer_of_computing_and_moving) {
  EXPECT_EQ(roofline_seconds({.flops = 100, .bytes_read = 6, .bytes_written = 4}, 50, 10), 2);     // computing
  EXPECT_EQ(roofline_seconds({.flops = 100, .bytes_read = 60, .bytes_written = 40}, 50, 10), 10);  // moving
  EXPECT_EQ(roofline_seconds({}, 50, 10), 0);
}

}  // namespace
}  // namespace plateau::cost_test
