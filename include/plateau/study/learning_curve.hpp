// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whether more rows would help: the reference trained on parts of the rows outside of every fold, each part half of the
// one before, and judged by the test rows. Every training takes as many steps, and is stopped at its best epoch by the
// rows of its fold, so that a part is not at a disadvantage for its size.
//
// The gain at twice the rows is predicted from that of the last doubling that was trained: where the error falls as
// a + b n^-c, every doubling gains 2^-c of the one before. That share is measured by the last two doublings where the
// earlier one is shown to gain, and is 2^-1/2 otherwise; it is kept within [0.35, 0.85].
#pragma once

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

// Gains of accuracy by one doubling after another, the latest last (at least one) -> the gain of going on from the
// rows of the last one by `doublings` (> 0), less its part up to `from` doublings.
struct Prediction {
  double gain = 0;
  Interval interval;
};
Prediction predict_gain(const std::vector<Difference>& gains, double from, double doublings);

}  // namespace plateau
