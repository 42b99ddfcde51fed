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

#include "plateau/study/diagnosis_evidence.hpp"
#include "plateau/study/verdict.hpp"

namespace plateau {

// A gain is there where its interval lies above 0, its p-value stays under 5 % after Holm's correction over all gains,
// and the estimate is worth acting on, over the user's training too; absent where its interval lies below what is worth
// acting on.
enum class EffectState { present, absent, unresolved };
const char* to_string(EffectState state);

struct Effect {
  VerdictCode code = VerdictCode::inconclusive;  // the cause that a gain would be put down to
  Difference gain;                               // of accuracy, over what stands before it
  std::optional<Difference> over_user;           // of a step, over the user's training
  std::optional<Estimate> twice;                 // of a learning curve, what twice the rows are predicted to gain
  double points = 0;  // by which it is ranked, a fraction: twice, or gain, or the gain over the user's if that is less
  EffectState state = EffectState::unresolved;
  double adjusted_p = 1;
  std::string against;  // of a gain that is shown and is not present: what speaks against putting it down to this cause
  std::string what;     // "128-128 in place of 16"
};

// From the user's accuracy to 1, in fractions; a part that is not there is 0.
struct ErrorBudget {
  double accuracy = 0;
  double weights = 0;  // that are frozen or given
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
inline constexpr double kRelativeGain = 0.20;     // of the remaining error, for a learning curve that still rises
inline constexpr double kLeastCurveGain = 0.005;  // that its interval must leave below
inline constexpr double kLeastBound = 0.02;       // no gain is ruled out more closely than that for a ceiling
inline constexpr double kUniformNoise = 0.5;      // of the disagreement, still there among the surest rows
inline constexpr double kLevelNoise = 0.8;        // of that, still there among the surest eighth of all rows
inline constexpr double kBalanceGain = 0.05;      // of balanced accuracy, for one class for all to be the cause
inline constexpr double kSignalLevel = 0.05;
inline constexpr double kDetectableSignal = 0.065;  // no larger signal may have been missed where none is claimed
inline constexpr double kSolvedAccuracy = 0.98;
inline constexpr double kSolvedError = 0.5;      // of the error of always saying the commonest class, at most
inline constexpr double kSolvedInterval = 0.95;  // below which the test rows are too few to say so
inline constexpr double kDominant = 0.60;        // of all gains, for the largest to be the cause alone
inline constexpr double kOneClass = 0.995;       // of the predictions
inline constexpr double kRareShare = 0.9;        // of the commonest class, from which on accuracy says little of others
inline constexpr double kShiftAuc = 0.60;
inline constexpr double kGainOnFolds = 0.5;  // of a gain on test rows, that training rows show where they are others
inline constexpr double kOverfitGap = 0.05;  // train - test accuracy
inline constexpr double kLabelMapGain = 0.10;

}  // namespace plateau
