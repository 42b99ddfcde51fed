// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "page_parts.hpp"
#include "text.hpp"

namespace plateau {
namespace {

constexpr std::size_t kDotsOf = 12;  // settings whose runs are shown one by one

std::string network(const Json& setting) {
  return fmt::format("{}", fmt::join(setting.at("architecture").get<std::vector<Index>>(), "-"));
}
std::string rate(const Json& setting) { return significant(number(setting.at("learning_rate"))); }

// Of which several were asked for.
bool differ_in(const Json& document, const char* value) { return document.at("configuration").at(value).size() > 1; }

// What tells a setting from the others: "4-16-3, learning rate 0.01, weight decay 0.1".
std::string name_of(const Json& document, const Json& setting, const char* before_rate) {
  std::string name = fmt::format("{}{}{}", network(setting), before_rate, rate(setting));
  if (differ_in(document, "weight_decay")) name += ", weight decay " + significant(number(setting.at("weight_decay")));
  if (differ_in(document, "dropout")) name += ", dropout " + significant(number(setting.at("dropout")));
  return name;
}

double mean_of(const Json& setting, const char* figure) {
  const auto found = setting.find(figure);
  return found == setting.end() || found->is_null() ? kNaN : number(found->at("mean"));
}

// Half of the 95 % interval of a mean; not a number where a single run has none.
double half_of(const Json& setting, const char* figure) {
  const auto found = setting.find(figure);
  return found == setting.end() || found->is_null()
             ? kNaN
             : number(found->at("interval_95").at(1)) - number(found->at("mean"));
}
std::string percent_of(const Json& setting, const char* figure) {
  const double half = 100 * half_of(setting, figure);
  return in_percent(mean_of(setting, figure)) + (std::isfinite(half) ? fmt::format(" ±{:.1f}", half) : "");
}
std::string loss_of(const Json& setting) {
  const double half = half_of(setting, "validation_loss");
  return significant(mean_of(setting, "validation_loss")) + (std::isfinite(half) ? fmt::format(" ±{:.2g}", half) : "");
}

Index complete_runs(const Json& setting) {
  return setting.at("finished").get<Index>() + setting.at("stopped_early").get<Index>();
}

// In the order in which they first come.
std::size_t place_of(std::vector<std::string>& names, const std::string& name) {
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  names.push_back(name);
  return names.size() - 1;
}

// Network by learning rate; where there are several settings of both, the best of them.
PageChart heat_map(const Json& document) {
  HeatMap chart{.title = "Test accuracy by network and learning rate",
                .rows_label = "network",
                .columns_label = "learning rate",
                .value_label = "mean test accuracy (%)",
                .decimals = 1};
  std::vector<const Json*> settings;
  for (const Json& setting : document.at("settings")) settings.push_back(&setting);
  std::ranges::sort(settings, {}, [](const Json* setting) { return setting->at("setting").get<Index>(); });
  for (const Json* setting : settings) {
    place_of(chart.rows, network(*setting));
    place_of(chart.columns, rate(*setting));
  }
  chart.values.assign(chart.rows.size(), std::vector<double>(chart.columns.size(), kNaN));
  chart.texts.assign(chart.rows.size(), std::vector<std::string>(chart.columns.size()));
  double best = -1;
  std::string best_words;
  for (const Json* setting : settings) {
    const std::size_t row = place_of(chart.rows, network(*setting)), column = place_of(chart.columns, rate(*setting));
    const double value = 100 * mean_of(*setting, "test_accuracy");
    double& cell = chart.values[row][column];
    if (!std::isfinite(value) || cell >= value) continue;
    cell = value;
    chart.texts[row][column] = fmt::format("{:.1f}", value);
    if (value > best) {
      best = value;
      best_words = fmt::format("The highest is {:.1f} %, of {} at learning rate {}.", value, chart.rows[row],
                               chart.columns[column]);
    }
  }
  chart.description = best_words.empty() ? "No setting has a complete run." : best_words;
  return {"sweep", svg(chart)};
}

PageChart dots(const Json& document, bool validated) {
  DotChart chart{.title = "Every run of the best settings",
                 .description = "Dots are runs, strokes their means; settings in the order of their rank.",
                 .value = {.label = "accuracy (%)"},
                 .kinds = {{"test", 0}, {"train", 1}}};
  if (validated) chart.kinds.push_back({"validation", 2});
  for (const Json& setting : document.at("settings")) {
    if (chart.categories.size() == kDotsOf || setting.at("rank").is_null()) break;
    DotChart::Category category{.name = name_of(document, setting, ", learning rate "),
                                .values = std::vector<std::vector<double>>(chart.kinds.size())};
    for (const Json& run : setting.at("runs")) {
      if (!run.contains("test_accuracy")) continue;
      category.values[0].push_back(100 * number(run.at("test_accuracy")));
      category.values[1].push_back(100 * number(run.at("train_accuracy")));
      if (validated) category.values[2].push_back(100 * number(run.at("validation_accuracy")));
    }
    chart.categories.push_back(std::move(category));
  }
  return {"sweep-runs", svg(chart)};
}

PageTable table_of(const Json& document, bool validated) {
  PageTable table{.caption =
                      "Settings, best first (* within noise of the best); means over complete runs, ± half of the 95 % "
                      "interval over seeds",
                  .head = {"network", "rank", "learning rate"},
                  .names = 1};
  const bool decays = differ_in(document, "weight_decay"), drops = differ_in(document, "dropout");
  if (decays) table.head.push_back("weight decay");
  if (drops) table.head.push_back("dropout");
  table.head.push_back("test accuracy");
  if (validated) table.head.push_back("validation loss");
  table.head.insert(table.head.end(), {"train accuracy", "runs complete"});
  for (const Json& setting : document.at("settings")) {
    const std::string rank = setting.at("rank").is_null()
                                 ? "-"
                                 : fmt::format("{}{}", setting.at("within_noise_of_best") == true ? "* " : "",
                                               setting.at("rank").get<Index>());
    std::vector<std::string> line{network(setting), rank, rate(setting)};
    if (decays) line.push_back(significant(number(setting.at("weight_decay"))));
    if (drops) line.push_back(significant(number(setting.at("dropout"))));
    line.push_back(percent_of(setting, "test_accuracy"));
    if (validated) line.push_back(loss_of(setting));
    line.push_back(in_percent(mean_of(setting, "train_accuracy")));
    const Index diverged = setting.at("diverged").get<Index>();
    line.push_back(fmt::format("{} of {}{}", complete_runs(setting), setting.at("runs").size(),
                               diverged > 0 ? fmt::format(", {} diverged", diverged) : ""));
    table.lines.push_back(std::move(line));
  }
  return table;
}

}  // namespace

Page page_of_sweep(const Json& document) {
  const bool validated = document.at("ranked_by") == "validation_loss";
  Page page{.title = "plateau sweep: " + name_of_data(document.at("configuration"))};
  const Json& settings = document.at("settings");
  Index interrupted = 0, diverged = 0, runs = 0, within = 0;
  for (const Json& setting : settings) {
    interrupted += setting.at("interrupted").get<Index>();
    diverged += setting.at("diverged").get<Index>();
    runs += static_cast<Index>(setting.at("runs").size());
    within += setting.at("within_noise_of_best") == true;
  }
  if (interrupted > 0)
    page.unfinished = fmt::format("This sweep was not finished: {} of {} runs were interrupted.", interrupted, runs);
  if (settings.empty() || settings.front().at("rank").is_null()) {
    page.sentence = "No setting has a complete run.";
    if (diverged > 0)
      page.sentence += fmt::format(" {} diverged: the loss was no longer finite.",
                                   diverged == runs ? "Every run" : counted(diverged, "run"));
  } else {
    const Json& best = settings.front();
    page.sentence =
        fmt::format("The best of {} settings by {} is {}: test accuracy {} over {}.", settings.size(),
                    validated ? "validation loss" : "test accuracy", name_of(document, best, " at learning rate "),
                    percent_of(best, "test_accuracy"), counted(complete_runs(best), "run"));
    if (within > 0)
      page.to_do.push_back(fmt::format("Within noise of it: {}. Choose among them by cost, or train more seeds.",
                                       counted(within, "other setting")));
    if (!validated)
      page.to_do.push_back("The settings were ranked by the test rows, which favours luck: hold out validation rows.");
  }
  if (diverged > 0) page.to_do.push_back(advice_on_divergence(document.at("configuration")));
  page.facts.emplace_back(
      "runs", diverged > 0 ? fmt::format("{}, of which {} diverged", runs, diverged) : std::to_string(runs));
  const Json& data = document.at("data");
  page.facts.emplace_back(
      "rows", fmt::format("{} trained on, {} to validate, {} to test", data.at("trained_rows").get<Index>(),
                          data.at("validation_rows").get<Index>(), data.at("test").at("rows").get<Index>()));
  PageSection section{.heading = "Settings"};
  section.charts.push_back(heat_map(document));
  section.charts.push_back(dots(document, validated));
  if (differ_in(document, "weight_decay") || differ_in(document, "dropout"))
    section.paragraphs.push_back("Of settings that differ in weight decay or dropout alone, the map has the best.");
  section.tables.push_back(table_of(document, validated));
  page.sections.push_back(std::move(section));
  page.made_by = made_by(document);
  return page;
}

}  // namespace plateau
