// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "page_parts.hpp"
#include "text.hpp"

namespace plateau {
namespace {

constexpr std::size_t kDotsOf = 12;  // settings whose runs are shown one by one

std::string network(const Json& setting) {
  return fmt::format("{}", fmt::join(setting.at("architecture").get<std::vector<Index>>(), "-"));
}
std::string rate(const Json& setting) { return significant(number(setting.at("learning_rate"))); }

double mean_of(const Json& setting, const char* figure) {
  const auto found = setting.find(figure);
  return found == setting.end() || found->is_null() ? std::numeric_limits<double>::quiet_NaN()
                                                    : number(found->at("mean"));
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
                .value_label = "mean test accuracy (%)"};
  std::vector<const Json*> settings;
  for (const Json& setting : document.at("settings")) settings.push_back(&setting);
  std::ranges::sort(settings, {}, [](const Json* setting) { return setting->at("setting").get<Index>(); });
  for (const Json* setting : settings) {
    place_of(chart.rows, network(*setting));
    place_of(chart.columns, rate(*setting));
  }
  const double none = std::numeric_limits<double>::quiet_NaN();
  chart.values.assign(chart.rows.size(), std::vector<double>(chart.columns.size(), none));
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
      best_words = fmt::format("The highest is {:.1f} %, of {} at {}.", value, chart.rows[row], chart.columns[column]);
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
    DotChart::Category category{.name = fmt::format("{}, {}", network(setting), rate(setting)),
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
  PageTable table{.caption = "Settings, best first (* within noise of the best); means over complete runs",
                  .head = {"network", "rank", "learning rate"},
                  .names = 1};
  const auto differ_in = [&](const char* value) { return document.at("configuration").at(value).size() > 1; };
  const bool decays = differ_in("weight_decay"), drops = differ_in("dropout");
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
    line.push_back(in_percent(mean_of(setting, "test_accuracy")));
    if (validated) line.push_back(significant(mean_of(setting, "validation_loss")));
    line.push_back(in_percent(mean_of(setting, "train_accuracy")));
    line.push_back(fmt::format("{} of {}",
                               setting.at("finished").get<Index>() + setting.at("stopped_early").get<Index>(),
                               setting.at("runs").size()));
    table.lines.push_back(std::move(line));
  }
  return table;
}

}  // namespace

Page page_of_sweep(const Json& document) {
  const bool validated = document.at("ranked_by") == "validation_loss";
  Page page{.title = "plateau sweep: " + name_of_data(document.at("configuration"))};
  const Json& settings = document.at("settings");
  Index interrupted = 0, runs = 0, within = 0;
  for (const Json& setting : settings) {
    interrupted += setting.at("interrupted").get<Index>();
    runs += static_cast<Index>(setting.at("runs").size());
    within += setting.at("within_noise_of_best") == true;
  }
  if (interrupted > 0)
    page.unfinished = fmt::format("This sweep was not finished: {} of {} runs were interrupted.", interrupted, runs);
  if (settings.empty() || settings.front().at("rank").is_null()) {
    page.sentence = "No setting has a complete run.";
  } else {
    const Json& best = settings.front();
    page.sentence = fmt::format("The best of {} settings by {} is {} at learning rate {}: test accuracy {}.",
                                settings.size(), validated ? "validation loss" : "test accuracy", network(best),
                                rate(best), in_percent(mean_of(best, "test_accuracy")));
    if (within > 0)
      page.to_do.push_back(fmt::format("Within noise of it: {}. Choose among them by cost, or train more seeds.",
                                       counted(within, "other setting")));
    if (!validated)
      page.to_do.push_back("The settings were ranked by the test rows, which favours luck: hold out validation rows.");
  }
  page.facts.emplace_back("runs", std::to_string(runs));
  const Json& data = document.at("data");
  page.facts.emplace_back(
      "rows", fmt::format("{} trained on, {} to validate, {} to test", data.at("trained_rows").get<Index>(),
                          data.at("validation_rows").get<Index>(), data.at("test").at("rows").get<Index>()));
  PageSection section{.heading = "Settings"};
  section.charts.push_back(heat_map(document));
  section.charts.push_back(dots(document, validated));
  const Json& asked = document.at("configuration");
  if (asked.at("weight_decay").size() > 1 || asked.at("dropout").size() > 1)
    section.paragraphs.push_back("Of settings that differ in weight decay or dropout alone, the map has the best.");
  section.tables.push_back(table_of(document, validated));
  page.sections.push_back(std::move(section));
  page.made_by = made_by(document);
  return page;
}

}  // namespace plateau
