// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Faults of the data, of what was trained or saved, and of what the log is about.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "forensics_parts.hpp"
#include "points.hpp"

namespace plateau::forensic {

Found single_class(const Evidence& e) {
  if (!is_single_class(e)) return std::nullopt;
  const auto only = std::max_element(e.test_class_rows.begin(), e.test_class_rows.end());
  return cause(VerdictCode::single_class, EvidenceGrade::proved,
               fmt::format("All {} test rows have class '{}': the accuracy counts how often that class is said, and "
                           "always saying it scores 1",
                           e.test_rows, e.classes[static_cast<std::size_t>(only - e.test_class_rows.begin())]));
}

namespace {

bool is_diverged(const ForensicsRound& round) {
  return !round.weights_are_finite || (round.train_loss && !std::isfinite(*round.train_loss));
}

}  // namespace

Found diverged(const Evidence& e) {
  const auto first = std::find_if(e.rounds.begin(), e.rounds.end(), is_diverged);
  if (first == e.rounds.end()) return std::nullopt;
  const bool to_the_end = std::all_of(first, e.rounds.end(), [](const ForensicsRound& round) {
    return is_diverged(round) || (!round.train_loss && !round.weights_hash);
  });
  const std::string where = number(e, static_cast<std::size_t>(first - e.rounds.begin()));
  const std::string what = first->weights_are_finite ? fmt::format("its train loss is {}", *first->train_loss)
                                                     : std::string("its weights hold NaN or infinity");
  if (!to_the_end)
    return cause(VerdictCode::optimisation, EvidenceGrade::supported,
                 fmt::format("In round {} the training left the finite numbers, {}; a later round has finite ones "
                             "again, so it recovered or was started anew",
                             where, what));
  return cause(VerdictCode::optimisation, EvidenceGrade::proved,
               fmt::format("The training diverged at round {}: {}{}", where, what,
                           first + 1 == e.rounds.end() ? "" : ", and no later round has a finite one"));
}

Found frozen_weights(const Evidence& e) {
  if (!weights_are_known(e)) return std::nullopt;
  if (const auto same = still_rounds(e)) {
    const auto loss = loss_move(e, *same);
    const bool loss_did = loss && loss->relative >= kLossMoved;
    const bool to_the_bit = e.rounds[same->first].weights_hash == e.rounds[same->last].weights_hash;
    // Two rounds alike may be a round that was not worth keeping.
    const bool is_proof = same->rounds() >= kLeastEqual || same->rounds() == e.rounds.size();
    return cause(VerdictCode::frozen_weights, is_proof ? EvidenceGrade::proved : EvidenceGrade::supported,
                 fmt::format("The weights of {} are the same {}{}", named(e, *same),
                             to_the_bit ? "to the bit" : "as far as a float can tell",
                             loss_did ? ", though " + loss->words() +
                                            ": what was trained is not what was saved, or each round trained on other "
                                            "rows and its steps were lost in rounding"
                                      : ": these rounds trained nothing that was saved"));
  }
  return std::nullopt;
}

std::optional<std::string> partly_frozen_words(const Evidence& e) {
  if (!weights_are_known(e) || still_rounds(e)) return std::nullopt;
  std::vector<std::string> still, moving;
  for (std::size_t layer = 0; layer < e.layers.size(); ++layer) {
    const bool never = std::all_of(e.rounds.begin() + 1, e.rounds.end(), [&](const ForensicsRound& round) {
      return round.layer_change[layer] < kWeightsStill;
    });
    (never ? still : moving).push_back(e.layers[layer]);
  }
  if (still.empty()) return std::nullopt;
  const bool one = still.size() == 1;
  return fmt::format("ayer{} {} {} weights in all {} rounds, while {} moved: only the others were trained",
                     one ? "" : "s", some(still), one ? "kept its" : "kept their", e.rounds.size(), some(moving));
}

// That may be meant, so it is no reason for an accuracy that is shown to gain. Of a gain that may be chance it is one.
Found partly_frozen(const Evidence& e) {
  const auto words = partly_frozen_words(e);
  if (!words || rises(e)) return std::nullopt;
  return cause(VerdictCode::frozen_weights, EvidenceGrade::supported, "L" + *words);
}

namespace {

constexpr const char* kGuessedClasses =
    ". Which class a prediction stands for is a guess: no name says so, and the log is not right under another map";

std::optional<double> mapped_by(const Evidence& e) {
  if (!e.label_map || is_single_class(e)) return std::nullopt;
  const LabelMapTest& map = *e.label_map;
  const double over_majority = map.accuracy - map.majority_share;
  // A network that says one class gains by any map that makes it the commonest; a map of classes makes more of it.
  const double rows = static_cast<double>(e.test_rows) / 2;
  const double noise = 1.96 * std::sqrt(map.accuracy * (1 - map.accuracy) / rows);
  const bool gains_much = map.gain.value > kMappedGain && shown_positive(map.gain) && over_majority > noise;
  return gains_much && map.recall.is_exchange() ? std::optional(map.gain.value) : std::nullopt;
}

// Whether the logged accuracy of the last round is what its predictions have under the other map: then it is the labels
// given here that mean other classes.
bool map_is_the_logs(const Evidence& e) {
  if (!mapped_by(e) || mismatched(e).empty()) return false;
  const double noise = 2 / std::sqrt(static_cast<double>(e.test_rows));  // of half of the rows
  return std::abs(e.label_map->accuracy - e.rounds.back().test_accuracy) <= std::max(kMismatch, noise);
}

}  // namespace

Found label_map(const Evidence& e) {
  if (!mapped_by(e) || map_is_the_logs(e)) return std::nullopt;
  const LabelMapTest& map = *e.label_map;
  std::string changes;
  std::size_t listed = 0;
  for (std::size_t c = 0; c < map.map.size(); ++c) {
    const auto to = static_cast<std::size_t>(map.map[c]);
    if (to == c || e.rounds.back().predicted_class_rows[c] == 0) continue;
    if (listed++ < kListed)
      changes += fmt::format("{}'{}' for '{}'", listed == 1 ? "" : ", ", e.classes[to], e.classes[c]);
  }
  if (listed > kListed) changes += fmt::format(" and {} more", listed - kListed);
  const bool guessed = classes_are_guessed(e);
  return cause(
      VerdictCode::label_map, guessed ? EvidenceGrade::supported : EvidenceGrade::proved,
      fmt::format("Classes are exchanged between predictions and labels: taking {} makes the accuracy of round "
                  "{} {}, {} more. That map was chosen on one half of the test rows and judged on the other{}",
                  changes, number(e, e.rounds.size() - 1),
                  with_interval(map.accuracy, wilson_interval(map.accuracy, e.test_rows / 2)), points(map.gain),
                  guessed ? kGuessedClasses : ""),
      map.gain);
}

Found evaluation_mismatch(const Evidence& e) {
  const std::vector<std::size_t> rounds = mismatched(e);
  if (rounds.empty() || (e.replay && e.replay->logged_as)) return std::nullopt;  // then it is known what was logged
  const auto off = [&](std::size_t r) { return *e.rounds[r].recomputed - e.rounds[r].test_accuracy; };
  const std::size_t most = *std::max_element(
      rounds.begin(), rounds.end(), [&](std::size_t a, std::size_t b) { return std::abs(off(a)) < std::abs(off(b)); });
  std::string sentence = fmt::format(
      "In {} of {} rounds the logged accuracy is not that of the {}: by most in round {}, where {:.4f} was logged and "
      "these have {:.4f}",
      rounds.size(), e.rounds.size(), e.replay ? "saved networks" : "predictions", number(e, most),
      e.rounds[most].test_accuracy, *e.rounds[most].recomputed);
  if (e.batch_of_mean)
    sentence += fmt::format(
        ". In every round it is the mean over batches of {} rows, of which the last has {} and counts as much as any",
        *e.batch_of_mean, e.test_rows % *e.batch_of_mean);
  else if (map_is_the_logs(e))
    sentence += ". Under another map of classes they agree: these labels call the classes otherwise";
  else
    sentence +=
        ": other rows, another order, other labels, other weights, or a mean over batches in which a smaller last one "
        "counts as much as any";
  if (activations_are_guessed(e)) sentence += ", or another activation than ReLU";
  if (classes_are_guessed(e)) sentence += kGuessedClasses;
  const bool guessed = activations_are_guessed(e) || classes_are_guessed(e);
  return cause(VerdictCode::evaluation_mismatch, guessed ? EvidenceGrade::supported : EvidenceGrade::proved,
               std::move(sentence));
}

}  // namespace plateau::forensic
