// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/console.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace plateau {
namespace {

constexpr std::size_t kWidth = 100;  // columns
constexpr std::size_t kIndent = 13;
constexpr std::size_t kFeaturesListed = 8;  // more are summed up in a line
constexpr std::size_t kClassesListed = 10;
constexpr double kScalesApart = 100.0;  // spreads that differ by more are worth a word

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

// "520, 480", or "100 classes of 480 to 520 rows".
std::string by_class(const std::vector<Index>& class_rows) {
  if (class_rows.size() <= kClassesListed) return fmt::format("by class {}", fmt::join(class_rows, ", "));
  const auto [least, most] = std::minmax_element(class_rows.begin(), class_rows.end());
  return fmt::format("{} classes of {} to {} rows", class_rows.size(), *least, *most);
}

// "feature 3 is", "features 0, 3 are" or "features 0, 1, 2, 3, 4, 5, 6, 7 and 59 more are".
std::string which_are(std::string_view noun, const std::vector<std::size_t>& numbers) {
  if (numbers.size() == 1) return fmt::format("{} {} is", noun, numbers.front());
  const std::size_t told = std::min(numbers.size(), kFeaturesListed);
  const auto end = numbers.begin() + static_cast<std::ptrdiff_t>(told);
  return fmt::format("{}{} {}{} are", noun, noun.ends_with('s') ? "es" : "s", fmt::join(numbers.begin(), end, ", "),
                     told < numbers.size() ? fmt::format(" and {} more", numbers.size() - told) : "");
}

// The numbers of those for which `is` holds.
template <class T, class Is>
std::vector<std::size_t> numbers_where(const std::vector<T>& values, Is is) {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (is(values[i])) numbers.push_back(i);
  return numbers;
}

bool is_constant(const FeatureStatistics& feature) { return feature.minimum == feature.maximum; }
// Of a constant feature nothing is left of the spread but how its mean was rounded.
double spread(const FeatureStatistics& feature) { return is_constant(feature) ? 0 : feature.spread; }

void feature_table(std::string& out, const std::vector<FeatureStatistics>& features) {
  const std::string indent(kIndent, ' ');
  out += fmt::format("{}{:>7}{:>12}{:>12}{:>12}{:>12}  (training rows)\n", indent, "feature", "mean", "spread",
                     "minimum", "maximum");
  for (std::size_t j = 0; j < features.size(); ++j)
    out += fmt::format("{}{:>7}{:>12.4g}{:>12.4g}{:>12.4g}{:>12.4g}\n", indent, j, features[j].mean,
                       spread(features[j]), features[j].minimum, features[j].maximum);
}

std::string feature_ranges(const std::vector<FeatureStatistics>& features) {
  const auto range = [&](auto figure) {
    const auto [least, most] = std::ranges::minmax(features, {}, figure);
    return fmt::format("{:.4g} to {:.4g}", std::invoke(figure, least), std::invoke(figure, most));
  };
  return fmt::format("{} features of the training rows: means {}, spreads {}, {} constant", features.size(),
                     range(&FeatureStatistics::mean), range(spread), std::ranges::count_if(features, is_constant));
}

// The widest and the narrowest spread of the features that are not constant, where they lie far apart; else empty.
std::string scale_sentence(const std::vector<FeatureStatistics>& features) {
  const auto varying = numbers_where(features, [](const FeatureStatistics& f) { return spread(f) > 0; });
  if (varying.empty()) return "";
  const auto spread_of = [&](std::size_t j) { return features[j].spread; };
  const auto [narrow, wide] = std::ranges::minmax(varying, {}, spread_of);
  if (!(spread_of(wide) > kScalesApart * spread_of(narrow))) return "";
  return fmt::format(
      "feature {} spreads {:.3g} times as wide as feature {} ({:.4g} and {:.4g}): on such different "
      "scales a training can get stuck; divide each feature by its spread",
      wide, spread_of(wide) / spread_of(narrow), narrow, spread_of(wide), spread_of(narrow));
}

// What the rows look like, and what in them can hold a training back.
void data_lines(std::string& out, const Trainer::SplitStatistics& data) {
  const std::vector<FeatureStatistics>& features = data.train.features;
  paragraph(out, "Data",
            fmt::format("{} training rows, {}; {} test rows, {}: always saying the commonest would score {:.3f}",
                        row_count(data.train), by_class(data.train.class_rows), row_count(data.test),
                        by_class(data.test.class_rows), majority_share(data.test.class_rows)));
  if (features.size() > kFeaturesListed)
    paragraph(out, "", feature_ranges(features));
  else if (!features.empty())
    feature_table(out, features);

  const auto note = [&](const std::vector<std::size_t>& numbers, std::string_view noun, std::string_view what) {
    if (!numbers.empty()) paragraph(out, "Note", fmt::format("{} {}", which_are(noun, numbers), what));
  };
  note(numbers_where(data.train.class_rows, [](Index rows) { return rows == 0; }), "class",
       "without training rows, and trained all the same");
  note(numbers_where(features, is_constant), "feature",
       "constant in the training rows, and cannot tell the classes apart");
  if (const std::string scales = scale_sentence(features); !scales.empty()) paragraph(out, "Note", scales);
}

void run_lines(std::string& out, const RunStudy& study) {
  data_lines(out, study.statistics);
  if (const std::string ended = outcome_sentence(study); !ended.empty()) paragraph(out, "Ended", ended);
  if (!study.plateau) return;
  const EpochRecord& last = study.result.history.back();
  paragraph(out, "Plateau", level_sentence(*study.plateau, study.result.test_correct.rows()));
  paragraph(out, "Training",
            fmt::format("train accuracy {:.4f}, train loss {:.4f} after {} epochs", last.train_accuracy,
                        last.train_loss, study.result.history.size()));
  paragraph(out, "Best epoch", best_sentence(*study.best, *study.plateau));
}

std::string measured(const Environment& environment, const ExecutionPlan& plan, const std::string& times) {
  std::string where = environment.device_name;
  if (!environment.gpu)
    where += fmt::format(", {} thread{}", environment.workers, environment.workers == 1 ? "" : "s");
  else
    where += plan.fused ? ", fused engine" : ", layered engine";
  if (environment.device == "emulated") where += "; its times are not those of a GPU";
  return fmt::format("on {} ({}): {}", environment.device, where, times);
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

std::string machine_summary(const Environment& cpu, const gpu::Inventory& found,
                            const std::string& gpu_matrix_library) {
  std::string out;
  const auto line = [&](std::string_view label, std::string_view text) {
    out += fmt::format("{:<10}{}\n", label, text);
  };
  line("plateau", cpu.version);
  line("commit", cpu.build.commit.empty() ? "not known" : cpu.build.commit + (cpu.build.dirty ? ", with changes" : ""));
  line("compiler", cpu.compiler);
  line("cpu", fmt::format("{}, {} threads", cpu.device_name, cpu.workers));
  line("products", cpu.matrix_library);
  if (found.toolkit_version == 0) {  // nobody to ask what driver and GPU there are
    line("cuda", "not built in");
    line("driver", "not looked for");
    line("gpu", "not looked for: " + found.problem);
    line("engines", "layered, on the cpu");
    return out;
  }
  const char* const emulated = found.emulated ? "emulated " : "";
  line("cuda", fmt::format("{}, {}{}", cuda_version(found.toolkit_version), emulated, gpu_matrix_library));
  line("driver", found.driver_version == 0 ? "none" : "CUDA " + cuda_version(found.driver_version));
  for (const gpu::DeviceProperties& gpu : found.devices)
    line("gpu", fmt::format("{}{}, compute {}.{}, {} multiprocessors, {:.1f} GB, {} KB of shared memory per block",
                            found.emulated ? "emulated on the cpu, for tests: " : "", gpu.name, gpu.compute_major,
                            gpu.compute_minor, gpu.multiprocessors, static_cast<double>(gpu.memory_bytes) * 1e-9,
                            gpu.shared_memory_per_block_bytes / 1024));
  if (found.devices.empty()) line("gpu", "none: " + found.problem);
  line("engines", fmt::format("layered, on the cpu and the {0}GPU; fused, on the {0}GPU", emulated));
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
    case RunOutcome::stopped_early:
      return fmt::format("stopped early after {} of {} epochs: {} without a lower validation loss",
                         study.result.history.size(), study.run.epochs, study.run.patience);
  }
  return "";
}

std::string training_summary(const RunStudy& study, const Environment& environment) {
  std::string out = fmt::format("\n{}, {} training rows, {} test rows, seed {}\n\n", to_string(study.run.architecture),
                                row_count(study.statistics.train), row_count(study.statistics.test), study.run.seed);
  run_lines(out, study);
  paragraph(out, "Measured", measured(environment, study.result.plan, fmt::format("training {:.3f} s", study.seconds)));
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
  paragraph(out, "Measured", measured(environment, result.first.result.plan, times));
  if (options.repeat > 1) seeds_table(out, result.seeds);
  return out;
}

}  // namespace plateau
