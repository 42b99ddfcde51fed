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

// Fresh rows that say what a figure should have been: their own error is less than a quarter of that of 2,000 test
// rows.
inline constexpr Index kTruthRows = 40'000;

// A figure of the diagnosis with its interval, and the same figure by fresh rows: that of the diagnosis' own networks,
// and of more from other seeds where they differ. Fractions.
struct JudgedInterval {
  std::string name;  // "optimisation", ..., "reference", "accuracy"
  double value = 0, low = 0, high = 0;
  double truth = 0;
};

// The gain that is predicted of twice the training rows, and the one that twice the rows have.
struct JudgedPrediction {
  double value = 0, low = 0, high = 0;
  double truth = 0;
};

enum class Truths { leave_out, find };

struct Trial {
  std::optional<Diagnosis> diagnosis;  // none where the data were refused
  std::string refusal;
  std::vector<JudgedInterval> intervals;
  std::optional<JudgedPrediction> twice;
  double truth_seconds = 0;
  Index truth_trainings = 0;
};

// None where the user wanted an end before it was complete.
std::optional<Trial> try_problem(const Problem& problem, Depth depth, Truths truths, Trainer& trainer);

}  // namespace plateau::validation
