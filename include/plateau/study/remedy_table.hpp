// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What was measured of every remedy, and what follows from these numbers alone: which helps, and which helps most. All
// accuracies and gains are fractions. What to do then stands in remedy_advice.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/study/diagnosis_evidence.hpp"

namespace plateau {

// In the order in which they are tried, and in which equal gains stand.
enum class Remedy {
  unfrozen,
  drawn_weights,
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
const char* to_string(Remedy remedy);                       // "optimisation", "drawn-weights", ...
std::optional<Remedy> remedy_named(std::string_view name);  // the other way round

// helps: the interval of the gain lies above 0, the gain is delta at least, and its p-value, adjusted for the number of
// remedies, is 0.05 at most. hurts: the same of the loss. no_effect: the interval lies below delta. unresolved:
// anything else. trade_off: what helps the balanced accuracy, while a fall of the accuracy by delta is not ruled out.
// predicted: more data, which nobody has trained on. control: the placebo.
enum class RemedyState { helps, no_effect, hurts, unresolved, trade_off, predicted, control, not_tried };
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
  std::string chosen;                 // what was judged, in words; why nothing was, where it was not tried
  Index settings = 0;                 // of which it was chosen, by folds of the training rows
  bool balanced = false;              // by balanced accuracy: the mean recall over the classes that have test rows
  SettingEvidence setting;            // as the test rows judge it; its gain is over the baseline, also of more data
  Difference accuracy_gain;           // over the baseline, of accuracy; of a row that is judged by balanced accuracy
  std::optional<Index> better_seeds;  // pairs of trainings in which its accuracy is above the baseline's; where paired
  double adjusted_p = 1;              // of setting.gain.p_greater, by Holm over the remedies
  double adjusted_p_worse = 1;        // of 1 - setting.gain.p_greater, likewise
  std::optional<Needed> needed;       // to tell whether it gains delta, where that is unresolved
  std::optional<double> held_out_accuracy;  // cross-validated on the training rows, where several remedies help
  std::optional<Difference> behind_best;    // held-out accuracy of the one with the highest less its own, same rows
  bool level_with_best = false;  // with that one: neither held-out rows nor test rows tell which is the better one
  std::optional<Difference> behind_top;  // accuracy of the top remedy less its own, on the same test rows
  std::vector<EnsembleGain> ensembles;   // of the ensemble
  RemedyCost cost;

  const Difference& gain() const { return setting.gain; }
  // Trained, so that a p-value belongs to it; the placebo is none of them.
  bool is_judged() const;
  bool is_judged_by_accuracy() const { return is_judged() && !balanced; }
  bool helps_accuracy() const { return state == RemedyState::helps && !balanced; }
  // Whether it may help still: unresolved, and not shown to cost delta of accuracy, where it is judged by the balance.
  bool is_open(double delta) const {
    return state == RemedyState::unresolved && !(balanced && accuracy_gain.interval.high <= -delta);
  }
  // That it leaves the accuracy where it is, but for less than delta, is shown, or it is judged by the accuracy anyway.
  bool keeps_accuracy(double delta) const { return !balanced || accuracy_gain.interval.low > -delta; }
};

struct RemedyTable {
  double delta = 0.01;
  bool all_asked = true;  // every remedy was to be tried, as far as the training leaves something to change
  Index train_rows = 0, test_rows = 0, classes = 0, features = 0;
  Index test_groups = 0;  // in which test rows belong together; 0 where each stands alone
  SettingEvidence baseline;
  Interval test_interval;  // of the baseline's accuracy, Wilson's for the test rows
  RemedyCost baseline_cost;
  RemedyCost ranking_cost;  // of held_out_accuracy
  std::vector<RemedyRow> rows;
  std::optional<CurveEvidence> curve;  // of the baseline, where more data were asked for
};

// The state of a gain that was measured, and adjusted for: `adjusted_p` of a gain, `adjusted_p_worse` of a loss so
// large. NaN in any of the numbers is unresolved.
RemedyState state_of(const Difference& gain, double adjusted_p, double adjusted_p_worse, double delta);

// What would settle an unresolved gain in 80 % of comparisons, were it as it is seen, about: as many test rows and
// trainings as leave a standard error by which a gain of delta or more is told from 0 after the correction for so many
// `remedies`, and a smaller one from delta (a gain close to delta, itself from 0). Rows and trainings are each left
// half of the variance. None where neither is more than there are, or no number is known.
std::optional<Needed> needed_for(const Difference& gain, Index test_rows, Index trainings, double delta,
                                 Index remedies);

// Training rows that the next point takes, by what the curve predicts for twice the rows; none where the interval
// of that does not lie above 0.
std::optional<double> rows_per_point(const RemedyTable& table);

// Fills in what follows from the gains of the rows that were tried - adjusted p-values, states, test rows to resolve -
// and sorts: by gain of accuracy, the largest first, then what is judged by balanced accuracy, and last what was not
// tried.
void decide(RemedyTable& table);

// The first row of this remedy; null where there is none.
const RemedyRow* find(const RemedyTable& table, Remedy remedy);

// Of the remedies that help the accuracy the one with the highest held-out accuracy: the largest of gains that the same
// test rows judge is large by luck as well, and training rows have no part in that. Without held-out accuracies the one
// with the largest gain. Null where none helps.
const RemedyRow* best_held_out(const RemedyTable& table);

// The one to name first: that one, or what is level with it and the smaller change, which is the one that is tried
// earlier. Null where none helps. `single`: of single changes only, neither a pair nor the search.
const RemedyRow* top_of(const RemedyTable& table, bool single = false);

bool holds_zero(const Difference& difference);  // its interval does; false of NaN

// Whether the test rows leave open which of the two is the better one: the interval of the difference holds 0.
bool is_level_with_top(const RemedyRow& row);
// Whether it helps too, and the test rows show it to be ahead of the top remedy, which held-out rows have chosen.
bool is_ahead_of_top(const RemedyRow& row);

// How a remedy stands among the others: its state (to_string()), but "helps-most", "helps-named-first" (another one
// that helps is ahead of it on the test rows) or "helps-try-first" (another one has a higher held-out accuracy) of the
// top one of several that help, and "no-gain" of one without effect whose interval does not reach above 0.
const char* standing_of(const RemedyRow& row, const RemedyTable& table);

// Whether other seeds alone make a difference as large as to leave 0 out: then gains of that size mean nothing.
bool placebo_differs(const RemedyTable& table);
// Whether the placebo would be called helpful, were it a remedy by itself. Of a table that has one.
bool placebo_helps(const RemedyTable& table);

// 1 where every training of the baseline diverged; 0 where a remedy helps, or none that was judged has an effect of
// delta for sure; 3 where that is open, or none was judged. What helps the balance and may cost delta of accuracy is no
// help, and nothing is open of what costs that for sure.
int exit_code_of(const RemedyTable& table);

}  // namespace plateau
