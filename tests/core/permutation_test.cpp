// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/permutation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

namespace plateau::permutation_test {
namespace {

std::vector<Index> places(RandomStream stream, Index n) {
  const KeyedPermutation permutation(stream, n);
  std::vector<Index> place;
  for (Index i = 0; i < n; ++i) place.push_back(permutation(i));
  return place;
}

bool is_bijection(std::vector<Index> place) {
  std::sort(place.begin(), place.end());
  std::vector<Index> identity(place.size());
  std::iota(identity.begin(), identity.end(), Index{0});
  return place == identity;
}

double chi_square(const std::vector<double>& count) {
  const double expected = std::accumulate(count.begin(), count.end(), 0.0) / static_cast<double>(count.size());
  double sum = 0;
  for (const double c : count) sum += (c - expected) * (c - expected) / expected;
  return sum;
}

// The quantile that chance exceeds once in a million tests (Wilson and Hilferty 1931).
double chi_square_quantile(double degrees_of_freedom) {
  constexpr double kNormalQuantile = 4.7534;
  const double spread = 2 / (9 * degrees_of_freedom);
  return degrees_of_freedom * std::pow(1 - spread + kNormalQuantile * std::sqrt(spread), 3);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeeds = 2'000;  // every case is there; that they are equally frequent is for the plain test
#else
constexpr std::uint64_t kSeeds = 20'000;
#endif

TEST(KeyedPermutation, is_a_bijection_for_every_small_size) {
  for (Index n = 1; n <= 300; ++n)
    for (const std::uint64_t seed : {1u, 2u, 3u})
      EXPECT_TRUE(is_bijection(places({seed, StreamId::shuffle}, n))) << "n = " << n << ", seed " << seed;
}

TEST(KeyedPermutation, is_a_bijection_for_large_sizes_around_powers_of_two) {
  for (const Index n : {4095, 4096, 4097, 65535, 65536, 65537, 1'000'000})
    EXPECT_TRUE(is_bijection(places({11, StreamId::shuffle}, n))) << "n = " << n;
}

TEST(KeyedPermutation, stays_inside_sizes_that_cannot_be_listed) {
  for (const Index n : {(Index{1} << 32) - 1, (Index{1} << 32) + 1, (Index{1} << 40) + 12345, (Index{1} << 62) + 1}) {
    const KeyedPermutation permutation({5, StreamId::shuffle}, n);
    std::set<Index> seen;
    for (const Index first : {Index{0}, n / 2, n - 1000})
      for (Index i = first; i < first + 1000; ++i) {
        const Index place = permutation(i);
        EXPECT_TRUE(0 <= place && place < n) << "n = " << n << ", i = " << i;
        seen.insert(place);
      }
    EXPECT_EQ(seen.size(), 3000u) << "n = " << n;
  }
}

TEST(KeyedPermutation, of_one_element_is_the_identity) { EXPECT_EQ(KeyedPermutation({1, StreamId::shuffle}, 1)(0), 0); }

TEST(KeyedPermutation, differs_by_seed_stream_and_instance_and_repeats_itself) {
  const RandomStream stream{1, StreamId::shuffle, 0};

  EXPECT_EQ(places(stream, 100), places(stream, 100));
  EXPECT_NE(places(stream, 100), places({2, StreamId::shuffle, 0}, 100));
  EXPECT_NE(places(stream, 100), places({1, StreamId::label_permutation, 0}, 100));
  EXPECT_NE(places(stream, 100), places({1, StreamId::shuffle, 1}, 100));
}

TEST(KeyedPermutation, of_another_instance_and_size_is_the_one_made_so) {
  const KeyedPermutation first({3, StreamId::mixing}, 1000);
  for (const Index n : {1, 7, 256, 257, 5000}) {
    const KeyedPermutation derived = first.of_instance(9, n), made({3, StreamId::mixing, 9}, n);
    for (Index i = 0; i < n; ++i) ASSERT_EQ(derived(i), made(i));
  }
}

TEST(KeyedPermutation, never_changes) {
  std::vector<Index> first = places({42, StreamId::shuffle, 0}, 1000);
  first.resize(8);

  EXPECT_EQ(first, (std::vector<Index>{621, 16, 8, 942, 877, 579, 990, 543}));
}

TEST(KeyedPermutation, puts_every_element_everywhere_equally_often) {
  for (const Index n : {2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 33}) {
    std::vector<std::vector<double>> count(static_cast<std::size_t>(n),
                                           std::vector<double>(static_cast<std::size_t>(n)));
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const KeyedPermutation permutation({seed, StreamId::shuffle}, n);
      for (Index i = 0; i < n; ++i) ++count[static_cast<std::size_t>(i)][static_cast<std::size_t>(permutation(i))];
    }
    for (Index i = 0; i < n; ++i)
      EXPECT_LE(chi_square(count[static_cast<std::size_t>(i)]), chi_square_quantile(static_cast<double>(n - 1)))
          << "n = " << n << ", element " << i;
  }
}

TEST(KeyedPermutation, puts_pairs_of_neighbours_everywhere_equally_often) {
  for (const Index n : {3, 4, 5, 7, 8, 9, 13, 16}) {
    std::vector<double> count(static_cast<std::size_t>(n * n));
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const KeyedPermutation permutation({seed, StreamId::shuffle}, n);
      ++count[static_cast<std::size_t>(permutation(0) * n + permutation(1))];
    }
    std::vector<double> pairs;  // the diagonal is impossible
    for (Index first = 0; first < n; ++first)
      for (Index second = 0; second < n; ++second)
        if (first != second) pairs.push_back(count[static_cast<std::size_t>(first * n + second)]);

    EXPECT_LE(chi_square(pairs), chi_square_quantile(static_cast<double>(pairs.size() - 1))) << "n = " << n;
  }
}

TEST(KeyedPermutation, refuses_an_empty_range) {
  EXPECT_THROW(KeyedPermutation({1, StreamId::shuffle}, 0), std::invalid_argument);
  EXPECT_THROW(KeyedPermutation({1, StreamId::shuffle}, -5), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::permutation_test
