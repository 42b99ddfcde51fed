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
  std::optional<double> bayes;
};
Audit audit(const Problem& problem, Trainer& trainer, Index seeds);

}  // namespace plateau::validation
