// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "forensics_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plateau/data/round_files.hpp"
#include "points.hpp"

namespace plateau::forensic {

std::string number(const Evidence& e, std::size_t place) { return round_name(e.rounds[place].number); }
std::string named(const Evidence& e, Stretch s) {
  return fmt::format("rounds {} {} {}", number(e, s.first), s.rounds() == 2 ? "and" : "to", number(e, s.last));
}

// A layer that held zeros has no relative change.
std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.3g} %", 100 * share) : "> 100 % (from zeros)";
}

std::string some(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kListed; ++i)
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
  return text + (names.size() > kListed ? fmt::format(" and {} more", names.size() - kListed) : "");
}

std::string delta_words(const Evidence& e) {
  const double delta = in_points(e.delta);
  return fmt::format("{:.3g} point{}", delta, delta == 1 ? "" : "s");
}

std::string rise(const Evidence& e) {
  return fmt::format("{} along a line through {}", points(e.slope->change),
                     named(e, {e.slope->first, e.rounds.size() - 1}));
}

bool weights_are_known(const Evidence& e) { return !e.layers.empty(); }
bool predictions_are_known(const Evidence& e) { return !e.rounds.front().predicted_class_rows.empty(); }
bool labels_are_known(const Evidence& e) { return !e.test_class_rows.empty(); }

bool is_single_class(const Evidence& e) {
  return labels_are_known(e) && *std::max_element(e.test_class_rows.begin(), e.test_class_rows.end()) ==
                                    std::accumulate(e.test_class_rows.begin(), e.test_class_rows.end(), Index{0});
}

std::optional<Stretch> still_rounds(const Evidence& e) {
  return longest(e, [&](std::size_t r) {
    const std::vector<double>& changes = e.rounds[r].layer_change;
    return std::all_of(changes.begin(), changes.end(), [](double change) { return change < kWeightsStill; });
  });
}

double most_changed(const Evidence& e, Stretch s) {
  double most = 0;
  for (std::size_t r = s.first + 1; r <= s.last; ++r)
    for (const double change : e.rounds[r].layer_change) most = std::max(most, change);
  return most;
}

std::string LossMove::words() const { return fmt::format("the train loss went from {:.4g} to {:.4g}", first, last); }

std::optional<LossMove> loss_move(const Evidence& e, Stretch s) {
  std::vector<double> losses;
  for (std::size_t r = s.first; r <= s.last; ++r)
    if (const auto& loss = e.rounds[r].train_loss; loss && std::isfinite(*loss)) losses.push_back(*loss);
  if (losses.size() < 2) return std::nullopt;
  const auto [low, high] = std::minmax_element(losses.begin(), losses.end());
  const double scale = std::max(std::abs(*low), std::abs(*high));
  return LossMove{losses.front(), losses.back(), scale == 0 ? 0 : (*high - *low) / scale};
}

bool test_loss_moved(const Evidence& e, std::size_t round) {
  if (!e.rounds[round].test_loss) return false;
  for (std::size_t r = round; r-- > 0;)
    if (const auto& before = e.rounds[r].test_loss) return *before != *e.rounds[round].test_loss;
  return false;
}

bool test_loss_moved(const Evidence& e, Stretch s) {
  for (std::size_t r = s.first + 1; r <= s.last; ++r)
    if (test_loss_moved(e, r)) return true;
  return false;
}

std::optional<Stretch> equal_accuracies(const Evidence& e) {
  const auto same =
      longest(e, [&](std::size_t r) { return e.rounds[r].test_accuracy == e.rounds[r - 1].test_accuracy; });
  if (!same || same->rounds() < kLeastEqual) return std::nullopt;
  const auto loss = loss_move(e, *same);
  return loss && loss->relative >= kLossMoved ? same : std::nullopt;
}

std::optional<std::size_t> one_class(const Evidence& e, const ForensicsRound& round) {
  const auto& rows = round.predicted_class_rows;
  if (rows.empty()) return std::nullopt;
  const auto most = std::max_element(rows.begin(), rows.end());
  if (!(static_cast<double>(*most) >= kOneClassShare * static_cast<double>(e.test_rows))) return std::nullopt;
  return most - rows.begin();
}

std::vector<std::size_t> mismatched(const Evidence& e) {
  // A row, and what rounding to the last decimal hides, are no mismatch.
  const double unseen =
      (1 + 1e-9) / static_cast<double>(std::max<Index>(e.test_rows, 1)) + std::pow(0.1, e.decimals) / 2;
  const double room = std::max(kMismatch, unseen);
  std::vector<std::size_t> rounds;
  for (std::size_t r = 0; r < e.rounds.size(); ++r) {
    const ForensicsRound& round = e.rounds[r];
    if (round.recomputed && !(std::abs(*round.recomputed - round.test_accuracy) <= room)) rounds.push_back(r);
  }
  return rounds;
}

bool classes_are_guessed(const Evidence& e) { return e.guess && !e.guess->is_shown; }
bool activations_are_guessed(const Evidence& e) { return e.replay && !e.replay->by_plateau; }

bool plateau_is_shown(const Evidence& e) { return e.slope && e.slope->tost_p <= kSignificant; }
bool rises(const Evidence& e) { return e.slope && e.slope->change.value > e.delta && shown_positive(e.slope->change); }
bool falls(const Evidence& e) { return e.slope && e.slope->change.value < -e.delta && shown_negative(e.slope->change); }

}  // namespace plateau::forensic
