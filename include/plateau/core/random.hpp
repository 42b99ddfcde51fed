// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: the same bits on every device, in any order, without state.
//
// Generator: Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
// Key = the 64-bit seed of the run; counter = (element index, stream id, instance).
#pragma once

#include <cstdint>

#include "plateau/core/view.hpp"

namespace plateau {

// One id per purpose, for the whole program. A number is never reused and never changes its meaning: data sets and
// initial weights of earlier versions depend on it.
enum class StreamId : std::uint32_t {
  features = 1,
  labels = 2,
  label_noise = 3,
  initialisation = 4,
  shuffle = 5,
  label_permutation = 6,
  dropout = 7,
  augmentation = 8,
  row_selection = 9,
  label_flip = 10,
  mixing = 11,
  mixing_share = 12,
  test_split = 13,
  study_part = 14,
};

struct RandomStream {
  std::uint64_t seed = 0;
  StreamId id = StreamId::features;
  std::uint32_t instance = 0;  // the epoch for shuffles, the step for what changes with it, else 0
};

struct PhiloxCounter {
  std::uint32_t word[4];
};
struct PhiloxKey {
  std::uint32_t word[2];
};

PLATEAU_HD constexpr PhiloxCounter philox4x32_10(PhiloxCounter counter, PhiloxKey key) {
  constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{kMultiplier0} * counter.word[0];
    const std::uint64_t product1 = std::uint64_t{kMultiplier1} * counter.word[2];
    counter = {{static_cast<std::uint32_t>(product1 >> 32) ^ counter.word[1] ^ key.word[0],
                static_cast<std::uint32_t>(product1),
                static_cast<std::uint32_t>(product0 >> 32) ^ counter.word[3] ^ key.word[1],
                static_cast<std::uint32_t>(product0)}};
    key.word[0] += kWeyl0;
    key.word[1] += kWeyl1;
  }
  return counter;
}

// The four random words of one element of a stream.
PLATEAU_HD constexpr PhiloxCounter draw(RandomStream stream, std::uint64_t element) {
  return philox4x32_10({{static_cast<std::uint32_t>(element), static_cast<std::uint32_t>(element >> 32),
                         static_cast<std::uint32_t>(stream.id), stream.instance}},
                       {{static_cast<std::uint32_t>(stream.seed), static_cast<std::uint32_t>(stream.seed >> 32)}});
}

// Uniform on the 2^24 multiples of 2^-24 in [0, 1); exact in float.
PLATEAU_HD constexpr float uniform(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

// A fair coin: 0 or 1.
PLATEAU_HD constexpr std::int32_t coin(std::uint32_t word) { return static_cast<std::int32_t>(word >> 31); }

}  // namespace plateau
