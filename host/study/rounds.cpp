// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/rounds.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "plateau/study/evaluation.hpp"
#include "plateau/study/laboratory.hpp"

namespace plateau {
namespace {

using Classes = std::vector<std::int32_t>;  // of every row; -1 where an output was NaN

// 1 for every row that is given its class, else 0.
std::vector<double> right_rows(const Classes& predicted, const Dataset& data) {
  std::vector<double> right(predicted.size());
  for (std::size_t row = 0; row < right.size(); ++row) right[row] = predicted[row] == data.labels[row];
  return right;
}

Estimate accuracy(const std::vector<double>& right) {
  const double share = mean_spread(right).mean;
  return {share, wilson_interval(std::clamp(share, 0.0, 1.0), static_cast<Index>(right.size()))};
}

// One row has no interval.
AccuracyChange difference(const std::vector<double>& before, const std::vector<double>& after) {
  AccuracyChange change;
  if (before.size() == 1)
    static_cast<Estimate&>(change) = {after[0] - before[0], {-1, 1}};
  else
    static_cast<Estimate&>(change) = paired_difference(before, after);
  change.interval = {std::max(change.interval.low, -1.0), std::min(change.interval.high, 1.0)};  // of accuracies
  for (std::size_t row = 0; row < before.size(); ++row) {
    change.gained += before[row] < after[row];
    change.lost += before[row] > after[row];
  }
  return change;
}

Index changed_rows(const Classes& before, const Classes& after) {
  Index changed = 0;
  for (std::size_t row = 0; row < before.size(); ++row) changed += before[row] != after[row];
  return changed;
}

std::vector<Index> rows_per_class(const Classes& rows, Index classes) {
  std::vector<Index> count(static_cast<std::size_t>(classes));
  for (const std::int32_t id : rows)
    if (id >= 0) ++count[static_cast<std::size_t>(id)];
  return count;
}

std::vector<Index> right_per_class(const Classes& predicted, const Dataset& data, Index classes) {
  std::vector<Index> count(static_cast<std::size_t>(classes));
  for (std::size_t row = 0; row < predicted.size(); ++row)
    if (predicted[row] == data.labels[row]) ++count[static_cast<std::size_t>(predicted[row])];
  return count;
}

std::vector<double> layer_changes(const Architecture& net, const FlatParameters& before, const FlatParameters& after) {
  std::vector<double> changes;
  std::size_t at = 0;
  for (Index layer = 0; layer < net.layers(); ++layer) {
    double moved = 0, norm = 0;
    for (Index i = 0; i < net.fan_out(layer) * (net.fan_in(layer) + 1); ++i, ++at) {
      const auto from = static_cast<double>(before[at]), to = static_cast<double>(after[at]);
      moved += (to - from) * (to - from);
      norm += from * from;
    }
    changes.push_back(moved == 0 ? 0 : std::sqrt(moved / norm));
  }
  return changes;
}

void expects_rows(const Dataset& data, const Architecture& net) {
  expects(data.rows() >= 1 && static_cast<Index>(data.labels.size()) == data.rows(), "study_rounds: labelled rows");
  expects(data.features() == net.features(), "study_rounds: rows have the base's features");
  for (const std::int32_t label : data.labels)
    expects(0 <= label && label < net.classes(), "study_rounds: every label is one of the base's classes");
}

class RoundsStudy {
 public:
  RoundsStudy(const TrainedNetwork& base, std::vector<Dataset> sets, Dataset test, Trainer& trainer,
              RoundsResult& result)
      : sets_(std::move(sets)), test_(std::move(test)), trainer_(trainer), result_(result), known_(sets_.size()) {
    if (!base.scale.empty()) {
      for (Dataset& set : sets_) scale_features(set, base.scale);
      scale_features(test_, base.scale);
    }
    for (const Dataset& set : sets_) {
      result_.sources.push_back(set.source);
      result_.set_rows.push_back(set.rows());
    }
    result_.test_source = test_.source;
    RoundsEvidence& evidence = result_.evidence;
    for (Index c = 0; c < classes(); ++c)
      evidence.classes.push_back(c < test_.classes.classes() ? test_.classes.names[static_cast<std::size_t>(c)]
                                                             : std::to_string(c));
    evidence.test_class_rows = rows_per_class(test_.labels, classes());
    of_base_ = before_ = predict(test_);
    evidence.base_test_accuracy = accuracy(right_rows(of_base_, test_));
    evidence.base_predicted_class_rows = rows_per_class(of_base_, classes());
    evidence.base_class_right = right_per_class(of_base_, test_, classes());
  }

  // Whether the round is complete.
  bool train(Index number, const RunObserver& observer) {
    const auto set = static_cast<std::size_t>(number) % sets_.size();
    Run run = result_.definition.run;
    run.architecture = result_.architecture;
    run.initial = result_.parameters;
    run.seed += static_cast<std::uint64_t>(number);
    run.outputs = {.best_parameters = false, .test_correct = false};
    const TrainingData data{sets_[set].x(), sets_[set].label(), test_.x(), test_.label()};
    const auto start = std::chrono::steady_clock::now();
    RunResult trained = trainer_.train(run, data, {}, observer);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result_.rounds.push_back({.set = static_cast<Index>(set),
                              .seed = run.seed,
                              .outcome = trained.outcome,
                              .history = std::move(trained.history),
                              .seconds = seconds});
    result_.plan = trained.plan;
    if (!is_complete(trained.outcome)) return false;
    const FlatParameters earlier = std::exchange(result_.parameters, std::move(trained.parameters));
    result_.evidence.rounds.push_back(measure(set, earlier));
    return true;
  }

 private:
  Index classes() const { return result_.architecture.classes(); }

  Classes predict(const Dataset& data) {
    return given_classes(trainer_.predict({result_.architecture, result_.parameters}, data.x()), classes());
  }

  RoundEvidence measure(std::size_t trained_on, const FlatParameters& earlier) {
    const Classes now = predict(test_);
    const std::vector<double> right = right_rows(now, test_);
    RoundEvidence round{.set = static_cast<Index>(trained_on),
                        .gradient_norm = result_.rounds.back().history.back().gradient_norm,
                        .layer_change = layer_changes(result_.architecture, earlier, result_.parameters),
                        .test_accuracy = accuracy(right),
                        .over_before = difference(right_rows(before_, test_), right),
                        .over_base = difference(right_rows(of_base_, test_), right),
                        .changed_since_before = changed_rows(before_, now),
                        .changed_since_base = changed_rows(of_base_, now),
                        .predicted_class_rows = rows_per_class(now, classes()),
                        .class_right = right_per_class(now, test_, classes())};
    before_ = now;
    for (std::size_t s = 0; s < sets_.size(); ++s) {
      if (known_[s].empty() && s != trained_on) continue;
      const std::vector<double> right_now = right_rows(predict(sets_[s]), sets_[s]);
      if (s == trained_on) known_[s] = right_now;
      round.sets.push_back({.set = static_cast<Index>(s),
                            .accuracy = accuracy(right_now),
                            .right_after = mean_spread(known_[s]).mean,
                            .since = difference(known_[s], right_now)});
    }
    return round;
  }

  std::vector<Dataset> sets_;
  Dataset test_;
  Trainer& trainer_;
  RoundsResult& result_;
  Classes of_base_, before_;                // of the test rows
  std::vector<std::vector<double>> known_;  // of every set: which rows were right after its last round; empty before
};

}  // namespace

RunOutcome RoundsResult::outcome() const {
  if (rounds.empty()) return RunOutcome::interrupted;
  const bool ended = is_complete(rounds.back().outcome) && static_cast<Index>(rounds.size()) < asked();
  return ended ? RunOutcome::interrupted : rounds.back().outcome;
}

RoundsResult study_rounds(const RoundsDefinition& definition, const TrainedNetwork& base, std::vector<Dataset> sets,
                          Dataset test, Trainer& trainer, const RoundsWatch& watch) {
  const Run& run = definition.run;
  expects(!run.standardise && !run.rows && !run.validation && !run.resume && run.pause == 0,
          "study_rounds: a run of whole sets, on the model's scale");
  expects(!sets.empty() && definition.passes >= 1, "study_rounds: at least one set and one pass");
  for (const Dataset& set : sets) expects_rows(set, base.architecture);
  expects_rows(test, base.architecture);
  RoundsResult result{
      .definition = definition, .architecture = base.architecture, .parameters = base.parameters, .scale = base.scale};
  result.evidence.frozen = run.frozen;
  result.evidence.learning_rate = learning_rate(run.optimizer);
  RoundsStudy study(base, std::move(sets), std::move(test), trainer, result);
  for (Index round = 0; round < result.asked() && !trainer.stop_requested(); ++round) {
    if (!study.train(round, watch.epoch)) break;
    result.findings = explain_rounds(result.evidence);
    if (watch.round) watch.round(result);
  }
  return result;
}

}  // namespace plateau
