// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A problem that is diagnosed, and what its figures should have been.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/validation/problem.hpp"
#include "plateau/study/diagnose.hpp"

namespace plateau::validation {

// What true values are made of: their error must be small against the intervals.
struct TruthPlan {
  Index rows = 40'000;      // fresh ones, whose own error is less than a quarter of that of 2,000 test rows
  Index trainings = 4;      // with other seeds, for every one that the diagnosis has made of a setting
  Index curve_draws = 6;    // tables of other rows, for what the last doubling gains
  Index curve_repeats = 6;  // parts of each size and outside of each fold, for what twice the rows gain
};
inline constexpr Index kTruthRows = TruthPlan{}.rows;

// A figure of the diagnosis with its interval, and its true value: by trainings of the same settings on the same
// training rows, with seeds that the diagnosis did not have, judged by fresh rows; of what the last doubling of the
// rows gains, on tables of other training rows. Fractions.
struct JudgedInterval {
  std::string name;  // "optimisation", ..., "reference", "accuracy"; "twice the rows"
  double value = 0, low = 0, high = 0;
  double truth = 0;
  double truth_error = 0;  // standard error of the true value, by its trainings
};

struct Trial {
  std::optional<Diagnosis> diagnosis;  // none where the data were refused
  std::string refusal;
  std::vector<JudgedInterval> intervals;
  // The gain that is predicted of twice the training rows, and the one that rows drawn anew have on average.
  std::optional<JudgedInterval> twice;
  std::vector<std::string> untold;  // names of figures whose settings have diverged, or were others with other seeds
  double truth_seconds = 0;
  Index truth_trainings = 0;
};

// Without a plan, and of problems without fresh rows, no true values are looked for. None where the user wanted an end
// before it was complete.
std::optional<Trial> try_problem(const Problem& problem, Depth depth, const std::optional<TruthPlan>& truths,
                                 Trainer& trainer);

}  // namespace plateau::validation
