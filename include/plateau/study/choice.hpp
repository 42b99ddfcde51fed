// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What comes into question as better than the user's training, found step by step on folds of the training rows: by
// validation loss, without a look at the test rows.
#pragma once

#include <optional>
#include <vector>

#include "plateau/study/battery.hpp"
#include "plateau/study/diagnosis_evidence.hpp"
#include "plateau/study/laboratory.hpp"

namespace plateau {

// The best other setting of its kind. Taken, it is what the next step starts from.
struct Step {
  Setting setting;
  bool taken = false;    // its validation loss is lower than that of what it is compared with
  double fold_gain = 0;  // of validation accuracy over what it is compared with, mean over the folds
};

// In this order, each over the user's training and the steps before it that are taken.
struct ChosenSteps {
  std::optional<Step> unfrozen;     // without frozen layers, where the user has some
  std::optional<Step> drawn;        // from drawn weights, where the user has given ones
  std::optional<Step> optimised;    // the same network, otherwise optimised; it fits the training rows better
  std::optional<Step> regularised;  // held back from its training rows; not what needs more steps than usual
  std::optional<Step> larger;       // the recipe on a larger network
  std::optional<Step> smaller;      // the recipe on a network of another size, where that is the best of all
  std::vector<LadderRung> ladder;   // ascending in parameters
};

// `own` has no rows yet. With `longer`, the recipe is also tried with lengthened(battery): what needs more steps than
// usual is then found as better optimised or larger.
ChosenSteps choose_settings(Laboratory& laboratory, const TrainingData& data, const Run& own, const Folds& folds,
                            const Battery& battery, bool longer, std::uint64_t seed);

}  // namespace plateau
