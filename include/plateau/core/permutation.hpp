// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A keyed bijection of [0, n): every element's place is computed on its own, without sorting and without memory.
//
// A Feistel network over the smallest power of two >= n (Luby and Rackoff 1988; halves of unequal width alternate), its
// round function is Philox, and values outside [0, n) are walked on until they fall inside (Black and Rogaway 2002).
// A place costs two walks at the most on average where n > 128. Smaller n walk in the same 256 places: halves of fewer
// than four bits would need many more rounds to deal evenly (measured: chi-square tests in tests/core).
#pragma once

#include "plateau/core/bits.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/core/random.hpp"

namespace plateau {

class KeyedPermutation {
 public:
  // n >= 1. Throws std::invalid_argument otherwise.
  KeyedPermutation(RandomStream stream, Index n) : stream_(stream) {
    expects(n >= 1, "KeyedPermutation: n >= 1");
    set_size(n);
  }

  // The permutation of the same rows for another instance of the stream: a device that knows the epoch takes its own.
  PLATEAU_HD KeyedPermutation of_instance(std::uint32_t instance) const {
    KeyedPermutation other = *this;
    other.stream_.instance = instance;
    return other;
  }

  // And of other rows, n >= 1 of them.
  PLATEAU_HD KeyedPermutation of_instance(std::uint32_t instance, Index n) const {
    KeyedPermutation other = of_instance(instance);
    other.set_size(n);
    return other;
  }

  PLATEAU_HD constexpr Index operator()(Index i) const {
    auto place = static_cast<std::uint64_t>(i);
    do {
      place = scramble(place);
    } while (place >= n_);
    return static_cast<Index>(place);
  }

 private:
  static constexpr int kFewestBits = 8;
  static constexpr int kRounds = 6;  // even, so that the unequal halves end where they began

  PLATEAU_HD void set_size(Index n) {
    n_ = static_cast<std::uint64_t>(n);
    const int width = bit_width_of(n_ - 1), bits = width > kFewestBits ? width : kFewestBits;
    low_bits_ = bits / 2;
    high_bits_ = bits - low_bits_;
  }

  PLATEAU_HD constexpr std::uint64_t scramble(std::uint64_t value) const {
    std::uint64_t low = value & ((std::uint64_t{1} << low_bits_) - 1);
    std::uint64_t high = value >> low_bits_;
    int low_bits = low_bits_, high_bits = high_bits_;
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      // At most 32 bits a half, so (round, low) never collide in the 64-bit element index.
      const PhiloxCounter random = draw(stream_, round << 32 | low);
      const std::uint64_t mixed = high ^ (random.word[0] & ((std::uint64_t{1} << high_bits) - 1));
      high = low;
      low = mixed;
      const int swapped = low_bits;
      low_bits = high_bits;
      high_bits = swapped;
    }
    return high << low_bits | low;
  }

  RandomStream stream_;
  std::uint64_t n_ = 1;
  int low_bits_ = 1;
  int high_bits_ = 1;
};

}  // namespace plateau
