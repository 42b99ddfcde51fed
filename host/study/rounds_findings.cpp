// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/rounds_findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>

#include "points.hpp"

namespace plateau {
namespace {

constexpr std::size_t kRoundsListed = 8;

using Rounds = std::vector<Index>;  // places in the evidence; people count them from 1

Index total(const std::vector<Index>& rows) { return std::accumulate(rows.begin(), rows.end(), Index{0}); }

template <class Is>
Rounds rounds_where(const RoundsEvidence& e, Is is) {
  Rounds rounds;
  for (std::size_t r = 0; r < e.rounds.size(); ++r)
    if (is(e.rounds[r])) rounds.push_back(static_cast<Index>(r));
  return rounds;
}

const RoundEvidence& round(const RoundsEvidence& e, Index number) { return e.rounds[static_cast<std::size_t>(number)]; }

// "round 3", "rounds 1, 2, 4", "both rounds", "all 7 rounds".
std::string named(const Rounds& rounds, const RoundsEvidence& e) {
  if (rounds.size() == 1) return fmt::format("round {}", rounds.front() + 1);
  if (rounds.size() == e.rounds.size())
    return rounds.size() == 2 ? "both rounds" : fmt::format("all {} rounds", rounds.size());
  std::string text = "rounds ";
  for (std::size_t i = 0; i < rounds.size() && i < kRoundsListed; ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", rounds[i] + 1);
  return text + (rounds.size() > kRoundsListed ? fmt::format(" and {} more", rounds.size() - kRoundsListed) : "");
}

// With what is said of each: "round 1 (+3.0 points [+1.0, +5.0]), round 2 (...)".
template <class Of>
std::string each(const Rounds& rounds, Of of) {
  std::string text;
  for (std::size_t i = 0; i < rounds.size() && i < kRoundsListed; ++i)
    text += fmt::format("{}round {} ({})", i == 0 ? "" : ", ", rounds[i] + 1, of(rounds[i]));
  return text + (rounds.size() > kRoundsListed ? fmt::format(" and {} more", rounds.size() - kRoundsListed) : "");
}

// By both: Student's interval alone is too narrow where few rows change.
bool shown_gain(const AccuracyChange& change) {
  return shown_positive(change) && mcnemar_p(change.gained, change.lost) <= kSignificant;
}
bool shown_loss(const AccuracyChange& change) {
  return shown_negative(change) && mcnemar_p(change.gained, change.lost) <= kSignificant;
}

bool is_still(const RoundEvidence& round) {
  return std::all_of(round.layer_change.begin(), round.layer_change.end(),
                     [](double change) { return change < kWeightsStill; });
}

// "; layer 1 is frozen", or nothing.
std::string frozen_layers(const RoundsEvidence& e) {
  std::string numbers;
  Index count = 0;
  for (Index layer = 0; layer < 64; ++layer)
    if ((e.frozen >> layer & 1u) != 0) {
      numbers += fmt::format("{}{}", count == 0 ? "" : ", ", layer + 1);
      ++count;
    }
  return count == 0 ? ""
                    : fmt::format("; layer{} {} {} frozen", count == 1 ? "" : "s", numbers, count == 1 ? "is" : "are");
}

void weights_still(const RoundsEvidence& e, std::vector<RoundsFinding>& findings) {
  const Rounds still = rounds_where(e, is_still);
  if (still.empty()) return;
  const bool no_gradient =
      std::all_of(still.begin(), still.end(), [&](Index r) { return round(e, r).gradient_norm == 0; });
  findings.push_back(
      {RoundsFindingCode::weights_still,
       fmt::format("No layer's weights moved in {} by as much as a float can tell: {}{}", named(still, e),
                   no_gradient ? "the last gradient is zero"
                               : fmt::format("steps of the learning rate {} are lost in rounding", e.learning_rate),
                   frozen_layers(e))});
}

void same_predictions(const RoundsEvidence& e, std::vector<RoundsFinding>& findings) {
  const Rounds same = rounds_where(e, [](const RoundEvidence& round) { return round.changed_since_before == 0; });
  if (same.empty()) return;
  double most = 0;
  for (const Index r : same)
    for (const double change : round(e, r).layer_change) most = std::max(most, change);
  const std::string by = std::isfinite(most) ? fmt::format(", a layer's by {:.2g} % at most,", 100 * most) : "";
  findings.push_back(
      {RoundsFindingCode::same_predictions,
       fmt::format(
           "After {} each of the {} test rows is given the class that it had before, so an equal accuracy is no "
           "coincidence{}",
           named(same, e), total(e.test_class_rows),
           most < kWeightsStill ? ""
                                : fmt::format(": the weights moved{} but carried no test row over a boundary between "
                                              "classes",
                                              by))});
}

// The only class that is predicted; nothing where there are several.
std::optional<std::size_t> only_class(const std::vector<Index>& predicted, Index test_rows) {
  const auto all = std::find(predicted.begin(), predicted.end(), test_rows);
  if (all == predicted.end()) return std::nullopt;
  return static_cast<std::size_t>(all - predicted.begin());
}

void one_class(const RoundsEvidence& e, std::vector<RoundsFinding>& findings) {
  const Index rows = total(e.test_class_rows);
  const auto only = only_class(e.rounds.back().predicted_class_rows, rows);
  if (!only) return;
  // Since when that is so: the base may have begun with it.
  std::size_t since = e.rounds.size() - 1;
  while (since > 0 && only_class(e.rounds[since - 1].predicted_class_rows, rows) == only) --since;
  const bool from_base = since == 0 && only_class(e.base_predicted_class_rows, rows) == only;
  const Estimate& last = e.rounds.back().test_accuracy;
  const Index of_class = e.test_class_rows[*only];
  const bool commonest = of_class == *std::max_element(e.test_class_rows.begin(), e.test_class_rows.end());
  findings.push_back(
      {RoundsFindingCode::one_class,
       fmt::format("{} the network gives every test row class '{}': its accuracy of {} is the share of that class, "
                   "{} of {} test rows{}, and says nothing about learning",
                   from_base ? std::string("From the base on") : fmt::format("From round {} on", since + 1),
                   e.classes[*only], with_interval(last.value, last.interval), of_class, rows,
                   commonest ? ", the commonest" : "")});
}

// Where one_class() has nothing to say.
void majority_level(const RoundsEvidence& e, std::vector<RoundsFinding>& findings) {
  const Index rows = total(e.test_class_rows);
  const RoundEvidence& last = e.rounds.back();
  if (only_class(last.predicted_class_rows, rows)) return;
  const auto most = std::max_element(e.test_class_rows.begin(), e.test_class_rows.end());
  const double share = static_cast<double>(*most) / static_cast<double>(rows);
  const auto& [value, interval] = last.test_accuracy;
  if (!(interval.low <= share && share <= interval.high)) return;
  findings.push_back(
      {RoundsFindingCode::majority_level,
       fmt::format("The test accuracy after round {}, {}, is not told apart from the majority share: "
                   "always saying '{}' would score {:.3f}, for {} of {} test rows have that class and none has more",
                   e.rounds.size(), with_interval(value, interval),
                   e.classes[static_cast<std::size_t>(most - e.test_class_rows.begin())], share, *most, rows)});
}

// "4 became right and 0 wrong (exact paired test: p = 0.12)"
std::string each_way(const AccuracyChange& change) {
  return fmt::format("{} became right and {} wrong (exact paired test: p = {:.2g})", change.gained, change.lost,
                     mcnemar_p(change.gained, change.lost));
}

void gained_or_lost(const RoundsEvidence& e, std::vector<RoundsFinding>& findings) {
  const auto add = [&](RoundsFindingCode code, const char* word, const Rounds& rounds) {
    if (rounds.empty()) return;
    findings.push_back({code, fmt::format("The test accuracy {} in {}", word,
                                          each(rounds, [&](Index r) { return points(round(e, r).over_before); }))});
  };
  add(RoundsFindingCode::gained, "rose",
      rounds_where(e, [](const RoundEvidence& round) { return shown_gain(round.over_before); }));
  add(RoundsFindingCode::lost, "fell",
      rounds_where(e, [](const RoundEvidence& round) { return shown_loss(round.over_before); }));
}

void within_noise(const RoundsEvidence& e, std::vector<RoundsFinding>& findings) {
  const Rounds noisy = rounds_where(e, [](const RoundEvidence& round) {
    return round.changed_since_before > 0 && !shown_gain(round.over_before) && !shown_loss(round.over_before);
  });
  if (noisy.empty()) return;
  const Index widest = *std::max_element(noisy.begin(), noisy.end(), [&](Index a, Index b) {
    return std::abs(round(e, a).over_before.value) < std::abs(round(e, b).over_before.value);
  });
  const AccuracyChange& over_base = e.rounds.back().over_base;
  const AccuracyChange& over_before = round(e, widest).over_before;
  const std::string change = points(over_before);
  const bool several = noisy.size() > 1;
  std::string sentence =
      fmt::format("What {} changed in the test accuracy{} is within the noise of {} test rows{}", named(noisy, e),
                  several ? "" : fmt::format(", {},", change), total(e.test_class_rows),
                  several ? fmt::format(": at most {}, in round {}, where ", change, widest + 1) : ": ") +
      each_way(over_before);
  if (e.rounds.size() > 1)
    sentence += fmt::format("; all rounds together changed it by {}{}", points(over_base),
                            shown_gain(over_base) || shown_loss(over_base) ? "" : ", within noise as well");
  findings.push_back({RoundsFindingCode::within_noise, std::move(sentence)});
}

void forgotten(const RoundsEvidence& e, std::vector<RoundsFinding>& findings) {
  for (const SetEvidence& set : e.rounds.back().sets) {
    if (!shown_loss(set.since)) continue;
    Index trained = 0;  // the last round of this set
    for (std::size_t r = 0; r < e.rounds.size(); ++r)
      if (e.rounds[r].set == set.set) trained = static_cast<Index>(r);
    Index first = trained + 1;  // after which it shows
    const auto shows = [&](Index r) {
      const auto& sets = round(e, r).sets;
      return std::any_of(sets.begin(), sets.end(),
                         [&](const SetEvidence& s) { return s.set == set.set && shown_loss(s.since); });
    };
    while (!shows(first)) ++first;
    findings.push_back(
        {RoundsFindingCode::forgotten,
         fmt::format("Round {} made the network forget round {}: on the rows of round {} the accuracy was {:.3f} "
                     "right after it and is {} after round {}, {}",
                     first + 1, trained + 1, trained + 1, set.right_after,
                     with_interval(set.accuracy.value, set.accuracy.interval), e.rounds.size(), points(set.since))});
  }
}

}  // namespace

const char* to_string(RoundsFindingCode code) {
  switch (code) {
    case RoundsFindingCode::weights_still:
      return "weights-still";
    case RoundsFindingCode::same_predictions:
      return "same-predictions";
    case RoundsFindingCode::one_class:
      return "one-class";
    case RoundsFindingCode::majority_level:
      return "majority-level";
    case RoundsFindingCode::gained:
      return "gained";
    case RoundsFindingCode::lost:
      return "lost";
    case RoundsFindingCode::within_noise:
      return "within-noise";
    case RoundsFindingCode::forgotten:
      return "forgotten";
  }
  throw std::invalid_argument("to_string: unknown code of a finding");
}

std::string rounds_result(Index rounds, double test_accuracy, const Estimate& over_base) {
  return fmt::format("After {} round{} the test accuracy is {:.1f} %, {} over the base", rounds, rounds == 1 ? "" : "s",
                     100 * test_accuracy, points(over_base));
}

std::vector<RoundsFinding> explain_rounds(const RoundsEvidence& evidence) {
  std::vector<RoundsFinding> findings;
  if (evidence.rounds.empty()) return findings;
  weights_still(evidence, findings);
  same_predictions(evidence, findings);
  one_class(evidence, findings);
  majority_level(evidence, findings);
  forgotten(evidence, findings);
  gained_or_lost(evidence, findings);
  within_noise(evidence, findings);
  return findings;
}

}  // namespace plateau
