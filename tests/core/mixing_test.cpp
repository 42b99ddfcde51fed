// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/mixing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace plateau::mixing_test {
namespace {

constexpr int kSteps = 40'000;

// Central moments of Beta(a, a): 1 / (4 (2a + 1)) and 3 / (16 (2a + 1) (2a + 3)).
TEST(Mixing, shares_have_the_moments_of_a_symmetric_beta) {
  for (const double alpha : {0.05, 0.2, 0.4, 0.5, 0.500001, 0.6, 1.0, 2.0, 30.0, 100.0}) {
    double mean = 0, second = 0, fourth = 0;
    for (int step = 0; step < kSteps; ++step) {
      const double share = mixing_share(3, step, alpha);
      ASSERT_TRUE(0 <= share && share <= 1) << alpha << " " << step;
      mean += share / kSteps;
      second += std::pow(share - 0.5, 2) / kSteps;
      fourth += std::pow(share - 0.5, 4) / kSteps;
    }
    const double variance = 1 / (4 * (2 * alpha + 1)), kurtosis = 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3));
    EXPECT_LE(std::abs(mean - 0.5), 4 * std::sqrt(variance / kSteps)) << alpha;
    EXPECT_LE(std::abs(second - variance), 4 * std::sqrt((kurtosis - variance * variance) / kSteps)) << alpha;
    EXPECT_LE(std::abs(fourth - kurtosis), 5 * kurtosis * 3 / std::sqrt(kSteps)) << alpha;
  }
}

// Beta(1, 1) is uniform, and Beta(1/2, 1/2) the arcsine law.
TEST(Mixing, shares_follow_the_distributions_that_are_known_in_closed_form) {
  for (const double alpha : {0.5, 1.0}) {
    std::vector<double> shares;
    for (int step = 0; step < kSteps; ++step) shares.push_back(mixing_share(5, step, alpha));
    std::sort(shares.begin(), shares.end());
    double distance = 0;  // of Kolmogorov and Smirnov
    for (int k = 0; k < kSteps; ++k) {
      const double x = shares[static_cast<std::size_t>(k)];
      const double cdf = alpha == 1 ? x : 2 / 3.141592653589793 * std::asin(std::sqrt(x));
      distance = std::max({distance, std::abs(cdf - double(k) / kSteps), std::abs(cdf - double(k + 1) / kSteps)});
    }
    EXPECT_LE(distance, 2.2 / std::sqrt(kSteps)) << alpha;  // exceeded by chance once in 8000 times
  }
}

TEST(Mixing, draws_shares_and_partners_anew_at_every_step_and_by_seed) {
  EXPECT_NE(mixing_share(1, 0, 1), mixing_share(1, 1, 1));
  EXPECT_NE(mixing_share(1, 0, 1), mixing_share(2, 0, 1));
  const auto partners = [](std::uint64_t seed, std::uint32_t step) {
    const KeyedPermutation at_step = mixing_partners(seed, 50).of_instance(step);
    std::vector<Index> all;
    for (Index r = 0; r < 50; ++r) all.push_back(at_step(r));
    return all;
  };
  EXPECT_EQ(partners(1, 3), partners(1, 3));
  EXPECT_NE(partners(1, 3), partners(1, 4));
  EXPECT_NE(partners(1, 3), partners(2, 3));
}

}  // namespace
}  // namespace plateau::mixing_test
