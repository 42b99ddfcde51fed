// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/replay.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "plateau/ops/metrics.hpp"

namespace plateau::validation {
namespace {

constexpr std::uint64_t kOtherSeeds = std::uint64_t{1} << 31;  // apart from those of a study, which count up

// What tells the runs of a study from each other; the same of the same study on other test rows.
std::string named(const Run& run) {
  std::string name = to_string(run.architecture);
  const auto add = [&name](const auto& value) { name += " " + std::to_string(value); };
  std::visit([&](const auto& optimizer) { add(optimizer.learning_rate), add(optimizer.weight_decay); }, run.optimizer);
  add(run.epochs), add(run.batch), add(run.seed), add(run.dropout), add(run.standardise ? 1 : 0);
  add(run.rows ? run.rows->count() : -1), add(run.validation ? run.validation->count() : -1);
  add(run.labels.permuted ? run.labels.permutation_seed : 0), add(run.class_weights.balanced ? 1 : 0);
  add(run.outputs.predictions.size());
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

}  // namespace

std::vector<std::vector<std::int32_t>> RecordingTrainer::classes_given(const Run& run, const Run& trained,
                                                                       const RunResult& result,
                                                                       HostMatrix<const float> x) {
  std::vector<std::vector<std::int32_t>> given;
  for (const PredictionRequest& request : run.outputs.predictions) {
    if (!is_of_test_rows(request)) continue;
    const bool best = request.at == ParametersAt::best && !result.best_parameters.empty();
    const FlatParameters& parameters = best ? result.best_parameters : result.parameters;
    given.push_back(trainer_.predict({trained.architecture, parameters, result.scale}, x).predicted);
  }
  return given;
}

std::vector<RunResult> RecordingTrainer::train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                                     const FleetObserver& observer) {
  const auto pair = std::ranges::find_if(pairs_, [&](const Pair& p) { return p.test_x.data == data.test_x.data; });
  std::vector<Run> asked = runs;
  std::vector<Run> with_other_seeds;
  if (pair != pairs_.end())
    for (Run& run : asked) {
      if (!is_judged(run)) continue;
      run.outputs.parameters = run.outputs.best_parameters = run.outputs.scale = true;
      Run other = run;
      other.seed += kOtherSeeds;
      other.outputs = {.test_correct = false, .scale = true};
      with_other_seeds.push_back(std::move(other));
    }
  std::vector<RunResult> results = trainer_.train_fleet(data, asked, observer);

  RecordedFleet fleet{.asked = runs};
  fleet.others.resize(runs.size());
  fleet.again.resize(runs.size());
  for (const Run& run : runs) fleet.runs.push_back(named(run));
  std::vector<RunResult> again;
  if (!with_other_seeds.empty() && !trainer_.stop_requested()) {
    again = trainer_.train_fleet(data, with_other_seeds);
    trainings_again_ += static_cast<Index>(again.size());
  }
  std::size_t number = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (pair != pairs_.end() && is_judged(asked[r])) {
      fleet.others[r] = classes_given(runs[r], asked[r], results[r], pair->other_x);
      if (number < again.size()) {
        fleet.again[r] = classes_given(runs[r], asked[r], again[number], pair->other_x);
        ++number;
      }
    }
    if (!runs[r].outputs.parameters) results[r].parameters = {};
    if (!runs[r].outputs.best_parameters) results[r].best_parameters = {};
    // What a replay cannot use is not kept: right rows of all epochs, and what would have to be known of other rows.
    CorrectBits correct = std::exchange(results[r].test_correct, {});
    const bool of_use = !is_asked_about_test_rows(runs[r]) || !fleet.others[r].empty();
    fleet.results.push_back(of_use ? results[r] : RunResult{.outcome = RunOutcome::interrupted});
    results[r].test_correct = std::move(correct);
  }
  fleets_.push_back(std::move(fleet));
  return results;
}

RunResult ReplayingTrainer::train(const Run&, const TrainingData&, const Checkpoints&, const RunObserver&) {
  throw std::logic_error("a replay trains fleets only");
}
void ReplayingTrainer::for_each(Index, const std::function<void(Index, Trainer&)>&) {
  throw std::logic_error("a replay trains fleets only");
}

std::vector<RunResult> ReplayingTrainer::train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                                     const FleetObserver&) {
  std::vector<std::string> names;
  for (const Run& run : runs) names.push_back(named(run));
  std::vector<RunResult> results(runs.size(), {.outcome = RunOutcome::interrupted});
  std::size_t at = next_;
  while (at < fleets_.size() && fleets_[at].runs != names) ++at;
  if (at == fleets_.size()) return results;
  next_ = at + 1;
  const RecordedFleet& fleet = fleets_[at];
  const auto& others = which_ == Recorded::networks ? fleet.others : fleet.again;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const bool needs_other_rows = is_asked_about_test_rows(runs[r]);
    if (needs_other_rows && others[r].empty()) continue;
    RunResult& result = results[r];
    result = fleet.results[r];
    if (!needs_other_rows) continue;
    std::size_t number = 0;
    for (std::size_t q = 0; q < runs[r].outputs.predictions.size(); ++q)
      if (is_of_test_rows(runs[r].outputs.predictions[q])) result.predictions[q].predicted = others[r][number++];
    if (!runs[r].outputs.test_correct || result.history.empty()) continue;
    // Of the epoch that is kept; the others are not known, and nothing in a diagnosis asks for them.
    const auto epochs = static_cast<Index>(result.history.size());
    const Index kept = runs[r].patience > 0 && result.best_epoch ? *result.best_epoch : epochs - 1;
    const Index words = correct_words(data.test_x.rows);
    std::vector<std::uint32_t> bits(static_cast<std::size_t>(epochs * words), 0);
    for (Index row = 0; row < data.test_x.rows; ++row)
      if (others[r].front()[static_cast<std::size_t>(row)] == data.test_label[row])
        bits[static_cast<std::size_t>(kept * words + row / 32)] |= 1u << (row % 32);
    result.test_correct = CorrectBits(std::move(bits), epochs, data.test_x.rows);
  }
  return results;
}

}  // namespace plateau::validation
