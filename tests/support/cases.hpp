// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Numbers to compute with. All are exact in float, so float and double backends see equal inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "plateau/core/contract.hpp"

namespace plateau::test {

inline constexpr std::uint64_t kSeed = 20260719;

// Around the vector width, the warp, the block and their multiples. The thread sanitizer looks at the order of
// accesses, not at sums, and takes its time: it gets one size of each kind.
#if defined(__SANITIZE_THREAD__)
inline constexpr Index kStraddlingSizes[] = {1, 2, 9, 32, 33, 129, 257};
#else
inline constexpr Index kStraddlingSizes[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 127, 128, 129, 255, 256, 257};
#endif

std::vector<double> random_values(Index count, float low, float high, std::uint64_t seed);

// Multiples of 1/16 in [-8, 8): products and sums of a few hundred of them are exact in float, in every order.
std::vector<double> dyadic_values(Index count, std::uint64_t seed);

std::vector<std::int32_t> random_labels(Index count, Index classes, std::uint64_t seed);

inline std::size_t at(Index i) { return static_cast<std::size_t>(i); }

template <class T>
std::vector<double> as_double(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

// FNV-1a over the elements' bits: pins results that must never change.
template <class T>
std::uint64_t fingerprint(const std::vector<T>& values) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const T& value : values) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001B3;
  }
  return hash;
}

}  // namespace plateau::test
