// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What <bit> has for the host, for both sides.
#pragma once

#include <bit>
#include <cstdint>

#include "plateau/core/view.hpp"

namespace plateau {

// Bits that it takes to write `value`: 0 for 0, else 1 + the binary logarithm, rounded down.
#if defined(__CUDA_ARCH__)
PLATEAU_HD inline int bit_width_of(std::uint64_t value) { return 64 - __clzll(static_cast<long long>(value)); }
#else
PLATEAU_HD constexpr int bit_width_of(std::uint64_t value) { return static_cast<int>(std::bit_width(value)); }
#endif

}  // namespace plateau
