// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <vector>

namespace plateau::random_test {
namespace {

using Words = std::array<std::uint32_t, 4>;

Words words(PhiloxCounter counter) { return {counter.word[0], counter.word[1], counter.word[2], counter.word[3]}; }

constexpr int kDraws = 1'000'000;
constexpr double kSigmas = 5;  // two-sided: 6e-7

std::vector<float> uniforms(RandomStream stream, int word) {
  std::vector<float> values;
  for (std::uint64_t i = 0; i < kDraws; ++i) values.push_back(uniform(draw(stream, i).word[word]));
  return values;
}

TEST(Philox, reproduces_the_known_answers_that_random123_publishes) {
  EXPECT_EQ(words(philox4x32_10({{0, 0, 0, 0}}, {{0, 0}})), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(words(philox4x32_10({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, {{0xffffffff, 0xffffffff}})),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(words(philox4x32_10({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, {{0xa4093822, 0x299f31d0}})),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, is_a_constant_expression) { static_assert(philox4x32_10({{0, 0, 0, 0}}, {{0, 0}}).word[0] == 0x6627e8d5); }

TEST(Draw, puts_element_stream_and_instance_into_the_counter_and_the_seed_into_the_key) {
  const RandomStream stream{0x299f31d0a4093822, static_cast<StreamId>(0x13198a2e), 0x03707344};

  EXPECT_EQ(words(draw(stream, 0x85a308d3243f6a88)), (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Draw, differs_by_seed_stream_instance_and_element) {
  std::set<Words> seen;
  int drawn = 0;
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32, ~std::uint64_t{0}})
    for (const StreamId id :
         {StreamId::features, StreamId::labels, StreamId::label_noise, StreamId::initialisation, StreamId::shuffle,
          StreamId::label_permutation, StreamId::dropout, StreamId::augmentation})
      for (const std::uint32_t instance : {0u, 1u, 0xffffffffu})
        for (const std::uint64_t element : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32}) {
          seen.insert(words(draw({seed, id, instance}, element)));
          ++drawn;
        }

  EXPECT_EQ(seen.size(), static_cast<std::size_t>(drawn));
}

TEST(StreamId, numbers_never_change_their_meaning) {
  EXPECT_EQ(static_cast<int>(StreamId::features), 1);
  EXPECT_EQ(static_cast<int>(StreamId::labels), 2);
  EXPECT_EQ(static_cast<int>(StreamId::label_noise), 3);
  EXPECT_EQ(static_cast<int>(StreamId::initialisation), 4);
  EXPECT_EQ(static_cast<int>(StreamId::shuffle), 5);
  EXPECT_EQ(static_cast<int>(StreamId::label_permutation), 6);
  EXPECT_EQ(static_cast<int>(StreamId::dropout), 7);
  EXPECT_EQ(static_cast<int>(StreamId::augmentation), 8);
  EXPECT_EQ(static_cast<int>(StreamId::test_split), 13);
  EXPECT_EQ(static_cast<int>(StreamId::study_part), 14);
}

TEST(Uniform, maps_the_top_24_bits_exactly) {
  EXPECT_EQ(uniform(0), 0.0f);
  EXPECT_EQ(uniform(0xff), 0.0f);  // the low byte is not used
  EXPECT_EQ(uniform(0x100), 0x1p-24f);
  EXPECT_EQ(uniform(0x80000000), 0.5f);
  EXPECT_EQ(uniform(0xffffffff), 1.0f - 0x1p-24f);
  EXPECT_LT(uniform(0xffffffff), 1.0f);
}

TEST(Uniform, has_the_mean_and_the_variance_of_the_distribution_in_every_word) {
  for (int word = 0; word < 4; ++word) {
    SCOPED_TRACE(word);
    const std::vector<float> u = uniforms({.seed = 7, .id = StreamId::features}, word);
    double mean = 0, variance = 0;
    for (const float value : u) mean += static_cast<double>(value) / kDraws;
    for (const float value : u) variance += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
    variance /= kDraws - 1;

    // On a grid of 2^-24 that starts at 0 the mean is half a step low. The fourth central moment is 1/80.
    EXPECT_LE(std::abs(mean - (0.5 - 0x1p-25)), kSigmas * std::sqrt(1.0 / 12 / kDraws));
    EXPECT_LE(std::abs(variance - 1.0 / 12), kSigmas * std::sqrt((1.0 / 80 - 1.0 / 144) / kDraws));
  }
}

TEST(Uniform, is_uncorrelated_between_neighbours_words_streams_and_seeds) {
  const std::vector<float> u = uniforms({.seed = 7, .id = StreamId::features}, 0);
  const std::vector<float> others[] = {uniforms({.seed = 7, .id = StreamId::features}, 1),
                                       uniforms({.seed = 7, .id = StreamId::labels}, 0),
                                       uniforms({.seed = 8, .id = StreamId::features}, 0),
                                       uniforms({.seed = 7, .id = StreamId::features, .instance = 1}, 0)};
  const auto correlation = [](const std::vector<float>& a, const std::vector<float>& b, std::size_t lag) {
    double sum = 0;
    for (std::size_t i = lag; i < a.size(); ++i)
      sum += (static_cast<double>(a[i - lag]) - 0.5) * (static_cast<double>(b[i]) - 0.5);
    return 12 * sum / static_cast<double>(a.size() - lag);  // standard deviation 1 / sqrt(n)
  };

  EXPECT_LE(std::abs(correlation(u, u, 1)), kSigmas / std::sqrt(kDraws));
  for (const std::vector<float>& other : others)
    EXPECT_LE(std::abs(correlation(u, other, 0)), kSigmas / std::sqrt(kDraws));
}

TEST(Coin, is_the_top_bit) {
  EXPECT_EQ(coin(0), 0);
  EXPECT_EQ(coin(0x7fffffff), 0);
  EXPECT_EQ(coin(0x80000000), 1);
  EXPECT_EQ(coin(0xffffffff), 1);
}

TEST(Coin, is_fair) {
  double heads = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) heads += coin(draw({.seed = 3, .id = StreamId::labels}, i).word[0]);

  EXPECT_LE(std::abs(heads / kDraws - 0.5), kSigmas * 0.5 / std::sqrt(kDraws));
}

}  // namespace
}  // namespace plateau::random_test
