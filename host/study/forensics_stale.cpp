// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rounds that look as if they were evaluated with weights other than their own.
#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/bessel.hpp>
#include <cmath>

#include "forensics_parts.hpp"

namespace plateau::forensic {
namespace {

// ---- By predictions ----

// What else may have moved the train loss or accuracy without a change that test rows could show.
constexpr const char* kOtherRows =
    ": these rounds look as if they were evaluated with the same weights, unless each trained on other rows and its "
    "steps were too small to show";

// What moved in a stretch whose predictions did not.
struct Moved {
  double weights = 0;  // the largest relative change of a layer in a round, where weights are known
  std::optional<LossMove> loss;
  std::optional<Index> network_rows;  // that saved networks give other classes in the stretch
};

Moved moved_in(const Evidence& e, Stretch s) {
  Moved moved{.weights = most_changed(e, s), .loss = loss_move(e, s), .network_rows = {}};
  for (std::size_t r = s.first + 1; r <= s.last; ++r)
    if (const auto& changed = e.rounds[r].network_changed)
      moved.network_rows = moved.network_rows.value_or(0) + *changed;
  return moved;
}

std::string weights_words(const Moved& moved) {
  return fmt::format("the weights of a layer changed by up to {} in a round", percent(moved.weights));
}

std::string same_classes(const Evidence& e, Stretch s) {
  return fmt::format("None of the {} test rows is given another class in {}, while ", e.test_rows, named(e, s));
}

bool loss_has_moved(const Moved& moved) { return moved.loss && moved.loss->relative >= kLossMoved; }

// The saved networks themselves say that classes change.
Found stale_by_networks(const Evidence& e) {
  const auto same = longest(e, [&](std::size_t r) { return e.rounds[r].changed == Index{0}; });
  if (!same) return std::nullopt;
  const Moved moved = moved_in(e, *same);
  if (moved.network_rows.value_or(0) == 0) return std::nullopt;
  return cause(VerdictCode::stale_evaluation, EvidenceGrade::proved,
               same_classes(e, *same) +
                   fmt::format("the saved networks give {} of them another class from round to round: these rounds "
                               "were not evaluated with weights of their own",
                               *moved.network_rows));
}

Found stale_by_outputs(const Evidence& e) {
  const auto same = longest(e, [&](std::size_t r) { return e.rounds[r].same_outputs.value_or(false); });
  if (!same) return std::nullopt;
  const Moved moved = moved_in(e, *same);
  // A network whose units are all dead says the same whatever moves before them.
  if (one_class(e, e.rounds[same->last]) && !loss_has_moved(moved)) return std::nullopt;
  const std::string outputs = fmt::format("The outputs of all {} test rows are the same to the bit in {}, while ",
                                          e.test_rows, named(e, *same));
  if (weights_are_known(e)) {
    if (!(moved.weights >= kOutputsMove)) return std::nullopt;
    return cause(VerdictCode::stale_evaluation, EvidenceGrade::proved,
                 outputs + weights_words(moved) + ": these rounds were not evaluated with weights of their own");
  }
  if (!loss_has_moved(moved)) return std::nullopt;
  return cause(VerdictCode::stale_evaluation, EvidenceGrade::supported, outputs + moved.loss->words() + kOtherRows);
}

// How far the train accuracy moved over a stretch, of the rounds that have one.
std::optional<double> train_accuracy_range(const Evidence& e, Stretch s) {
  double low = 1, high = 0;
  Index known = 0;
  for (std::size_t r = s.first; r <= s.last; ++r) {
    const std::optional<double>& value = e.rounds[r].train_accuracy;
    if (!value) continue;
    ++known;
    low = std::min(low, *value);
    high = std::max(high, *value);
  }
  return known >= 2 ? std::optional(high - low) : std::nullopt;
}

Found stale_by_classes(const Evidence& e) {
  const auto same = longest(e, [&](std::size_t r) { return e.rounds[r].changed == Index{0}; });
  if (!same || one_class(e, e.rounds[same->last])) return std::nullopt;
  const Moved moved = moved_in(e, *same);
  if (moved.network_rows) return std::nullopt;  // the saved networks give the same classes
  const bool by_weights = weights_are_known(e);
  if (by_weights ? !(moved.weights >= kOutputsMove) : !loss_has_moved(moved)) return std::nullopt;
  const std::string what = by_weights ? weights_words(moved) : moved.loss->words();
  // At least this share of the training rows changed; had as many test rows a chance to, none of them did.
  if (const auto share = train_accuracy_range(e, *same)) {
    const double p = std::pow(1 - *share, static_cast<double>(e.test_rows));
    if (!(p <= kSameByChance)) return std::nullopt;
    return cause(VerdictCode::stale_evaluation, EvidenceGrade::supported,
                 same_classes(e, *same) + what +
                     fmt::format(" and the train accuracy moved by {:.1f} points (were test rows to change as often as "
                                 "training rows, none would with p = {:.1g})",
                                 in_points(*share), p) +
                     kOtherRows);
  }
  const ForensicsRound& last = e.rounds[same->last];
  const double wrong = (1 - last.recomputed.value_or(last.test_accuracy)) * static_cast<double>(e.test_rows);
  const double clearly = by_weights ? moved.weights : moved.loss->relative;
  if (!(same->rounds() >= kLeastEqual && clearly >= kClearlyMoved && wrong >= static_cast<double>(kWrongRows)))
    return std::nullopt;
  return cause(VerdictCode::stale_evaluation, EvidenceGrade::supported, same_classes(e, *same) + what + kOtherRows);
}

// ---- By the log alone ----

// Test rows, where no file says how many there are: the fewest of which all accuracies are shares as they are written.
double rows_by_accuracies(const Evidence& e) {
  const double finest = std::pow(10.0, std::min(e.decimals, 9)), room = 0.5 / finest * (1 + 1e-6);
  const auto most = static_cast<Index>(std::min(finest, 1e5));
  for (Index count = 1; count < most; ++count) {
    const auto rows = static_cast<double>(count);
    if (std::all_of(e.rounds.begin(), e.rounds.end(), [&](const ForensicsRound& round) {
          return std::abs(std::round(round.test_accuracy * rows) / rows - round.test_accuracy) <= room;
        }))
      return rows;
  }
  return finest;
}

// The probability that as many rows become right as become wrong, where `changing` do on average: that two Poisson
// variates of half that mean are equal (Skellam 1946).
double equal_by_chance(double changing) {
  if (changing > 500) return 1 / std::sqrt(2 * 3.14159265358979323846 * changing);  // its limit
  return std::exp(-changing) * boost::math::cyl_bessel_i(0, changing);
}

// How likely an accuracy equals the one before, judged by how far it moves in `steps`, in rows: by their median and
// their lower quartile, as those of a normal spread, whichever says less.
double equal_by_steps(std::vector<double> steps, double rows) {
  constexpr double kMedian = 0.6745, kQuartile = 0.3186;  // of |N(0, 1)|
  std::sort(steps.begin(), steps.end());
  const double deviation = std::min(steps[(steps.size() - 1) / 2] / kMedian, steps[(steps.size() - 1) / 4] / kQuartile);
  return equal_by_chance(std::min(kMostChurn * rows, deviation * deviation));
}

// The same of the log's rounds outside a stretch: of all of them, and of the third next to it, as accuracies move less
// the longer the training goes on. Where there are too few of them, kLeastChurn of the rows is counted on.
double equal_by_other_rounds(const Evidence& e, Stretch same, double rows) {
  struct Step {
    std::size_t away;
    double rows;
  };
  std::vector<Step> steps;
  for (std::size_t r = 1; r < e.rounds.size(); ++r) {
    if (same.first < r && r <= same.last) continue;
    const std::size_t away = r <= same.first ? same.first - r : r - same.last - 1;
    steps.push_back({away, std::abs(e.rounds[r].test_accuracy - e.rounds[r - 1].test_accuracy) * rows});
  }
  constexpr std::size_t kLeast = 3, kLeastNear = 4;
  if (steps.size() < kLeast) return equal_by_chance(kLeastChurn * rows);
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.away < b.away; });
  std::vector<double> all;
  all.reserve(steps.size());
  for (const Step& step : steps) all.push_back(step.rows);
  const std::size_t near = std::min(all.size(), std::max(kLeastNear, all.size() / 3));
  return std::max(equal_by_steps(all, rows),
                  equal_by_steps({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(near)}, rows));
}

Found stale_by_accuracy(const Evidence& e) {
  const auto same =
      longest(e, [&](std::size_t r) { return e.rounds[r].test_accuracy == e.rounds[r - 1].test_accuracy; });
  if (!same || same->rounds() < kLeastEqual) return std::nullopt;
  const auto loss = loss_move(e, *same);
  if (!loss || !(loss->relative >= kLossMoved)) return std::nullopt;
  const double rows = e.test_rows > 0 ? static_cast<double>(e.test_rows) : rows_by_accuracies(e);
  const double level = e.rounds[same->last].test_accuracy;
  if (!((1 - level) * rows >= static_cast<double>(kWrongRows))) return std::nullopt;
  // In any of the places where so long a stretch could lie.
  const double p = std::pow(equal_by_other_rounds(e, *same, rows), static_cast<double>(same->rounds() - 1)) *
                   static_cast<double>(e.rounds.size() - same->rounds() + 1);
  if (!(p <= kEqualByChance)) return std::nullopt;
  return cause(VerdictCode::stale_evaluation, EvidenceGrade::supported,
               fmt::format("The test accuracy is {} in {}, the same to the last digit, while {} (were it chance, p = "
                           "{:.1g}): either these rounds were evaluated with the same weights, or "
                           "the network no longer changes or gives every test row one class",
                           level, named(e, *same), loss->words(), p));
}

// ---- By what the saved networks say themselves ----

Found stale_by_replay(const Evidence& e) {
  const std::vector<std::size_t> rounds = mismatched(e);
  if (rounds.empty() || !e.replay->logged_as) return std::nullopt;
  const std::size_t as = *e.replay->logged_as, most = rounds.back();
  const bool guessed = activations_are_guessed(e) || classes_are_guessed(e);
  return cause(
      VerdictCode::stale_evaluation, guessed ? EvidenceGrade::supported : EvidenceGrade::proved,
      fmt::format("In {} of {} rounds the logged accuracy is that of the weights of round {}, not of their own: "
                  "in round {}, {:.4f} was logged and the saved network has {:.4f}{}",
                  rounds.size(), e.rounds.size(), number(e, as), number(e, most), e.rounds[most].test_accuracy,
                  *e.rounds[most].recomputed,
                  activations_are_guessed(e) ? "; or it has another activation than ReLU" : ""));
}

}  // namespace

Found stale_evaluation(const Evidence& e) {
  if (e.replay && e.replay->taken) return stale_by_replay(e);
  if (!predictions_are_known(e)) return stale_by_accuracy(e);
  for (const auto& find : {stale_by_networks, stale_by_outputs, stale_by_classes})
    if (Found found = find(e)) return found;
  return std::nullopt;
}

}  // namespace plateau::forensic
