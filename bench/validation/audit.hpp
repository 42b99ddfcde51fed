// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whether a problem is what its maker says: accuracies on many fresh rows, which a diagnosis never sees.
#pragma once

#include <optional>
#include <string>

#include "bench/validation/problem.hpp"
#include "plateau/model/trainer.hpp"

namespace plateau::validation {

inline constexpr Index kFreshRows = 20'000;

// Means over trainings of a few seeds, on fresh rows of the test rows' kind.
struct Audit {
  double user_train = 0;  // training accuracy of the user's configuration
  double user = 0;
  std::optional<double> remedied;  // of the remedy
  double ladder = 0;               // of the best of a few usual configurations, picked by the fresh rows
  std::string ladder_what;
  double ladder_at_half = 0, ladder_at_twice = 0;  // of that one, with half and with twice the rows
  std::optional<double> second;                    // the user's configuration on the second features
  std::optional<double> unshifted;                 // the user's on fresh rows of the training rows' kind, if another
  // Of a rule for neighbours: the best number of nearest neighbours, and the best of the networks that are trained
  // longer than a diagnosis trains any (kLongSteps steps of 256-256-256), each picked by the fresh rows.
  std::optional<double> neighbours, longest;
  double majority = 0;  // share of the commonest class among the fresh rows
  std::optional<double> bayes;
};
inline constexpr Index kLongSteps = 20'000;
// Of the configurations that the user is compared with, none trains on rows that the user holds out.
Audit audit(const Problem& problem, Trainer& trainer, Index seeds);

}  // namespace plateau::validation
