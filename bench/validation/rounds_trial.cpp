// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/rounds_trial.hpp"

#include <chrono>
#include <cmath>
#include <utility>

namespace plateau::validation {
namespace {

constexpr int kDecimals = 4;  // with which a script would log an accuracy

double logged(double share) { return std::round(share * 1e4) / 1e4; }

std::vector<Tensor> tensors_of(const Architecture& network, const FlatParameters& parameters) {
  std::vector<Tensor> tensors;
  auto next = parameters.begin();
  for (Index layer = 0; layer < network.layers(); ++layer) {
    const Index in = network.fan_in(layer), out = network.fan_out(layer);
    const std::string name = "fc" + std::to_string(layer + 1);
    const auto take = [&](const char* what, std::vector<Index> shape, Index size) {
      tensors.push_back({name + what, std::move(shape), {next, next + size}});
      next += size;
    };
    take(".weight", {out, in}, out * in);
    take(".bias", {out}, out);
  }
  return tensors;
}

// Rows whose class is in the half of the classes that the round trains on.
std::vector<std::int32_t> rows_of_half(const Dataset& train, Index classes, Index round) {
  std::vector<std::int32_t> rows;
  for (std::int32_t row = 0; row < train.rows(); ++row)
    if ((train.label()[row] < classes / 2) == (round % 2 == 0)) rows.push_back(row);
  return rows;
}

}  // namespace

std::optional<ForensicsRecord> record_rounds(const Problem& problem, Trainer& trainer) {
  const Specification& s = problem.specification();
  expects(s.rounds.has_value(), "record_rounds: a problem of rounds");
  const RoundsPlan& plan = *s.rounds;
  const TrainingData data = views(problem.split());
  const Index classes = s.run.architecture.classes();

  ForensicsRecord record;
  record.log = {.source = "validation", .accuracy_column = "test_accuracy", .decimals = kDecimals};
  record.test_rows = s.test_rows;
  record.labels = problem.split().test.labels;
  record.classes = problem.split().test.classes;
  RoundPredictions predictions{.classes = record.classes};
  std::optional<FlatParameters> parameters;
  std::vector<std::int32_t> evaluated;  // classes of the test rows, as the rounds' program has them
  for (Index round = 0; round < plan.rounds; ++round) {
    const bool frozen = plan.frozen_from && round >= *plan.frozen_from;
    if (frozen && plan.frozen_layers == FrozenLayers::all) {
      // Nothing moves, so the round leaves what the one before left.
      record.log.rounds.push_back(record.log.rounds.back());
      record.log.rounds.back().number = static_cast<double>(round + 1);
    } else {
      Run run = s.run;
      run.seed = static_cast<std::uint64_t>(round);
      run.initial = parameters;
      if (frozen) run.frozen = 1;
      std::vector<std::int32_t> half;
      if (plan.halves) {
        half = rows_of_half(problem.split().train, classes, round);
        run.rows = RowSelection::listed({half.data(), static_cast<Index>(half.size())}, s.train_rows);
      }
      run.outputs = {.predictions = {{}}};
      RunResult result = trainer.train(run, data);
      if (!is_complete(result.outcome)) return {};
      if (!plan.stale_from || round < *plan.stale_from) evaluated = result.predictions.front().predicted;
      double right = 0;
      for (Index row = 0; row < s.test_rows; ++row)
        right += evaluated[static_cast<std::size_t>(row)] == data.test_label[row];
      record.log.rounds.push_back({.number = static_cast<double>(round + 1),
                                   .test_accuracy = logged(right / static_cast<double>(s.test_rows)),
                                   .train_accuracy = logged(result.history.back().train_accuracy),
                                   .train_loss = result.history.back().train_loss});
      parameters = std::move(result.parameters);
    }
    predictions.predicted.push_back(evaluated);
    if (plan.with_weights)
      record.weights.add("round " + std::to_string(round + 1), tensors_of(s.run.architecture, *parameters));
  }
  if (plan.with_predictions) record.predictions = std::move(predictions);
  return record;
}

std::optional<RoundsTrial> try_rounds(const Problem& problem, Trainer& trainer) {
  const auto record = record_rounds(problem, trainer);
  if (!record) return {};
  const auto start = std::chrono::steady_clock::now();
  RoundsTrial trial{.decision = explain_forensics(measure_rounds(*record)),
                    .rounds = static_cast<Index>(record->log.rounds.size())};
  trial.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return trial;
}

}  // namespace plateau::validation
