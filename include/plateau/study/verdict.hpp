// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a study says of an accuracy that has stopped improving: the reason it found, how well that is shown, and the
// other reasons with their share in points.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/study/statistics.hpp"

namespace plateau {

// The causes in a fixed order, then what is said where none of them is the answer. docs/diagnose.md says what each
// means.
enum class VerdictCode {
  single_class,
  no_signal,
  majority,
  stale_evaluation,
  frozen_weights,
  label_map,
  small_test,
  optimisation,
  capacity,
  overfit,
  data_limited,
  ceiling,
  label_noise,
  shift,
  leak,
  forgetting,
  warm_start,
  embedding_limited,
  solved,
  inconclusive,
  mixed,
  family_limited,
  evaluation_mismatch
};
inline constexpr int kVerdictCodes = static_cast<int>(VerdictCode::evaluation_mismatch) + 1;
const char* to_string(VerdictCode code);  // "single-class", "no-signal", ...

// proved: by counting, or by changing this one thing; supported: the measurements agree with it, and with little else;
// unresolved: they are too weak to tell.
enum class EvidenceGrade { proved, supported, unresolved };
const char* to_string(EvidenceGrade grade);

struct Verdict {
  VerdictCode code = VerdictCode::inconclusive;
  EvidenceGrade grade = EvidenceGrade::unresolved;
  std::string sentence;
  std::vector<std::string> evidence;    // one line per measurement, what was compared with what
  std::vector<std::string> not_tested;  // what this verdict could not see
};

// One reason among several.
struct Cause {
  VerdictCode code = VerdictCode::inconclusive;
  std::optional<Estimate> gain;  // of accuracy, a fraction, that goes with it; none where it is not counted in points
  EvidenceGrade grade = EvidenceGrade::unresolved;
  std::string evidence;  // a sentence: what was compared with what
};

// Whether the verdict is that data or evaluation are at fault, and shown: what was measured before is then worth
// nothing.
bool is_integrity_fault(VerdictCode code, EvidenceGrade grade);

// Of a program that ends with a verdict: 4 for an integrity fault, 3 where it is inconclusive, else 0.
int exit_code_of(const Verdict& verdict);

}  // namespace plateau
