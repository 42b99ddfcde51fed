// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The figures of a diagnosis that have intervals, and what their true values are made of: accuracies of settings, which
// the same diagnosis of other rows, with other seeds, has as well.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plateau/study/diagnosis_evidence.hpp"

namespace plateau::validation {

// By what it stands for in a diagnosis: "user", the cause of a step of betterment, "reference", "neighbours", ...
struct JudgedSetting {
  std::string what, architecture;
  double test_accuracy = 0, standard_error = 0;  // by its trainings
  bool diverged = false;  // some training; its accuracy is then of an epoch before, whose network is gone
};
using JudgedSettings = std::map<std::string, JudgedSetting>;
JudgedSettings settings_of(const DiagnosisEvidence& evidence);

// How much more accurate one setting is than another; or, where `over` is empty, how accurate it is.
struct Figure {
  std::string name;  // of the cause that a gain would be put down to; "reference"; "accuracy", of the user's training
  Estimate estimate;
  std::string of, over;
};
// Those that compare settings: neither what more rows gain nor what a shift loses.
std::vector<Figure> figures_of(const DiagnosisEvidence& evidence);

// The figure by the accuracies of another diagnosis, and its standard error by the trainings of that, which are taken
// for independent. None where the other has compared another setting, or one has diverged.
struct OtherValue {
  double value = 0, standard_error = 0;
};
std::optional<OtherValue> value_by(const Figure& figure, const JudgedSettings& own, const JudgedSettings& other);

}  // namespace plateau::validation
