// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whether the test rows come from where the training rows come from: networks learn to tell the two apart, out of fold,
// and networks that were trained on training rows do worse on test rows than on training rows that were held out.
#pragma once

#include <optional>

#include "plateau/study/battery.hpp"
#include "plateau/study/diagnosis_evidence.hpp"
#include "plateau/study/learning_curve.hpp"

namespace plateau {

// Fewer rows on a side tell nothing.
inline constexpr Index kFewestShiftRows = 20;

// `curve` is of the same split and folds. None where there are too few rows on a side.
std::optional<ShiftEvidence> test_shift(Laboratory& laboratory, const Split& split, const LearningCurve& curve,
                                        const Folds& folds, const Battery& battery, std::uint64_t seed);

}  // namespace plateau
