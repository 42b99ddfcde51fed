// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/half.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

namespace plateau::half_test {
namespace {

struct Layout {
  int exponent_bits, fraction_bits;
};

// The value that the definition of such a type gives to these bits, in double, where it is exact.
double defined(Layout layout, unsigned bits) {
  const unsigned fraction = bits & ((1u << layout.fraction_bits) - 1);
  const int exponent = static_cast<int>(bits >> layout.fraction_bits & ((1u << layout.exponent_bits) - 1));
  const int bias = (1 << (layout.exponent_bits - 1)) - 1, largest = (1 << layout.exponent_bits) - 1;
  const double sign = bits >> 15 != 0 ? -1 : 1;
  const double part = std::ldexp(double(fraction), -layout.fraction_bits);
  if (exponent == largest) return fraction == 0 ? sign * INFINITY : NAN;
  return std::copysign(exponent == 0 ? std::ldexp(part, 1 - bias) : std::ldexp(1 + part, exponent - bias), sign);
}

void expect_defined(Layout layout, float (*convert)(std::uint16_t)) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const float got = convert(static_cast<std::uint16_t>(bits));
    const double want = defined(layout, bits);
    ASSERT_EQ(std::signbit(got), bits >> 15 != 0) << bits;
    if (std::isnan(want)) {
      ASSERT_TRUE(std::isnan(got)) << bits;
      const unsigned fraction = bits & ((1u << layout.fraction_bits) - 1);
      ASSERT_EQ(std::bit_cast<std::uint32_t>(got) & 0x7fffffu, fraction << (23 - layout.fraction_bits)) << bits;
    } else {
      ASSERT_EQ(double(got), want) << bits;
    }
  }
}

TEST(Half, every_f16_has_the_value_of_its_definition) { expect_defined({5, 10}, &float_from_f16); }

TEST(Half, every_bf16_has_the_value_of_its_definition) { expect_defined({8, 7}, &float_from_bf16); }

TEST(Half, known_patterns_are_read) {
  EXPECT_EQ(float_from_f16(0x3c00), 1.0f);
  EXPECT_EQ(float_from_f16(0xc000), -2.0f);
  EXPECT_EQ(float_from_f16(0x7bff), 65504.0f);
  EXPECT_EQ(float_from_f16(0x0001), 0x1p-24f);
  EXPECT_EQ(float_from_bf16(0x3f80), 1.0f);
  EXPECT_EQ(float_from_bf16(0xc049), -3.140625f);
}

}  // namespace
}  // namespace plateau::half_test
