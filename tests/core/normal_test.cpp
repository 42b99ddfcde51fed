// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/normal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "plateau/core/random.hpp"

namespace plateau::normal_test {
namespace {

double exact(std::uint32_t word0, std::uint32_t word1) {
  const double u = ((word0 >> 8) + 1) * 0x1p-24, v = (word1 >> 8) * 0x1p-24;
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

TEST(Normal, is_the_transform_of_box_and_muller) {
  double largest = 0;
  const auto compare = [&](std::uint32_t w0, std::uint32_t w1) {
    const double error = std::abs(static_cast<double>(normal(w0, w1)) - exact(w0, w1));
    ASSERT_LE(error, 1.2e-6) << w0 << " " << w1;
    largest = std::max(largest, error / std::max(1.0, std::sqrt(-2 * std::log(((w0 >> 8) + 1) * 0x1p-24))));
  };
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    const PhiloxCounter random = draw({11, StreamId::augmentation}, i);
    compare(random.word[0], random.word[1]);
  }
  for (const std::uint32_t w0 : {0u, 255u, 256u, 0x7FFFFFFFu, 0x80000000u, 0xB504F300u, 0xB504F400u, 0xFFFFFF00u, ~0u})
    for (std::uint32_t eighth = 0; eighth < 8; ++eighth)
      for (const std::uint32_t near : {0u, 256u, ~0u}) compare(w0, (eighth << 29) + near);
  EXPECT_LE(largest, 3e-7);
}

TEST(Normal, ends_where_the_words_do) {
  EXPECT_EQ(normal(~0u, 0), 0.0f);  // u = 1
  EXPECT_NEAR(static_cast<double>(normal(0, 0)), std::sqrt(48 * std::numbers::ln2), 1e-6);
  EXPECT_NEAR(static_cast<double>(normal(0, 1u << 31)), -std::sqrt(48 * std::numbers::ln2), 1e-6);
}

TEST(Normal, has_the_moments_of_a_standard_normal) {
  constexpr int kDraws = 400'000;
  double moment[5] = {};
  int beyond_two = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const PhiloxCounter random = draw({3, StreamId::augmentation, 5}, i);
    const auto x = static_cast<double>(normal(random.word[0], random.word[1]));
    for (int k = 1; k <= 4; ++k) moment[k] += std::pow(x, k) / kDraws;
    beyond_two += std::abs(x) > 2;
  }
  const double of_mean = 4 / std::sqrt(kDraws);  // four standard errors
  EXPECT_LE(std::abs(moment[1]), of_mean);
  EXPECT_LE(std::abs(moment[2] - 1), of_mean * std::sqrt(2.0));
  EXPECT_LE(std::abs(moment[3]), of_mean * std::sqrt(15.0));
  EXPECT_LE(std::abs(moment[4] - 3), of_mean * std::sqrt(96.0));
  EXPECT_LE(std::abs(beyond_two / double{kDraws} - 0.0455), of_mean * 0.21);
}

// Bits that trainings of earlier versions depend on.
TEST(Normal, keeps_its_bits) {
  std::uint64_t hash = 1469598103934665603u;  // FNV-1a
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const PhiloxCounter random = draw({42, StreamId::augmentation}, i);
    hash = (hash ^ std::bit_cast<std::uint32_t>(normal(random.word[0], random.word[1]))) * 1099511628211u;
  }
  EXPECT_EQ(hash, 6059940061973776860u);
}

}  // namespace
}  // namespace plateau::normal_test
