// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rounds of training: those of a fine-tuning here, and those that were trained elsewhere.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "page_parts.hpp"
#include "plateau/study/rounds_findings.hpp"
#include "run_documents.hpp"
#include "text.hpp"

namespace plateau {
namespace {

constexpr const char* kRoundZero = "Round 0 is the base, the model before any round.";

double number_or_none(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_number() ? kNaN : found->get<double>();
}

Estimate estimate_of(const Json& estimate) {
  const Json& interval = estimate.at("interval_95");
  return {number(estimate.at("value")), {number(interval.at(0)), number(interval.at(1))}};
}

double sum(const Json& counts) {
  double all = 0;
  for (const Json& count : counts) all += count.get<double>();
  return all;
}

std::string base_and(std::size_t rounds) {
  return rounds == 0 ? "the base alone" : "the base and " + counted(static_cast<Index>(rounds), "round");
}

PageChart changed_chart(const std::vector<double>& rounds, const std::vector<double>& shares) {
  LineChart chart{
      .title = "Test rows that are given another class",
      .description = "An accuracy that stands still can hide predictions that change, or a network that is dead.",
      .x = {.label = "round"},
      .y = {.label = "share of the test rows (%)", .low = 0}};
  Series series{.name = "changed since the round before", .style = LineStyle::line_and_dots};
  for (std::size_t i = 0; i < rounds.size(); ++i) series.points.push_back({rounds[i], 100 * shares[i]});
  chart.description += course_of(series.name, series.points, "round");
  chart.series.push_back(std::move(series));
  return {"churn", svg(chart)};
}

// Accuracy of a table by round, in percent.
HeatMap by_round(std::string title, std::string rows_label, std::vector<std::string> rows,
                 const std::vector<double>& rounds, std::vector<std::vector<double>> shares) {
  HeatMap chart{.title = std::move(title),
                .rows_label = std::move(rows_label),
                .columns_label = "round",
                .rows = std::move(rows),
                .value_label = "accuracy (%)",
                .low = 0,
                .high = 100};
  for (const double round : rounds) chart.columns.push_back(fmt::format("{:g}", round));
  for (std::vector<double>& line : shares) {
    std::vector<std::string> texts;
    for (double& share : line) {
      share *= 100;
      texts.push_back(std::isfinite(share) ? fmt::format("{:.0f}", share) : "");
    }
    chart.values.push_back(line);
    chart.texts.push_back(std::move(texts));
  }
  return chart;
}

// Lowest and highest accuracy in the first and the last round that has any, for a text alternative.
std::string ends_of(const HeatMap& chart) {
  std::vector<std::string> ends;  // of each round with values
  for (std::size_t r = 0; r < chart.columns.size(); ++r) {
    std::vector<std::pair<double, std::size_t>> known;
    for (std::size_t i = 0; i < chart.values.size(); ++i)
      if (std::isfinite(chart.values[i][r])) known.emplace_back(chart.values[i][r], i);
    if (known.empty()) continue;
    const auto [lowest, highest] = std::ranges::minmax(known);
    ends.push_back(fmt::format(" In round {} the lowest is {:.1f} % ({}), the highest {:.1f} % ({}).", chart.columns[r],
                               lowest.first, chart.rows[lowest.second], highest.first, chart.rows[highest.second]));
  }
  if (ends.empty()) return {};
  return ends.size() == 1 ? ends.front() : ends.front() + ends.back();
}

// Rows of every class that are right; none where they are not known, or the file is of version 1.
const Json* right_of(const Json& round) {
  const auto of = round.find("class_right");
  return of == round.end() || !of->is_array() || of->empty() ? nullptr : &*of;
}

// Of every class by round, where predictions and labels are known: [rounds][classes].
std::optional<PageChart> classes_chart(const std::vector<double>& rounds, const std::vector<const Json*>& right,
                                       const Json& class_rows, const std::vector<std::string>& names) {
  if (std::ranges::count(right, nullptr) == std::ssize(right)) return std::nullopt;
  std::vector<std::vector<double>> shares(names.size(), std::vector<double>(rounds.size(), kNaN));
  for (std::size_t r = 0; r < rounds.size(); ++r)
    for (std::size_t c = 0; right[r] != nullptr && c < names.size(); ++c)
      if (const double rows = number(class_rows.at(c)); rows > 0) shares[c][r] = number(right[r]->at(c)) / rows;
  HeatMap chart = by_round("Accuracy of every class", "class", names, rounds, std::move(shares));
  chart.description = "A total that stands still can hide classes that trade places." + ends_of(chart);
  return PageChart{"classes", svg(chart)};
}

// The rows of every set of a fine-tuning, after every round.
std::optional<PageChart> sets_chart(const Json& document) {
  const std::size_t sets = document.at("data").at("set_rows").size();
  std::vector<double> rounds;
  std::vector<std::vector<double>> shares(sets);
  for (std::size_t r = 0; r < document.at("rounds").size(); ++r) {
    const Json& round = document.at("rounds").at(r);
    if (!round.contains("sets")) continue;
    rounds.push_back(static_cast<double>(r + 1));
    for (std::vector<double>& line : shares) line.push_back(kNaN);
    for (const Json& set : round.at("sets"))
      shares.at(set.at("set").get<std::size_t>() - 1).back() = number(set.at("accuracy").at("value"));
  }
  if (sets < 2 || rounds.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (std::size_t s = 0; s < sets; ++s) names.push_back(fmt::format("set {}", s + 1));
  HeatMap chart = by_round("Accuracy on the rows of every set", "rows of", std::move(names), rounds, std::move(shares));
  chart.description =
      "A set is empty until a round has trained on it; what falls afterwards is forgotten." + ends_of(chart);
  return PageChart{"sets", svg(chart)};
}

std::vector<std::string> sentences(const Json& findings, const char* key) {
  std::vector<std::string> of;
  for (const Json& finding : findings) of.push_back(finding.at(key).get<std::string>());
  return of;
}

bool has_finding(const Json& findings, const char* code) {
  return std::ranges::any_of(findings, [&](const Json& finding) { return finding.at("code") == code; });
}

// Whether the first finding says that the accuracy over all rounds is not what it seems, or that rounds did nothing or
// harm: then it comes before that accuracy.
bool is_wrong(const Json& findings) {
  return !findings.empty() &&
         std::ranges::any_of(std::array{"weights-still", "one-class", "majority-level", "forgotten"},
                             [&](const char* code) { return findings.front().at("code") == code; });
}

// What follows from the findings. `over_base`: of the last round, or null.
std::vector<std::string> what_to_do(const Json& findings, const Json& rounds, const Json& over_base) {
  std::vector<std::string> to_do;
  const bool has_gradient =
      std::ranges::all_of(rounds, [](const Json& round) { return number_or_none(round, "gradient_norm") != 0; });
  if (has_finding(findings, "weights-still") && has_gradient)
    to_do.emplace_back("Steps that are lost in rounding change nothing: a larger --lr, or fewer frozen layers.");
  if (has_finding(findings, "one-class"))
    to_do.emplace_back("Give every round rows of all classes, or a smaller --lr.");
  if (has_finding(findings, "majority-level")) to_do.push_back(advice_of("majority"));
  if (has_finding(findings, "forgotten"))
    to_do.emplace_back(
        "Against forgetting: rows of the earlier rounds in the later ones as well, a smaller --lr, or frozen layers.");
  if (to_do.empty() && over_base.is_object() && number(over_base.at("interval_95").at(0)) <= 0 &&
      number(over_base.at("interval_95").at(1)) >= 0)
    to_do.push_back(advice_of("small-test"));
  return to_do;
}

}  // namespace

Page page_of_rounds(const Json& document) {
  const Json& data = document.at("data");
  Page page{.title =
                "plateau finetune: " +
                std::filesystem::path(document.at("configuration").at("init").get<std::string>()).filename().string()};
  const Json& rounds = document.at("rounds");
  const Index asked = static_cast<Index>(document.at("configuration").at("rounds").size()) *
                      document.at("configuration").at("passes").get<Index>();
  std::vector<double> at{0}, test{number(document.at("base").at("test_accuracy").at("value"))}, train{kNaN},
      changed{kNaN};
  std::vector<const Json*> right{right_of(document.at("base"))};
  for (std::size_t r = 0; r < rounds.size(); ++r) {
    const Json& round = rounds.at(r);
    if (!round.contains("test_accuracy")) continue;
    at.push_back(static_cast<double>(r + 1));
    test.push_back(number(round.at("test_accuracy").at("value")));
    train.push_back(number_or_none(round, "train_accuracy"));
    changed.push_back(number_or_none(round, "changed_share_since_before"));
    right.push_back(right_of(round));
  }
  const std::string outcome = document.at("outcome").get<std::string>();
  if (outcome == "interrupted" || outcome == "diverged")
    page.unfinished =
        fmt::format("This fine-tuning was not finished: {} after {} of {} rounds.",
                    outcome == "diverged" ? "a round diverged" : "it was interrupted", at.size() - 1, asked);
  std::vector<std::string> findings = sentences(document.at("findings"), "sentence");
  const std::size_t complete = at.size() - 1;
  const Json over_base = complete > 0 ? rounds.at(complete - 1).value("over_base", Json()) : Json();
  if (complete == 0)
    page.sentence = "No round was completed.";
  else if (is_wrong(document.at("findings")) || !over_base.is_object())
    page.sentence = findings.empty() ? "" : findings.front() + ".";
  else
    page.sentence = rounds_result(static_cast<Index>(complete), test.back(), estimate_of(over_base)) + ".";
  page.to_do = what_to_do(document.at("findings"), rounds, over_base);
  page.facts.emplace_back("test accuracy of the base",
                          in_percent(test.front(), document.at("base").at("test_accuracy").at("interval_95")));
  const Json& last = at.size() > 1 ? rounds.at(at.size() - 2) : document.at("base");
  page.facts.emplace_back("after the last round",
                          in_percent(test.back(), last.at("test_accuracy").value("interval_95", Json())));
  if (at.size() > 1) page.facts.emplace_back("change over all rounds, points", difference_text(over_base));
  page.facts.emplace_back("rounds", fmt::format("{} of {}", at.size() - 1, asked));
  page.facts.emplace_back("test rows", fmt::format("{:.0f}", sum(data.at("test_class_rows"))));

  PageSection section{.heading = "Rounds", .paragraphs = {kRoundZero}};
  AccuracyCurves curves{.unit = "round",
                        .at = at,
                        .test_rows = sum(data.at("test_class_rows")),
                        .dots = true,
                        .span = base_and(complete)};
  curves.shares = {{"test", test}, {"train", train}};
  curves.levels.push_back({"always the commonest class", 100 * number(data.at("majority_share_test"))});
  section.charts.push_back(accuracy_chart(curves));
  section.charts.push_back(changed_chart(at, changed));
  if (std::optional<PageChart> chart = classes_chart(at, right, data.at("test_class_rows"),
                                                     class_names(data.at("classes"), data.at("classes").size())))
    section.charts.push_back(std::move(*chart));
  if (std::optional<PageChart> chart = sets_chart(document)) section.charts.push_back(std::move(*chart));
  section.points = std::move(findings);
  page.sections.push_back(std::move(section));
  page.made_by = made_by(document);
  return page;
}

Page page_of_rounds_so_far(const std::filesystem::path& directory) {
  const Columns columns = read_columns(directory / "rounds.csv",
                                       {"round", "train_accuracy", "test_accuracy", "changed_share_since_before"});
  Page page{.title = "plateau finetune, unfinished"};
  const std::vector<double>&rounds = columns.at("round"), &test = columns.at("test_accuracy");
  page.unfinished = fmt::format(
      "This fine-tuning was not finished: what is here ends after {}. It goes on from "
      "its model by plateau finetune --init.",
      counted(rounds.empty() ? 0 : std::ssize(rounds) - 1, "round"));
  page.sentence = test.empty()
                      ? "Nothing was measured."
                      : fmt::format("The test accuracy after the last complete round is {}.", in_percent(test.back()));
  PageSection section{.heading = "Rounds", .paragraphs = {kRoundZero}};
  AccuracyCurves curves{
      .unit = "round", .at = rounds, .dots = true, .span = base_and(rounds.empty() ? 0 : rounds.size() - 1)};
  curves.shares = {{"test", test}, {"train", columns.at("train_accuracy")}};
  section.charts.push_back(accuracy_chart(curves));
  section.charts.push_back(changed_chart(rounds, columns.at("changed_share_since_before")));
  page.sections.push_back(std::move(section));
  page.made_by = "from rounds.csv, which says neither when nor by what it was made";
  add_begun(page, directory, [](Page& of, const Json& begun) {
    add_rows_and_epochs(of, begun);
    of.facts.emplace_back("command", command_line(begun));
    of.made_by = made_by(begun);
  });
  return page;
}

Page page_of_forensics(const Json& document) {
  const Json& data = document.at("data");
  Page page{
      .title = "plateau forensics: " +
               std::filesystem::path(document.at("configuration").at("rounds").get<std::string>()).filename().string()};
  add_verdict(page, document);
  if (const Json& not_tested = document.at("not_tested"); page.not_tested.empty())
    page.not_tested = not_tested.get<std::vector<std::string>>();
  if (const Json& advice = document.at("advice"); advice.is_string()) page.to_do.push_back(advice.get<std::string>());

  std::vector<double> at, test, train, changed, recomputed;
  std::vector<const Json*> right;
  bool has_recomputed = false;
  for (const Json& round : document.at("rounds")) {
    at.push_back(number(round.at("round")));
    test.push_back(number_or_none(round, "test_accuracy"));
    train.push_back(number_or_none(round, "train_accuracy"));
    changed.push_back(number_or_none(round, "changed_share"));
    recomputed.push_back(number_or_none(round, "recomputed"));
    has_recomputed = has_recomputed || std::isfinite(recomputed.back());
    right.push_back(right_of(round));
  }
  const double rows = number_or_none(data, "test_rows");
  page.facts.emplace_back("rounds", std::to_string(at.size()));
  if (!test.empty())
    page.facts.emplace_back("logged accuracy, last round",
                            in_percent(test.back(), document.at("rounds").back().value("interval_95", Json())));
  if (std::isfinite(rows)) page.facts.emplace_back("test rows", fmt::format("{:.0f}", rows));

  PageSection section{.heading = "Rounds"};
  AccuracyCurves curves{.unit = "round", .at = at, .dots = true};
  if (std::isfinite(rows) && rows > 0) curves.test_rows = rows;
  curves.shares = {{"test, as logged", test}};
  if (std::ranges::any_of(train, [](double share) { return std::isfinite(share); }))
    curves.shares.emplace_back("train, as logged", train);
  if (has_recomputed) curves.shares.emplace_back("test, by the predictions", recomputed);
  if (const double majority = number_or_none(data, "majority_share_test"); std::isfinite(majority))
    curves.levels.push_back({"always the commonest class", 100 * majority});
  section.charts.push_back(accuracy_chart(curves));
  if (std::ranges::any_of(changed, [](double share) { return std::isfinite(share); }))
    section.charts.push_back(changed_chart(at, changed));
  if (!data.at("test_class_rows").empty())
    if (std::optional<PageChart> chart = classes_chart(
            at, right, data.at("test_class_rows"), class_names(data.at("classes"), data.at("test_class_rows").size())))
      section.charts.push_back(std::move(*chart));
  page.sections.push_back(std::move(section));
  // A single one is the verdict's sentence.
  if (std::vector<std::string> findings = sentences(document.at("findings"), "evidence"); findings.size() > 1)
    page.sections.push_back({.heading = "Findings", .points = std::move(findings)});
  page.sections.push_back({.heading = "Evidence", .points = document.at("evidence").get<std::vector<std::string>>()});
  page.made_by = "plateau " + document.at("versions").at("plateau").get<std::string>();
  return page;
}

}  // namespace plateau
