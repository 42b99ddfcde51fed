// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/forensics_findings.hpp"

#include <algorithm>

#include <utility>

#include "forensics_parts.hpp"
#include "plateau/core/contract.hpp"

namespace plateau {

ForensicsDecision explain_forensics(const ForensicsEvidence& evidence) {
  using namespace forensic;
  expects(evidence.rounds.size() >= 2, "explain_forensics: at least two rounds");
  std::vector<Cause> proved, rest;
  for (const auto& find : {single_class, diverged, stale_evaluation, frozen_weights, label_map, evaluation_mismatch})
    if (Found found = find(evidence))
      (found->grade == EvidenceGrade::proved ? proved : rest).push_back(*std::move(found));
  // What says one class says nothing else: its equal accuracies need no other reason.
  if (Found found = majority(evidence)) rest.insert(rest.begin(), *std::move(found));
  // Recalls that are exchanged with the classes are not forgotten.
  const bool exchanged = std::ranges::count(proved, VerdictCode::label_map, &Cause::code) > 0;
  for (const auto& find : {forgetting, solved, partly_frozen, small_test})
    if (Found found = find(evidence); found && !(exchanged && found->code == VerdictCode::forgetting))
      rest.push_back(*std::move(found));

  ForensicsDecision decision{.findings = std::move(proved)};
  decision.findings.insert(decision.findings.end(), rest.begin(), rest.end());
  Verdict& verdict = decision.verdict;
  if (decision.findings.empty()) {
    verdict.sentence = open_sentence(evidence);
    decision.advice = next_measurement(evidence);
  } else {
    const Cause& first = decision.findings.front();
    verdict.code = first.code;
    verdict.grade = first.grade;
    verdict.sentence = first.evidence;
    decision.advice = advice_for(evidence, first);
  }
  verdict.evidence = measurements(evidence);
  verdict.not_tested = not_tested(evidence);
  return decision;
}

}  // namespace plateau
