// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Runs side by side, as a page.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "comparison_words.hpp"
#include "page_parts.hpp"
#include "text.hpp"

namespace plateau {
namespace {

// Curves; of more, those of a setting share a colour and a name, and of more settings all but the first run do.
constexpr std::size_t kMostNamed = 8;

// How the legend calls a run's curve, and its colour.
struct CurveLook {
  std::string name;  // empty: in no legend
  int colour = 0;
};

std::vector<CurveLook> curve_looks(const Comparison& comparison) {
  std::vector<CurveLook> looks;
  if (comparison.runs.size() <= kMostNamed) {
    for (const std::string& name : run_names(comparison)) looks.push_back({name, static_cast<int>(looks.size())});
    return looks;
  }
  std::vector<std::string> settings;  // each once
  std::vector<std::size_t> first;     // the place of its first run
  for (std::size_t place = 0; place < comparison.runs.size(); ++place) {
    const std::string setting = setting_words(comparison, comparison.runs[place]);
    const auto own = std::ranges::find(settings, setting);
    looks.push_back({.name = "", .colour = static_cast<int>(own - settings.begin())});
    if (own != settings.end()) continue;
    settings.push_back(setting);
    first.push_back(place);
  }
  if (settings.size() <= kMostNamed) {
    for (std::size_t s = 0; s < settings.size(); ++s) looks[first[s]].name = settings[s];
    return looks;
  }
  for (CurveLook& look : looks) look = {.name = "", .colour = 1};
  looks[0] = {comparison.runs.front().run.name, 0};
  looks[1].name = "other runs";
  return looks;
}

PageChart overlay(const Comparison& comparison, const char* name, LineChart chart,
                  std::vector<double> RunCurves::*curve, double factor) {
  const std::vector<CurveLook> looks = curve_looks(comparison);
  std::vector<std::pair<double, std::string>> last;  // values, and their runs
  for (std::size_t place = 0; place < comparison.runs.size(); ++place) {
    const RunCurves& curves = comparison.runs[place].curves;
    Series series{.name = looks[place].name,
                  .colour = looks[place].colour,
                  .title = comparison.runs[place].run.name,
                  .on_top = place == 0 && comparison.runs.size() > kMostNamed};  // many others would cover it
    for (std::size_t i = 0; i < curves.epoch.size(); ++i)
      series.points.push_back({curves.epoch[i], factor * (curves.*curve)[i]});
    if (place == 0) chart.description += course_of(series.title, series.points, chart.x.label);
    if (!series.points.empty() && std::isfinite(series.points.back().y))
      last.emplace_back(series.points.back().y, series.title);
    chart.series.push_back(std::move(series));
  }
  if (!last.empty()) {
    const auto [lowest, highest] = std::ranges::minmax(last);
    chart.description += fmt::format(" The last values of all lie from {} ({}) to {} ({}).", significant(lowest.first),
                                     lowest.second, significant(highest.first), highest.second);
  }
  return {name, svg(chart)};
}

PageSection curves_section(const Comparison& comparison) {
  PageSection section{.heading = "Curves"};
  section.charts.push_back(overlay(comparison, "accuracy",
                                   {.title = "Test accuracy by epoch",
                                    .description = "The test accuracy of every run after each of its epochs.",
                                    .x = {.label = "epoch"},
                                    .y = {.label = "test accuracy (%)"}},
                                   &RunCurves::test_accuracy, 100));
  section.charts.push_back(overlay(comparison, "loss",
                                   {.title = "Train loss by epoch",
                                    .description = "The mean train loss of every run in each of its epochs.",
                                    .x = {.label = "epoch"},
                                    .y = {.label = "cross-entropy (nats)"}},
                                   &RunCurves::train_loss, 1));
  return section;
}

PageChart difference_chart(const Comparison& comparison) {
  ForestPlot chart{.title = "Test accuracy, to that of the first run",
                   .description = fmt::format("How far every run lies from {}, with 95 % intervals.",
                                              comparison.runs.front().run.name),
                   .value = {.label = "difference (points)"},
                   .decimals = decimals_of(comparison)};
  for (std::size_t place = 1; place < comparison.runs.size(); ++place) {
    ForestPlot::Row row{.name = comparison.runs[place].run.name};
    if (const auto& difference = comparison.found.over_first[place]) {
      row.value = 100 * difference->value;
      row.low = 100 * difference->interval.low;
      row.high = 100 * difference->interval.high;
      const bool paired = difference->rows == RowMatch::same;
      row.note = paired ? "" : "independent";
      row.emphasised = paired && difference->adjusted_p <= kSignificant;
    } else {
      row.note = "no accuracy";
    }
    chart.rows.push_back(std::move(row));
  }
  return {"differences", svg(chart)};
}

// A value with what is known of how sure it is.
std::string with_interval(const std::string& value, const std::string& interval) {
  return interval.empty() ? value : value + " " + interval;
}

PageTable run_table(const Comparison& comparison) {
  PageTable table{.caption = fmt::format("Every run; differences to {} in points{}", comparison.runs.front().run.name,
                                         adjusted_runs(comparison) > 1 ? ", p by Holm" : ""),
                  .head = {"run", "difference", "test accuracy (%)", "test rows", "gained", "lost", "p"}};
  for (std::size_t place = 0; place < comparison.runs.size(); ++place) {
    const ReadRun& run = comparison.runs[place];
    const RunCells cells = cells_of(comparison, place);
    table.lines.push_back({run.run.name + (run.run.complete ? "" : " (unfinished)"),
                           with_interval(cells.difference, cells.difference_interval),
                           with_interval(cells.accuracy, cells.accuracy_interval), cells.rows, cells.gained, cells.lost,
                           cells.p});
  }
  return table;
}

// In a column of sentences: of many settings a table of columns would be too wide for a phone and for paper.
PageTable differing_table(const Comparison& comparison) {
  PageTable table{.caption = "What differs in the settings", .head = {"run", "settings"}, .names = 2};
  for (const ReadRun& run : comparison.runs) table.lines.push_back({run.run.name, differing_words(comparison, run)});
  return table;
}

PageSection settings_section(const Comparison& comparison) {
  PageSection section{.heading = "Settings, over their seeds"};
  ForestPlot chart{.title = "Test accuracy, to that of the first setting",
                   .description = "Differences of means over seeds, with 95 % intervals over test rows and trainings.",
                   .value = {.label = "difference (points)"},
                   .decimals = decimals_of(comparison)};
  PageTable table{.caption = fmt::format("Settings of at least two seeds; differences to the first in points{}",
                                         adjusted_settings(comparison) > 1 ? ", p by Holm" : ""),
                  .head = {"setting", "seeds", "difference", "mean test accuracy (%)", "deviation", "p"},
                  .names = 2};
  for (const RunGroup& group : comparison.found.groups) {
    const std::string name = setting_words(comparison, comparison.runs[group.runs.front()]);
    const GroupCells cells = cells_of(comparison, group);
    table.lines.push_back({name, cells.seeds, with_interval(cells.difference, cells.difference_interval), cells.mean,
                           cells.deviation, cells.p});
    if (group.match != GroupMatch::compared) continue;
    chart.rows.push_back({.name = name,
                          .value = 100 * group.over_first.value,
                          .low = 100 * group.over_first.interval.low,
                          .high = 100 * group.over_first.interval.high,
                          .note = says_next_to_nothing(group.over_first.interval) ? "too few seeds" : "",
                          .emphasised = group.adjusted_p <= kSignificant});
  }
  if (!chart.rows.empty()) section.charts.push_back({"settings", svg(chart)});
  section.tables.push_back(std::move(table));
  return section;
}

}  // namespace

Page comparison_page(const Comparison& comparison, const Environment& environment) {
  Page page{.title = fmt::format("plateau compare: {}", counted(std::ssize(comparison.runs), "run"))};
  const auto unfinished = std::ranges::count_if(comparison.runs, [](const ReadRun& run) { return !run.run.complete; });
  if (unfinished > 0)
    page.unfinished = fmt::format("{} of {} runs {} not finished.", unfinished, comparison.runs.size(),
                                  unfinished == 1 ? "was" : "were");
  page.sentence = comparison_sentence(comparison);
  page.facts.emplace_back("compared with", comparison.runs.front().run.name);
  page.facts.emplace_back("its test rows", std::to_string(comparison.runs.front().run.test_rows));
  page.facts.emplace_back("differ in", comparison.found.differing.empty()
                                           ? "nothing that is known"
                                           : fmt::format("{}", fmt::join(comparison.found.differing, ", ")));
  page.sections.push_back(curves_section(comparison));
  page.sections.push_back({.heading = "Differences",
                           .charts = {difference_chart(comparison)},
                           .points = comparison_notes(comparison),
                           .tables = {run_table(comparison)}});
  if (!comparison.found.differing.empty()) page.sections.back().tables.push_back(differing_table(comparison));
  if (comparison.found.groups.size() > 1) page.sections.push_back(settings_section(comparison));
  PageSection asked{.heading = "What was compared"};
  for (const ReadRun& run : comparison.runs)
    asked.points.push_back(fmt::format("{}: {}", run.run.name, run.directory.string()));
  page.sections.push_back(std::move(asked));
  page.made_by = made_by(Json::parse(comparison_json(comparison, environment)));
  return page;
}

}  // namespace plateau
