// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// From measurements to a reason: why the test accuracy stands where it stands.
//
// explain() sees numbers only. It knows neither which scenario they come from nor what one would expect of it, so
// another run's evidence gives that run's reason. Where the numbers are too weak it says so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/study/verdict.hpp"

namespace plateau {

// Trainings on the same rows after one thing was changed. Test accuracies are levels (plateau_level.hpp), means over
// the control's trainings; the difference is paired by test rows.
struct ControlEvidence {
  Index trainings = 0;
  std::string architecture;
  double test_accuracy = 0;
  double train_accuracy = 0;
  Estimate difference;                  // control - run, over rows and trainings
  std::vector<double> lowest, highest;  // test accuracy by epoch, of the trainings: [epochs]
};

// How well the rule that is said to have made the labels does on the same test rows, without any training.
struct RuleEvidence {
  double test_accuracy = 0;
  Estimate difference;  // rule - run, paired by test rows
};

struct Evidence {
  std::vector<Index> train_class_rows;  // rows per class
  std::vector<Index> test_class_rows;
  std::string architecture;
  Estimate test_accuracy;  // level, with Wilson's interval
  double train_accuracy = 0;
  bool plateau_shown = false;  // whether the curve has stopped moving (plateau_level.hpp)
  std::optional<ControlEvidence> permuted_labels;
  std::optional<ControlEvidence> wider;
  Estimate wider_over_permuted;  // wider control - label-permuted control; of use where both were trained
  std::optional<RuleEvidence> exact_rule;
};

// Share of the rows that belong to the largest class. At least one row.
double majority_share(const std::vector<Index>& class_rows);

// The smallest difference in accuracy worth acting on, and the widest uncertainty under which the absence of an effect
// is still called absence. Starting values, chosen before any user's data were seen.
inline constexpr double kWorthActing = 0.01;
inline constexpr double kTooUncertain = 0.10;
// A run this close to the described rule has nothing to gain but what the rule itself gets wrong.
inline constexpr double kNearRule = 0.06;
// A run that has learnt its training rows better than this is not short of capacity.
inline constexpr double kTrainSaturated = 0.98;

Verdict explain(const Evidence& evidence);

}  // namespace plateau
