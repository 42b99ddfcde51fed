// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/verdict.hpp"

#include <stdexcept>

namespace plateau {

const char* to_string(VerdictCode code) {
  switch (code) {
    case VerdictCode::single_class:
      return "single-class";
    case VerdictCode::no_signal:
      return "no-signal";
    case VerdictCode::majority:
      return "majority";
    case VerdictCode::stale_evaluation:
      return "stale-evaluation";
    case VerdictCode::frozen_weights:
      return "frozen-weights";
    case VerdictCode::label_map:
      return "label-map";
    case VerdictCode::small_test:
      return "small-test";
    case VerdictCode::optimisation:
      return "optimisation";
    case VerdictCode::capacity:
      return "capacity";
    case VerdictCode::overfit:
      return "overfit";
    case VerdictCode::data_limited:
      return "data-limited";
    case VerdictCode::ceiling:
      return "ceiling";
    case VerdictCode::label_noise:
      return "label-noise";
    case VerdictCode::shift:
      return "shift";
    case VerdictCode::leak:
      return "leak";
    case VerdictCode::forgetting:
      return "forgetting";
    case VerdictCode::warm_start:
      return "warm-start";
    case VerdictCode::embedding_limited:
      return "embedding-limited";
    case VerdictCode::solved:
      return "solved";
    case VerdictCode::inconclusive:
      return "inconclusive";
    case VerdictCode::mixed:
      return "mixed";
    case VerdictCode::family_limited:
      return "family-limited";
    case VerdictCode::evaluation_mismatch:
      return "evaluation-mismatch";
  }
  throw std::invalid_argument("to_string: unknown verdict code");
}

const char* to_string(EvidenceGrade grade) {
  switch (grade) {
    case EvidenceGrade::proved:
      return "proved";
    case EvidenceGrade::supported:
      return "supported";
    case EvidenceGrade::unresolved:
      return "unresolved";
  }
  throw std::invalid_argument("to_string: unknown evidence grade");
}

bool is_integrity_fault(VerdictCode code, EvidenceGrade grade) {
  if (grade != EvidenceGrade::proved) return false;
  switch (code) {
    case VerdictCode::single_class:
    case VerdictCode::stale_evaluation:
    case VerdictCode::frozen_weights:
    case VerdictCode::label_map:
    case VerdictCode::leak:
    case VerdictCode::evaluation_mismatch:
      return true;
    default:
      return false;
  }
}

int exit_code_of(const Verdict& verdict) {
  constexpr int kExitInconclusive = 3, kExitIntegrityFault = 4;
  if (is_integrity_fault(verdict.code, verdict.grade)) return kExitIntegrityFault;
  return verdict.code == VerdictCode::inconclusive ? kExitInconclusive : 0;
}

}  // namespace plateau
