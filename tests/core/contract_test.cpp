// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/contract.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace plateau::contract_test {
namespace {

TEST(Expects, throws_its_text_when_the_condition_is_broken) {
  EXPECT_NO_THROW(expects(true, "fine"));
  try {
    expects(false, "op: what was expected");
    FAIL() << "did not throw";
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()), "op: what was expected");
  }
}

TEST(CeilDiv, rounds_up) {
  static_assert(ceil_div(0, 32) == 0);
  static_assert(ceil_div(1, 32) == 1);
  static_assert(ceil_div(31, 32) == 1);
  static_assert(ceil_div(32, 32) == 1);
  static_assert(ceil_div(33, 32) == 2);
  static_assert(ceil_div(7, 1) == 7);
  EXPECT_EQ(ceil_div(Index{1} << 40, 3), 366503875926);
}

TEST(RoundUp, gives_the_next_multiple) {
  static_assert(round_up(0, 16) == 0);
  static_assert(round_up(1, 16) == 16);
  static_assert(round_up(16, 16) == 16);
  static_assert(round_up(17, 16) == 32);
  EXPECT_EQ(round_up((Index{1} << 40) + 1, 256), (Index{1} << 40) + 256);
}

TEST(Narrow, keeps_every_value_that_fits) {
  EXPECT_EQ(narrow<std::int32_t>(Index{2147483647}), 2147483647);
  EXPECT_EQ(narrow<std::int32_t>(Index{-2147483648}), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(narrow<std::uint32_t>(Index{4294967295}), 4294967295u);
  EXPECT_EQ(narrow<std::uint8_t>(255), 255);
}

TEST(Narrow, refuses_a_value_that_does_not_fit) {
  EXPECT_THROW(narrow<std::int32_t>(Index{2147483648}), std::invalid_argument);
  EXPECT_THROW(narrow<std::int32_t>(Index{-2147483649}), std::invalid_argument);
  EXPECT_THROW(narrow<std::uint32_t>(-1), std::invalid_argument);
  EXPECT_THROW(narrow<std::uint8_t>(256), std::invalid_argument);
  EXPECT_THROW(narrow<Index>(~std::uint64_t{0}), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::contract_test
