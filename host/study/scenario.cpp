// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/scenario.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>

namespace plateau {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Dataset scenario_rows(const ScenarioRows& rows, Index count) {
  const Index columns = scenario_features(rows.kind);
  Dataset data{.columns = columns,
               .values = HostBuffer<float>(count * columns),
               .labels = std::vector<std::int32_t>(static_cast<std::size_t>(count))};
  cpu::scenario_data<float>(rows, as_matrix(data.values.view(), count, columns), {data.labels.data(), count});
  return data;
}

Run scenario_run(const ScenarioDefinition& definition, const ScenarioOptions& options, std::uint64_t seed) {
  return {.architecture = definition.architecture,
          .optimizer = AdamParameters{.learning_rate = kScenarioLearningRate},
          .epochs = options.epochs,
          .batch = 0,
          .order = RowOrder::as_stored,
          .seed = seed,
          .initial = {}};
}

// Seeds of a control's trainings: far from those that --repeat counts through.
std::uint64_t control_seed(std::uint64_t seed, Index training) {
  return seed + (static_cast<std::uint64_t>(training + 1) << 40);
}

double mean(const std::vector<double>& values) { return mean_spread(values).mean; }

std::vector<std::vector<double>> level_rows(const std::vector<RunResult>& trainings) {
  std::vector<std::vector<double>> rows;
  rows.reserve(trainings.size());
  for (const RunResult& training : trainings) rows.push_back(level_row_accuracy(training.test_correct));
  return rows;
}

// Accuracy of each test row, on average over the trainings.
std::vector<double> mean_rows(const std::vector<RunResult>& trainings) {
  const auto rows = level_rows(trainings);
  std::vector<double> average(rows.front().size(), 0.0);
  for (const std::vector<double>& training : rows)
    for (std::size_t r = 0; r < average.size(); ++r) average[r] += training[r] / static_cast<double>(rows.size());
  return average;
}

ControlEvidence control_evidence(const Architecture& architecture, const std::vector<RunResult>& trainings,
                                 const std::vector<double>& run_rows) {
  ControlEvidence evidence{.trainings = static_cast<Index>(trainings.size()),
                           .architecture = to_string(architecture),
                           .test_accuracy = mean(mean_rows(trainings)),
                           .difference = crossed_difference(run_rows, level_rows(trainings))};
  for (const RunResult& training : trainings) {
    evidence.train_accuracy += level_train_accuracy(training.history) / static_cast<double>(trainings.size());
    evidence.lowest.resize(training.history.size(), 1);
    evidence.highest.resize(training.history.size(), 0);
    for (std::size_t e = 0; e < training.history.size(); ++e) {
      evidence.lowest[e] = std::min(evidence.lowest[e], training.history[e].test_accuracy);
      evidence.highest[e] = std::max(evidence.highest[e], training.history[e].test_accuracy);
    }
  }
  return evidence;
}

std::optional<RuleEvidence> exact_rule(ScenarioKind kind, const Dataset& test, const std::vector<double>& run_rows) {
  if (kind == ScenarioKind::overfit) return std::nullopt;
  std::vector<std::int32_t> rule(static_cast<std::size_t>(test.rows()));
  cpu::scenario_rule<float>(kind, test.x(), {rule.data(), test.rows()});
  std::vector<double> right(rule.size());
  for (std::size_t r = 0; r < rule.size(); ++r) right[r] = rule[r] == test.label()[static_cast<Index>(r)] ? 1 : 0;
  return RuleEvidence{mean(right), paired_difference(run_rows, right)};
}

struct ControlResults {
  std::vector<RunResult> permuted, wider;
};

// All controls at once, so that the device is never idle while there is a training left.
ControlResults train_controls(const ScenarioDefinition& definition, const Run& run, const TrainingData& data,
                              Trainer& trainer, const FleetObserver& observer) {
  std::vector<Run> runs;
  for (Index i = 0; i < kWiderTrainings; ++i) {  // the longer ones first
    Run wider = run;
    wider.architecture = definition.wider;
    wider.seed = control_seed(run.seed, i);
    runs.push_back(wider);
  }
  for (Index i = 0; i < kPermutedTrainings; ++i) {
    Run permuted = run;
    permuted.seed = control_seed(run.seed, i);
    permuted.labels = {.permuted = true, .permutation_seed = permuted.seed};
    runs.push_back(permuted);
  }
  std::vector<RunResult> results = trainer.train_fleet(data, runs, observer);
  const auto middle = results.begin() + kWiderTrainings;
  return {.permuted = {std::make_move_iterator(middle), std::make_move_iterator(results.end())},
          .wider = {std::make_move_iterator(results.begin()), std::make_move_iterator(middle)}};
}

RunOutcome worst_outcome(const ControlResults& controls) {
  RunOutcome worst = RunOutcome::finished;
  for (const auto* trainings : {&controls.permuted, &controls.wider})
    for (const RunResult& training : *trainings)
      if (training.outcome == RunOutcome::interrupted || worst == RunOutcome::finished) worst = training.outcome;
  return worst;
}

SeedResult seed_result(std::uint64_t seed, const RunResult& result) {
  SeedResult row{.seed = seed, .outcome = result.outcome};
  if (result.history.empty()) return row;
  row.test_accuracy = mean(level_row_accuracy(result.test_correct));
  row.train_accuracy = level_train_accuracy(result.history);
  row.best = best_epoch(result.history);
  return row;
}

}  // namespace

ScenarioDefinition scenario_definition(ScenarioKind kind) {
  switch (kind) {
    case ScenarioKind::overfit:
      return {kind, "overfit", {{2, 128, 128, 2}}, {{2, 256, 256, 2}}, 100};
    case ScenarioKind::underfit:
      return {kind, "underfit", {{3, 2}}, {{3, 32, 32, 2}}, 1000};
    case ScenarioKind::ceiling:
      return {kind, "ceiling", {{2, 64, 64, 2}}, {{2, 128, 128, 2}}, 2000};
  }
  throw std::invalid_argument("scenario_definition: unknown scenario");
}

const char* to_string(ScenarioKind kind) { return scenario_definition(kind).name.data(); }
const char* to_string(LabelReading reading) { return reading == LabelReading::described ? "described" : "published"; }

Split scenario_split(ScenarioKind kind, LabelReading reading, std::uint64_t seed) {
  const DrawnSplit drawn{.train = {kind, reading, seed, 0}, .test = {kind, reading, seed, kScenarioFirstTestRow}};
  return {scenario_rows(drawn.train, scenario_definition(kind).train_rows),
          scenario_rows(drawn.test, kScenarioTestRows), drawn};
}

ScenarioResult study_scenario(const ScenarioOptions& options, Trainer& trainer,
                              const std::function<void(const RunStudy&)>& when_run, const ScenarioWatch& watch) {
  expects(options.repeat >= 1, "study_scenario: repeat >= 1");
  expects(options.seed <= ~std::uint64_t{0} - static_cast<std::uint64_t>(options.repeat - 1),
          "study_scenario: every seed fits");
  ScenarioResult study{.definition = scenario_definition(options.kind)};

  const Split split = scenario_split(options.kind, options.reading, options.seed);
  study.first =
      study_run(scenario_run(study.definition, options, options.seed), split, trainer, {.observer = watch.run});
  if (when_run) when_run(study.first);
  const RunResult& result = study.first.result;
  study.seeds.push_back(seed_result(options.seed, result));
  if (result.outcome != RunOutcome::finished) return study;

  const std::vector<double> run_rows = level_row_accuracy(result.test_correct);
  Evidence evidence{.train_class_rows = study.first.statistics.train.class_rows,
                    .test_class_rows = study.first.statistics.test.class_rows,
                    .architecture = to_string(study.definition.architecture),
                    .test_accuracy = {study.first.plateau->level, study.first.plateau->interval},
                    .train_accuracy = level_train_accuracy(result.history),
                    .plateau_shown = study.first.plateau->since.has_value(),
                    .exact_rule = exact_rule(options.kind, split.test, run_rows)};
  if (options.controls == Controls::train) {
    const auto controls_start = Clock::now();
    const ControlResults controls =
        train_controls(study.definition, study.first.run, views(split), trainer, watch.controls);
    study.controls_seconds = seconds_since(controls_start);
    study.controls = worst_outcome(controls);
    if (study.controls == RunOutcome::finished) {
      evidence.permuted_labels = control_evidence(study.definition.architecture, controls.permuted, run_rows);
      evidence.wider = control_evidence(study.definition.wider, controls.wider, run_rows);
      evidence.wider_over_permuted = crossed_difference(mean_rows(controls.permuted), level_rows(controls.wider));
    }
  }
  if (study.controls == RunOutcome::finished) study.verdict = explain(evidence);
  study.evidence = std::move(evidence);

  const auto repeat_start = Clock::now();
  study.seeds.resize(static_cast<std::size_t>(options.repeat));
  std::mutex telling;
  FleetProgress others{.runs = options.repeat - 1};
  if (watch.seeds && others.runs > 0) watch.seeds(others);
  trainer.for_each(options.repeat - 1, [&](Index i, Trainer& own) {
    const std::uint64_t seed = options.seed + static_cast<std::uint64_t>(i) + 1;
    SeedResult& row = study.seeds[static_cast<std::size_t>(i) + 1];
    row = {.seed = seed, .outcome = RunOutcome::interrupted};
    if (own.stop_requested()) return;
    const Split other = scenario_split(options.kind, options.reading, seed);
    const Run run = scenario_run(study.definition, options, seed);
    row = seed_result(seed, own.train(run, views(other)));
    if (!watch.seeds) return;
    const std::scoped_lock lock(telling);
    ++others.finished;
    others.share = static_cast<double>(others.finished) / static_cast<double>(others.runs);
    watch.seeds(others);
  });
  study.repeat_seconds = seconds_since(repeat_start);
  return study;
}

}  // namespace plateau
