// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/sweep.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

namespace plateau {
namespace {

Optimizer optimizer_of(const SweepDefinition& sweep, double learning_rate, double weight_decay) {
  if (sweep.optimizer == SweepOptimizer::sgd)
    return SgdParameters{.learning_rate = learning_rate, .momentum = sweep.momentum, .weight_decay = weight_decay};
  return AdamParameters{
      .learning_rate = learning_rate,
      .weight_decay = weight_decay,
      .decay_kind = sweep.optimizer == SweepOptimizer::adamw ? WeightDecay::decoupled : WeightDecay::l2};
}

// The settings in the order of the grid, not yet trained.
std::vector<SettingResult> settings_of(const SweepDefinition& sweep, const Split& split) {
  std::vector<SettingResult> settings;
  for (const std::vector<Index>& hidden : sweep.hidden) {
    const Architecture net = fitting_architecture(hidden, split, {}, sweep.files);
    for (const double learning_rate : sweep.learning_rate)
      for (const double weight_decay : sweep.weight_decay)
        for (const double dropout : sweep.dropout)
          settings.push_back({.number = static_cast<Index>(settings.size()),
                              .architecture = net,
                              .learning_rate = learning_rate,
                              .weight_decay = weight_decay,
                              .dropout = dropout});
  }
  return settings;
}

std::vector<Run> runs_of(const SweepDefinition& sweep, const std::vector<SettingResult>& settings,
                         const ValidationRows& held_out) {
  expects(!settings.empty() && sweep.seeds >= 1, "sweep: at least one setting and one seed");
  std::vector<Run> runs;
  for (const SettingResult& setting : settings) {
    Run run{.architecture = setting.architecture,
            .optimizer = optimizer_of(sweep, setting.learning_rate, setting.weight_decay),
            .schedule = sweep.schedule,
            .epochs = sweep.epochs,
            .batch = sweep.batch,
            .order = sweep.order,
            .patience = sweep.patience,
            .standardise = sweep.standardise,
            .dropout = setting.dropout,
            .class_weights = {.balanced = sweep.balanced_classes},
            .outputs = {.parameters = false, .best_parameters = false, .test_correct = false}};
    held_out.hold_out_of(run);
    for (Index s = 0; s < sweep.seeds; ++s) {
      run.seed = sweep.seed + static_cast<std::uint64_t>(s);
      runs.push_back(run);
    }
  }
  return runs;
}

SweepRun figures_of(const Run& run, const RunResult& result) {
  SweepRun figures{.seed = run.seed,
                   .outcome = result.outcome,
                   .epochs = static_cast<Index>(result.history.size()),
                   .best_epoch = result.best_epoch};
  if (result.history.empty()) return figures;
  figures.epoch = run.patience > 0 && result.best_epoch ? *result.best_epoch : figures.epochs - 1;
  figures.figures = result.history[static_cast<std::size_t>(*figures.epoch)];
  return figures;
}

// Whether the run's figures count.
bool counts(const SweepRun& run) { return is_complete(run.outcome) && run.epoch.has_value(); }

template <class Figure>
std::optional<MeanSpread> spread_over(const std::vector<SweepRun>& runs, Figure figure) {
  std::vector<double> values;
  for (const SweepRun& run : runs)
    if (counts(run)) values.push_back(figure(run));
  return values.empty() ? std::nullopt : std::optional(mean_spread(values));
}

void summarise(SettingResult& setting, bool validated) {
  const auto over = [&](double EpochRecord::*figure) {
    return spread_over(setting.runs, [&](const SweepRun& run) { return run.figures.*figure; });
  };
  setting.train_loss = over(&EpochRecord::train_loss);
  setting.train_accuracy = over(&EpochRecord::train_accuracy);
  setting.test_loss = over(&EpochRecord::test_loss);
  setting.test_accuracy = over(&EpochRecord::test_accuracy);
  if (!validated) return;
  setting.validation_loss = over(&EpochRecord::validation_loss);
  setting.validation_accuracy = over(&EpochRecord::validation_accuracy);
  setting.best_epoch = spread_over(
      setting.runs, [](const SweepRun& run) { return static_cast<double>(run.best_epoch.value_or(run.epochs - 1)); });
}

// What ranks, of one run.
double ranking_figure(const SweepRun& run, RankedBy by) {
  return by == RankedBy::validation_loss ? run.figures.validation_loss : run.figures.test_accuracy;
}

// Smaller is better. A mean that is no number is worse than any; settings without a complete run come behind.
using Standing = std::pair<int, double>;  // group, figure
Standing standing(const SettingResult& setting, RankedBy by) {
  if (setting.complete() == 0) return {setting.count(RunOutcome::interrupted) > 0 ? 1 : 2, 0};
  const double mean = by == RankedBy::validation_loss ? setting.validation_loss->mean : -setting.test_accuracy->mean;
  return {0, std::isnan(mean) ? std::numeric_limits<double>::infinity() : mean};
}

void compare_with_best(SettingResult& setting, const SettingResult& best, RankedBy by) {
  std::vector<double> of_best, of_setting;
  for (std::size_t s = 0; s < setting.runs.size(); ++s) {
    if (!counts(setting.runs[s]) || !counts(best.runs[s])) continue;
    of_best.push_back(ranking_figure(best.runs[s], by));
    of_setting.push_back(ranking_figure(setting.runs[s], by));
  }
  if (of_best.size() < 2) return;
  setting.over_best = paired_difference(of_best, of_setting);
  setting.within_noise = setting.over_best->interval.low <= 0 && 0 <= setting.over_best->interval.high;
}

void rank(std::vector<SettingResult>& settings, RankedBy by) {
  std::stable_sort(settings.begin(), settings.end(),
                   [&](const SettingResult& a, const SettingResult& b) { return standing(a, by) < standing(b, by); });
  for (std::size_t i = 0; i < settings.size() && settings[i].complete() > 0; ++i) {
    const bool tie = i > 0 && standing(settings[i], by) == standing(settings[i - 1], by);
    settings[i].rank = tie ? *settings[i - 1].rank : static_cast<Index>(i + 1);
    if (i > 0) compare_with_best(settings[i], settings.front(), by);
  }
}

}  // namespace

const char* to_string(SweepOptimizer kind) {
  switch (kind) {
    case SweepOptimizer::adam:
      return "adam";
    case SweepOptimizer::adamw:
      return "adamw";
    case SweepOptimizer::sgd:
      return "sgd";
  }
  return "";
}

Index setting_count(const SweepDefinition& sweep) {
  return static_cast<Index>(sweep.hidden.size() * sweep.learning_rate.size() * sweep.weight_decay.size() *
                            sweep.dropout.size());
}

std::vector<Run> sweep_runs(const SweepDefinition& sweep, const Split& split, const ValidationRows& held_out) {
  return runs_of(sweep, settings_of(sweep, split), held_out);
}

Index SettingResult::count(RunOutcome outcome) const { return std::ranges::count(runs, outcome, &SweepRun::outcome); }

Index SweepResult::count(RunOutcome outcome) const {
  Index count = 0;
  for (const SettingResult& setting : settings) count += setting.count(outcome);
  return count;
}

SweepResult study_sweep(const SweepDefinition& sweep, const Split& split, Trainer& trainer,
                        const FleetObserver& observer) {
  SweepResult result{.definition = sweep, .schema = schema_of(split.train), .settings = settings_of(sweep, split)};
  const ValidationRows held_out(split.train, sweep.validation, sweep.seed);
  const std::vector<Run> runs = runs_of(sweep, result.settings, held_out);
  const TrainingData data = views(split);
  result.statistics = trainer.statistics(data, runs.front().architecture.classes());
  result.validation_rows = held_out.count();
  result.trained_rows = split.train.rows() - result.validation_rows;
  result.ranked_by = result.validation_rows > 0 ? RankedBy::validation_loss : RankedBy::test_accuracy;

  const auto start = std::chrono::steady_clock::now();
  const std::vector<RunResult> trained = trainer.train_fleet(data, runs, observer);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  for (SettingResult& setting : result.settings) {
    const auto first = static_cast<std::size_t>(setting.number * sweep.seeds);
    for (std::size_t r = first; r < first + static_cast<std::size_t>(sweep.seeds); ++r)
      setting.runs.push_back(figures_of(runs[r], trained[r]));
    setting.plan = trained[first].plan;
    summarise(setting, result.validation_rows > 0);
  }
  rank(result.settings, result.ranked_by);
  return result;
}

}  // namespace plateau
