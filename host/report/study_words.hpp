// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the summaries of studies have in common: gains in points, and the user's training in words.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "plateau/study/laboratory.hpp"
#include "text.hpp"

namespace plateau {

// Without the sign of a zero.
inline std::string in_points(double gain) { return fmt::format("{:.1f}", std::round(1000 * gain) / 10 + 0.0); }

inline std::string range_in_points(Interval interval) {
  return fmt::format("[{}, {}]", in_points(interval.low), in_points(interval.high));
}

inline std::string training_words(const Run& run) {
  return fmt::format("{}, {} at learning rate {:g}, {}, {}, features {}", to_string(run.architecture),
                     optimizer_name(run.optimizer), learning_rate(run.optimizer),
                     run.batch == 0 ? std::string("full batch") : fmt::format("batches of {}", run.batch),
                     counted(run.epochs, "epoch"), run.standardise ? "standardised" : "as they are");
}

}  // namespace plateau
