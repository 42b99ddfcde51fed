// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which trainings a diagnosis makes: how many, and with which settings. Nothing here trains.
#pragma once

#include <vector>

#include "plateau/study/laboratory.hpp"

namespace plateau {

enum class Depth { quick, standard, thorough };
const char* to_string(Depth depth);  // "quick", "standard", "thorough"

struct Battery {
  Index seeds;                         // of every setting that the test rows judge
  Index folds;                         // of the training rows
  Index permutations;                  // of labels
  Index signal_seeds;                  // trainings on the labels as they are, of each network
  Index optimiser_steps;               // that a training of the reference's recipe takes, about
  Index most_epochs = 400;             // that it takes of few rows
  std::vector<double> learning_rates;  // of Adam and AdamW; SGD takes ten times them
  std::vector<double> recipe_rates;    // of the recipe
  std::vector<double> weight_decays;   // decoupled
  std::vector<double> dropouts;
  std::vector<std::vector<Index>> ladder;  // hidden widths
  bool beyond_users = true;  // networks four times as wide as the user's, or a layer deeper, are on it too
  Index curve_folds;         // of the learning curve
  Index curve_repeats;       // subsets per fold and size
  Index curve_halvings;      // sizes below the largest, each half of the one before
  Index shift_permutations;
};
const Battery& battery_of(Depth depth);

// With ten times the steps of the recipe, on a large network, and a learning curve of fewer trainings: what is tried
// before networks are said to be worse than other ways to classify.
Battery lengthened(const Battery& battery);

// Adam on standardised features in mini-batches, of about as many steps as the battery says: what the reference and
// the ladder of networks are trained by. The rest is the user's, but for what it regularises by.
Run recipe(const Run& user, const Architecture& network, double rate, Index rows, const Battery& battery);

// The user's network and regularisation by the recipe.
std::vector<Setting> recipe_settings(const Run& user, Index rows, const Battery& battery);

// The user's network and regularisation, optimised otherwise: rates and scaling with the user's batches and epochs, and
// the recipe. The user's own setting is not among them.
std::vector<Setting> optimisation_settings(const Run& user, Index rows, const Battery& battery);

// `base` with weight decay, with dropout, or with a smaller network: what it has of it already is not among them. A
// linear model has neither of the last two.
std::vector<Setting> decay_settings(const Run& base, const Battery& battery);
std::vector<Setting> dropout_settings(const Run& base, const Battery& battery);
std::vector<Setting> smaller_settings(const Run& base);
std::vector<Setting> regularisation_settings(const Run& base, const Battery& battery);  // all of these

// The recipe on the networks of the ladder; not on the user's.
std::vector<Setting> capacity_settings(const Run& user, Index rows, const Battery& battery);

// `base` on larger networks, otherwise as it is.
std::vector<Setting> larger_settings(const Run& base, const Battery& battery);

// `base` with noise on its features, or with rows mixed two by two.
std::vector<Setting> jitter_settings(const Run& base);
std::vector<Setting> mixup_settings(const Run& base);

// Number `number` of the random settings of a seed: the user's task by Adam, with a network of the ladder or the
// user's, a learning rate from 1e-4 to 0.1, and weight decay, dropout, batches and scaling as they fall; of about as
// many steps as the recipe.
Setting random_setting(const Run& user, Index rows, const Battery& battery, std::uint64_t seed, Index number);

// Whether a network has more parameters.
bool is_larger(const Architecture& network, const Architecture& than);

}  // namespace plateau
