// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the findings of forensics have in common: rounds in a row, what moved in them, and how both stand in a sentence.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/study/forensics_findings.hpp"
#include "points.hpp"

namespace plateau::forensic {

using Evidence = ForensicsEvidence;
using Found = std::optional<Cause>;

constexpr std::size_t kListed = 6;
constexpr std::size_t kLeastEqual = 3;  // rounds whose equal accuracies mean something

inline Cause cause(VerdictCode code, EvidenceGrade grade, std::string sentence, std::optional<Estimate> gain = {}) {
  return {.code = code, .gain = gain, .grade = grade, .evidence = std::move(sentence)};
}

// ---- Rounds ----

// Rounds that follow each other, as places.
struct Stretch {
  std::size_t first = 0, last = 0;
  std::size_t rounds() const { return last - first + 1; }
};

// The longest stretch (the earliest of equals) in which is(r) holds for every round r but the first; at least two
// rounds.
template <class Is>
std::optional<Stretch> longest(const Evidence& e, Is is) {
  std::optional<Stretch> best;
  Stretch now{0, 0};
  for (std::size_t r = 1; r < e.rounds.size(); ++r) {
    now.last = r;
    if (!is(r)) now.first = r;
    if (now.rounds() > (best ? best->rounds() : 1)) best = now;
  }
  return best;
}

std::string number(const Evidence& e, std::size_t place);
std::string named(const Evidence& e, Stretch s);  // "rounds 3 to 10"

// ---- Figures ----

std::string percent(double share);                        // "> 100 % (from zeros)" where it is not finite
std::string some(const std::vector<std::string>& names);  // "'a', 'b' and 3 more"
std::string delta_words(const Evidence& e);               // "1 point", "0.5 points"
std::string rise(const Evidence& e);  // "-0.2 points [-0.6, +0.2] along a line through rounds 6 to 10"

// ---- What is known, and what moved ----

bool weights_are_known(const Evidence& e);
bool predictions_are_known(const Evidence& e);
bool labels_are_known(const Evidence& e);
bool is_single_class(const Evidence& e);

// Rounds whose weights are those of the round before, as far as a float can tell.
std::optional<Stretch> still_rounds(const Evidence& e);
double most_changed(const Evidence& e, Stretch s);  // of a layer, in a round

// The train loss over a stretch, of the rounds that have a finite one; nothing with less than two of these.
struct LossMove {
  double first = 0, last = 0;
  double relative = 0;  // (largest - smallest) / largest
  std::string words() const;
};
std::optional<LossMove> loss_move(const Evidence& e, Stretch s);
// Whether a round's test loss is another than the last one that is known before it, so that its evaluation was another.
bool test_loss_moved(const Evidence& e, std::size_t round);
bool test_loss_moved(const Evidence& e, Stretch s);
// The longest stretch of kLeastEqual rounds or more whose accuracies are the same to the last digit while the train
// loss moved by kLossMoved.
std::optional<Stretch> equal_accuracies(const Evidence& e);

// The class that at least kOneClassShare of the rows are given.
std::optional<std::size_t> one_class(const Evidence& e, const ForensicsRound& round);

// Rounds whose logged accuracy is not that of their predictions.
std::vector<std::size_t> mismatched(const Evidence& e);
// Whether it is a guess which classes the predictions stand for.
bool classes_are_guessed(const Evidence& e);
// Whether a saved network may have other activations than the ReLU that it was computed with.
bool activations_are_guessed(const Evidence& e);

bool plateau_is_shown(const Evidence& e);
bool rises(const Evidence& e);  // shown, by more than delta along the line
bool falls(const Evidence& e);

// ---- Findings, a family per source ----

// forensics_faults.cpp
Found single_class(const Evidence& e);
Found diverged(const Evidence& e);
Found frozen_weights(const Evidence& e);
Found partly_frozen(const Evidence& e);
std::optional<std::string> partly_frozen_words(const Evidence& e);  // behind a capital L, or a small one
Found label_map(const Evidence& e);
Found evaluation_mismatch(const Evidence& e);
// forensics_stale.cpp
Found stale_evaluation(const Evidence& e);
// What of the test rows did not move while the training went on, where that alone is no finding.
std::vector<std::string> unmoved(const Evidence& e);
// forensics_behaviour.cpp
Found majority(const Evidence& e);
Found forgetting(const Evidence& e);
Found solved(const Evidence& e);
Found small_test(const Evidence& e);

// ---- Words around them: forensics_wording.cpp ----

std::string open_sentence(const Evidence& e);  // where nothing is found
std::string next_measurement(const Evidence& e);
std::string advice_for(const Evidence& e, const Cause& found);
std::vector<std::string> measurements(const Evidence& e);
std::vector<std::string> not_tested(const Evidence& e);

}  // namespace plateau::forensic
