// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "page_parts.hpp"
#include "study_words.hpp"

namespace plateau {
namespace {

// What was not tried has no numbers.
std::optional<double> some(const Json& remedy, const char* key) {
  const auto value = remedy.find(key);
  return value == remedy.end() || value->is_null() ? std::nullopt : std::optional(value->get<double>());
}

std::string words(std::string code) {
  std::ranges::replace(code, '-', ' ');
  return code;
}

// What is judged by balanced accuracy has points of another kind.
std::string name_of(const Json& remedy) {
  return words(remedy.at("remedy").get<std::string>()) +
         (remedy.value("judged_by", "accuracy") == std::string("accuracy") ? "" : " (balanced accuracy)");
}

bool has(const Json& remedy, const char* key) { return remedy.contains(key) && !remedy.at(key).is_null(); }

// The remedy that is named first; a document of the version before may have none.
bool is_top(const Json& document, const Json& remedy) { return document.value("top", Json()) == remedy.at("remedy"); }

// Whether it helps too, and the test rows show it to be ahead of the one that is named first.
bool is_ahead_of_top(const Json& remedy) {
  return remedy.at("state") == "helps" && remedy.value("judged_by", "accuracy") == std::string("accuracy") &&
         has(remedy, "behind_top") && number(remedy.at("behind_top").at("interval_95").at(1)) < 0;
}

// Of the one that is named first, in a document before version 4, which does not say how a remedy stands.
std::string result_of_top(const Json& document, const Json& top) {
  if (!has(top, "held_out_accuracy")) return "helps";  // it alone
  if (std::ranges::any_of(document.at("remedies"), is_ahead_of_top)) return "helps, named first";
  return has(top, "behind_best") ? "helps, try first" : "helps most";
}

std::string result_of(const Json& document, const Json& remedy) {
  if (const auto standing = remedy.find("standing"); standing != remedy.end())
    return standing_words(standing->get<std::string>());
  if (is_top(document, remedy)) return result_of_top(document, remedy);
  const std::string state = remedy.at("state").get<std::string>();
  return state == "no-effect" && some(remedy, "high").value_or(1) <= 0 ? "no gain" : standing_words(state);
}

std::string p_text(double p) { return p < 0.0005 ? "< 0.001" : fmt::format("{:.3f}", p); }

PageChart forest(const Json& document) {
  ForestPlot chart{.title = "What every remedy changes",
                   .description =
                       "Difference in test accuracy to the baseline, with 95 % intervals; the placebo is the "
                       "baseline with other seeds.",
                   .value = {.label = "difference (points)"}};
  for (const Json& remedy : document.at("remedies"))
    chart.rows.push_back({.name = name_of(remedy),
                          .value = some(remedy, "points"),
                          .low = some(remedy, "low"),
                          .high = some(remedy, "high"),
                          .note = result_of(document, remedy),
                          .emphasised = is_top(document, remedy),
                          .is_control = remedy.at("state") == "control"});
  return {"remedies", svg(chart)};
}

PageTable table_of(const Json& document) {
  PageTable table{.caption = "All that was tried; p-values by Holm over the remedies",
                  .head = {"remedy", "result", "points", "95 % interval", "p", "trainings", "chosen"},
                  .names = 2,
                  .ends_in_words = true};
  for (const Json& remedy : document.at("remedies")) {
    const std::optional<double> points = some(remedy, "points"), low = some(remedy, "low"), high = some(remedy, "high"),
                                p = some(remedy, "adjusted_p");
    table.lines.push_back({name_of(remedy), result_of(document, remedy), points_text(points.value_or(kNaN)),
                           interval_text(low.value_or(kNaN), high.value_or(kNaN)), p ? p_text(*p) : "-",
                           std::to_string(remedy.value("trainings", Index{0})),
                           remedy.value("chosen", Json()).is_string() ? remedy.at("chosen").get<std::string>() : ""});
  }
  return table;
}

// Of the remedies that help, where they are several: the one with the highest accuracy on held-out training rows first.
std::optional<PageTable> ranking_of(const Json& document) {
  std::vector<const Json*> ranked;
  for (const Json& remedy : document.at("remedies"))
    if (has(remedy, "held_out_accuracy")) ranked.push_back(&remedy);
  if (ranked.empty()) return std::nullopt;
  std::ranges::stable_sort(ranked, std::ranges::greater{},
                           [](const Json* remedy) { return number(remedy->at("held_out_accuracy")); });
  const std::string top = words(document.value("top", std::string("the first")));
  PageTable table{
      .caption = "Ranking of those that help, by held-out training rows; differences with 95 % intervals",
      .head = {"remedy", "held-out accuracy", "points behind " + words(ranked.front()->at("remedy").get<std::string>()),
               "on the test rows behind " + top}};
  for (const Json* remedy : ranked)
    table.lines.push_back({name_of(*remedy), in_percent(number(remedy->at("held_out_accuracy"))),
                           difference_text(remedy->value("behind_best", Json())),
                           difference_text(remedy->value("behind_top", Json()))});
  return table;
}

}  // namespace

Page page_of_remedies(const Json& document) {
  Page page{.title = "plateau remedies: " + name_of_data(document.at("configuration"))};
  page.sentence = document.at("advice").get<std::string>() + ".";
  const Json& baseline = document.at("baseline");
  page.facts.emplace_back("baseline, test accuracy",
                          in_percent(number(baseline.at("test_accuracy")), baseline.at("test_interval_95")));
  page.facts.emplace_back(
      "over seeds", fmt::format("deviation {:.1f} points, {} trainings", 100 * number(baseline.at("seed_deviation")),
                                baseline.at("trainings").get<Index>()));
  page.facts.emplace_back("network", baseline.at("architecture").get<std::string>());
  page.facts.emplace_back("rows",
                          fmt::format("{} to train, {} to test", document.at("data").at("train_rows").get<Index>(),
                                      document.at("data").at("test_rows").get<Index>()));
  page.facts.emplace_back("trainings", std::to_string(document.at("trainings").get<Index>()));
  page.facts.emplace_back("settings judged by the test rows", std::to_string(document.at("test_looks").get<Index>()));
  if (document.at("placebo_differs") == true)
    page.to_do.push_back(
        "The placebo differs from the baseline: other seeds alone change the accuracy, so take gains of "
        "that size for chance.");

  PageSection section{.heading = "Remedies"};
  section.charts.push_back(forest(document));
  if (const Json& curve = document.at("learning_curve"); !curve.is_null())
    section.charts.push_back(learning_curve_chart(curve, std::nullopt));
  section.tables.push_back(table_of(document));
  if (std::optional<PageTable> ranking = ranking_of(document)) section.tables.push_back(std::move(*ranking));
  page.sections.push_back(std::move(section));
  page.made_by = made_by(document);
  return page;
}

}  // namespace plateau
