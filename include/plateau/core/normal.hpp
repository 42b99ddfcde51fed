// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Normally distributed numbers with the same bits on every device: the transform of Box and Muller (1958), its
// logarithm and cosine by series whose every operation is rounded on its own. They are within 3e-7 of the exact ones.
//
//   normal(w0, w1) = sqrt(-2 ln u) cos(2 pi v)      u = (w0 / 2^8 + 1) 2^-24 in (0, 1]      v = (w1 / 2^8) 2^-24
//
// The largest magnitude is sqrt(48 ln 2) = 5.77.
#pragma once

#include "plateau/core/bits.hpp"
#include "plateau/core/rounded.hpp"

namespace plateau {
namespace detail {

// a + b z, each operation rounded.
PLATEAU_HD constexpr float horner(float a, float b, float z) { return add_rn(a, mul_rn(b, z)); }

// ln(k 2^-24) for 1 <= k <= 2^24: k 2^-24 = m 2^e with m in [0.707, 1.415), and ln m = 2 atanh((m - 1) / (m + 1)).
PLATEAU_HD inline float log_of_24_bits(std::uint32_t k) {
  const int width = bit_width_of(k);
  float m = mul_rn(static_cast<float>(k << (25 - width)), 0x1p-24f);  // in [1, 2)
  int e = width - 25;
  if (m > 1.41421354f) {
    m = mul_rn(m, 0.5f);
    ++e;
  }
  const float s = div_rn(sub_rn(m, 1.0f), add_rn(m, 1.0f)), z = mul_rn(s, s);
  const float series = horner(1.0f, horner(1.0f / 3, horner(1.0f / 5, horner(1.0f / 7, 1.0f / 9, z), z), z), z);
  const auto n = static_cast<float>(e);
  constexpr float kHigh = 0.693359375f, kLow = -2.12194440e-4f;  // their sum is ln 2; n * kHigh is exact
  return add_rn(mul_rn(n, kHigh), add_rn(mul_rn(n, kLow), mul_rn(add_rn(s, s), series)));
}

// cos(2 pi k 2^-24) for 0 <= k < 2^24, from at most an eighth of a turn.
PLATEAU_HD inline float cosine_of_turn(std::uint32_t k) {
  const std::uint32_t quarter = (k + (1u << 21)) >> 22;
  const auto rest = static_cast<float>(static_cast<std::int32_t>(k - (quarter << 22)));
  const float x = mul_rn(rest, 6.28318531f * 0x1p-24f), z = mul_rn(x, x);
  if (quarter % 2 == 0) {
    const float c = horner(
        1.0f,
        horner(-1.0f / 2, horner(1.0f / 24, horner(-1.0f / 720, horner(1.0f / 40320, -1.0f / 3628800, z), z), z), z),
        z);
    return quarter == 2 ? -c : c;
  }
  const float s =
      mul_rn(x, horner(1.0f, horner(-1.0f / 6, horner(1.0f / 120, horner(-1.0f / 5040, 1.0f / 362880, z), z), z), z));
  return quarter == 1 ? -s : s;
}

}  // namespace detail

PLATEAU_HD inline float normal(std::uint32_t word0, std::uint32_t word1) {
  return mul_rn(sqrt_rn(mul_rn(-2.0f, detail::log_of_24_bits((word0 >> 8) + 1))), detail::cosine_of_turn(word1 >> 8));
}

}  // namespace plateau
