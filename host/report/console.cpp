// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/console.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <utility>

#include "text.hpp"

namespace plateau {
namespace {

constexpr std::size_t kFeaturesListed = 8;  // more are summed up in a line
constexpr std::size_t kClassesListed = 10;
constexpr std::size_t kDivergedListed = 10;
constexpr double kScalesApart = 100.0;  // spreads that differ by more are worth a word

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

// By which rows the best epoch was chosen, and what it scores on the test rows, which chose nothing.
std::string validation_sentence(const RunStudy& study) {
  const Index best = *study.result.best_epoch, rows = study.validation_rows();
  const EpochRecord& epoch = study.result.history[static_cast<std::size_t>(best)];
  const Index test_rows = study.result.test_correct.rows();
  const Interval interval = wilson_interval(epoch.test_accuracy, test_rows);
  return fmt::format(
      "lowest loss {:.4f}, accuracy {:.4f}, on {} after epoch {}, where the test accuracy is {:.4f} (95 % interval "
      "{:.3f} to {:.3f}); {}",
      epoch.validation_loss, epoch.validation_accuracy, counted(rows, "held-out row"), best, epoch.test_accuracy,
      interval.low, interval.high,
      study.run.patience > 0 ? "its parameters are kept" : "the parameters of the last epoch are kept");
}

// "520, 480", or "100 classes of 480 to 520 rows".
std::string by_class(const std::vector<Index>& class_rows) {
  if (class_rows.size() <= kClassesListed) return fmt::format("by class {}", fmt::join(class_rows, ", "));
  const auto [least, most] = std::minmax_element(class_rows.begin(), class_rows.end());
  return fmt::format("{} classes of {} to {} rows", class_rows.size(), *least, *most);
}

// What feature j, or class j, is called: its name in the file, else its number.
std::string called(const std::vector<std::string>& names, std::size_t j) {
  return j < names.size() ? one_line(names[j]) : fmt::format("{}", j);
}

// "feature 3 is", "features 0, 3 are" or "features 0, 1, 2, 3, 4, 5, 6, 7 and 59 more are".
std::string which_are(std::string_view noun, const std::vector<std::size_t>& numbers,
                      const std::vector<std::string>& names) {
  if (numbers.size() == 1) return fmt::format("{} {} is", noun, called(names, numbers.front()));
  std::vector<std::string> told;
  for (std::size_t i = 0; i < std::min(numbers.size(), kFeaturesListed); ++i) told.push_back(called(names, numbers[i]));
  return fmt::format("{}{} {}{} are", noun, noun.ends_with('s') ? "es" : "s", fmt::join(told, ", "),
                     told.size() < numbers.size() ? fmt::format(" and {} more", numbers.size() - told.size()) : "");
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

void feature_table(std::string& out, const std::vector<FeatureStatistics>& features,
                   const std::vector<std::string>& names) {
  constexpr std::size_t kLongestName = 18;  // beside four figures
  const std::string indent(kIndent, ' ');
  std::vector<std::string> shown;
  std::size_t widest = std::string_view("feature").size();
  for (std::size_t j = 0; j < features.size(); ++j) {
    shown.push_back(shortened(called(names, j), kLongestName));
    widest = std::max(widest, terminal_width(shown.back()));
  }
  const auto to_the_right = [widest](const std::string& text) {
    return std::string(widest - std::min(widest, terminal_width(text)), ' ') + text;
  };
  paragraph(out, "", "features of the training rows:");
  out += fmt::format("{}{}{:>12}{:>12}{:>12}{:>12}\n", indent, to_the_right("feature"), "mean", "spread", "minimum",
                     "maximum");
  for (std::size_t j = 0; j < features.size(); ++j)
    out += fmt::format("{}{}{:>12.4g}{:>12.4g}{:>12.4g}{:>12.4g}\n", indent, to_the_right(shown[j]), features[j].mean,
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
std::string scale_sentence(const std::vector<FeatureStatistics>& features, const std::vector<std::string>& names) {
  const auto varying = numbers_where(features, [](const FeatureStatistics& f) { return spread(f) > 0; });
  if (varying.empty()) return "";
  const auto spread_of = [&](std::size_t j) { return features[j].spread; };
  const auto [narrow, wide] = std::ranges::minmax(varying, {}, spread_of);
  if (!(spread_of(wide) > kScalesApart * spread_of(narrow))) return "";
  return fmt::format(
      "feature {} spreads {:.3g} times as wide as feature {} ({:.4g} and {:.4g}): on such different "
      "scales a training can get stuck; --scale standard divides each feature by its spread",
      called(names, wide), spread_of(wide) / spread_of(narrow), called(names, narrow), spread_of(wide),
      spread_of(narrow));
}

// "0 cat, 1 dog": names of a file, each on one line whatever it holds.
std::string class_names(const ClassMap& classes) {
  std::vector<std::string> parts;
  for (std::size_t id = 0; id < classes.names.size() && id < kClassesListed; ++id)
    parts.push_back(fmt::format("{} {}", id, one_line(classes.names[id])));
  if (classes.names.size() > kClassesListed)
    parts.push_back(fmt::format("and {} more", classes.names.size() - kClassesListed));
  return fmt::format("{}", fmt::join(parts, ", "));
}

// What the rows look like, and what in them can hold a training back. `scaled`: features come to the network on one
// scale.
void data_lines(std::string& out, const Trainer::SplitStatistics& data, const Schema& schema, bool scaled) {
  const std::vector<FeatureStatistics>& features = data.train.features;
  const ClassMap& classes = schema.classes;
  const bool named_classes = !classes.numbered && !classes.names.empty();
  paragraph(out, "Data",
            fmt::format("{} training rows, {}; {} test rows, {}: always saying the commonest would score {:.3f}",
                        row_count(data.train), by_class(data.train.class_rows), row_count(data.test),
                        by_class(data.test.class_rows), majority_share(data.test.class_rows)));
  if (features.size() > kFeaturesListed)
    paragraph(out, "", feature_ranges(features));
  else if (!features.empty())
    feature_table(out, features, schema.feature_names);
  if (named_classes) paragraph(out, "Classes", class_names(classes));

  const auto note = [&](const std::vector<std::size_t>& numbers, std::string_view noun,
                        const std::vector<std::string>& names, std::string_view what) {
    if (!numbers.empty()) paragraph(out, "Note", fmt::format("{} {}", which_are(noun, numbers, names), what));
  };
  note(numbers_where(data.train.class_rows, [](Index rows) { return rows == 0; }), "class",
       named_classes ? classes.names : std::vector<std::string>{}, "without training rows, and trained all the same");
  note(numbers_where(features, is_constant), "feature", schema.feature_names,
       "constant in the training rows, and cannot tell the classes apart");
  const std::string scales = scaled ? "" : scale_sentence(features, schema.feature_names);
  if (!scales.empty()) paragraph(out, "Note", scales);
}

void run_lines(std::string& out, const RunStudy& study) {
  data_lines(out, study.statistics, study.schema, study.run.standardise || !study.scale.empty());
  if (const std::string ended = outcome_sentence(study); !ended.empty()) paragraph(out, "Ended", ended);
  if (!study.plateau) return;
  const EpochRecord& last = study.result.history.back();
  paragraph(out, "Plateau", level_sentence(*study.plateau, study.result.test_correct.rows()));
  paragraph(out, "Training",
            fmt::format("train accuracy {:.4f}, train loss {:.4f} after {} epochs", last.train_accuracy,
                        last.train_loss, study.result.history.size()));
  if (study.result.best_epoch) paragraph(out, "Validation", validation_sentence(study));
  paragraph(out, "Best epoch", best_sentence(*study.best, *study.plateau));
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

// "34 finished, 2 diverged": what there is of each.
template <class CountOf>
std::string outcome_counts(CountOf count_of) {
  std::vector<std::string> parts;
  for (const auto& [outcome, word] : {std::pair{RunOutcome::finished, "finished"},
                                      {RunOutcome::stopped_early, "stopped early"},
                                      {RunOutcome::diverged, "diverged"},
                                      {RunOutcome::interrupted, "interrupted"}})
    if (const Index count = count_of(outcome); count > 0) parts.push_back(fmt::format("{} {}", count, word));
  return fmt::format("{}", fmt::join(parts, ", "));
}

// "0.1234 ±0.0056"; of one value, no interval. What a training that went astray leaves must not widen the table.
std::string mean_and_half_width(const std::optional<MeanSpread>& spread) {
  if (!spread) return "-";
  const auto figure = [](double value) {
    return std::abs(value) < 1000 ? fmt::format("{:.4f}", value) : fmt::format("{:.2e}", value);
  };
  const double half = spread->interval.high - spread->mean;
  return std::isfinite(half) ? fmt::format("{} ±{}", figure(spread->mean), figure(half)) : figure(spread->mean);
}
std::string mean_alone(const std::optional<MeanSpread>& spread, int decimals) {
  return spread ? fmt::format("{:.{}f}", spread->mean, decimals) : "-";
}

// A column of the table of a sweep, as wide as what stands in it.
struct SweepColumn {
  std::string head;
  std::function<std::string(const SettingResult&)> cell;
};

std::vector<SweepColumn> sweep_columns(const SweepResult& result) {
  const SweepDefinition& sweep = result.definition;
  std::vector<SweepColumn> columns;
  columns.push_back({"rank", [&](const SettingResult& setting) -> std::string {
                       if (!setting.rank) return "-";
                       const bool tie = std::ranges::count(result.settings, setting.rank, &SettingResult::rank) > 1;
                       return fmt::format("{}{}{}", setting.within_noise ? "* " : "", *setting.rank, tie ? "=" : "");
                     }});
  columns.push_back({"network", [](const SettingResult& setting) { return to_string(setting.architecture); }});
  columns.push_back({"lr", [](const SettingResult& setting) { return fmt::format("{}", setting.learning_rate); }});
  if (sweep.weight_decay.size() > 1)
    columns.push_back({"decay", [](const SettingResult& setting) { return fmt::format("{}", setting.weight_decay); }});
  if (sweep.dropout.size() > 1)
    columns.push_back({"dropout", [](const SettingResult& setting) { return fmt::format("{}", setting.dropout); }});
  if (result.validation_rows > 0) {
    columns.push_back(
        {"validation loss", [](const SettingResult& setting) { return mean_and_half_width(setting.validation_loss); }});
    columns.push_back({"val. accuracy",
                       [](const SettingResult& setting) { return mean_and_half_width(setting.validation_accuracy); }});
  }
  columns.push_back(
      {"test accuracy", [](const SettingResult& setting) { return mean_and_half_width(setting.test_accuracy); }});
  columns.push_back({"train", [](const SettingResult& setting) { return mean_alone(setting.train_accuracy, 4); }});
  if (result.validation_rows > 0)
    columns.push_back({"best epoch", [](const SettingResult& setting) { return mean_alone(setting.best_epoch, 1); }});
  const auto is_incomplete = [&](const SettingResult& setting) { return setting.complete() < sweep.seeds; };
  if (std::ranges::any_of(result.settings, is_incomplete))
    columns.push_back({"runs", [is_incomplete](const SettingResult& setting) {
                         return is_incomplete(setting)
                                    ? outcome_counts([&](RunOutcome outcome) { return setting.count(outcome); })
                                    : std::string();
                       }});
  return columns;
}

void sweep_table(std::string& out, const SweepResult& result) {
  constexpr std::size_t kKeys = 3;  // rank, network and learning rate
  const std::vector<SweepColumn> columns = sweep_columns(result);
  Cells lines(1);
  for (const SweepColumn& column : columns) lines.front().push_back(column.head);
  for (const SettingResult& setting : result.settings) {
    lines.emplace_back();
    for (const SweepColumn& column : columns) lines.back().push_back(column.cell(setting));
  }
  table(out, lines, kKeys);
  out += '\n';
}

// What is the same for all, in words: "adam, weight decay 0, full batches, 100 epochs".
std::string fixed_settings(const SweepDefinition& sweep) {
  std::string text = to_string(sweep.optimizer);
  if (sweep.optimizer == SweepOptimizer::sgd) text += fmt::format(", momentum {}", sweep.momentum);
  if (sweep.weight_decay.size() == 1) text += fmt::format(", weight decay {}", sweep.weight_decay.front());
  if (sweep.dropout.size() == 1 && sweep.dropout.front() > 0)
    text += fmt::format(", dropout {}", sweep.dropout.front());
  if (sweep.schedule == Schedule::cosine) text += ", cosine schedule";
  text += sweep.batch == 0 ? std::string(", full batch") : fmt::format(", batches of {}", sweep.batch);
  if (sweep.batch != 0 && sweep.order == RowOrder::as_stored) text += " in the order of the file";
  text += fmt::format(", {}", counted(sweep.epochs, "epoch"));
  if (sweep.patience > 0) text += fmt::format(", stopped after {} without a lower validation loss", sweep.patience);
  if (sweep.standardise) text += ", standardised features";
  if (sweep.balanced_classes) text += ", balanced class weights";
  return text;
}

std::string ranking_sentence(const SweepResult& result) {
  if (result.ranked_by == RankedBy::test_accuracy)
    return "test accuracy, for want of validation rows: this favours luck on the test rows, and the figure of the best "
           "setting is too high an estimate";
  return fmt::format("mean loss of {} that no run trains on; the test rows had no part in it{}",
                     counted(result.validation_rows, "validation row"),
                     result.definition.patience > 0 ? ". All figures are those of a run's best epoch" : "");
}

std::string noise_sentence(const SweepResult& result) {
  if (result.definition.seeds == 1) return "one seed says nothing of noise: --seeds 5 adds intervals";
  std::string text = fmt::format("± is half of the 95 % interval of the mean over {}, on these rows",
                                 counted(result.definition.seeds, "seed"));
  if (std::ranges::any_of(result.settings, &SettingResult::within_noise))
    text +=
        "; * within noise of the best: the difference by seed has a 95 % interval that covers 0, as one of a setting "
        "that scatters widely does too";
  else if (std::ranges::count_if(result.settings, [](const SettingResult& s) { return s.over_best.has_value(); }) > 0)
    text += "; no other setting is within noise of the best";
  return text;
}

// Whether the settings are compared before the best of them has shown its best; else empty.
std::string improving_sentence(const SweepResult& result) {
  const SettingResult& best = result.settings.front();
  const auto last = static_cast<double>(result.definition.epochs - 1);
  if (!best.best_epoch || best.best_epoch->mean < last) return "";
  return fmt::format("the best setting was still improving in its last epoch, {}: more epochs may rank otherwise",
                     result.definition.epochs - 1);
}

// Those that diverged, with what a person needs to train them again.
std::vector<std::string> diverged_lines(const SweepResult& result) {
  std::vector<std::string> lines;
  const Index diverged = result.count(RunOutcome::diverged);
  for (const SettingResult& setting : result.settings)
    for (const SweepRun& run : setting.runs) {
      if (run.outcome != RunOutcome::diverged) continue;
      if (lines.size() == kDivergedListed) {
        lines.push_back(fmt::format("and {} more", diverged - static_cast<Index>(kDivergedListed)));
        return lines;
      }
      std::string line = fmt::format("{}, lr {}", to_string(setting.architecture), setting.learning_rate);
      if (result.definition.weight_decay.size() > 1) line += fmt::format(", weight decay {}", setting.weight_decay);
      if (result.definition.dropout.size() > 1) line += fmt::format(", dropout {}", setting.dropout);
      lines.push_back(fmt::format("{}, seed {}: in epoch {}", line, run.seed, run.epochs));
    }
  return lines;
}

// Of all that trained.
std::string_view engines(const SweepResult& result) {
  const auto fused = [](const SettingResult& setting) { return setting.plan.fused.has_value(); };
  if (std::ranges::all_of(result.settings, fused)) return "fused engine";
  return std::ranges::any_of(result.settings, fused) ? "fused and layered engine" : "layered engine";
}

}  // namespace

std::string epoch_line(std::size_t epoch, double train_loss, double test_accuracy) {
  return fmt::format("Epoch: {}, Train Loss: {:.4f}, Test Accuracy: {:.4f}\n", epoch, train_loss, test_accuracy);
}

std::string epoch_lines(const std::vector<EpochRecord>& history, std::size_t first) {
  std::string out;
  for (std::size_t epoch = first; epoch < history.size(); ++epoch)
    out += epoch_line(epoch, history[epoch].train_loss, history[epoch].test_accuracy);
  return out;
}

std::string machine_summary(const Environment& cpu, const gpu::Inventory& found,
                            const std::string& gpu_matrix_library) {
  std::string out;
  const auto line = [&](std::string_view label, std::string_view text) { paragraph(out, label, text, 10); };
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
  std::string out;
  heading(out, fmt::format("{}, {} training rows, {} test rows, seed {}", to_string(study.run.architecture),
                           row_count(study.statistics.train), row_count(study.statistics.test), study.run.seed));
  run_lines(out, study);
  paragraph(out, "Measured",
            measured(environment, engine_name(study.result.plan), fmt::format("training {:.3f} s", study.seconds)));
  return out;
}

std::string scenario_summary(const ScenarioOptions& options, const ScenarioResult& result,
                             const Environment& environment) {
  std::string out;
  heading(out, fmt::format("{} (labels as {}): {}, {} training rows, {} test rows, seed {}", result.definition.name,
                           to_string(options.reading), to_string(result.definition.architecture),
                           result.definition.train_rows, kScenarioTestRows, options.seed));
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
  paragraph(out, "Measured", measured(environment, engine_name(result.first.result.plan), times));
  if (options.repeat > 1) seeds_table(out, result.seeds);
  return out;
}

std::string sweep_summary(const SweepResult& result, const Environment& environment) {
  std::string out;
  heading(out, fmt::format("sweep: {}, {} each, {}", counted(static_cast<Index>(result.settings.size()), "setting"),
                           counted(result.definition.seeds, "seed"), counted(result.runs(), "run")));
  data_lines(out, result.statistics, result.schema, result.definition.standardise);
  paragraph(out, "Every run", fixed_settings(result.definition));
  paragraph(out, "Runs", outcome_counts([&](RunOutcome outcome) { return result.count(outcome); }));
  paragraph(out, "Ranked by", ranking_sentence(result));
  sweep_table(out, result);
  paragraph(out, "Noise", noise_sentence(result));
  if (const std::string improving = improving_sentence(result); !improving.empty()) paragraph(out, "Note", improving);
  list(out, "Diverged", diverged_lines(result));
  if (const std::string ended = outcome_sentence(result); !ended.empty()) paragraph(out, "Ended", ended);
  paragraph(out, "Measured", measured(environment, engines(result), fmt::format("training {:.3f} s", result.seconds)));
  return out;
}

std::string outcome_sentence(const SweepResult& result) {
  const Index runs = result.runs();
  if (result.count(RunOutcome::interrupted) > 0)
    return fmt::format("interrupted: {} of {} were complete",
                       result.count(RunOutcome::finished) + result.count(RunOutcome::stopped_early),
                       counted(runs, "run"));
  if (result.count(RunOutcome::diverged) == runs)
    return fmt::format("every run diverged: the loss was not finite in any of {}", counted(runs, "run"));
  return "";
}

}  // namespace plateau
