// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// From the measurements of a diagnosis to its verdict.
//
// decide_diagnosis() sees numbers only and trains nothing. Integrity comes first: what one class, a leak or exchanged
// labels explain, nothing else needs to. Then every gain that could be had is a bar in points; several may stand, and
// the largest names the cause. Where no gain is left and the measurements are sharp enough to say so, it is solved or
// at a ceiling; where they are not, the verdict is inconclusive and says what would decide.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/study/integrity.hpp"
#include "plateau/study/verdict.hpp"

namespace plateau {

// A gain is there where its interval lies above 0, its p-value stays under 5 % after Holm's correction over all gains,
// and the estimate is worth acting on; absent where its interval lies below what is worth acting on.
enum class EffectState { present, absent, unresolved };
const char* to_string(EffectState state);

struct Effect {
  VerdictCode code = VerdictCode::inconclusive;  // the cause that a gain would be put down to
  Difference gain;                               // of accuracy
  double points = 0;        // by which it is ranked, a fraction: gain.value unless it is a prediction
  EffectState state = EffectState::unresolved;
  double adjusted_p = 1;
  std::string what;  // "128-128 in place of 16"
};

// One setting, trained with the study's seeds, as the test rows judge it.
struct SettingEvidence {
  std::string what;  // what differs from the setting it is compared with
  std::string architecture;
  Index trainings = 0, diverged = 0;
  double test_accuracy = 0, seed_deviation = 0;  // mean and sample standard deviation over trainings
  double train_accuracy = 0;                     // of the last epoch
  double balanced_accuracy = 0;                  // mean recall over the classes that have test rows
  double most_predicted = 0;                     // largest share of the test rows that one class is given
  Difference gain;                               // over the setting it is compared with, paired by test rows
};

struct UserEvidence {
  SettingEvidence setting;
  Interval test_interval;            // Wilson's, for the test rows
  double dead_units = 0;             // share of the hidden units that no training row activates
  double gradient_ratio = 1;         // largest over smallest norm of a layer's weight gradient at the last step
  std::vector<bool> layer_moved;     // whether a layer's parameters changed at any epoch of any training
  double majority_share = 0;         // of the commonest class of the test rows
};

// Trained on labels that were dealt out at random, against the labels as they are.
struct SignalEvidence {
  Index permutations = 0, trainings = 0;
  double statistic = 0;              // skill of the real labels, the best of the networks; docs/diagnose.md
  std::vector<double> null;          // of every permutation
  double p = 1;
  double detectable = 1;             // the smallest skill that this would have seen, in 80 % of cases; a fraction
  Difference over_majority;          // test accuracy of the reference - always the commonest training class
};

struct CurvePoint {
  double rows = 0;
  double test_accuracy = 0;
  Interval over_trainings;
};
struct CurveEvidence {
  std::vector<CurvePoint> points;   // ascending rows
  Difference gain;                  // of the last doubling that was trained
  Index from_rows = 0, to_rows = 0;  // of that doubling
  double at_twice = 0;              // gain predicted for twice the training rows there are
  Interval at_twice_interval;
  double back_test_error = 0;       // what the same prediction of the last doubling missed it by
};

struct FamilyEvidence {
  std::string name;  // "15 nearest neighbours"
  double test_accuracy = 0;
  Difference gain;  // over the reference
};

struct ShiftEvidence {
  Estimate auc;                 // of telling test rows from training rows
  double null_auc = 0.5;        // mean over permuted origins
  double p = 1;                 // of the permutation test
  double cross_validated = 0;   // accuracy on training rows that were held out
  Difference loss;              // that - test accuracy of the same networks; rows not paired
};

struct LabelMapEvidence {
  std::vector<std::int32_t> best;  // the class that best stands for the class predicted; chosen on one half of the rows
  Difference gain;                 // of that map over the identity, on the other half
};

struct NoiseEvidence {
  double disagreement = 0;            // share of training rows that held-out networks put into another class
  double confident_disagreement = 0;  // the same among the half of the rows that they are surest of
  Interval confident_interval;
  double noise_rate = 0;              // share of labels that would explain the confident half
  std::vector<std::int32_t> suspects;  // training rows, the most suspect first
};

struct BalanceEvidence {  // of the user's network trained with balanced class weights
  double balanced_accuracy = 0;
  Estimate gain;  // of balanced accuracy over the user's
};

struct DiagnosisEvidence {
  double delta = 0.01;
  Index train_rows = 0, test_rows = 0, classes = 0;
  IntegrityEvidence integrity;
  std::optional<UserEvidence> user;
  std::optional<SignalEvidence> signal;
  std::optional<SettingEvidence> optimised, regularised, larger, reference, from_scratch, second_data;
  std::optional<CurveEvidence> curve;
  std::vector<FamilyEvidence> families;
  std::optional<ShiftEvidence> shift;
  std::optional<LabelMapEvidence> label_map;
  std::optional<NoiseEvidence> noise;
  std::optional<BalanceEvidence> balance;
  Index rows_left_out = 0;  // test rows that the training knows already, left out of all comparisons
};

// From the user's accuracy to 1, in fractions; a part that is not there is 0.
struct ErrorBudget {
  double accuracy = 0;
  double optimisation = 0, regularisation = 0, capacity = 0, twice_the_data = 0, unexplained = 0;
};

struct DiagnosisDecision {
  Verdict verdict;
  std::vector<Cause> causes;
  std::vector<Effect> effects;  // every gain that was measured
  ErrorBudget budget;
};
DiagnosisDecision decide_diagnosis(const DiagnosisEvidence& evidence);

// Thresholds; docs/diagnose.md says where they come from.
inline constexpr double kRelativeGain = 0.20;      // of the remaining error, for a learning curve that still rises
inline constexpr double kLeastCurveGain = 0.005;   // that its interval must leave below
inline constexpr double kSignalLevel = 0.05;
inline constexpr double kDetectableSignal = 0.065;  // no larger signal may have been missed where none is claimed
inline constexpr double kSolvedAccuracy = 0.98;
inline constexpr double kDominant = 0.60;           // of all gains, for the largest to be the cause alone
inline constexpr double kOneClass = 0.995;          // of the predictions
inline constexpr double kShiftAuc = 0.60;
inline constexpr double kOverfitGap = 0.05;         // train - test accuracy
inline constexpr double kLabelMapGain = 0.10;

}  // namespace plateau
