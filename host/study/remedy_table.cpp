// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/remedy_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "plateau/core/contract.hpp"
#include "points.hpp"

namespace plateau {
namespace {

constexpr double kLevel = 0.05;  // of all remedies together

const RemedyRow* find(const RemedyTable& table, Remedy remedy) {
  const auto row = std::ranges::find(table.rows, remedy, &RemedyRow::remedy);
  return row == table.rows.end() ? nullptr : &*row;
}

Index count(const RemedyTable& table, RemedyState state) {
  return std::ranges::count(table.rows, state, &RemedyRow::state);
}

// Larger first; what is no number behind every number.
double standing(const RemedyRow& row) {
  const double gain = row.gain().value;
  return std::isnan(gain) ? -std::numeric_limits<double>::infinity() : gain;
}

std::string prediction_words(const RemedyTable& table) {
  const RemedyRow* const more = find(table, Remedy::more_data);
  if (more == nullptr || more->state != RemedyState::predicted) return "";
  return fmt::format("; twice the training rows would gain about {}", points(more->gain()));
}

}  // namespace

const char* to_string(Remedy remedy) {
  switch (remedy) {
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

RemedyState state_of(const Difference& gain, double adjusted_p, double delta) {
  if (gain.interval.low > 0 && gain.value >= delta && adjusted_p <= kLevel) return RemedyState::helps;
  if (gain.interval.high < 0) return RemedyState::hurts;
  if (gain.interval.high < delta) return RemedyState::no_effect;
  return RemedyState::unresolved;
}

std::optional<Index> rows_to_resolve(const Difference& gain, Index test_rows, double delta) {
  expects(delta > 0, "rows_to_resolve: delta > 0");
  const double root = gain.detectable / delta;
  const double rows = std::ceil(static_cast<double>(test_rows) * root * root);
  if (!(rows > static_cast<double>(test_rows)) || !(rows < 0x1p53)) return {};
  return static_cast<Index>(rows);
}

std::optional<double> rows_per_point(const RemedyTable& table) {
  if (!table.curve || !(table.curve->at_twice > 0)) return {};
  return static_cast<double>(table.train_rows) / (100 * table.curve->at_twice);
}

void decide(RemedyTable& table) {
  std::vector<double> p;
  for (const RemedyRow& row : table.rows)
    if (row.is_judged()) p.push_back(row.gain().p_greater);
  const std::vector<double> adjusted = holm(p);
  std::size_t next = 0;
  for (RemedyRow& row : table.rows) {
    if (!row.is_judged()) continue;
    row.adjusted_p = adjusted[next++];
    row.state = state_of(row.gain(), row.adjusted_p, table.delta);
    if (row.state == RemedyState::unresolved)
      row.rows_to_resolve = rows_to_resolve(row.gain(), table.test_rows, table.delta);
  }
  std::ranges::stable_sort(table.rows, [](const RemedyRow& a, const RemedyRow& b) {
    const bool a_tried = a.state != RemedyState::not_tried, b_tried = b.state != RemedyState::not_tried;
    if (a_tried != b_tried) return a_tried;
    return a_tried && standing(a) > standing(b);
  });
}

std::string advice(const RemedyTable& table) {
  const auto helpful = [&table](bool balanced) {
    return std::ranges::find_if(table.rows, [balanced](const RemedyRow& row) {
      return row.state == RemedyState::helps && row.balanced == balanced;
    });
  };
  std::string text;
  if (const auto best = helpful(false); best != table.rows.end()) {
    text = fmt::format("{}: {}", best->chosen, points(best->gain()));
    if (best->better_seeds > 0)
      text += fmt::format(", better in {} of {} trainings", best->better_seeds, best->setting.trainings);
    // What is nearly as good and needs only one change is the better advice.
    if (best->remedy == Remedy::pair || best->remedy == Remedy::model_selection) {
      const auto simple = std::ranges::find_if(table.rows, [](const RemedyRow& row) {
        return row.state == RemedyState::helps && !row.balanced && row.remedy != Remedy::pair &&
               row.remedy != Remedy::model_selection;
      });
      if (simple != table.rows.end())
        text += fmt::format("; of single changes {} does most: {}", simple->chosen, points(simple->gain()));
    }
  } else if (const auto balance = helpful(true); balance != table.rows.end()) {
    text = fmt::format("Nothing is shown to raise the accuracy; {} raise the balanced accuracy by {}", balance->chosen,
                       points(balance->gain()));
  } else if (const Index open = count(table, RemedyState::unresolved); open > 0) {
    Index most = 0;
    for (const RemedyRow& row : table.rows) most = std::max(most, row.rows_to_resolve.value_or(0));
    text =
        fmt::format("Nothing is shown to help, and of {} {} {} test rows cannot tell whether they gain {:.1f} points",
                    open, open == 1 ? "remedy" : "remedies", table.test_rows, 100 * table.delta);
    if (most > 0) text += fmt::format("; about {} test rows could", most);
    text += prediction_words(table);
  } else {
    text = fmt::format("Stop tuning: nothing that was tried gains {:.1f} points", 100 * table.delta) +
           prediction_words(table);
  }
  if (table.baseline.diverged == table.baseline.trainings)
    text = "Every training of the baseline diverged, so gains are over what it had reached until then. " + text;
  if (placebo_differs(table))
    text += fmt::format(". But other seeds alone make a difference of {}: what gains no more than that means nothing",
                        points(find(table, Remedy::placebo)->gain()));
  return text;
}

bool placebo_differs(const RemedyTable& table) {
  const RemedyRow* const placebo = find(table, Remedy::placebo);
  return placebo != nullptr && (shown_positive(placebo->gain()) || shown_negative(placebo->gain()));
}

int exit_code_of(const RemedyTable& table) {
  if (table.baseline.diverged == table.baseline.trainings) return 1;
  if (count(table, RemedyState::helps) > 0) return 0;
  return count(table, RemedyState::unresolved) > 0 ? 3 : 0;
}

}  // namespace plateau
