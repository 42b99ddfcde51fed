// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/remedy_advice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "points.hpp"

namespace plateau {
namespace {

Index judged_by_accuracy(const RemedyTable& table) {
  return std::ranges::count_if(table.rows, &RemedyRow::is_judged_by_accuracy);
}

bool is_open(const RemedyRow& row) { return row.state == RemedyState::unresolved && !row.balanced; }

std::string capitalised(std::string text) {
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

// What the accuracy does meanwhile, of what is judged by balanced accuracy.
std::string cost_words(const RemedyTable& table, const RemedyRow& row) {
  if (shown_negative(row.accuracy_gain)) return fmt::format("and cost accuracy: {}", points(row.accuracy_gain));
  if (row.keeps_accuracy(table.delta)) return fmt::format("and change the accuracy by {}", points(row.accuracy_gain));
  return fmt::format("and may cost {:.1f} points of accuracy or more: {}", 100 * table.delta,
                     points(row.accuracy_gain));
}

std::string balance_words(const RemedyTable& table, const RemedyRow& row) {
  const std::string accuracy = cost_words(table, row);
  switch (row.state) {
    case RemedyState::helps:
      return fmt::format("{} raise the balanced accuracy by {}, {}", row.chosen, points(row.gain()), accuracy);
    case RemedyState::trade_off:
      return fmt::format(
          "{} raise the balanced accuracy by {}, {}; that trades one for the other and is not counted "
          "as help",
          row.chosen, points(row.gain()), accuracy);
    case RemedyState::unresolved:
      if (!row.is_open(table.delta))
        return fmt::format("{} cost accuracy: {}; so what they do to the balanced accuracy, {}, is not counted as help",
                           row.chosen, points(row.accuracy_gain), points(row.gain()));
      return fmt::format("it is open whether {} raise the balanced accuracy by {:.1f} points: they change it by {}, {}",
                         row.chosen, 100 * table.delta, points(row.gain()), accuracy);
    default:
      return fmt::format("{} do not raise the balanced accuracy by {:.1f} points: they change it by {}, {}", row.chosen,
                         100 * table.delta, points(row.gain()), accuracy);
  }
}

// What is decided of the balance, and what is not where it alone is left to say.
bool is_said(const RemedyTable& table, const RemedyRow& row) {
  if (!row.is_judged() || !row.balanced) return false;
  if (row.state == RemedyState::helps || row.state == RemedyState::trade_off) return true;
  if (judged_by_accuracy(table) == 0) return true;
  return row.state == RemedyState::unresolved && top_of(table) == nullptr && std::ranges::none_of(table.rows, is_open);
}

std::string prediction_words(const RemedyTable& table) {
  const RemedyRow* const more = find(table, Remedy::more_data);
  if (more == nullptr || more->state != RemedyState::predicted) return "";
  return fmt::format("; twice the training rows would gain about {}", points(more->gain()));
}

// Which remedies the test rows cannot tell from the top one, by name.
std::string level_words(const RemedyTable& table) {
  std::vector<std::string> level;
  for (const RemedyRow& row : table.rows)
    if (is_level_with_top(row)) level.emplace_back(to_string(row.remedy));
  if (level.empty()) return "";
  return fmt::format("; the test rows do not tell it from {}", fmt::join(level, ", "));
}

// Which remedies the test rows show to be ahead of the top one: by how much the one with the largest gain is, and the
// names of the others.
std::string ahead_words(const RemedyTable& table) {
  std::string text;
  std::vector<std::string> others;
  for (const RemedyRow& row : table.rows) {  // sorted by their gains
    if (!is_ahead_of_top(row)) continue;
    if (text.empty())
      text = fmt::format("; but the test rows show {} to be ahead of it by {}", to_string(row.remedy),
                         points(-*row.behind_top));
    else
      others.emplace_back(to_string(row.remedy));
  }
  return others.empty() ? text : text + fmt::format(", and {} as well", fmt::join(others, ", "));
}

// What the top remedy is called: nothing helps most where the test rows show another one to be ahead of it.
const char* words_for_top(const RemedyTable& table, const RemedyRow& top) {
  if (std::ranges::any_of(table.rows, is_ahead_of_top)) return "By held-out training rows, what to try first";
  return &top == best_held_out(table) ? "What helps most" : "What to try first";
}

std::string ranking_words(const RemedyTable& table, const RemedyRow& top) {
  const Index helpful = std::ranges::count_if(table.rows, &RemedyRow::helps_accuracy);
  if (helpful < 2) return "";
  const std::string of_all = fmt::format("; of the {} remedies that help", helpful);
  const RemedyRow& best = *best_held_out(table);
  if (&best == &top) return of_all + " it has the highest accuracy on held-out training rows";
  return fmt::format(
      "{} {} has the highest accuracy on held-out training rows, but neither these nor the test rows tell the two "
      "apart, and {} is the smaller change",
      of_all, to_string(best.remedy), to_string(top.remedy));
}

std::string helps_words(const RemedyTable& table, const RemedyRow& top) {
  std::string text = fmt::format("{} is {}: {}", words_for_top(table, top), top.chosen, points(top.gain()));
  if (top.better_seeds) text += fmt::format(", better in {} of {} trainings", *top.better_seeds, top.setting.trainings);
  text += ahead_words(table);
  text += ranking_words(table, top);
  text += level_words(table);
  const RemedyRow* const single = top_of(table, true);
  if (single != nullptr && single != &top)
    text += fmt::format("; of single changes {} comes first: {}", single->chosen, points(single->gain()));
  return text;
}

std::string open_words(const RemedyTable& table) {
  const auto largest = std::ranges::find_if(table.rows, is_open);  // which are sorted by their gains
  const Index open = std::ranges::count_if(table.rows, is_open);
  std::string text = fmt::format("No remedy is shown to raise the accuracy, and it is open whether {} {} {:.1f} points",
                                 open, open == 1 ? "of them gains" : "of them gain", 100 * table.delta);
  if (largest->gain().value > 0)
    text += fmt::format("; the largest gain is seen of {}: {}", largest->chosen, points(largest->gain()));
  if (largest->needed)
    text += fmt::format("; {} could tell{}", needed_words(*largest->needed, table),
                        open == 1 ? "" : " of the largest of these gains");
  return text + prediction_words(table);
}

std::string nothing_words(const RemedyTable& table) {
  const bool all = table.all_asked && std::ranges::none_of(table.rows, [](const RemedyRow& row) {
                     return row.state == RemedyState::not_tried;
                   });
  const Index judged = judged_by_accuracy(table);
  const std::string gains = fmt::format("gains {:.1f} points of accuracy{}", 100 * table.delta,
                                        table.all_asked ? "" : "; other remedies were not asked for") +
                            prediction_words(table);
  if (all) return "Stop tuning: nothing that was tried " + gains;
  return judged == 1 ? "It is ruled out that the one remedy that was tried " + gains
                     : fmt::format("None of the {} remedies that were tried {}", judged, gains);
}

std::string words_on_accuracy(const RemedyTable& table) {
  if (const RemedyRow* const top = top_of(table); top != nullptr) return helps_words(table, *top);
  if (std::ranges::any_of(table.rows, is_open)) return open_words(table);
  if (judged_by_accuracy(table) > 0) return nothing_words(table);
  return "";
}

}  // namespace

std::string needed_words(const Needed& needed, const RemedyTable& table) {
  const auto rounded = [](Index count) { return std::stod(fmt::format("{:.1e}", static_cast<double>(count))); };
  // Rows tell more where there are more groups of them, not where the same groups have more.
  const double times = static_cast<double>(needed.test_rows) / static_cast<double>(table.test_rows);
  std::string rows =
      table.test_groups > 0
          ? fmt::format("about {:.0f} groups of test rows",
                        rounded(static_cast<Index>(std::ceil(times * static_cast<double>(table.test_groups)))))
          : fmt::format("about {:.0f} test rows", rounded(needed.test_rows));
  const std::string trainings = fmt::format("{:.0f} trainings of each", rounded(needed.trainings));
  if (needed.trainings <= table.baseline.trainings) return rows;
  return needed.test_rows <= table.test_rows ? "about " + trainings : fmt::format("{} and {}", rows, trainings);
}

std::string advice(const RemedyTable& table) {
  std::string text = words_on_accuracy(table);
  for (const RemedyRow& row : table.rows)
    if (is_said(table, row)) text += (text.empty() ? "" : ". ") + capitalised(balance_words(table, row));
  if (text.empty())
    text = "No remedy was judged by the test rows, so nothing is said of tuning" + prediction_words(table);
  if (table.baseline.diverged == table.baseline.trainings)
    text = "Every training of the baseline diverged, so gains are over what it had reached until then. " + text;
  if (placebo_differs(table))
    text += fmt::format(". But other seeds alone make a difference of {}: what gains no more than that means nothing",
                        points(find(table, Remedy::placebo)->gain()));
  return text;
}

}  // namespace plateau
