// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/console.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>

namespace plateau {
namespace {

constexpr std::size_t kWidth = 100;  // columns
constexpr std::size_t kIndent = 13;

// "Label        text", wrapped at word boundaries and indented below the first line.
void paragraph(std::string& out, std::string_view label, std::string_view text) {
  out += fmt::format("{:<{}}", label, kIndent);
  std::size_t column = kIndent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > kIndent && column + 1 + end > kWidth) {
      out += '\n' + std::string(kIndent, ' ');
      column = kIndent;
    } else if (column > kIndent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

void list(std::string& out, std::string_view label, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) paragraph(out, i == 0 ? label : "", "- " + lines[i]);
}

std::string level_sentence(const PlateauLevel& level, Index test_rows) {
  const std::string value = fmt::format(
      "test accuracy {:.4f}, mean of the last {} epoch{} (95 % interval {:.3f} to {:.3f}, "
      "{} test rows)",
      level.level, level.epochs, level.epochs == 1 ? "" : "s", level.interval.low, level.interval.high, test_rows);
  return level.since ? fmt::format("{}; level since epoch {}, within 1 point", value, *level.since)
                     : value + "; a plateau is not shown";
}

std::string best_sentence(const BestEpoch& best, const PlateauLevel& level) {
  return fmt::format("{:.4f} at epoch {}; to pick it on the test rows would claim {:.1f} points more than the level",
                     best.test_accuracy, best.epoch, 100 * (best.test_accuracy - level.level));
}

std::vector<std::string> classes_without_training_rows(const RunStudy& study) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < study.train_class_rows.size(); ++c)
    if (study.train_class_rows[c] == 0) names.push_back(std::to_string(c));
  return names;
}

void run_lines(std::string& out, const RunStudy& study) {
  if (const std::string ended = outcome_sentence(study); !ended.empty()) paragraph(out, "Ended", ended);
  if (!study.plateau) return;
  const EpochRecord& last = study.result.history.back();
  paragraph(out, "Plateau", level_sentence(*study.plateau, study.result.test_correct.rows()));
  paragraph(out, "Training",
            fmt::format("train accuracy {:.4f}, train loss {:.4f} after {} epochs", last.train_accuracy,
                        last.train_loss, study.result.history.size()));
  paragraph(out, "Best epoch", best_sentence(*study.best, *study.plateau));
  if (const auto names = classes_without_training_rows(study); !names.empty())
    paragraph(out, "Note",
              fmt::format("class {} has no training rows; it is trained all the same", fmt::join(names, ", ")));
}

std::string measured(const Environment& environment, const std::string& times) {
  return fmt::format("on {} ({}, {} thread{}): {}", environment.device, environment.device_name, environment.workers,
                     environment.workers == 1 ? "" : "s", times);
}

// What the published program computes in place of what its text says.
std::string_view published_defect(ScenarioKind kind) {
  switch (kind) {
    case ScenarioKind::overfit:
      return "as published and as described, the labels are coin flips: no amount of data would help, so \"limited "
             "variance of the training data\" is not the cause";
    case ScenarioKind::underfit:
      return "the published program tests x^2 + y^2 + z^2 > 100 on another point, drawn from the unit cube, where the "
             "sum "
             "stays below 3: every label is 0, and an accuracy of 1.0 shows nothing about linear models";
    case ScenarioKind::ceiling:
      return "the published program picks between two fair coins, whatever its 0.2 says: the labels do not depend on "
             "the "
             "features, and no accuracy but 0.5 is attainable";
  }
  return "";
}

void seeds_table(std::string& out, const std::vector<SeedResult>& seeds) {
  std::vector<SeedResult> finished;
  std::copy_if(seeds.begin(), seeds.end(), std::back_inserter(finished),
               [](const SeedResult& seed) { return seed.outcome == RunOutcome::finished; });
  out += fmt::format("\n{} seeds, {} to {}; {} finished\n", seeds.size(), seeds.front().seed, seeds.back().seed,
                     finished.size());
  if (finished.empty()) return;
  out += fmt::format("{:<28}{:>8}{:>8}{:>20}{:>8}{:>8}\n", "", "mean", "spread", "95 % of the mean", "least", "most");
  const auto row = [&](std::string_view name, const std::function<double(const SeedResult&)>& figure) {
    std::vector<double> values(finished.size());
    std::transform(finished.begin(), finished.end(), values.begin(), figure);
    const MeanSpread spread = mean_spread(values);
    const std::string interval =
        values.size() == 1 ? "-" : fmt::format("{:.4f} to {:.4f}", spread.interval.low, spread.interval.high);
    out +=
        fmt::format("{:<28}{:>8.4f}{:>8.4f}{:>20}{:>8.4f}{:>8.4f}\n", name, spread.mean, spread.deviation, interval,
                    *std::min_element(values.begin(), values.end()), *std::max_element(values.begin(), values.end()));
  };
  row("test accuracy (level)", [](const SeedResult& seed) { return seed.test_accuracy; });
  row("train accuracy (level)", [](const SeedResult& seed) { return seed.train_accuracy; });
  row("best epoch, picked on test", [](const SeedResult& seed) { return seed.best.test_accuracy; });
}

}  // namespace

std::string epoch_lines(const std::vector<EpochRecord>& history) {
  std::string out;
  for (std::size_t epoch = 0; epoch < history.size(); ++epoch)
    fmt::format_to(std::back_inserter(out), "Epoch: {}, Train Loss: {:.4f}, Test Accuracy: {:.4f}\n", epoch,
                   history[epoch].train_loss, history[epoch].test_accuracy);
  return out;
}

std::string outcome_sentence(const RunStudy& study) {
  switch (study.result.outcome) {
    case RunOutcome::finished:
      return "";
    case RunOutcome::diverged:
      return fmt::format("the training diverged in epoch {}: the loss is not finite, no model is kept",
                         study.result.history.size());
    case RunOutcome::interrupted:
      return fmt::format("interrupted after {} of {} epochs", study.result.history.size(), study.run.epochs);
  }
  return "";
}

std::string training_summary(const RunStudy& study, const Environment& environment) {
  std::string out = fmt::format("\n{}, {} training rows, {} test rows, seed {}\n\n", to_string(study.run.architecture),
                                std::accumulate(study.train_class_rows.begin(), study.train_class_rows.end(), Index{0}),
                                std::accumulate(study.test_class_rows.begin(), study.test_class_rows.end(), Index{0}),
                                study.run.seed);
  run_lines(out, study);
  paragraph(out, "Measured", measured(environment, fmt::format("training {:.3f} s", study.seconds)));
  return out;
}

std::string scenario_summary(const ScenarioOptions& options, const ScenarioResult& result,
                             const Environment& environment) {
  std::string out =
      fmt::format("\n{} (labels as {}): {}, {} training rows, {} test rows, seed {}\n\n", result.definition.name,
                  to_string(options.reading), to_string(result.definition.architecture), result.definition.train_rows,
                  kScenarioTestRows, options.seed);
  run_lines(out, result.first);
  if (result.verdict) {
    paragraph(out, "Reason",
              fmt::format("{} ({}). {}.", to_string(result.verdict->code), to_string(result.verdict->grade),
                          result.verdict->sentence));
    list(out, "Evidence", result.verdict->evidence);
    list(out, "Not tested", result.verdict->not_tested);
  } else {
    paragraph(out, "Reason", "none: it takes a run and controls that finish");
  }
  if (options.reading == LabelReading::published)
    paragraph(out, "As published", fmt::format("{}.", published_defect(options.kind)));
  std::string times = fmt::format("training {:.3f} s", result.first.seconds);
  if (result.controls_seconds > 0) times += fmt::format(", controls {:.3f} s", result.controls_seconds);
  if (result.seeds.size() > 1) times += fmt::format(", other seeds {:.3f} s", result.repeat_seconds);
  paragraph(out, "Measured", measured(environment, times));
  if (options.repeat > 1) seeds_table(out, result.seeds);
  return out;
}

}  // namespace plateau
