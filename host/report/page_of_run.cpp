// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One training: a scenario, or a user's.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "page_parts.hpp"
#include "plateau/report/checkpoint.hpp"
#include "plateau/study/reason.hpp"
#include "plateau/study/statistics.hpp"
#include "run_documents.hpp"
#include "text.hpp"

namespace plateau {
namespace {

double rows_of(const Json& part) { return number(part.at("rows")); }

// Of a training whose checkpoint lies there.
std::string goes_on(const std::filesystem::path& directory) {
  return fmt::format("It goes on by: {}", command_line("plateau train", {"--resume", directory.string()}));
}

// What is said of an outcome that is not the end that was asked for.
std::string unfinished(const std::string& outcome, const Json& epochs, const Json& asked) {
  const std::string after = fmt::format("after {} of {} epochs", epochs.get<Index>(), asked.get<Index>());
  if (outcome == "interrupted") return "This run was not finished: it was interrupted " + after + ".";
  if (outcome == "diverged")
    return "This run was not finished: it diverged, as its loss was no longer finite " + after +
           (epochs.get<Index>() > 0 ? ". What follows is what it had until then." : ".");
  return {};
}

// Of a scenario whose run has finished, and which was ended while more trained.
std::string unfinished_scenario(const Json& document) {
  const std::string begins = "This scenario was not finished: it was interrupted while its ";
  if (document.value("controls_outcome", Json()) == "interrupted")
    return begins + "controls trained, so there is no verdict.";
  const Json seeds = document.value("seeds", Json::array());
  const auto interrupted = std::ranges::count_if(
      seeds, [](const Json& seed) { return seed.at("outcome").get<std::string>() == "interrupted"; });
  if (interrupted > 0)
    return begins + fmt::format("other seeds trained, and {} of {} are missing.", interrupted, seeds.size());
  // Written before the outcome of controls was.
  const bool has_controls = document.at("configuration").value("controls", false);
  if (!document.contains("controls_outcome") && has_controls && document.at("verdict").is_null())
    return "This scenario was not finished: its controls are missing, so there is no verdict.";
  return {};
}

PageSection curves(const Columns& history, std::optional<double> test_rows, std::vector<Level> levels,
                   std::vector<Band> bands) {
  PageSection section{.heading = "Accuracy and loss by epoch"};
  AccuracyCurves of{.unit = "epoch",
                    .at = history.at("epoch"),
                    .test_rows = test_rows,
                    .bands = std::move(bands),
                    .levels = std::move(levels)};
  of.shares.emplace_back("test", history.at("test_accuracy"));
  of.shares.emplace_back("train", history.at("train_accuracy"));
  const bool validated = history.contains("validation_accuracy");
  if (validated) of.shares.emplace_back("validation", history.at("validation_accuracy"));
  section.charts.push_back(accuracy_chart(of));
  // A single epoch has none before it.
  if (const auto churn = history.find("test_churn"); churn != history.end() && churn->second.size() > 1)
    section.charts.push_back(churn_chart(of.at, churn->second, "Test rows that are given another class"));

  LineChart loss{.title = "Loss by epoch",
                 .description =
                     "Mean cross-entropy of the training rows before each step and of the test rows after the "
                     "epoch.",
                 .x = {.label = "epoch"},
                 .y = {.label = "cross-entropy (nats)"}};
  const auto add = [&](const char* name, const std::string& column, LineStyle style) {
    Series series{.name = name, .style = style, .colour = static_cast<int>(loss.series.size())};
    const std::vector<double>& values = history.at(column);
    for (std::size_t i = 0; i < values.size(); ++i) series.points.push_back({of.at[i], values[i]});
    loss.description += course_of(name, series.points, "epoch");
    loss.series.push_back(std::move(series));
  };
  add("test", "test_loss", LineStyle::line);
  add("train", "train_loss", LineStyle::dashed);
  if (validated) add("validation", "validation_loss", LineStyle::dashed);
  section.charts.push_back({"loss", svg(loss)});
  return section;
}

std::vector<Level> levels_of(const Json& document) {
  std::vector<Level> levels;
  levels.push_back({"always the commonest class",
                    100 * majority_share(document.at("data").at("test").at("class_rows").get<std::vector<Index>>())});
  const auto evidence = document.find("evidence");
  if (evidence == document.end() || evidence->is_null()) return levels;
  if (const Json& permuted = evidence->at("permuted_labels"); !permuted.is_null())
    levels.push_back({"trained on permuted labels", 100 * number(permuted.at("test_accuracy"))});
  if (const Json& rule = evidence->at("exact_rule"); !rule.is_null())
    levels.push_back({"the exact rule", 100 * number(rule.at("test_accuracy"))});
  return levels;
}

// Where trainings on permuted labels lie, of a scenario whose controls were trained; none of an older run.json.
std::vector<Band> permutation_band(const Json& document) {
  const auto evidence = document.find("evidence");
  if (evidence == document.end() || evidence->is_null()) return {};
  const Json& permuted = evidence->at("permuted_labels");
  if (permuted.is_null() || !permuted.contains("test_accuracy_by_epoch")) return {};
  const Json& lowest = permuted.at("test_accuracy_by_epoch").at("lowest");
  const Json& highest = permuted.at("test_accuracy_by_epoch").at("highest");
  Band band{.name = fmt::format("{} trainings on permuted labels", permuted.at("trainings").get<Index>()), .colour = 7};
  for (std::size_t e = 0; e < std::min(lowest.size(), highest.size()); ++e)
    band.points.push_back({static_cast<double>(e), 100 * number(lowest[e]), 100 * number(highest[e])});
  return {band};
}

// What follows from a scenario's verdict.
std::string advice_of_scenario(const Json& document) {
  const std::string code = document.at("verdict").at("code").get<std::string>();
  if (code == "capacity" && document.at("evidence").at("wider").is_object())
    return fmt::format("Train a wider network: {}.",
                       document.at("evidence").at("wider").at("architecture").get<std::string>());
  return advice_of(code);
}

// Controls of a scenario, as differences to the run.
std::optional<PageChart> controls_chart(const Json& evidence) {
  ForestPlot chart{
      .title = "Controls against the run",
      .description = "How far the test accuracy of each control lies from that of the run, with 95 % intervals.",
      .value = {.label = "difference in test accuracy (points)"}};
  const auto add = [&](const char* name, const Json& control) {
    if (control.is_null()) return;
    const Json& difference = control.at("difference");
    chart.rows.push_back({.name = name,
                          .value = 100 * number(difference.at("value")),
                          .low = 100 * number(difference.at("interval_95").at(0)),
                          .high = 100 * number(difference.at("interval_95").at(1))});
  };
  add("permuted labels", evidence.at("permuted_labels"));
  add("a wider network", evidence.at("wider"));
  add("the exact rule", evidence.at("exact_rule"));
  if (chart.rows.empty()) return std::nullopt;
  return PageChart{"controls", svg(chart)};
}

void add_facts(Page& page, const Json& document) {
  const Json& result = document.at("result");
  const Json& configuration = document.at("configuration");
  if (const auto level = result.find("level"); level != result.end() && !level->is_null()) {
    page.facts.emplace_back("test accuracy, level of the last tenth",
                            in_percent(number(level->at("test_accuracy")), level->at("interval_95")));
    const Json& since = level->at("plateau_since_epoch");
    page.facts.emplace_back("plateau",
                            since.is_null() ? "not shown" : fmt::format("since epoch {}", since.get<Index>()));
  }
  if (result.contains("train_accuracy"))
    page.facts.emplace_back("train accuracy, last epoch", in_percent(number(result.at("train_accuracy"))));
  if (const auto best = result.find("best_epoch"); best != result.end() && !best->is_null())
    page.facts.emplace_back(
        "best epoch on the test rows (biased)",
        fmt::format("{} in epoch {}", in_percent(number(best->at("test_accuracy"))), best->at("epoch").get<Index>()));
  if (result.at("outcome") == "stopped_early") {
    const auto kept = result.find("kept_epoch");
    page.facts.emplace_back(
        "epochs", fmt::format("{} of {}, stopped early{}", result.at("epochs").get<Index>(),
                              configuration.at("epochs").get<Index>(),
                              kept == result.end() || kept->is_null()
                                  ? ""
                                  : fmt::format("; the parameters of epoch {} are kept", kept->get<Index>())));
  }
  const Json& data = document.at("data");
  page.facts.emplace_back(
      "rows", fmt::format("{:.0f} to train, {:.0f} to test", rows_of(data.at("train")), rows_of(data.at("test"))));
  const std::vector<Index> widths = configuration.at("architecture").get<std::vector<Index>>();
  page.facts.emplace_back("network", fmt::format("{}", fmt::join(widths, "-")));
  const Json& optimizer = configuration.at("optimizer");
  page.facts.emplace_back("optimizer", fmt::format("{}, learning rate {}", optimizer.at("name").get<std::string>(),
                                                   significant(number(optimizer.at("learning_rate")))));
  const Json& batch = configuration.at("batch");
  page.facts.emplace_back("batch", batch.is_number() ? std::to_string(batch.get<Index>()) : batch.get<std::string>());
  page.facts.emplace_back("seed", std::to_string(configuration.at("seed").get<std::uint64_t>()));
}

// What to do after a user's training, which has no verdict.
std::string advice_of_training(const Json& document) {
  const Json& result = document.at("result");
  const std::string outcome = result.at("outcome").get<std::string>();
  if (outcome == "diverged") return advice_on_divergence(document.at("configuration"));
  const auto level = result.find("level");
  if (level == result.end() || level->is_null()) return "";
  if (number(result.at("test_accuracy")) >= 1)
    return "After the last epoch every test row is given its own class: on these rows nothing is left to gain.";
  if (!level->at("plateau_since_epoch").is_null())
    return "Why it stands still, and what would move it, is what plateau diagnose finds out on the same rows.";
  if (outcome == "stopped_early")
    return "No plateau is shown: the training stopped as its validation loss fell no more; a larger --early-stopping "
           "lets it go on.";
  return "No plateau is shown yet: train longer.";
}

// Of a training without a verdict.
std::string sentence_of(const Json& result, double test_rows) {
  if (result.contains("test_accuracy"))
    return fmt::format("The test accuracy after the last epoch is {}.",
                       share_of_rows(number(result.at("test_accuracy")), test_rows));
  if (result.at("outcome") == "diverged") return "The loss was no longer finite before an epoch was completed.";
  return "No epoch was completed.";
}

// Over the seeds whose trainings finished, as on the terminal; none where there is none.
std::optional<PageTable> spread_table(const Json& seeds) {
  std::vector<const Json*> finished;
  for (const Json& seed : seeds)
    if (seed.at("outcome") == "finished") finished.push_back(&seed);
  if (finished.empty()) return std::nullopt;
  PageTable table{
      .caption = fmt::format("Over the {} of {} seeds whose trainings finished", finished.size(), seeds.size()),
      .head = {"", "mean", "spread", "95 % of the mean", "least", "most"}};
  const auto add = [&](const char* name, const std::function<double(const Json&)>& figure) {
    std::vector<double> values;
    values.reserve(finished.size());
    for (const Json* seed : finished) values.push_back(figure(*seed));
    const MeanSpread spread = mean_spread(values);
    const auto [least, most] = std::ranges::minmax(values);
    const std::string interval =
        values.size() == 1 ? "-"
                           : fmt::format("[{:.1f}, {:.1f}]", 100 * spread.interval.low, 100 * spread.interval.high);
    table.lines.push_back({name, in_percent(spread.mean), fmt::format("{:.1f} points", 100 * spread.deviation),
                           interval, in_percent(least), in_percent(most)});
  };
  add("test accuracy (level)", [](const Json& seed) { return number(seed.at("test_accuracy")); });
  add("train accuracy (level)", [](const Json& seed) { return number(seed.at("train_accuracy")); });
  add("best epoch, picked on test", [](const Json& seed) { return number(seed.at("best_epoch").at("test_accuracy")); });
  return table;
}

PageTable seeds_table(const Json& seeds) {
  PageTable table{.caption = "Every seed; accuracies are levels of the last tenth of the epochs",
                  .head = {"seed", "outcome", "test accuracy", "train accuracy", "best epoch on the test rows"},
                  .names = 2};
  for (const Json& seed : seeds) {
    const std::string outcome = seed.at("outcome").get<std::string>();
    std::vector<std::string> line{std::to_string(seed.at("seed").get<std::uint64_t>()), outcome};
    if (outcome == "finished")
      line.insert(line.end(),
                  {in_percent(number(seed.at("test_accuracy"))), in_percent(number(seed.at("train_accuracy"))),
                   in_percent(number(seed.at("best_epoch").at("test_accuracy")))});
    line.resize(table.head.size(), "-");
    table.lines.push_back(std::move(line));
  }
  return table;
}

}  // namespace

Page page_of_run(const Json& document, const std::filesystem::path& directory) {
  const Json& configuration = document.at("configuration");
  const Json& result = document.at("result");
  Page page;
  page.title = document.at("command") == "scenario"
                   ? fmt::format("plateau scenario {}, {} labels", configuration.at("scenario").get<std::string>(),
                                 configuration.at("labels").get<std::string>())
                   : "plateau train: " + name_of_data(configuration);
  page.unfinished =
      unfinished(result.at("outcome").get<std::string>(), result.at("epochs"), configuration.at("epochs"));
  if (page.unfinished.empty() && document.at("command") == "scenario") page.unfinished = unfinished_scenario(document);
  if (result.at("outcome") == "interrupted" && std::filesystem::exists(directory / kCheckpointFile))
    page.unfinished += " " + goes_on(directory);
  add_verdict(page, document);
  if (page.verdict.empty()) page.sentence = sentence_of(result, rows_of(document.at("data").at("test")));
  std::string advice;
  if (document.at("command") == "train")
    advice = advice_of_training(document);
  else if (!page.verdict.empty())
    advice = advice_of_scenario(document);
  if (!advice.empty()) page.to_do.push_back(advice);
  add_facts(page, document);
  page.made_by = made_by(document);

  const Columns history = read_columns(directory / "history.csv", kHistoryColumns);
  page.sections.push_back(
      curves(history, rows_of(document.at("data").at("test")), levels_of(document), permutation_band(document)));
  if (const auto confusion = result.find("confusion"); confusion != result.end())
    if (std::optional<PageChart> chart = confusion_chart(*confusion, document.at("data").at("classes")))
      page.sections.back().charts.push_back(std::move(*chart));
  if (!page.verdict.empty()) {
    page.sections.push_back(evidence_section(document.at("verdict")));
    if (const Json& evidence = document.at("evidence"); !evidence.is_null())
      if (std::optional<PageChart> chart = controls_chart(evidence))
        page.sections.back().charts.push_back(std::move(*chart));
  }
  if (const auto seeds = document.find("seeds"); seeds != document.end() && seeds->size() > 1) {
    PageSection section{.heading = "Seeds"};
    if (std::optional<PageTable> spread = spread_table(*seeds)) section.tables.push_back(std::move(*spread));
    section.tables.push_back(seeds_table(*seeds));
    page.sections.push_back(std::move(section));
  }
  return page;
}

Columns history_of(const Checkpoint& checkpoint) {
  const std::vector<EpochRecord>& records = checkpoint.so_far.history;
  const bool validated =
      std::ranges::any_of(records, [](const EpochRecord& epoch) { return std::isfinite(epoch.validation_loss); });
  Columns history;
  for (std::size_t i = 0; i < records.size(); ++i) {
    history["epoch"].push_back(static_cast<double>(i));
    history["train_loss"].push_back(records[i].train_loss);
    history["train_accuracy"].push_back(records[i].train_accuracy);
    history["test_loss"].push_back(records[i].test_loss);
    history["test_accuracy"].push_back(records[i].test_accuracy);
    history["gradient_norm"].push_back(records[i].gradient_norm);
    history["test_churn"].push_back(records[i].test_churn);
    if (!validated) continue;
    history["validation_loss"].push_back(records[i].validation_loss);
    history["validation_accuracy"].push_back(records[i].validation_accuracy);
  }
  return history;
}

Page page_of_checkpoint(const std::filesystem::path& directory) {
  const Checkpoint checkpoint = read_checkpoint(directory / kCheckpointFile);
  const std::vector<EpochRecord>& records = checkpoint.so_far.history;
  Page page{.title = "plateau train, unfinished"};
  const auto test_rows = records.empty() ? 0.0 : static_cast<double>(checkpoint.so_far.state->predicted.size());
  page.unfinished = fmt::format("This run was not finished: what is here is its checkpoint after {}. {}",
                                counted(std::ssize(records), "epoch"), goes_on(directory));
  page.sentence = records.empty() ? "No epoch was completed."
                                  : fmt::format("The test accuracy in the last epoch of the checkpoint is {}.",
                                                share_of_rows(records.back().test_accuracy, test_rows));
  page.facts.emplace_back("network", to_string(checkpoint.architecture));
  add_begun(page, directory);
  page.made_by = checkpoint.computed_by;
  if (!records.empty())
    page.sections.push_back(
        curves(history_of(checkpoint), test_rows > 0 ? std::optional(test_rows) : std::nullopt, {}, {}));
  page.facts.emplace_back("command", command_line("plateau train", checkpoint.options));
  return page;
}

}  // namespace plateau
