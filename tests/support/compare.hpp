// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How far results may lie apart. A test passes where `error <= bound`, so that NaN never passes.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace plateau::test {

inline constexpr double kEps32 = std::numeric_limits<float>::epsilon();
inline constexpr double kEps64 = std::numeric_limits<double>::epsilon();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The 2-norm of got - want over the 2-norm of want, summed in double. Unequal lengths and anything that is not finite,
// on either side, give +inf. Nothing is relative to zero: against an all-zero `want`, zeros have the error 0 and
// everything else +inf. Two empty vectors are equal.
template <class T>
double relative_error(const std::vector<T>& got, const std::vector<double>& want) {
  if (got.size() != want.size()) return kInfinity;
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double d = static_cast<double>(got[i]) - want[i];
    difference += d * d;
    norm += want[i] * want[i];
  }
  if (!std::isfinite(difference) || !std::isfinite(norm)) return kInfinity;
  if (norm == 0) return difference == 0 ? 0 : kInfinity;
  return std::sqrt(difference / norm);
}

// What a float backend may be away from the double oracle: twice what the float twin is, and 4 eps. A budget above
// 32 eps is no yardstick and fails the test.
inline double budget(const std::vector<float>& twin, const std::vector<double>& want) {
  const double allowed = 2 * relative_error(twin, want) + 4 * kEps32;
  EXPECT_LE(allowed, 32 * kEps32) << "the float twin is too far from the double oracle";
  return allowed;
}

}  // namespace plateau::test
