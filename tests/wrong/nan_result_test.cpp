// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Results that must not pass for right ones: NaN, infinities, missing elements, anything where zero is wanted; and a
// yardstick that is too long to measure with.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <vector>

#include "support/compare.hpp"

namespace plateau::test {
namespace {

TEST(RelativeError, is_the_norm_of_the_difference_over_the_norm_of_what_is_wanted) {
  EXPECT_EQ(relative_error(std::vector<double>{3, 4}, {3, 4}), 0);
  EXPECT_EQ(relative_error(std::vector<double>{3, 4 + 5}, {3, 4}), 1);
  EXPECT_EQ(relative_error(std::vector<float>{6, 8}, {3, 4}), 1);
  EXPECT_EQ(relative_error(std::vector<float>{}, {}), 0);
}

TEST(RelativeError, a_nan_result_never_passes) {
  EXPECT_EQ(relative_error(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}, {1, 2}), kInfinity);
  EXPECT_EQ(relative_error(std::vector<double>{1, kNaN}, {1, kNaN}), kInfinity);
  EXPECT_EQ(relative_error(std::vector<double>{1, 2}, {1, kNaN}), kInfinity);
  EXPECT_NONFATAL_FAILURE(EXPECT_LE(relative_error(std::vector<double>{kNaN}, {1}), 1e300), "inf");
}

TEST(RelativeError, an_infinite_result_never_passes) {
  EXPECT_EQ(relative_error(std::vector<double>{kInfinity}, {1}), kInfinity);
  EXPECT_EQ(relative_error(std::vector<double>{kInfinity}, {kInfinity}), kInfinity);
  EXPECT_EQ(relative_error(std::vector<double>{1}, {kInfinity}), kInfinity);
}

TEST(RelativeError, missing_elements_never_pass) {
  EXPECT_EQ(relative_error(std::vector<float>{1}, {1, 0}), kInfinity);
  EXPECT_EQ(relative_error(std::vector<float>{}, {0}), kInfinity);
  EXPECT_EQ(relative_error(std::vector<float>{0}, {}), kInfinity);
}

TEST(RelativeError, nothing_is_near_zero_but_zero) {
  EXPECT_EQ(relative_error(std::vector<float>{0, -0.0f}, {0, 0}), 0);
  EXPECT_EQ(relative_error(std::vector<float>{0, 1e-30f}, {0, 0}), kInfinity);
}

TEST(Budget, is_twice_the_twins_error_and_four_eps) {
  EXPECT_EQ(budget({1, 1}, {1, 1}), 4 * kEps32);
  EXPECT_EQ(budget({1 + 4 * std::numeric_limits<float>::epsilon()}, {1}), 12 * kEps32);
}

TEST(Budget, fails_where_the_twin_is_no_yardstick) {
  EXPECT_NONFATAL_FAILURE(budget({1.001f}, {1}), "the float twin is too far from the double oracle");
  EXPECT_NONFATAL_FAILURE(budget({std::numeric_limits<float>::quiet_NaN()}, {1}), "the float twin is too far");
}

}  // namespace
}  // namespace plateau::test
