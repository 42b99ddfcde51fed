// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/rounded.hpp"

#include <gtest/gtest.h>

namespace plateau::rounded_test {
namespace {

TEST(Rounded, rounds_every_operation_on_its_own) {
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24: the last bit does not fit, and a fused multiply-add would still see it.
  volatile float a = 1 + 0x1p-12f, b = 1 + 0x1p-11f;

  EXPECT_EQ(sub_rn(mul_rn(a, a), b), 0.0f);
  EXPECT_EQ(add_rn(mul_rn(a, a), -b), 0.0f);
}

TEST(Rounded, rounds_quotients_and_roots_to_the_nearest) {
  EXPECT_EQ(div_rn(1.0f, 3.0f), 0x1.555556p-2f);
  EXPECT_EQ(div_rn(2.0f, 3.0f), 0x1.555556p-1f);
  EXPECT_EQ(sqrt_rn(2.0f), 0x1.6A09E6p+0f);
  EXPECT_EQ(sqrt_rn(3.0f), 0x1.BB67AEp+0f);
}

TEST(Rounded, rounds_half_to_even) {
  EXPECT_EQ(add_rn(1.0f, 0x1p-24f), 1.0f);
  EXPECT_EQ(add_rn(1.0f + 0x1p-23f, 0x1p-24f), 1.0f + 0x1p-22f);
}

}  // namespace
}  // namespace plateau::rounded_test
