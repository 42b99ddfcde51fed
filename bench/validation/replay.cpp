// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/replay.hpp"

#include <algorithm>
#include <utility>

#include "plateau/ops/metrics.hpp"

namespace plateau::validation {
namespace {

// What tells the runs of a study from each other, those on the rows of the `pair`-th pair; the same of the same study
// on other test rows.
std::string named(const Run& run, std::ptrdiff_t pair) {
  std::string name = to_string(run.architecture);
  const auto add = [&name](const auto& value) { name += " " + std::to_string(value); };
  add(pair);
  std::visit([&](const auto& optimizer) { add(optimizer.learning_rate), add(optimizer.weight_decay); }, run.optimizer);
  add(run.epochs), add(run.batch), add(run.seed), add(run.dropout), add(run.standardise ? 1 : 0);
  add(run.rows ? run.rows->count() : -1), add(run.validation ? run.validation->count() : -1);
  add(run.labels.permuted ? run.labels.permutation_seed : 0), add(run.class_weights.balanced ? 1 : 0);
  add(run.initial ? 1 : 0), add(run.frozen), add(run.outputs.layers ? 1 : 0);
  for (const PredictionRequest& request : run.outputs.predictions)
    add(request.rows ? request.rows->count() : -1), add(request.probabilities ? 1 : 0),
        add(static_cast<int>(request.at));
  return name;
}

bool is_of_test_rows(const PredictionRequest& request) { return !request.rows.has_value(); }

bool is_asked_about_test_rows(const Run& run) { return std::ranges::any_of(run.outputs.predictions, is_of_test_rows); }

// By the classes that it gives the test rows. Probabilities are not recorded: of many rows they take much memory.
bool is_judged(const Run& run) {
  return is_asked_about_test_rows(run) &&
         std::ranges::none_of(run.outputs.predictions, [](const PredictionRequest& request) {
           return is_of_test_rows(request) && request.probabilities;
         });
}

// The run, with what it takes to ask its network about other rows.
Run with_network(Run run) {
  run.outputs.parameters = run.outputs.best_parameters = run.outputs.scale = true;
  return run;
}

// Asks it, and keeps what a replay can use.
RecordedRun recorded(const Run& run, RunResult result, HostMatrix<const float> x, Trainer& trainer) {
  RecordedRun record;
  for (const PredictionRequest& request : run.outputs.predictions) {
    if (!is_of_test_rows(request)) continue;
    const bool best = request.at == ParametersAt::best && !result.best_parameters.empty();
    const FlatParameters& parameters = best ? result.best_parameters : result.parameters;
    record.others.push_back(trainer.predict({run.architecture, parameters, result.scale}, x).predicted);
  }
  record.result = std::move(result);
  record.result.test_correct = {};
  record.result.parameters = {};
  record.result.best_parameters = {};
  return record;
}

// The result that the run would have if its test rows were the others.
RunResult on_other_rows(const RecordedRun& record, const Run& run, const TrainingData& data) {
  RunResult result = record.result;
  std::size_t number = 0;
  for (std::size_t q = 0; q < run.outputs.predictions.size(); ++q)
    if (is_of_test_rows(run.outputs.predictions[q])) result.predictions[q].predicted = record.others[number++];
  if (number == 0 || !run.outputs.test_correct || result.history.empty()) return result;
  // Of the epoch that is kept; the others are not known, and nothing in a diagnosis asks for them.
  const auto epochs = static_cast<Index>(result.history.size());
  const Index kept = run.patience > 0 && result.best_epoch ? *result.best_epoch : epochs - 1;
  const Index words = correct_words(data.test_x.rows);
  std::vector<std::uint32_t> bits(static_cast<std::size_t>(epochs * words), 0);
  for (Index row = 0; row < data.test_x.rows; ++row)
    if (record.others.front()[static_cast<std::size_t>(row)] == data.test_label[row])
      bits[static_cast<std::size_t>(kept * words + row / 32)] |= 1u << (row % 32);
  result.test_correct = CorrectBits(std::move(bits), epochs, data.test_x.rows);
  return result;
}

}  // namespace

std::vector<RunResult> RecordingTrainer::train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                                     const FleetObserver& observer) {
  const auto pair = std::ranges::find_if(pairs_, [&](const Pair& p) { return p.test_x.data == data.test_x.data; });
  if (pair == pairs_.end()) return trainer_.train_fleet(data, runs, observer);
  std::vector<Run> asked = runs;
  for (Run& run : asked)
    if (is_judged(run)) run = with_network(std::move(run));
  std::vector<RunResult> results = trainer_.train_fleet(data, asked, observer);

  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (is_judged(runs[r]) || !is_asked_about_test_rows(runs[r]))
      runs_[named(runs[r], pair - pairs_.begin())] = recorded(runs[r], results[r], pair->other_x, trainer_);
    const std::vector<PredictionRequest>& requests = runs[r].outputs.predictions;
    if (is_judged(runs[r]) && runs[r].validation && requests.front().at == ParametersAt::best)
      curve_.push_back(runs[r]);
    if (!runs[r].outputs.parameters) results[r].parameters = {};
    if (!runs[r].outputs.best_parameters) results[r].best_parameters = {};
    if (!runs[r].outputs.scale) results[r].scale = {};
  }
  return results;
}

std::vector<RunResult> ReplayingTrainer::train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                                     const FleetObserver&) {
  using Pair = RecordingTrainer::Pair;
  const std::vector<Pair>& pairs = recording_.pairs_;
  const auto pair = std::ranges::find_if(pairs, [&](const Pair& p) { return p.other_x.data == data.test_x.data; });
  std::vector<RunResult> results(runs.size(), {.outcome = RunOutcome::interrupted});
  if (pair == pairs.end()) return results;
  std::vector<std::size_t> missing;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const auto found = recording_.runs_.find(named(runs[r], pair - pairs.begin()));
    if (found != recording_.runs_.end())
      results[r] = on_other_rows(found->second, runs[r], data);
    else if (is_judged(runs[r]))
      missing.push_back(r);
  }
  if (missing.empty()) return results;

  // The other rows are many: they are judged once, at the end, and not after every epoch.
  TrainingData with_one_row = data;
  with_one_row.test_x.rows = with_one_row.test_label.size = 1;
  std::vector<Run> asked;
  for (const std::size_t r : missing) asked.push_back(with_network(runs[r]));
  std::vector<RunResult> trained = trainer_.train_fleet(with_one_row, asked);
  trainings_ += static_cast<Index>(trained.size());
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const Run& run = runs[missing[i]];
    results[missing[i]] = on_other_rows(recorded(run, std::move(trained[i]), data.test_x, trainer_), run, data);
  }
  return results;
}

}  // namespace plateau::validation
