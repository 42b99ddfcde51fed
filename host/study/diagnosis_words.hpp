// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a diagnosis says: sentences about measurements, without a decision.
#pragma once

#include <string>
#include <vector>

#include "plateau/study/diagnosis_tree.hpp"

namespace plateau {

std::string describe(const Effect& effect, const DiagnosisEvidence& e);     // what was changed, and what it gains
std::string sentence_of(const Effect& effect, const DiagnosisEvidence& e);  // where it is the cause

std::string accuracy_of(const UserEvidence& user);  // with its interval
std::string name_of(const DiagnosisEvidence& e, Index c);
std::string map_words(const DiagnosisEvidence& e);
std::string noise_words(const NoiseEvidence& noise);
std::string one_class_words(const UserEvidence& user);

std::vector<std::string> evidence_lines(const DiagnosisEvidence& e, const std::vector<Effect>& effects);
std::vector<std::string> not_tested(const DiagnosisEvidence& e);

}  // namespace plateau
