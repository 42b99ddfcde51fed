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

Index judged(const RemedyTable& table) {
  return std::ranges::count_if(table.rows, [](const RemedyRow& row) { return row.is_judged(); });
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
      row.needed = needed_for(row.gain(), table.test_rows, std::max<Index>(1, table.baseline.trainings), table.delta,
                              static_cast<Index>(p.size()));
  }
  std::ranges::stable_sort(table.rows, [](const RemedyRow& a, const RemedyRow& b) {
    const bool a_tried = a.state != RemedyState::not_tried, b_tried = b.state != RemedyState::not_tried;
    if (a_tried != b_tried) return a_tried;
    return a_tried && standing(a) > standing(b);
  });
}

std::string needed_words(const Needed& needed, const RemedyTable& table) {
  const auto rounded = [](Index count) { return std::stod(fmt::format("{:.1e}", static_cast<double>(count))); };
  std::string rows = fmt::format("about {:.0f} test rows", rounded(needed.test_rows));
  const std::string trainings = fmt::format("{:.0f} trainings of each", rounded(needed.trainings));
  if (needed.trainings <= table.baseline.trainings) return rows;
  return needed.test_rows <= table.test_rows ? "about " + trainings : fmt::format("{} and {}", rows, trainings);
}

std::string advice(const RemedyTable& table) {
  const auto helpful = [&table](bool balanced) {
    return std::ranges::find_if(table.rows, [balanced](const RemedyRow& row) {
      return row.state == RemedyState::helps && row.balanced == balanced;
    });
  };
  std::string text;
  if (const auto best = helpful(false); best != table.rows.end()) {
    text = fmt::format("What helps most is {}: {}", best->chosen, points(best->gain()));
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
    Needed most;
    const RemedyRow* largest = nullptr;
    for (const RemedyRow& row : table.rows) {
      if (row.state != RemedyState::unresolved) continue;
      if (largest == nullptr) largest = &row;
      if (!row.needed) continue;
      most.test_rows = std::max(most.test_rows, row.needed->test_rows);
      most.trainings = std::max(most.trainings, row.needed->trainings);
    }
    text = fmt::format("Nothing is shown to help, and it is open whether {} {} {:.1f} points", open,
                       open == 1 ? "remedy gains" : "remedies gain", 100 * table.delta);
    if (largest->gain().value > 0)
      text += fmt::format("; most is seen of {}, {}", largest->chosen, points(largest->gain()));
    if (most.test_rows > 0) text += "; " + needed_words(most, table) + " could tell";
    text += prediction_words(table);
  } else if (judged(table) == 0) {
    text = "Nothing was judged by the test rows, so nothing is said of tuning" + prediction_words(table);
  } else if (count(table, RemedyState::not_tried) > 0) {
    text = fmt::format("Of {} that {} tried, nothing gains {:.1f} points",
                       judged(table) == 1 ? "1 remedy" : fmt::format("the {} remedies", judged(table)),
                       judged(table) == 1 ? "was" : "were", 100 * table.delta) +
           prediction_words(table);
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

bool placebo_helps(const RemedyTable& table) {
  const RemedyRow* const placebo = find(table, Remedy::placebo);
  expects(placebo != nullptr, "placebo_helps: a table with a placebo");
  return state_of(placebo->gain(), placebo->gain().p_greater, table.delta) == RemedyState::helps;
}

int exit_code_of(const RemedyTable& table) {
  if (table.baseline.diverged == table.baseline.trainings) return 1;
  if (count(table, RemedyState::helps) > 0) return 0;
  return count(table, RemedyState::unresolved) > 0 || judged(table) == 0 ? 3 : 0;
}

}  // namespace plateau
