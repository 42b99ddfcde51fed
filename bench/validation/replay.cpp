// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/replay.hpp"

#include <algorithm>
#include <utility>

#include "plateau/ops/metrics.hpp"
#include "plateau/study/laboratory.hpp"

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

// By the classes that it gives the test rows, without probabilities: of many rows these take much memory.
bool is_judged(const Run& run) {
  return is_asked_about_test_rows(run) &&
         std::ranges::none_of(run.outputs.predictions, [](const PredictionRequest& request) {
           return is_of_test_rows(request) && request.probabilities;
         });
}

bool is_of_curve(const Run& run) {
  return is_judged(run) && run.validation && run.patience == 0 &&
         run.outputs.predictions.front().at == ParametersAt::best;
}

// The run, with what it takes to ask its network about rows when it has ended.
Run with_network(Run run) {
  run.outputs.parameters = run.outputs.best_parameters = run.outputs.scale = true;
  return run;
}

// Of the epoch whose parameters are asked for, of one that has ended; the others are not known.
CorrectBits right_rows(const Run& run, const RunResult& result, const std::vector<std::int32_t>& predicted,
                       HostSpan<const std::int32_t> label) {
  const auto epochs = static_cast<Index>(result.history.size());
  const bool best = run.outputs.predictions.front().at == ParametersAt::best && result.best_epoch;
  const Index kept = best ? *result.best_epoch : epochs - 1;
  const Index words = correct_words(label.size);
  std::vector<std::uint32_t> bits(static_cast<std::size_t>(epochs * words), 0);
  for (Index row = 0; row < label.size; ++row)
    if (predicted[static_cast<std::size_t>(row)] == label[row])
      bits[static_cast<std::size_t>(kept * words + row / 32)] |= 1u << (row % 32);
  return CorrectBits(std::move(bits), epochs, label.size);
}

void judge_once(const Run& run, RunResult& result, const TrainingData& data, Trainer& trainer) {
  if (result.history.empty() || result.parameters.empty()) return;
  const std::vector<PredictionRequest>& requests = run.outputs.predictions;
  const std::vector<std::int32_t>* first = nullptr;
  for (std::size_t q = 0; q < requests.size(); ++q) {
    if (!is_of_test_rows(requests[q])) continue;
    const bool best = requests[q].at == ParametersAt::best && !result.best_parameters.empty();
    result.predictions[q] = trainer.predict(
        {run.architecture, best ? result.best_parameters : result.parameters, result.scale}, data.test_x);
    if (first == nullptr) first = &result.predictions[q].predicted;
  }
  if (run.outputs.test_correct) result.test_correct = right_rows(run, result, *first, data.test_label);
  if (!run.outputs.parameters) result.parameters = {};
  if (!run.outputs.best_parameters) result.best_parameters = {};
  if (!run.outputs.scale) result.scale = {};
}

}  // namespace

std::vector<RunResult> OnceJudgingTrainer::train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                                       const FleetObserver& observer) {
  std::vector<Run> asked;
  for (const Run& run : runs) {
    expects(is_judged(run), "OnceJudgingTrainer: runs that are judged by the classes of the test rows");
    asked.push_back(with_network(run));
  }
  std::vector<RunResult> results = trainer_.train_fleet(without_test_rows(data), asked, observer);
  trainer_.for_each(static_cast<Index>(runs.size()), [&](Index r, Trainer& trainer) {
    judge_once(runs[static_cast<std::size_t>(r)], results[static_cast<std::size_t>(r)], data, trainer);
  });
  return results;
}

std::vector<RunResult> RecordingTrainer::train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                                     const FleetObserver& observer) {
  std::vector<RunResult> results = trainer_.train_fleet(data, runs, observer);
  const auto pair = std::ranges::find_if(pairs_, [&](const Pair& p) { return p.test_x.data == data.test_x.data; });
  if (pair == pairs_.end()) return results;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (!is_asked_about_test_rows(runs[r])) runs_[named(runs[r], pair - pairs_.begin())] = results[r];
    if (is_of_curve(runs[r])) curve_.push_back(runs[r]);
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
  std::vector<std::size_t> judged;
  std::vector<Run> asked;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (is_judged(runs[r]) && !is_of_curve(runs[r])) {
      judged.push_back(r);
      asked.push_back(runs[r]);
      asked.back().seed += seeds_on_;
    } else if (const auto found = recording_.runs_.find(named(runs[r], pair - pairs.begin()));
               found != recording_.runs_.end()) {
      results[r] = found->second;
    }
  }
  if (judged.empty()) return results;
  std::vector<RunResult> trained = once_.train_fleet(data, asked);
  trainings_ += static_cast<Index>(trained.size());
  for (std::size_t i = 0; i < judged.size(); ++i) results[judged[i]] = std::move(trained[i]);
  return results;
}

}  // namespace plateau::validation
