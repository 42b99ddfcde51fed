// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/forensics_findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/bessel.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "plateau/core/contract.hpp"
#include "points.hpp"

namespace plateau {
namespace {

using Evidence = ForensicsEvidence;

constexpr double kSignificant = 0.05;
constexpr std::size_t kListed = 6;
constexpr std::size_t kLeastEqual = 3;  // rounds whose equal accuracies mean something

Index total(const std::vector<Index>& rows) { return std::accumulate(rows.begin(), rows.end(), Index{0}); }

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

Index number(const Evidence& e, std::size_t place) { return e.rounds[place].number; }
// "rounds 3 to 10"
std::string named(const Evidence& e, Stretch s) {
  return fmt::format("rounds {} {} {}", number(e, s.first), s.rounds() == 2 ? "and" : "to", number(e, s.last));
}

// A layer that held zeros has no relative change.
std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.3g} %", 100 * share) : "> 100 % (from zeros)";
}
double in_points(double share) { return 100 * share; }

// "'a', 'b' and 3 more"
std::string some(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kListed; ++i)
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
  return text + (names.size() > kListed ? fmt::format(" and {} more", names.size() - kListed) : "");
}

// (largest - smallest) / largest of a figure over a stretch; nothing where a round has none.
std::optional<double> relative_range(const Evidence& e, Stretch s, std::optional<double> ForensicsRound::*figure) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::size_t r = s.first; r <= s.last; ++r) {
    const std::optional<double>& value = e.rounds[r].*figure;
    if (!value) return std::nullopt;
    low = std::min(low, *value);
    high = std::max(high, *value);
  }
  const double scale = std::max(std::abs(low), std::abs(high));
  return scale == 0 ? 0 : (high - low) / scale;
}
std::optional<double> train_accuracy_range(const Evidence& e, Stretch s) {
  double low = 1, high = 0;
  for (std::size_t r = s.first; r <= s.last; ++r) {
    const std::optional<double>& value = e.rounds[r].train_accuracy;
    if (!value) return std::nullopt;
    low = std::min(low, *value);
    high = std::max(high, *value);
  }
  return high - low;
}

bool weights_are_known(const Evidence& e) { return !e.layers.empty(); }
bool predictions_are_known(const Evidence& e) { return !e.rounds.front().predicted_class_rows.empty(); }
bool labels_are_known(const Evidence& e) { return !e.test_class_rows.empty(); }

// Whether a round's weights are those of the round before, as far as a float can tell.
bool is_still(const ForensicsRound& round) {
  return std::all_of(round.layer_change.begin(), round.layer_change.end(),
                     [](double change) { return change < kWeightsStill; });
}
std::optional<Stretch> still_rounds(const Evidence& e) {
  return longest(e, [&](std::size_t r) { return is_still(e.rounds[r]); });
}
double most_changed(const Evidence& e, Stretch s) {
  double most = 0;
  for (std::size_t r = s.first + 1; r <= s.last; ++r)
    for (const double change : e.rounds[r].layer_change) most = std::max(most, change);
  return most;
}

// "the train loss went from 1.2 to 0.4"
std::string loss_moved(const Evidence& e, Stretch s) {
  return fmt::format("the train loss went from {:.4g} to {:.4g}", *e.rounds[s.first].train_loss,
                     *e.rounds[s.last].train_loss);
}

// What moved in a stretch whose predictions did not. Weights, where they are known, are what predicted.
struct Moved {
  bool at_all = false;
  double clearly = 0;  // the largest relative change of the train loss or of a layer
  std::string what;
};
Moved moved(const Evidence& e, Stretch s) {
  Moved result;
  const auto loss = relative_range(e, s, &ForensicsRound::train_loss);
  if (weights_are_known(e)) {
    result.clearly = most_changed(e, s);
    result.at_all = result.clearly >= kWeightsStill;
    result.what = fmt::format("the weights of a layer changed by up to {} in a round", percent(result.clearly));
  } else if (loss) {
    result.clearly = *loss;
    result.at_all = *loss >= kLossMoved;
    result.what = loss_moved(e, s);
  }
  return result;
}

// The class that at least kOneClassShare of the rows are given.
std::optional<std::size_t> one_class(const Evidence& e, const ForensicsRound& round) {
  const auto& rows = round.predicted_class_rows;
  if (rows.empty()) return std::nullopt;
  const auto most = std::max_element(rows.begin(), rows.end());
  if (!(static_cast<double>(*most) >= kOneClassShare * static_cast<double>(e.test_rows))) return std::nullopt;
  return most - rows.begin();
}

using Found = std::optional<Cause>;

Cause cause(VerdictCode code, EvidenceGrade grade, std::string sentence, std::optional<Estimate> gain = {}) {
  return {.code = code, .gain = gain, .grade = grade, .evidence = std::move(sentence)};
}

// ---- Integrity ----

bool is_single_class(const Evidence& e) {
  return labels_are_known(e) &&
         *std::max_element(e.test_class_rows.begin(), e.test_class_rows.end()) == total(e.test_class_rows);
}

Found single_class(const Evidence& e) {
  if (!is_single_class(e)) return std::nullopt;
  const auto only = std::max_element(e.test_class_rows.begin(), e.test_class_rows.end());
  return cause(VerdictCode::single_class, EvidenceGrade::proved,
               fmt::format("All {} test rows have class '{}': the accuracy counts how often that class is said, and "
                           "always saying it scores 1",
                           e.test_rows, e.classes[static_cast<std::size_t>(only - e.test_class_rows.begin())]));
}

Found stale_by_outputs(const Evidence& e) {
  const auto same = longest(e, [&](std::size_t r) { return e.rounds[r].same_outputs.value_or(false); });
  if (!same) return std::nullopt;
  const Moved what = moved(e, *same);
  // A network whose units are all dead says the same whatever moves before them.
  const auto loss = relative_range(e, *same, &ForensicsRound::train_loss);
  const bool is_dead = one_class(e, e.rounds[same->last]) && !(loss && *loss >= kLossMoved);
  if (!(what.at_all && what.clearly >= kOutputsMove) || is_dead) return std::nullopt;
  return cause(VerdictCode::stale_evaluation, EvidenceGrade::proved,
               fmt::format("The outputs of all {} test rows are the same to the bit in {}, while {}: these rounds were "
                           "not evaluated with weights of their own",
                           e.test_rows, named(e, *same), what.what));
}

Found stale_by_classes(const Evidence& e) {
  const auto same = longest(e, [&](std::size_t r) { return e.rounds[r].changed == Index{0}; });
  if (!same || one_class(e, e.rounds[same->last])) return std::nullopt;
  const Moved what = moved(e, *same);
  if (!what.at_all) return std::nullopt;
  std::string sentence = fmt::format("None of the {} test rows is given another class in {}, while {}", e.test_rows,
                                     named(e, *same), what.what);
  // At least this share of the training rows changed; had as many test rows a chance to, none of them did.
  if (const auto share = train_accuracy_range(e, *same)) {
    const double p = std::pow(1 - *share, static_cast<double>(e.test_rows));
    if (p <= kSameByChance)
      return cause(VerdictCode::stale_evaluation, EvidenceGrade::proved,
                   sentence + fmt::format(" and the train accuracy moved by {:.1f} points: were test rows to change as "
                                          "often as training rows, none would with p = {:.1g}",
                                          in_points(*share), p));
    return std::nullopt;
  }
  const ForensicsRound& last = e.rounds[same->last];
  const double wrong = (1 - last.recomputed.value_or(last.test_accuracy)) * static_cast<double>(e.test_rows);
  if (same->rounds() >= kLeastEqual && what.clearly >= kClearlyMoved && wrong >= static_cast<double>(kWrongRows))
    return cause(VerdictCode::stale_evaluation, EvidenceGrade::supported,
                 sentence + ": these rounds look as if they were evaluated with the same weights");
  return std::nullopt;
}

// How likely it is that the accuracy of a round equals the one before, to the last digit, where one in a hundred rows
// becomes right or wrong: that two Poisson variates of half that mean are equal (Skellam 1946).
double equal_by_chance(const Evidence& e) {
  double rows = std::pow(10.0, std::min(e.decimals, 9));
  if (e.test_rows > 0) rows = std::min(rows, static_cast<double>(e.test_rows));
  const double changing = rows / 100;
  if (changing > 500) return 1 / std::sqrt(2 * 3.14159265358979323846 * changing);  // its limit
  return std::exp(-changing) * boost::math::cyl_bessel_i(0, changing);
}

Found stale_by_accuracy(const Evidence& e) {
  const auto same =
      longest(e, [&](std::size_t r) { return e.rounds[r].test_accuracy == e.rounds[r - 1].test_accuracy; });
  if (!same || same->rounds() < kLeastEqual) return std::nullopt;
  const auto loss = relative_range(e, *same, &ForensicsRound::train_loss);
  if (!loss || *loss < kLossMoved || e.rounds[same->last].test_accuracy == 1) return std::nullopt;
  // In any of the places where so long a stretch could lie.
  const double p = std::pow(equal_by_chance(e), static_cast<double>(same->rounds() - 1)) *
                   static_cast<double>(e.rounds.size() - same->rounds() + 1);
  if (!(p <= kEqualByChance)) return std::nullopt;
  return cause(VerdictCode::stale_evaluation, EvidenceGrade::supported,
               fmt::format("The test accuracy is {} in {}, the same to the last digit, while {}: either these rounds "
                           "were evaluated with the same weights, or the network gives every test row one class",
                           e.rounds[same->last].test_accuracy, named(e, *same), loss_moved(e, *same)));
}

// Rounds whose logged accuracy is not that of their predictions.
std::vector<std::size_t> mismatched(const Evidence& e) {
  std::vector<std::size_t> rounds;
  for (std::size_t r = 0; r < e.rounds.size(); ++r) {
    const ForensicsRound& round = e.rounds[r];
    if (round.recomputed && !(std::abs(*round.recomputed - round.test_accuracy) <= kMismatch)) rounds.push_back(r);
  }
  return rounds;
}

// By what the saved networks say themselves.
Found stale_by_replay(const Evidence& e) {
  const std::vector<std::size_t> rounds = mismatched(e);
  if (rounds.empty() || !e.replay->logged_as) return std::nullopt;
  const std::size_t as = *e.replay->logged_as, most = rounds.back();
  return cause(
      VerdictCode::stale_evaluation, EvidenceGrade::proved,
      fmt::format("In {} of {} rounds the logged accuracy is that of the weights of round {}, not of their own: "
                  "in round {}, {:.4f} was logged and the saved network has {:.4f}",
                  rounds.size(), e.rounds.size(), number(e, as), number(e, most), e.rounds[most].test_accuracy,
                  *e.rounds[most].recomputed));
}

Found stale_evaluation(const Evidence& e) {
  if (e.replay && e.replay->taken) return stale_by_replay(e);
  if (!predictions_are_known(e)) return stale_by_accuracy(e);
  const Found by_outputs = stale_by_outputs(e);
  return by_outputs ? by_outputs : stale_by_classes(e);
}

Found frozen_weights(const Evidence& e) {
  if (!weights_are_known(e)) return std::nullopt;
  if (const auto same = still_rounds(e)) {
    const auto loss = relative_range(e, *same, &ForensicsRound::train_loss);
    const bool loss_did = loss && *loss >= kLossMoved;
    const bool to_the_bit = e.rounds[same->first].weights_hash == e.rounds[same->last].weights_hash;
    // Two rounds alike may be a round that was not worth keeping.
    const bool is_proof = same->rounds() >= kLeastEqual || same->rounds() == e.rounds.size();
    return cause(VerdictCode::frozen_weights, is_proof ? EvidenceGrade::proved : EvidenceGrade::supported,
                 fmt::format("The weights of {} are the same {}{}", named(e, *same),
                             to_the_bit ? "to the bit" : "as far as a float can tell",
                             loss_did ? ", though " + loss_moved(e, *same) + ": what was trained is not what was saved"
                                      : ": these rounds trained nothing that was saved"));
  }
  std::vector<std::string> still, moving;
  for (std::size_t layer = 0; layer < e.layers.size(); ++layer) {
    const bool never = std::all_of(e.rounds.begin() + 1, e.rounds.end(), [&](const ForensicsRound& round) {
      return round.layer_change[layer] < kWeightsStill;
    });
    (never ? still : moving).push_back(e.layers[layer]);
  }
  if (still.empty()) return std::nullopt;
  const bool one = still.size() == 1;
  return cause(
      VerdictCode::frozen_weights, EvidenceGrade::supported,
      fmt::format("Layer{} {} {} weights in all {} rounds, while {} moved: only the others were trained",
                  one ? "" : "s", some(still), one ? "kept its" : "kept their", e.rounds.size(), some(moving)));
}

std::optional<double> mapped_by(const Evidence& e) {
  if (!e.label_map || is_single_class(e)) return std::nullopt;
  const LabelMapTest& map = *e.label_map;
  const double over_majority = map.accuracy - map.majority_share;
  // A network that says one class gains by any map that makes it the commonest; a map of classes makes more of it.
  const double rows = static_cast<double>(e.test_rows) / 2;
  const double noise = 1.96 * std::sqrt(map.accuracy * (1 - map.accuracy) / rows);
  if (map.gain.value > kMappedGain && shown_positive(map.gain) && over_majority > noise) return map.gain.value;
  return std::nullopt;
}

// Whether the logged accuracy of the last round is what its predictions have under the other map: then it is the labels
// given here that mean other classes.
bool map_is_the_logs(const Evidence& e) {
  if (!mapped_by(e) || mismatched(e).empty()) return false;
  const double noise = 2 / std::sqrt(static_cast<double>(e.test_rows));  // of half of the rows
  return std::abs(e.label_map->accuracy - e.rounds.back().test_accuracy) <= std::max(kMismatch, noise);
}

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
  return cause(
      VerdictCode::label_map, EvidenceGrade::proved,
      fmt::format("Classes are exchanged between predictions and labels: taking {} makes the accuracy of round "
                  "{} {:.3f}, {} more. That map was chosen on one half of the test rows and judged on the other",
                  changes, e.rounds.back().number, map.accuracy, points(map.gain)),
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
  sentence += map_is_the_logs(e) ? ". Under another map of classes they agree: these labels call the classes otherwise"
                                 : ": other rows, another order, other labels or other weights";
  return cause(VerdictCode::evaluation_mismatch, EvidenceGrade::proved, std::move(sentence));
}

// ---- Predictions ----

Found majority(const Evidence& e) {
  if (is_single_class(e)) return std::nullopt;
  const ForensicsRound& last = e.rounds.back();
  const auto commonest = std::max_element(e.test_class_rows.begin(), e.test_class_rows.end());
  const double rows = static_cast<double>(e.test_rows);
  if (const auto only = one_class(e, last)) {
    std::size_t since = e.rounds.size() - 1;
    while (since > 0 && one_class(e, e.rounds[since - 1]) == only) --since;
    std::string sentence = fmt::format("From round {} on {} of {} test rows are given class '{}'", number(e, since),
                                       last.predicted_class_rows[*only], e.test_rows, e.classes[*only]);
    if (!labels_are_known(e)) return cause(VerdictCode::majority, EvidenceGrade::supported, std::move(sentence));
    const double share = static_cast<double>(e.test_class_rows[*only]) / rows;
    const bool agrees = std::abs(*last.recomputed - share) <= (1 + 1e-9) / rows;
    sentence += fmt::format(": the accuracy of {:.4f} is {} share of that class, {} of {}{}", *last.recomputed,
                            agrees ? "the" : "near the", e.test_class_rows[*only], e.test_rows,
                            e.test_class_rows[*only] == *commonest ? ", the commonest" : "");
    return cause(VerdictCode::majority, agrees ? EvidenceGrade::proved : EvidenceGrade::supported, std::move(sentence));
  }
  if (predictions_are_known(e) || !labels_are_known(e)) return std::nullopt;
  // Without predictions: accuracies that are the share of the commonest class, to a row and the last decimal.
  const double share = static_cast<double>(*commonest) / rows;
  const double room = (1 + 1e-9) / rows + std::pow(0.1, e.decimals) / 2;
  const auto is_share = [&](std::size_t r) { return std::abs(e.rounds[r].test_accuracy - share) <= room; };
  if (e.rounds.size() < kLeastEqual) return std::nullopt;
  for (std::size_t r = e.rounds.size() - kLeastEqual; r < e.rounds.size(); ++r)
    if (!is_share(r)) return std::nullopt;
  std::size_t since = e.rounds.size() - kLeastEqual;
  while (since > 0 && is_share(since - 1)) --since;
  return cause(VerdictCode::majority, EvidenceGrade::supported,
               fmt::format("From round {} on the accuracy is that of always saying '{}', which {} of {} test rows have",
                           number(e, since), e.classes[static_cast<std::size_t>(commonest - e.test_class_rows.begin())],
                           *commonest, e.test_rows));
}

Found forgetting(const Evidence& e) {
  if (!e.trade || is_single_class(e) || (shown_positive(e.trade->total) && e.trade->total.value >= e.delta))
    return std::nullopt;
  const auto each = [&](bool fell) {
    std::vector<std::size_t> classes;
    for (std::size_t c = 0; c < e.trade->classes.size(); ++c) {
      const ClassTrade::Of& of = e.trade->classes[c];
      const double change = static_cast<double>(of.gained - of.lost) / static_cast<double>(of.rows);
      if (of.adjusted_p <= kSignificant && (fell ? -change : change) >= kTradedRecall) classes.push_back(c);
    }
    std::string text;
    for (std::size_t i = 0; i < classes.size() && i < kListed; ++i) {
      const ClassTrade::Of& of = e.trade->classes[classes[i]];
      text += fmt::format("{}'{}' ({} of {} rows became right, {} wrong)", i == 0 ? "" : ", ", e.classes[classes[i]],
                          of.gained, of.rows, of.lost);
    }
    return text + (classes.size() > kListed ? fmt::format(" and {} more", classes.size() - kListed) : "");
  };
  const std::string fell = each(true), rose = each(false);
  if (fell.empty() || rose.empty()) return std::nullopt;
  return cause(VerdictCode::forgetting, EvidenceGrade::supported,
               fmt::format("Classes trade places: from round {} to round {} the accuracy changed by {}, but fell on {} "
                           "and rose on {}",
                           number(e, e.trade->earlier), e.rounds.back().number, points(e.trade->total), fell, rose),
               e.trade->lost_by_fallen);
}

// ---- Noise ----

bool plateau_is_shown(const Evidence& e) { return e.slope && e.slope->tost_p <= kSignificant; }

bool rises(const Evidence& e) { return e.slope && e.slope->change.value > e.delta && shown_positive(e.slope->change); }
bool falls(const Evidence& e) { return e.slope && e.slope->change.value < -e.delta && shown_negative(e.slope->change); }

Found solved(const Evidence& e) {
  const ForensicsRound& last = e.rounds.back();
  if (!last.interval || is_single_class(e)) return std::nullopt;
  const double accuracy = last.recomputed.value_or(last.test_accuracy);
  const Interval interval = wilson_interval(accuracy, e.test_rows);
  if (!(interval.low > kSolvedLevel)) return std::nullopt;
  return cause(VerdictCode::solved, EvidenceGrade::supported,
               fmt::format("The accuracy of round {} is {:.4f} [{:.4f}, {:.4f}]: little is left to gain on such rows",
                           last.number, accuracy, interval.low, interval.high));
}

Index rows_needed(const Evidence& e) {
  const double share = std::max(e.spread->disagreeing_share, 1 / static_cast<double>(e.test_rows));
  return rows_to_detect(share, e.delta);
}

Found small_test(const Evidence& e) {
  if (!e.spread || is_single_class(e) || !(e.spread->detectable > e.delta)) return std::nullopt;
  if ((e.spread->paired && plateau_is_shown(e)) || rises(e) || falls(e)) return std::nullopt;
  const Stretch tail{e.spread->first, e.rounds.size() - 1};
  std::string sentence = fmt::format(
      "Your {} test rows cannot show changes under {:.1f} points{}; {} differ by {:.1f}. This is not "
      "evidence of a plateau",
      e.test_rows, in_points(e.spread->detectable),
      e.spread->paired ? "" : " between rounds that are known by their accuracies alone", named(e, tail),
      in_points(e.spread->range));
  return cause(VerdictCode::small_test, e.spread->paired ? EvidenceGrade::proved : EvidenceGrade::supported,
               std::move(sentence));
}

// ---- The verdict ----

// "1 point", "0.5 points"
std::string delta_words(const Evidence& e) {
  const double delta = in_points(e.delta);
  return fmt::format("{:.3g} point{}", delta, delta == 1 ? "" : "s");
}

// "-0.2 points [-0.6, +0.2] along a line through rounds 6 to 10"
std::string rise(const Evidence& e) {
  return fmt::format("{} along a line through {}", points(e.slope->change),
                     named(e, {e.slope->first, e.rounds.size() - 1}));
}

std::string open_sentence(const Evidence& e) {
  if (rises(e)) return fmt::format("The test accuracy still rises, {}, so this is no plateau yet", rise(e));
  if (falls(e)) return fmt::format("The test accuracy falls, {}; why it does, these files do not say", rise(e));
  if (plateau_is_shown(e))
    return fmt::format("The test accuracy stands still to within {}, {}; why it does, these files do not say",
                       delta_words(e), rise(e));
  if (e.slope)
    return fmt::format("That the test accuracy stands still to within {} is not shown: it changes by {}",
                       delta_words(e), rise(e));
  return fmt::format("{} rounds are too few to say whether the test accuracy stands still", e.rounds.size());
}

// The cheapest thing that would tell more.
std::string next_measurement(const Evidence& e) {
  if (rises(e)) return "Train more rounds.";
  if (!e.slope) return "Train more rounds, and log them.";
  if (!predictions_are_known(e))
    return std::string("Save the class that every test row is given, of every round, and add them by --predictions") +
           (labels_are_known(e) ? "" : ", and the labels by --data") +
           ": that takes no training, and tells rows that change from an evaluation that does not.";
  if (!labels_are_known(e)) return "Name the labels of the test rows by --data: that takes no training.";
  if (!weights_are_known(e))
    return "Save the weights of every round and add them by --checkpoints; then let plateau diagnose change one thing "
           "at a time on the training rows.";
  return "Let plateau diagnose change one thing at a time on the training rows.";
}

std::string advice_for(const Evidence& e, const Cause& found) {
  switch (found.code) {
    case VerdictCode::single_class:
      return "Draw test rows of every class, as the training rows have them, and evaluate the rounds again.";
    case VerdictCode::stale_evaluation:
      return "Load the weights of each round where it is evaluated, and see that the predictions change; evaluate one "
             "saved round by hand.";
    case VerdictCode::frozen_weights:
      return still_rounds(e)
                 ? "Look at what is saved and what is optimised: the parameters that the optimizer was given must be "
                   "those of the network that is saved."
                 : "If these layers were not meant to be frozen, give their parameters to the optimizer; if they were, "
                   "train them in one round as a control.";
    case VerdictCode::label_map:
      return "Use one map from classes to ids in training and evaluation, keep it in a file, and evaluate again; "
             "nothing has to be trained for that.";
    case VerdictCode::evaluation_mismatch:
      return "Find out which rows, labels and weights the logged accuracy is from before anything else is concluded.";
    case VerdictCode::majority:
      return "Look at the inputs' scale, the learning rate and the balance of the training rows; judge by balanced "
             "accuracy until several classes are given.";
    case VerdictCode::forgetting:
      return "Mix rows of earlier rounds into each round (10 to 50 %), and train once on all rows together as a "
             "control.";
    case VerdictCode::solved:
      return "Stop, or look for harder test rows.";
    case VerdictCode::small_test:
      return fmt::format("Bring about {} test rows to see {}{}.", rows_needed(e), delta_words(e),
                         e.spread->paired ? ", or compare log-loss, which every row moves"
                                          : "; predictions of every round (--predictions, --data) compare the same "
                                            "rows and need fewer");
    default:
      return next_measurement(e);
  }
}

std::vector<std::string> measurements(const Evidence& e) {
  std::vector<std::string> lines;
  if (e.slope)
    lines.push_back(
        fmt::format("the test accuracy changes by {}; that it stands still to within {} is {} "
                    "(two one-sided tests{}, p = {:.2g})",
                    rise(e), delta_words(e), plateau_is_shown(e) ? "shown" : "not shown",
                    e.slope->by_rows ? " over test rows" : " around the line", e.slope->tost_p));
  if (predictions_are_known(e)) {
    Index least = e.test_rows, most = 0;
    for (std::size_t r = 1; r < e.rounds.size(); ++r) {
      least = std::min(least, *e.rounds[r].changed);
      most = std::max(most, *e.rounds[r].changed);
    }
    lines.push_back(
        fmt::format("from round to round {} to {} of {} test rows are given another class", least, most, e.test_rows));
    const Index none = e.rounds.back().without_class;
    if (none > 0)
      lines.push_back(fmt::format("the outputs of {} of {} test rows in round {} are no numbers, and count as wrong",
                                  none, e.test_rows, e.rounds.back().number));
  }
  if (e.replay && e.replay->taken)
    lines.push_back(
        fmt::format("predictions are those of the saved networks, layers with ReLU between them: in {} of {} "
                    "rounds their accuracy is the logged one, to a row",
                    e.replay->agreeing, e.rounds.size()));
  else if (e.replay)
    lines.push_back(
        fmt::format("the saved networks, taken as layers with ReLU between them, do not have the logged "
                    "accuracies on these rows (closest in round {}: {:.4f}, logged {:.4f}); nothing is "
                    "concluded from that",
                    number(e, e.replay->closest), e.replay->accuracy, e.rounds[e.replay->closest].test_accuracy));
  if (labels_are_known(e) && predictions_are_known(e)) {
    double most = 0;
    for (const ForensicsRound& round : e.rounds)
      most = std::max(most, std::abs(*round.recomputed - round.test_accuracy));
    lines.push_back(
        fmt::format("logged accuracies and those of the predictions differ by {:.2f} points at most", in_points(most)));
  }
  const auto keeps_place = [&](std::size_t c) {
    return e.label_map->map[c] == static_cast<Index>(c) || e.rounds.back().predicted_class_rows[c] == 0;
  };
  bool keeps_all = e.label_map.has_value();
  for (std::size_t c = 0; keeps_all && c < e.label_map->map.size(); ++c) keeps_all = keeps_place(c);
  if (keeps_all)
    lines.push_back("no exchange of classes makes the accuracy of the last round larger");
  else if (e.label_map)
    lines.push_back(
        fmt::format("another map of classes would change the accuracy of the last round by {}, judged on "
                    "rows that it was not chosen on",
                    points(e.label_map->gain)));
  if (weights_are_known(e))
    lines.push_back(fmt::format("the weights of a layer change by up to {} in a round",
                                percent(most_changed(e, {0, e.rounds.size() - 1}))));
  const ForensicsRound& last = e.rounds.back();
  if (last.train_accuracy)
    lines.push_back(fmt::format("in the last round the train accuracy is {:.4f}, {:+.1f} points over the test accuracy",
                                *last.train_accuracy, in_points(*last.train_accuracy - last.test_accuracy)));
  return lines;
}

std::vector<std::string> not_tested(const Evidence& e) {
  std::vector<std::string> lines;
  if (e.test_rows == 0) lines.push_back("what chance makes of the test rows: their number is not known (--test-rows)");
  if (!predictions_are_known(e))
    lines.push_back("whether predictions change from round to round, and which: there are none (--predictions)");
  if (!e.not_replayed.empty()) lines.push_back("what the saved networks say of the test rows: " + e.not_replayed);
  if (!labels_are_known(e))
    lines.push_back(
        "the share of the commonest class, exchanged classes, forgetting, and whether the log is right: labels of the "
        "test rows are not known (--data)");
  if (!weights_are_known(e))
    lines.push_back("whether weights move, and in which layers: there are none (--checkpoints)");
  if (!std::all_of(e.rounds.begin(), e.rounds.end(), [](const auto& round) { return round.train_loss.has_value(); }))
    lines.push_back("whether the training went on where the test accuracy stands still: a round has no train_loss");
  lines.push_back(
      "what another learning rate, network or regularisation, or more rows, would gain: nothing was trained (plateau "
      "diagnose)");
  return lines;
}

}  // namespace

ForensicsDecision explain_forensics(const ForensicsEvidence& evidence) {
  expects(evidence.rounds.size() >= 2, "explain_forensics: at least two rounds");
  std::vector<Cause> proved, rest;
  for (const auto& find : {single_class, stale_evaluation, frozen_weights, label_map, evaluation_mismatch})
    if (Found found = find(evidence))
      (found->grade == EvidenceGrade::proved ? proved : rest).push_back(*std::move(found));
  // What says one class says nothing else: its equal accuracies need no other reason.
  if (Found found = majority(evidence)) rest.insert(rest.begin(), *std::move(found));
  for (const auto& find : {forgetting, solved, small_test})
    if (Found found = find(evidence)) rest.push_back(*std::move(found));

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
