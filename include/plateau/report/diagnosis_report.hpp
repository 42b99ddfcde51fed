// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a diagnosis has found, to be read by a person and by a program.
#pragma once

#include <string>

#include "plateau/report/environment.hpp"
#include "plateau/study/diagnose.hpp"

namespace plateau {

inline constexpr int kDiagnosisJsonVersion = 3;

std::string diagnosis_summary(const Diagnosis& diagnosis, const Environment& environment);
// Equal byte for byte but for what stands under "measured". docs/diagnose.md describes the schema.
std::string diagnosis_json(const Diagnosis& diagnosis, const Environment& environment);
// Diagnosis::suspects, as "row,label,given,probability,label_probability" with the names of both classes in quotes.
std::string suspects_csv(const Diagnosis& diagnosis);

}  // namespace plateau
