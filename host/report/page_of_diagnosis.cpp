// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "page_parts.hpp"

namespace plateau {
namespace {

constexpr std::size_t kSuspectsShown = 50;

std::vector<double> percents(const Json& values) {
  std::vector<double> of = numbers(values);
  for (double& value : of) value *= 100;
  return of;
}

PageChart budget_chart(const Json& budget) {
  Waterfall chart{.title = "Where the points to 100 % are",
                  .description = "The accuracy of the training as it is, and what each step would add to it.",
                  .value = {.label = "accuracy (points)"},
                  .decimals = 1};
  const auto add = [&](const char* name, const char* key, bool always) {
    const double points = rounded(100 * number(budget.at(key)), 1);
    if (always || std::abs(points) >= 0.05) chart.parts.push_back({.name = name, .points = points});
  };
  add("accuracy now", "accuracy", true);
  chart.parts.front().is_level = true;
  add("other weights", "weights", false);
  add("better optimisation", "optimisation", true);
  add("regularisation", "regularisation", true);
  add("a larger network", "capacity", true);
  add("twice the rows", "twice_the_data", true);
  add("none of these", "unexplained", true);
  chart.parts.back().is_remainder = true;
  return {"error-budget", svg(chart)};
}

PageChart causes_chart(const Json& effects) {
  ForestPlot chart{.title = "Every gain that was measured",
                   .description = "Differences in test accuracy with 95 % intervals, largest first.",
                   .value = {.label = "gain (points)"}};
  for (const Json& effect : effects) {
    const Json& interval = effect.at("gain").at("interval_95");
    chart.rows.push_back(
        {.name = fmt::format("{}: {}", effect.at("code").get<std::string>(), effect.at("what").get<std::string>()),
         .value = 100 * number(effect.at("gain").at("value")),
         .low = 100 * number(interval.at(0)),
         .high = 100 * number(interval.at(1)),
         .note = effect.at("state").get<std::string>(),
         .emphasised = effect.at("state") == "present"});
  }
  return {"gains", svg(chart)};
}

// The level of networks that were trained on labels dealt out at random is where a curve without signal would lie.
PageSection curves_section(const Json& evidence) {
  const Json& user = evidence.at("user");
  const Json& epochs = user.at("epochs");
  PageSection section{.heading = "The training as it is"};
  const Index trainings = user.at("trainings").get<Index>();
  AccuracyCurves curves{.unit = "epoch", .at = numbers(epochs.at("epoch")), .trainings = trainings};
  curves.shares.emplace_back("test", numbers(epochs.at("test_accuracy")));
  curves.shares.emplace_back("train", numbers(epochs.at("train_accuracy")));
  curves.test_rows = number(user.at("effective_test_rows"));
  curves.levels.push_back({"always the commonest class", 100 * number(user.at("majority_share"))});
  section.charts.push_back(accuracy_chart(curves));

  section.charts.push_back(churn_chart(curves.at, numbers(epochs.at("changed_share")),
                                       "Test rows that turn right or wrong" + mean_of_trainings(trainings)));

  if (std::optional<PageChart> chart = confusion_chart(user.at("confusion"), evidence.at("class_names"), trainings))
    section.charts.push_back(std::move(*chart));
  return section;
}

// The user's training and the steps of betterment, as the test rows judge them.
PageChart steps_chart(const Json& evidence) {
  DotChart chart{.title = "The training as it is, and what betters it",
                 .description = "Accuracy of every training; strokes are means.",
                 .value = {.label = "accuracy (%)"},
                 .kinds = {{"test", 0}, {"train", 1}}};
  for (const auto& [key, name] : {std::pair{"user", "as it is"},
                                  {"unfrozen", "no layer frozen"},
                                  {"from_scratch", "from drawn weights"},
                                  {"optimised", "better optimised"},
                                  {"regularised", "regularised"},
                                  {"larger", "larger"},
                                  {"reference", "reference"}}) {
    const Json& setting = evidence.at(key);
    if (setting.is_null()) continue;
    chart.categories.push_back(
        {.name = name,
         .values = {percents(setting.at("test_accuracies")), percents(setting.at("train_accuracies"))},
         .emphasised = std::string_view(key) == "user"});
  }
  return {"steps", svg(chart)};
}

PageChart ladder_chart(const Json& ladder) {
  DotChart chart{.title = "Ladder of networks",
                 .description =
                     "Accuracy on every fold of the training rows, at the rate and number of epochs that are "
                     "best for each network; strokes are means.",
                 .value = {.label = "accuracy (%)"},
                 .kinds = {{"held-out fold", 0}, {"trained on", 1}}};
  std::vector<std::pair<double, std::string>> means;  // on held-out folds
  for (const Json& rung : ladder) {
    chart.categories.push_back(
        {.name = rung.at("architecture").get<std::string>(),
         .values = {percents(rung.at("validation_accuracies")), percents(rung.at("train_accuracies"))},
         .emphasised = rung.at("users") == true});
    const std::vector<double>& held_out = chart.categories.back().values.front();
    if (!held_out.empty() && std::ranges::all_of(held_out, [](double value) { return std::isfinite(value); }))
      means.emplace_back(std::accumulate(held_out.begin(), held_out.end(), 0.0) / static_cast<double>(held_out.size()),
                         chart.categories.back().name);
  }
  if (!means.empty()) {
    const auto [lowest, highest] = std::ranges::minmax(means);
    chart.description += fmt::format(
        " On held-out folds the first network has {:.1f} % ({}), the last {:.1f} % ({}), the lowest is {:.1f} % ({}), "
        "the highest {:.1f} % ({}).",
        means.front().first, means.front().second, means.back().first, means.back().second, lowest.first, lowest.second,
        highest.first, highest.second);
  }
  return {"ladder", svg(chart)};
}

PageChart null_chart(const Json& signal) {
  // Read before the chart is made: g++ 12 frees the members of an aggregate twice where a later one throws.
  std::vector<double> null = numbers(signal.at("null"));
  const double statistic = number(signal.at("statistic")), p = number(signal.at("p"));
  const auto permutations = signal.at("permutations").get<Index>();
  const Histogram chart{.title = "Is there a signal?",
                        .description = fmt::format(
                            "Skill (the sum over classes of the covariance between having a class and the probability "
                            "it is given) of the best network, on labels dealt out at random {} times, and on the "
                            "labels as they are; p = {:.3g}.",
                            permutations, p),
                        .value = {.label = "skill: covariance of class and probability, best network"},
                        .values = std::move(null),
                        .values_name = "labels dealt out at random",
                        .observed = rounded(statistic, 3),
                        .observed_name = "labels as they are"};
  return {"signal", svg(chart)};
}

PageTable causes_table(const Json& causes) {
  PageTable table{.caption = "Causes, in their order",
                  .head = {"cause", "grade", "points", "95 % interval", "evidence"},
                  .names = 2,
                  .ends_in_words = true};
  for (const Json& cause : causes) {
    table.lines.push_back({cause.at("code").get<std::string>(), cause.at("grade").get<std::string>(),
                           points_text(number(cause.at("points"))),
                           interval_text(number(cause.at("low")), number(cause.at("high"))),
                           cause.at("evidence").get<std::string>()});
  }
  return table;
}

// Of the text of suspects.csv, in percent.
std::string shown_probability(const std::string& text) {
  double share = kNaN;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), share);
  return fault == std::errc() && end == text.data() + text.size() ? in_percent(share) : "-";
}

std::optional<PageTable> suspects_table(const Json& noise, const std::vector<SuspectLine>& suspects) {
  if (noise.is_null() || suspects.empty()) return std::nullopt;
  PageTable table{.caption = fmt::format("Training rows whose labels networks contradict most that were not trained on "
                                         "them; {} of {}",
                                         std::min(suspects.size(), kSuspectsShown), suspects.size()),
                  .head = {"label", "row, counted from 0"},
                  .names = 1};
  const bool is_given = !suspects.front().probability.empty();  // before version 3 it is not said what networks give it
  if (is_given) {
    table.head = {"label", "networks say", "row, counted from 0", "probability of that", "of the label"};
    table.names = 2;
  }
  for (std::size_t i = 0; i < std::min(suspects.size(), kSuspectsShown); ++i) {
    const SuspectLine& suspect = suspects[i];
    if (is_given)
      table.lines.push_back({suspect.label, suspect.given, suspect.row, shown_probability(suspect.probability),
                             shown_probability(suspect.label_probability)});
    else
      table.lines.push_back({suspect.label, suspect.row});
  }
  return table;
}

// What follows from the verdict, beyond its sentence.
std::vector<std::string> to_do(const Json& document) {
  const std::string code = document.at("verdict").at("code").get<std::string>();
  const Json& evidence = document.at("evidence");
  const auto what = [&](const char* step) {
    const Json& of = evidence.at(step);
    return of.is_null() ? std::string() : of.at("what").get<std::string>();
  };
  if (code == "optimisation" && !what("optimised").empty()) return {"Train it so: " + what("optimised") + "."};
  if (code == "overfit" && !what("regularised").empty()) return {"Train it so: " + what("regularised") + "."};
  if (code == "capacity" && !what("larger").empty()) return {"Train it so: " + what("larger") + "."};
  if (code == "mixed" && !what("reference").empty()) return {"Train it so: " + what("reference") + "."};
  if (code == "ceiling") return {"Stop tuning: look at the listed rows, or bring other features."};
  if (code == "label-noise") return {"Look at the labels of the listed rows before anything is tuned."};
  if (const std::string advice = advice_of(code); !advice.empty()) return {advice};
  return {};
}

}  // namespace

Page page_of_diagnosis(const Json& document, const std::filesystem::path& directory) {
  const Json& evidence = document.at("evidence");
  Page page{.title = "plateau diagnose: " + name_of_data(document.at("configuration"))};
  add_verdict(page, document);
  page.to_do = to_do(document);
  const bool trained = !evidence.at("user").is_null();
  if (trained) {
    const Json& user = evidence.at("user");
    page.facts.emplace_back("test accuracy", in_percent(number(user.at("test_accuracy")), user.at("test_interval_95")));
    page.facts.emplace_back("train accuracy", in_percent(number(user.at("train_accuracy"))));
    page.facts.emplace_back(
        "over seeds", fmt::format("deviation {:.1f} points, {} trainings", 100 * number(user.at("seed_deviation")),
                                  user.at("trainings").get<Index>()));
    page.facts.emplace_back("network", user.at("architecture").get<std::string>());
  }
  page.facts.emplace_back("rows", fmt::format("{} to train, {} to test", evidence.at("train_rows").get<Index>(),
                                              evidence.at("test_rows").get<Index>()));
  page.facts.emplace_back("trainings", std::to_string(document.at("trainings").get<Index>()));
  page.facts.emplace_back("settings judged by the test rows", std::to_string(document.at("test_looks").get<Index>()));

  PageSection budget{.heading = "What would move it"};
  if (trained) budget.charts.push_back(budget_chart(document.at("error_budget")));
  if (!document.at("effects").empty()) budget.charts.push_back(causes_chart(document.at("effects")));
  if (!document.at("causes").empty()) budget.tables.push_back(causes_table(document.at("causes")));
  if (!budget.charts.empty() || !budget.tables.empty()) page.sections.push_back(std::move(budget));

  // Version 1 had neither curves nor trainings one by one.
  const bool in_detail = document.at("schema_version").get<int>() >= 2;
  if (trained && in_detail) {
    page.sections.push_back(curves_section(evidence));
    PageSection networks{.heading = "Other settings and networks", .charts = {steps_chart(evidence)}};
    if (!evidence.at("ladder").empty()) networks.charts.push_back(ladder_chart(evidence.at("ladder")));
    page.sections.push_back(std::move(networks));
  }
  PageSection data{.heading = "Rows and signal"};
  if (const Json& curve = evidence.at("learning_curve"); !curve.is_null())
    data.charts.push_back(learning_curve_chart(
        curve, trained ? std::optional(number(evidence.at("user").at("test_accuracy"))) : std::nullopt));
  if (const Json& signal = evidence.at("signal"); !signal.is_null()) data.charts.push_back(null_chart(signal));
  if (std::optional<PageTable> table =
          suspects_table(evidence.at("label_noise"), read_suspects(directory / "suspects.csv")))
    data.tables.push_back(std::move(*table));
  if (!data.charts.empty() || !data.tables.empty()) page.sections.push_back(std::move(data));
  page.sections.push_back(evidence_section(document.at("verdict")));
  page.made_by = made_by(document);
  return page;
}

}  // namespace plateau
