// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How accuracies, and differences of them, stand in a sentence.
#pragma once

#include <fmt/format.h>

#include <string>

#include "plateau/study/statistics.hpp"

namespace plateau {

inline double in_points(double share) { return 100 * share; }

// "+1.2 points [-0.3, +2.7]". A difference that is written as 0 has no minus; a bound keeps it, as it is below 0.
inline std::string points(Estimate difference) {
  const double value = 100 * difference.value;
  return fmt::format("{:+.1f} points [{:+.1f}, {:+.1f}]", -0.05 <= value && value <= 0 ? 0.0 : value,
                     100 * difference.interval.low, 100 * difference.interval.high);
}

// "0.520 [0.476, 0.563]"
inline std::string with_interval(double accuracy, Interval interval) {
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", accuracy, interval.low, interval.high);
}

inline bool shown_positive(Estimate difference) { return difference.interval.low > 0; }
inline bool shown_negative(Estimate difference) { return difference.interval.high < 0; }

}  // namespace plateau
