// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The 16-bit floating-point types of files, by their bits. Every value of theirs has a float, so nothing is rounded;
// infinities, NaN (with what its fraction holds) and the sign of zero stay.
//
//   F16, IEEE 754's binary16    1 sign    5 exponent, bias 15     10 fraction
//   BF16                        1 sign    8 exponent, bias 127     7 fraction: the upper half of a float
#pragma once

#include <bit>
#include <cstdint>

namespace plateau {

constexpr float float_from_f16(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 0x1fu, fraction = bits & 0x3ffu;
  if (exponent == 0) {  // subnormal, or zero: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t widened = exponent == 0x1fu ? 0xffu : exponent + (127 - 15);
  return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

constexpr float float_from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

}  // namespace plateau
