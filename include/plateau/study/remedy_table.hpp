// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What was measured of every remedy, and what follows from these numbers alone: which helps, and what to do. All
// accuracies and gains are fractions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/study/diagnosis_evidence.hpp"

namespace plateau {

// In the order in which they are tried, and in which equal gains stand.
enum class Remedy {
  optimisation,
  larger_network,
  smaller_network,
  weight_decay,
  dropout,
  early_stopping,
  jitter,
  mixup,
  class_weights,
  ensemble,
  pair,
  model_selection,
  more_data,
  placebo
};
inline constexpr int kRemedies = static_cast<int>(Remedy::placebo) + 1;
const char* to_string(Remedy remedy);                       // "optimisation", "larger-network", ...
std::optional<Remedy> remedy_named(std::string_view name);  // the other way round

// helps: the interval of the gain lies above 0, the gain is delta at least, and its p-value, adjusted for the number of
// remedies, is 0.05 at most. hurts: the interval lies below 0. no_effect: it lies below delta. unresolved: anything
// else. predicted: more data, which nobody has trained on. control: the placebo.
enum class RemedyState { helps, no_effect, hurts, unresolved, predicted, control, not_tried };
const char* to_string(RemedyState state);  // "helps", "no-effect", "hurts", ...

struct RemedyCost {
  Index trainings = 0;
  double seconds = 0;
};

struct Needed {
  Index test_rows = 0, trainings = 0;  // of a remedy, and of the baseline
};

// The vote of so many trainings of the baseline, by their mean probabilities.
struct EnsembleGain {
  Index members = 0, ensembles = 0;  // that were formed, none of which share a member
  double accuracy = 0;               // mean over them
  Difference over_mean;              // of single trainings
  Difference over_best;              // of the single training that the test rows favour most
};

struct RemedyRow {
  Remedy remedy = Remedy::placebo;
  RemedyState state = RemedyState::not_tried;
  std::string chosen;                   // what was judged, in words; why nothing was, where it was not tried
  Index settings = 0;                   // of which it was chosen, by folds of the training rows
  bool balanced = false;                // by balanced accuracy: the mean recall over the classes that have test rows
  SettingEvidence setting;              // as the test rows judge it; its gain is over the baseline, also of more data
  Index better_seeds = 0;               // pairs of trainings in which it is above the baseline
  double adjusted_p = 1;                // of setting.gain.p_greater, by Holm over the remedies
  std::optional<Needed> needed;         // to tell whether it gains delta, where that is unresolved
  std::vector<EnsembleGain> ensembles;  // of the ensemble
  RemedyCost cost;

  const Difference& gain() const { return setting.gain; }
  // Trained, so that a p-value belongs to it; the placebo is none of them.
  bool is_judged() const;
};

struct RemedyTable {
  double delta = 0.01;
  Index train_rows = 0, test_rows = 0, classes = 0, features = 0;
  SettingEvidence baseline;
  Interval test_interval;  // of the baseline's accuracy, Wilson's for the test rows
  RemedyCost baseline_cost;
  std::vector<RemedyRow> rows;
  std::optional<CurveEvidence> curve;  // of the baseline, where more data were asked for
};

// The state of a gain that was measured, and adjusted for. NaN in any of the numbers is unresolved.
RemedyState state_of(const Difference& gain, double adjusted_p, double delta);

// What would settle an unresolved gain in 80 % of comparisons, were it as it is seen, about: as many test rows and
// trainings as leave a standard error by which a gain of delta or more is told from 0 after the correction for so many
// `remedies`, and a smaller one from delta (a gain close to delta, itself from 0). Rows and trainings are each left
// half of the variance. None where neither is more than there are, or no number is known.
std::optional<Needed> needed_for(const Difference& gain, Index test_rows, Index trainings, double delta,
                                 Index remedies);

// Training rows that the next point takes, by what the curve predicts for twice the rows; none where it predicts no
// gain.
std::optional<double> rows_per_point(const RemedyTable& table);

// Fills in what follows from the gains of the rows that were tried - adjusted p-values, states, test rows to resolve -
// and sorts: by gain, the largest first, and what was not tried last.
void decide(RemedyTable& table);

// "about 900 test rows and 60 trainings of each"; of what is there already nothing is said.
std::string needed_words(const Needed& needed, const RemedyTable& table);

// What to do, in one or two sentences without a full stop at the end. Of a table that is decided.
std::string advice(const RemedyTable& table);

// Whether other seeds alone make a difference as large as to leave 0 out: then gains of that size mean nothing.
bool placebo_differs(const RemedyTable& table);
// Whether the placebo would be called helpful, were it a remedy by itself. Of a table that has one.
bool placebo_helps(const RemedyTable& table);

// 1 where every training of the baseline diverged; 0 where a remedy helps, or none has an effect of delta for sure;
// 3 where that is open.
int exit_code_of(const RemedyTable& table);

}  // namespace plateau
