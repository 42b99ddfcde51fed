// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the measurements of a diagnosis show: the gains that could be had, each judged, and what else they say.
#pragma once

#include <vector>

#include "plateau/study/diagnosis_tree.hpp"

namespace plateau {

// Every gain that was measured, judged by Holm's correction over all of them, the largest by points first.
std::vector<Effect> judged_effects(const DiagnosisEvidence& e);
EvidenceGrade grade_of(const Effect& effect);

// Of an effect that was not shown, what has to be ruled out: of twice the rows, the prediction.
Estimate claim_of(const Effect& effect);

// The setting that stands before a step: the last one before it that is taken, or the user's.
const SettingEvidence& before_regularised(const DiagnosisEvidence& e);
Estimate gain_of_cause(const Effect& effect);  // a step's over the user's training, where that is the smaller one
const SettingEvidence& before_larger(const DiagnosisEvidence& e);

bool signal_is_shown(const DiagnosisEvidence& e);
bool origins_are_told(const DiagnosisEvidence& e);  // test rows from training rows
bool rows_differ(const DiagnosisEvidence& e);  // test rows are told from training rows, and networks do worse on them
bool says_one_class(const UserEvidence& user, Index test_rows);
bool all_diverged(const UserEvidence& user);  // every training
bool noise_is_shown(const NoiseEvidence& noise);
bool map_is_shown(const LabelMapEvidence& map);
Index frozen_layers(const UserEvidence& user);  // that never change

ErrorBudget budget_of(const DiagnosisEvidence& e);

}  // namespace plateau
