// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "page_parts.hpp"

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

// An interval below 0 rules out a gain, and not every effect.
std::string result_of(const Json& remedy) {
  const std::string state = remedy.at("state").get<std::string>();
  return state == "no-effect" && some(remedy, "high").value_or(1) <= 0 ? "no gain" : words(state);
}

std::string p_text(double p) { return p < 0.0005 ? "< 0.001" : fmt::format("{:.3f}", p); }

PageChart forest(const Json& remedies) {
  ForestPlot chart{.title = "What every remedy changes",
                   .description =
                       "Difference in test accuracy to the baseline, with 95 % intervals; the placebo is the "
                       "baseline with other seeds.",
                   .value = {.label = "difference (points)"}};
  for (const Json& remedy : remedies) {
    const std::string state = remedy.at("state").get<std::string>();
    chart.rows.push_back({.name = name_of(remedy),
                          .value = some(remedy, "points"),
                          .low = some(remedy, "low"),
                          .high = some(remedy, "high"),
                          .note = result_of(remedy),
                          .emphasised = state == "helps",
                          .is_control = state == "control"});
  }
  return {"remedies", svg(chart)};
}

PageTable table_of(const Json& remedies) {
  PageTable table{.caption = "All that was tried; p-values by Holm over the remedies",
                  .head = {"remedy", "result", "points", "95 % interval", "p", "trainings", "chosen"},
                  .names = 2,
                  .ends_in_words = true};
  for (const Json& remedy : remedies) {
    const std::optional<double> points = some(remedy, "points"), low = some(remedy, "low"), high = some(remedy, "high"),
                                p = some(remedy, "adjusted_p");
    table.lines.push_back({name_of(remedy), result_of(remedy), points_text(points.value_or(kNaN)),
                           interval_text(low.value_or(kNaN), high.value_or(kNaN)), p ? p_text(*p) : "-",
                           std::to_string(remedy.value("trainings", Index{0})),
                           remedy.value("chosen", Json()).is_string() ? remedy.at("chosen").get<std::string>() : ""});
  }
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
  section.charts.push_back(forest(document.at("remedies")));
  if (const Json& curve = document.at("learning_curve"); !curve.is_null())
    section.charts.push_back(learning_curve_chart(curve, std::nullopt));
  section.tables.push_back(table_of(document.at("remedies")));
  page.sections.push_back(std::move(section));
  page.made_by = made_by(document);
  return page;
}

}  // namespace plateau
