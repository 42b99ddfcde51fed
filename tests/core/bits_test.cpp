// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/bits.hpp"

#include <gtest/gtest.h>

namespace plateau::bits_test {
namespace {

TEST(Bits, counts_the_bits_that_a_number_needs) {
  static_assert(bit_width_of(0) == 0);
  static_assert(bit_width_of(1) == 1);
  static_assert(bit_width_of(255) == 8);
  static_assert(bit_width_of(256) == 9);
  static_assert(bit_width_of(~std::uint64_t{0}) == 64);
}

}  // namespace
}  // namespace plateau::bits_test
