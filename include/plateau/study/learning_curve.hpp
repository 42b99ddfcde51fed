// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whether more rows would help: the reference trained on parts of the rows outside of every fold, each part half of the
// one before, and judged by the test rows. Every training takes as many steps, and is stopped at its best epoch by the
// rows of its fold, so that a part is not at a disadvantage for its size.
//
// The gain at twice the rows is predicted from that of the last doubling that was trained: where the error falls as
// a + b n^-c, every doubling gains the share 2^-c of the one before. That share is measured by the last two doublings,
// is 2^-1/2 where either does not gain, and lies within [0.35, 0.85]; and as a, the error of any number of rows, is
// none below 0, no higher than the error after the last doubling over that before it.
#pragma once

#include <optional>

#include "plateau/study/battery.hpp"
#include "plateau/study/diagnosis_evidence.hpp"

namespace plateau {

struct LearningCurve {
  CurveEvidence evidence;
  std::vector<RunResult> largest;  // trainings on the largest part, repeat by repeat, one per fold in turn, with the
                                   // probabilities of the rows of the fold and the classes of the test rows
  RowOutcomes test_right{1};       // of those
};
LearningCurve learning_curve(Laboratory& laboratory, const Split& split, const Setting& reference, const Folds& folds,
                             const Battery& battery, std::uint64_t seed);

// What a curve has shown: its error with the most rows, and the gain of accuracy by the last doubling; where there was
// another doubling before it, the gain of that and of both together, from which follows how the errors of the two gains
// go together.
struct CurveGains {
  double error = 0;
  std::optional<double> most_error = {};  // as much as it may be by the test rows; no more is gained. None: the error
  Difference last = {};
  std::optional<Difference> before = {}, both = {};
};

// The gain of going on from the rows of the last doubling by `doublings`, less its part up to `from` doublings, 0 <=
// from < doublings. Value and interval are the mean and the 2.5 % quantiles over what the gains may be by their errors,
// each with the share that it goes with; without a doubling before, any share there can be is as likely. No more than
// the error.
struct Prediction {
  double gain = 0;
  Interval interval;
};
Prediction predict_gain(const CurveGains& gains, double from, double doublings);

}  // namespace plateau
