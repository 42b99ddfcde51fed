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

// The layers that never moved so far in a stretch that outputs would have to show it.
std::vector<std::string> kept_layers(const Evidence& e, Stretch s) {
  std::vector<std::string> kept;
  for (std::size_t layer = 0; layer < e.layers.size(); ++layer) {
    double most = 0;
    for (std::size_t r = s.first + 1; r <= s.last; ++r) most = std::max(most, e.rounds[r].layer_change[layer]);
    if (!(most >= kOutputsMove)) kept.push_back(e.layers[layer]);
  }
  return kept;
}

std::string same_classes(const Evidence& e, Stretch s) {
  return fmt::format("None of the {} test rows is given another class in {}, while ", e.test_rows, named(e, s));
}

// What predictions that did not move are, whether or not the log's evaluation moved.
const char* not_their_own(const Evidence& e, Stretch s) {
  return test_loss_moved(e, s)
             ? ": these predictions were not made with the weights of their rounds, though the logged test loss moved"
             : ": these rounds were not evaluated with weights of their own";
}

bool loss_has_moved(const Moved& moved) { return moved.loss && moved.loss->relative >= kLossMoved; }

// The saved networks themselves say that classes change.
Found stale_by_networks(const Evidence& e) {
  const auto same = longest(e, [&](std::size_t r) { return e.rounds[r].changed == Index{0}; });
  if (!same) return std::nullopt;
  const Moved moved = moved_in(e, *same);
  if (moved.network_rows.value_or(0) == 0) return std::nullopt;
  return cause(
      VerdictCode::stale_evaluation, EvidenceGrade::proved,
      same_classes(e, *same) + fmt::format("the saved networks give {} of them another class from round to round{}",
                                           *moved.network_rows, not_their_own(e, *same)));
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
    if (const std::vector<std::string> kept = kept_layers(e, *same); !kept.empty())
      return cause(
          VerdictCode::stale_evaluation, EvidenceGrade::supported,
          outputs + weights_words(moved) +
              fmt::format(": these rounds look as if they were not evaluated with weights of their own, unless "
                          "the outputs depend only on {}, which moved by less than {}",
                          some(kept), percent(kOutputsMove)));
    return cause(VerdictCode::stale_evaluation, EvidenceGrade::proved,
                 outputs + weights_words(moved) + not_their_own(e, *same));
  }
  if (!loss_has_moved(moved) || test_loss_moved(e, *same)) return std::nullopt;
  return cause(VerdictCode::stale_evaluation, EvidenceGrade::supported, outputs + moved.loss->words() + kOtherRows);
}

// How far the train accuracy came over a stretch, of the rounds that have one, less its median step: what it moves to
// and fro, or by other rows in each round, is no change that lasts. Nothing with less than three such rounds.
std::optional<double> train_accuracy_move(const Evidence& e, Stretch s) {
  std::vector<double> known, steps;
  for (std::size_t r = s.first; r <= s.last; ++r)
    if (const auto& value = e.rounds[r].train_accuracy) known.push_back(*value);
  if (known.size() < kLeastEqual) return std::nullopt;
  for (std::size_t i = 1; i < known.size(); ++i) steps.push_back(std::abs(known[i] - known[i - 1]));
  std::sort(steps.begin(), steps.end());
  return std::max(0.0, std::abs(known.back() - known.front()) - steps[steps.size() / 2]);
}

// Whether so many rows were wrong that one could have become right.
bool could_rise(const Evidence& e, Stretch s, double rows) {
  const ForensicsRound& last = e.rounds[s.last];
  return (1 - last.recomputed.value_or(last.test_accuracy)) * rows >= static_cast<double>(kWrongRows);
}

// Rounds that give every test row the same class, more than one of them, though their network moved: what moved.
struct SameClasses {
  Stretch rounds;
  std::string moved;
};

std::optional<SameClasses> same_classes_while_moving(const Evidence& e) {
  const auto same =
      longest(e, [&](std::size_t r) { return e.rounds[r].changed == Index{0} && !test_loss_moved(e, r); });
  if (!same || one_class(e, e.rounds[same->last])) return std::nullopt;
  const Moved moved = moved_in(e, *same);
  if (moved.network_rows) return std::nullopt;  // the saved networks give the same classes
  const bool by_weights = weights_are_known(e);
  if (by_weights ? !(moved.weights >= kOutputsMove) : !loss_has_moved(moved)) return std::nullopt;
  return SameClasses{*same, by_weights ? weights_words(moved) : moved.loss->words()};
}

Found stale_by_classes(const Evidence& e) {
  const auto same = same_classes_while_moving(e);
  if (!same || !could_rise(e, same->rounds, static_cast<double>(e.test_rows))) return std::nullopt;
  // At least this share of the training rows changed; had as many test rows a chance to, none of them did.
  const auto share = train_accuracy_move(e, same->rounds);
  if (!share) return std::nullopt;
  const double p = std::pow(1 - *share, static_cast<double>(e.test_rows));
  if (!(p <= kSameByChance)) return std::nullopt;
  return cause(
      VerdictCode::stale_evaluation, EvidenceGrade::supported,
      same_classes(e, same->rounds) + same->moved +
          fmt::format(" and the train accuracy moved by {:.1f} points (were test rows to change as often as training "
                      "rows, none would with p = {:.1g})",
                      in_points(*share), p) +
          kOtherRows + ", or no test row lies near a boundary");
}

// A figure of the rounds outside a stretch: of all of them, and of the third next to it, as rounds differ less the
// longer the training goes on. Empty where there are too few.
struct OtherRounds {
  std::vector<double> all, near;
};

template <class FigureOfRound>
OtherRounds other_rounds(const Evidence& e, Stretch same, const FigureOfRound& figure) {
  struct Step {
    std::size_t away;
    double rows;
  };
  std::vector<Step> steps;
  for (std::size_t r = 1; r < e.rounds.size(); ++r) {
    if (same.first < r && r <= same.last) continue;
    steps.push_back({r <= same.first ? same.first - r : r - same.last - 1, figure(r)});
  }
  constexpr std::size_t kLeast = 3, kLeastNear = 4;
  OtherRounds others;
  if (steps.size() < kLeast) return others;
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.away < b.away; });
  others.all.reserve(steps.size());
  for (const Step& step : steps) others.all.push_back(step.rows);
  const std::size_t near = std::min(steps.size(), std::max(kLeastNear, steps.size() / 3));
  others.near.assign(others.all.begin(), others.all.begin() + static_cast<std::ptrdiff_t>(near));
  return others;
}

double lower_quartile(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[(values.size() - 1) / 4];
}

// That none of the rows is given another class in a round is what a Poisson variate says with the mean that the other
// rounds have, which is their lower quartile or that of those next to the stretch; and so for every round but one.
Found stale_by_other_changes(const Evidence& e) {
  const auto same = same_classes_while_moving(e);
  const auto rows = static_cast<double>(e.test_rows);
  if (!same || same->rounds.rounds() < kLeastEqual || !could_rise(e, same->rounds, rows)) return std::nullopt;
  const OtherRounds others = other_rounds(
      e, same->rounds, [&](std::size_t r) { return static_cast<double>(e.rounds[r].changed.value_or(0)); });
  if (others.all.empty()) return std::nullopt;
  const double usual = std::min(lower_quartile(others.all), lower_quartile(others.near));
  const double changing = std::min(kMostChurn * rows, usual);
  const double p = std::exp(-changing * static_cast<double>(same->rounds.rounds() - 1)) *
                   static_cast<double>(e.rounds.size() - same->rounds.rounds() + 1);
  if (!(p <= kSameByChance)) return std::nullopt;
  return cause(VerdictCode::stale_evaluation, EvidenceGrade::supported,
               same_classes(e, same->rounds) + same->moved +
                   fmt::format(", and in the rounds beside them {:.0f} or more mostly are (were it chance, p = {:.1g})",
                               usual, p) +
                   kOtherRows + ", or no test row lies near a boundary");
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

// The same by the log's rounds outside a stretch. Where there are too few of them, kLeastChurn of the rows is counted
// on.
double equal_by_other_rounds(const Evidence& e, Stretch same, double rows) {
  const OtherRounds others = other_rounds(e, same, [&](std::size_t r) {
    return std::abs(e.rounds[r].test_accuracy - e.rounds[r - 1].test_accuracy) * rows;
  });
  if (others.all.empty()) return equal_by_chance(kLeastChurn * rows);
  return std::max(equal_by_steps(others.all, rows), equal_by_steps(others.near, rows));
}

// A mean over all rows moves with any weight of them, so a test loss of some digits does not repeat by chance.
Found stale_by_test_loss(const Evidence& e) {
  const double least = std::pow(10, kLossDigits - 1 - e.test_loss_decimals);
  const auto same = longest(e, [&](std::size_t r) {
    const auto &loss = e.rounds[r].test_loss, &before = e.rounds[r - 1].test_loss;
    return loss && before && *loss == *before && std::isfinite(*loss) && std::abs(*loss) >= least &&
           e.rounds[r].changed.value_or(0) == 0;
  });
  if (!same || same->rounds() < kLeastEqual || one_class(e, e.rounds[same->last])) return std::nullopt;
  if (weights_are_known(e) && !(most_changed(e, *same) >= kOutputsMove)) return std::nullopt;
  const auto loss = loss_move(e, *same);
  if (!loss || !(loss->relative >= kLossMoved)) return std::nullopt;
  return cause(VerdictCode::stale_evaluation, EvidenceGrade::supported,
               fmt::format("The test loss is {} in {}, the same to the last digit, while {}: either these rounds were "
                           "evaluated with the same weights, or the network no longer changes",
                           *e.rounds[same->last].test_loss, named(e, *same), loss->words()));
}

std::string equal_words(const Evidence& e, Stretch same) {
  const ForensicsRound& last = e.rounds[same.last];
  return fmt::format("he test accuracy is {}{} in {}, the same to the last digit, while {}", last.test_accuracy,
                     last.interval ? fmt::format(" [{:.4f}, {:.4f}]", last.interval->low, last.interval->high) : "",
                     named(e, same), loss_move(e, same)->words());
}

Found stale_by_accuracy(const Evidence& e) {
  const auto same = longest(e, [&](std::size_t r) {
    return e.rounds[r].test_accuracy == e.rounds[r - 1].test_accuracy && !test_loss_moved(e, r);
  });
  if (!same || same->rounds() < kLeastEqual) return std::nullopt;
  const auto loss = loss_move(e, *same);
  if (!loss || !(loss->relative >= kLossMoved)) return std::nullopt;
  const double rows = e.test_rows > 0 ? static_cast<double>(e.test_rows) : rows_by_accuracies(e);
  if (!could_rise(e, *same, rows)) return std::nullopt;
  // In any of the places where so long a stretch could lie.
  const double p = std::pow(equal_by_other_rounds(e, *same, rows), static_cast<double>(same->rounds() - 1)) *
                   static_cast<double>(e.rounds.size() - same->rounds() + 1);
  if (!(p <= kEqualByChance)) return std::nullopt;
  return cause(VerdictCode::stale_evaluation, EvidenceGrade::supported,
               "T" + equal_words(e, *same) +
                   fmt::format(" (were it chance, p = {:.1g}): either these rounds were evaluated with the same "
                               "weights, or no test row lies near a boundary, or the network no longer changes or "
                               "gives every test row one class",
                               p));
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
  if (e.replay && e.replay->taken) {
    Found found = stale_by_replay(e);
    return found ? found : stale_by_test_loss(e);
  }
  if (!predictions_are_known(e)) {
    Found found = stale_by_test_loss(e);
    return found ? found : stale_by_accuracy(e);
  }
  for (const auto& find :
       {stale_by_networks, stale_by_outputs, stale_by_test_loss, stale_by_classes, stale_by_other_changes})
    if (Found found = find(e)) return found;
  return std::nullopt;
}

std::vector<std::string> unmoved(const Evidence& e) {
  if (stale_evaluation(e)) return {};
  std::vector<std::string> lines;
  if (const auto same = equal_accuracies(e))
    lines.push_back("t" + equal_words(e, *same) +
                    (test_loss_moved(e, *same)
                         ? "; the test loss moved, so they were not evaluated with the same weights"
                     : predictions_are_known(e) ? ""
                                                : "; whether that may be chance, so little does not say"));
  const auto same = same_classes_while_moving(e);
  if (same && same->rounds.rounds() >= kLeastEqual)
    lines.push_back(
        fmt::format("no test row is given another class in {}, while {}: they were evaluated with the same "
                    "weights, or no test row lies near a boundary; a logged test_loss would tell",
                    named(e, same->rounds), same->moved));
  return lines;
}

}  // namespace plateau::forensic
