// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How accuracies, and differences of them, stand in a sentence.
#pragma once

#include <fmt/format.h>

#include <string>

#include "plateau/study/statistics.hpp"

namespace plateau {

inline double in_points(double share) { return 100 * share; }

// "+1.2", "-0.3"; what is written as 0 has no sign.
inline std::string signed_points(double share) {
  const std::string text = fmt::format("{:+.1f}", in_points(share));
  return text == "+0.0" || text == "-0.0" ? "0.0" : text;
}

// "+1.2 points [-0.3, +2.7]"
inline std::string points(Estimate difference) {
  return fmt::format("{} points [{}, {}]", signed_points(difference.value), signed_points(difference.interval.low),
                     signed_points(difference.interval.high));
}

// "0.520 [0.476, 0.563]"
inline std::string with_interval(double accuracy, Interval interval) {
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", accuracy, interval.low, interval.high);
}

inline bool shown_positive(Estimate difference) { return difference.interval.low > 0; }
inline bool shown_negative(Estimate difference) { return difference.interval.high < 0; }

}  // namespace plateau
