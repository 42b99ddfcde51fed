// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/remedy_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>

#include "plateau/core/contract.hpp"
#include "points.hpp"

namespace plateau {
namespace {

constexpr double kLevel = 0.05;  // of all remedies together
constexpr double kPower = 0.8;

// Larger first; what is no number behind every number.
double standing(const RemedyRow& row) {
  const double gain = row.gain().value;
  return std::isnan(gain) ? -std::numeric_limits<double>::infinity() : gain;
}

// In this order: accuracy, balanced accuracy, what was not tried.
int part_of(const RemedyRow& row) {
  if (row.state == RemedyState::not_tried) return 2;
  return row.balanced ? 1 : 0;
}

double p_worse(const RemedyRow& row) { return 1 - row.gain().p_greater; }

bool is_single(const RemedyRow& row) { return row.remedy != Remedy::pair && row.remedy != Remedy::model_selection; }

// The first of equals, which has the larger gain.
const RemedyRow* best_of(const RemedyTable& table, bool single) {
  const RemedyRow* best = nullptr;
  const auto held_out = [](const RemedyRow& row) { return row.held_out_accuracy.value_or(0); };
  for (const RemedyRow& row : table.rows)
    if (row.helps_accuracy() && (!single || is_single(row)) && (best == nullptr || held_out(row) > held_out(*best)))
      best = &row;
  return best;
}

}  // namespace

const char* to_string(Remedy remedy) {
  switch (remedy) {
    case Remedy::unfrozen:
      return "unfrozen";
    case Remedy::drawn_weights:
      return "drawn-weights";
    case Remedy::optimisation:
      return "optimisation";
    case Remedy::larger_network:
      return "larger-network";
    case Remedy::smaller_network:
      return "smaller-network";
    case Remedy::weight_decay:
      return "weight-decay";
    case Remedy::dropout:
      return "dropout";
    case Remedy::early_stopping:
      return "early-stopping";
    case Remedy::jitter:
      return "jitter";
    case Remedy::mixup:
      return "mixup";
    case Remedy::class_weights:
      return "class-weights";
    case Remedy::ensemble:
      return "ensemble";
    case Remedy::pair:
      return "pair";
    case Remedy::model_selection:
      return "model-selection";
    case Remedy::more_data:
      return "more-data";
    case Remedy::placebo:
      return "placebo";
  }
  return "";
}

std::optional<Remedy> remedy_named(std::string_view name) {
  for (int i = 0; i < kRemedies; ++i)
    if (name == to_string(static_cast<Remedy>(i))) return static_cast<Remedy>(i);
  return {};
}

const char* to_string(RemedyState state) {
  switch (state) {
    case RemedyState::helps:
      return "helps";
    case RemedyState::no_effect:
      return "no-effect";
    case RemedyState::hurts:
      return "hurts";
    case RemedyState::unresolved:
      return "unresolved";
    case RemedyState::trade_off:
      return "trade-off";
    case RemedyState::predicted:
      return "predicted";
    case RemedyState::control:
      return "control";
    case RemedyState::not_tried:
      return "not-tried";
  }
  return "";
}

bool RemedyRow::is_judged() const {
  return state != RemedyState::not_tried && remedy != Remedy::more_data && remedy != Remedy::placebo;
}

RemedyState state_of(const Difference& gain, double adjusted_p, double adjusted_p_worse, double delta) {
  if (gain.interval.low > 0 && gain.value >= delta && adjusted_p <= kLevel) return RemedyState::helps;
  if (gain.interval.high < 0 && gain.value <= -delta && adjusted_p_worse <= kLevel) return RemedyState::hurts;
  if (gain.interval.high < delta) return RemedyState::no_effect;
  return RemedyState::unresolved;
}

std::optional<Needed> needed_for(const Difference& gain, Index test_rows, Index trainings, double delta,
                                 Index remedies) {
  expects(delta > 0 && test_rows >= 1 && trainings >= 1 && remedies >= 1, "needed_for: a gain among remedies");
  if (!std::isfinite(gain.value)) return {};
  const auto quantile = [](double p) { return boost::math::quantile(boost::math::normal(), p); };
  const bool large = gain.value >= delta;
  const double margin = large ? gain.value : std::max(delta, delta - gain.value);
  const double level = large ? kLevel / static_cast<double>(remedies) : kLevel / 2;
  const double wanted = margin / (quantile(1 - level) + quantile(kPower));  // the standard error that would do
  const double of_trainings = gain.error_of_trainings * gain.error_of_trainings;
  const double of_rows = gain.standard_error * gain.standard_error - of_trainings;
  const auto scaled = [&](Index there_are, double variance) {
    return std::ceil(static_cast<double>(there_are) * std::max(1.0, 2 * variance / (wanted * wanted)));
  };
  const double rows = scaled(test_rows, of_rows), more = scaled(trainings, of_trainings);
  if (!(rows < 0x1p53 && more < 0x1p53)) return {};
  const Needed needed{static_cast<Index>(rows), static_cast<Index>(more)};
  if (needed.test_rows <= test_rows && needed.trainings <= trainings) return {};
  return needed;
}

std::optional<double> rows_per_point(const RemedyTable& table) {
  if (!table.curve || !(table.curve->at_twice > 0 && table.curve->at_twice_interval.low > 0)) return {};
  return static_cast<double>(table.train_rows) / (100 * table.curve->at_twice);
}

void decide(RemedyTable& table) {
  std::vector<double> better, worse;
  for (const RemedyRow& row : table.rows) {
    if (!row.is_judged()) continue;
    better.push_back(row.gain().p_greater);
    worse.push_back(p_worse(row));
  }
  const std::vector<double> adjusted = holm(better), adjusted_worse = holm(worse);
  std::size_t next = 0;
  for (RemedyRow& row : table.rows) {
    if (!row.is_judged()) continue;
    row.adjusted_p = adjusted[next];
    row.adjusted_p_worse = adjusted_worse[next++];
    row.state = state_of(row.gain(), row.adjusted_p, row.adjusted_p_worse, table.delta);
    if (row.state == RemedyState::helps && !row.keeps_accuracy(table.delta)) row.state = RemedyState::trade_off;
    if (row.state == RemedyState::unresolved)
      row.needed = needed_for(row.gain(), table.test_rows, std::max<Index>(1, table.baseline.trainings), table.delta,
                              static_cast<Index>(better.size()));
  }
  std::ranges::stable_sort(table.rows, [](const RemedyRow& a, const RemedyRow& b) {
    if (part_of(a) != part_of(b)) return part_of(a) < part_of(b);
    return part_of(a) < 2 && standing(a) > standing(b);
  });
}

const RemedyRow* find(const RemedyTable& table, Remedy remedy) {
  const auto row = std::ranges::find(table.rows, remedy, &RemedyRow::remedy);
  return row == table.rows.end() ? nullptr : &*row;
}

const RemedyRow* best_held_out(const RemedyTable& table) { return best_of(table, false); }

const RemedyRow* top_of(const RemedyTable& table, bool single) {
  const RemedyRow* const best = best_held_out(table);
  const RemedyRow* top = nullptr;
  for (const RemedyRow& row : table.rows) {
    if (!row.helps_accuracy() || (single && !is_single(row)) || !(&row == best || row.level_with_best)) continue;
    if (top == nullptr || row.remedy < top->remedy) top = &row;
  }
  return top == nullptr ? best_of(table, single) : top;
}

bool holds_zero(const Difference& difference) { return difference.interval.low <= 0 && difference.interval.high >= 0; }

bool is_level_with_top(const RemedyRow& row) { return row.behind_top && holds_zero(*row.behind_top); }

bool is_ahead_of_top(const RemedyRow& row) {
  return row.helps_accuracy() && row.behind_top && shown_negative(*row.behind_top);
}

const char* standing_of(const RemedyRow& row, const RemedyTable& table) {
  if (row.state == RemedyState::no_effect && row.gain().interval.high <= 0) return "no-gain";
  if (row.state != RemedyState::helps || !row.held_out_accuracy || &row != top_of(table)) return to_string(row.state);
  if (std::any_of(table.rows.begin(), table.rows.end(), is_ahead_of_top)) return "helps-named-first";
  return &row == best_held_out(table) ? "helps-most" : "helps-try-first";
}

bool placebo_differs(const RemedyTable& table) {
  const RemedyRow* const placebo = find(table, Remedy::placebo);
  return placebo != nullptr && (shown_positive(placebo->gain()) || shown_negative(placebo->gain()));
}

bool placebo_helps(const RemedyTable& table) {
  const RemedyRow* const placebo = find(table, Remedy::placebo);
  expects(placebo != nullptr, "placebo_helps: a table with a placebo");
  return state_of(placebo->gain(), placebo->gain().p_greater, p_worse(*placebo), table.delta) == RemedyState::helps;
}

int exit_code_of(const RemedyTable& table) {
  if (table.baseline.diverged == table.baseline.trainings) return 1;
  const auto helps = [&](const RemedyRow& row) {
    return row.state == RemedyState::helps && row.keeps_accuracy(table.delta);
  };
  if (std::ranges::any_of(table.rows, helps)) return 0;
  const bool open = std::ranges::any_of(table.rows, [&](const RemedyRow& row) { return row.is_open(table.delta); });
  const bool judged = std::ranges::any_of(table.rows, &RemedyRow::is_judged);
  return open || !judged ? 3 : 0;
}

}  // namespace plateau
