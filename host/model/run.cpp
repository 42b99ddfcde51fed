// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/run.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "plateau/core/mixing.hpp"

namespace plateau {
namespace {

void expects_data(const TrainingData& data) {
  expects(data.train_x.rows >= 1 && data.test_x.rows >= 1, "data: at least one training and one test row");
  expects(data.test_x.cols == data.train_x.cols, "data: test rows have the training rows' features");
  expects(data.train_label.size == data.train_x.rows && data.test_label.size == data.test_x.rows,
          "data: one label per row");
  expects(data.train_groups == nullptr || data.train_groups->view().place.size == data.train_x.rows,
          "data: every training row has a group");
}

struct LabelRange {
  std::int32_t smallest = 0, largest = 0;
};
LabelRange label_range(const TrainingData& data) {
  LabelRange range;
  for (const auto& labels : {data.train_label, data.test_label})
    for (const std::int32_t label : labels) {
      range.smallest = std::min(range.smallest, label);
      range.largest = std::max(range.largest, label);
    }
  return range;
}

// `finite` and in a range: NaN is in none.
bool at_least(double value, double least) { return std::isfinite(value) && value >= least; }

void expects_optimizer(const Optimizer& optimizer) {
  if (const auto* adam = std::get_if<AdamParameters>(&optimizer)) {
    expects(at_least(adam->learning_rate, 0) && static_cast<float>(adam->learning_rate) > 0,
            "run: learning_rate > 0, in float too");
    expects(at_least(adam->weight_decay, 0), "run: weight_decay >= 0");
    expects(0 <= adam->betas.beta1 && adam->betas.beta1 < 1, "run: 0 <= beta1 < 1");
    expects(0 <= adam->betas.beta2 && adam->betas.beta2 < 1, "run: 0 <= beta2 < 1");
    expects(at_least(adam->epsilon, 0), "run: epsilon >= 0");
  } else {
    const auto& sgd = std::get<SgdParameters>(optimizer);
    expects(at_least(sgd.learning_rate, 0) && static_cast<float>(sgd.learning_rate) > 0,
            "run: learning_rate > 0, in float too");
    expects(at_least(sgd.weight_decay, 0), "run: weight_decay >= 0");
    expects(at_least(sgd.momentum, 0), "run: momentum >= 0");
  }
}

void expects_rows(const std::optional<RowSelection>& rows, const TrainingData& data, const char* what) {
  expects(!rows || rows->dataset_rows() == data.train_x.rows, what);
}

void expects_resume(const Run& run, const RunState& from, const TrainingData& data) {
  expects(1 <= from.epoch && from.epoch < last_epoch(run), "run: resume: epochs are left");
  expects(from.step >= from.epoch, "run: resume: every epoch has a step");
  expects(0 <= from.best_epochs && from.best_epochs <= from.epoch, "run: resume: the best epoch is a finished one");
  expects((from.best_epochs > 0) == run.validation.has_value(), "run: resume: a best epoch where rows validate");
  const auto parameters = static_cast<std::size_t>(run.architecture.parameters());
  expects(from.parameters.size() == parameters && from.first_moment.size() == parameters &&
              from.second_moment.size() == parameters &&
              from.best_parameters.size() == (from.best_epochs > 0 ? parameters : 0),
          "run: resume: one value per parameter");
  expects(static_cast<Index>(from.predicted.size()) == data.test_x.rows, "run: resume: one class per test row");
}

void expects_run(const Run& run, const TrainingData& data, const LabelRange& labels) {
  expects_architecture(run.architecture);
  const Index classes = run.architecture.classes();
  expects(data.train_x.cols == run.architecture.features(),
          "run: architecture: the data have the architecture's number of features");
  expects(0 <= labels.smallest && labels.largest < classes, "run: every label is one of the classes");
  expects_optimizer(run.optimizer);
  expects(1 <= run.epochs && run.epochs <= kMaxEpochs, "run: 1 <= epochs <= 1000000");
  expects(run.batch >= 0, "run: batch >= 0");
  expects_rows(run.rows, data, "run: rows: they are those of the data");
  expects_rows(run.validation, data, "run: validation: they are rows of the data");
  expects(0 <= run.patience && run.patience <= kMaxEpochs, "run: 0 <= patience <= 1000000");
  expects(run.patience == 0 || run.validation, "run: patience: stopping early needs validation rows");
  expects(0 <= run.labels.flip_rate && run.labels.flip_rate <= 1, "run: labels: 0 <= flip_rate <= 1");
  expects(0 <= run.dropout && static_cast<float>(run.dropout) < 1,
          "run: 0 <= dropout < 1");  // units are scaled in float
  expects(at_least(run.jitter, 0), "run: jitter >= 0");
  expects(run.mixup == 0 || (kLeastMixing <= run.mixup && run.mixup <= kMostMixing),
          "run: mixup: 0, or an alpha from 0.05 to 100");
  expects(!run.class_weights.balanced || run.class_weights.given.empty(),
          "run: class_weights: balanced or given ones, not both");
  expects(run.class_weights.given.empty() || static_cast<Index>(run.class_weights.given.size()) == classes,
          "run: class_weights: one per class");
  for (const float weight : run.class_weights.given)
    expects(at_least(static_cast<double>(weight), 0), "run: class_weights >= 0");
  const auto layers = static_cast<std::uint64_t>(run.architecture.layers());
  expects(layers == 64 || run.frozen >> layers == 0, "run: frozen: layers of the architecture");
  expects(run.frozen != ~std::uint64_t{0} >> (64 - layers), "run: frozen: a layer is trained");
  expects(!run.initial || static_cast<Index>(run.initial->size()) == run.architecture.parameters(),
          "run: initial: one value per parameter");
  expects(0 <= run.pause && run.pause <= run.epochs, "run: pause: 0, or one of its epochs");
  if (run.resume) expects_resume(run, *run.resume, data);
  for (const PredictionRequest& request : run.outputs.predictions) {
    expects_rows(request.rows, data, "run: outputs: predictions for rows of the data");
    expects(request.at == ParametersAt::last || run.validation, "run: outputs: a best epoch needs validation rows");
  }
}

}  // namespace

const char* to_string(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::finished:
      return "finished";
    case RunOutcome::diverged:
      return "diverged";
    case RunOutcome::interrupted:
      return "interrupted";
    case RunOutcome::stopped_early:
      return "stopped_early";
  }
  return "";
}

CorrectBits::CorrectBits(std::vector<std::uint32_t> words, Index epochs, Index rows)
    : words_(std::move(words)), epochs_(epochs), rows_(rows) {
  expects(static_cast<Index>(words_.size()) == epochs * correct_words(rows), "CorrectBits: a row of words per epoch");
}

EpochRecord record_of(const EpochMetrics& metrics, const RowCounts& rows, bool first) {
  const auto of = [](auto sum, Index count) { return static_cast<double>(sum) / static_cast<double>(count); };
  EpochRecord record{.train_loss = of(metrics.train_loss_sum, rows.train),
                     .train_accuracy = of(metrics.train_correct, rows.train),
                     .test_loss = of(metrics.test_loss_sum, rows.test),
                     .test_accuracy = of(metrics.test_correct, rows.test),
                     .gradient_norm = metrics.gradient_norm};
  if (rows.validation > 0) {
    record.validation_loss = of(metrics.validation_loss_sum, rows.validation);
    record.validation_accuracy = of(metrics.validation_correct, rows.validation);
  }
  if (!first) record.test_churn = of(metrics.test_changed, rows.test);
  return record;
}

std::string memory_refusal(std::size_t number, const Run& run, Index needed, Index free) {
  return "run " + std::to_string(number) + " of the fleet (" + to_string(run.architecture) + ") takes " +
         std::to_string(needed) + " bytes of device memory, and " + std::to_string(free) + " are free";
}

RunResult joined(const RunResult& before, const RunResult& after) {
  expects(after.first_epoch == before.first_epoch + static_cast<Index>(before.history.size()),
          "joined: the one goes on where the other ends");
  RunResult result = after;
  result.first_epoch = before.first_epoch;
  const auto in_front = [](auto& of_both, const auto& earlier) {
    of_both.insert(of_both.begin(), earlier.begin(), earlier.end());
  };
  in_front(result.history, before.history);
  in_front(result.layers, before.layers);
  if (before.test_correct.epochs() > 0) {
    std::vector<std::uint32_t> words = after.test_correct.words();
    in_front(words, before.test_correct.words());
    result.test_correct = CorrectBits(std::move(words), before.test_correct.epochs() + after.test_correct.epochs(),
                                      before.test_correct.rows());
  }
  return result;
}

void expects_run(const Run& run, const TrainingData& data) {
  expects_data(data);
  expects_run(run, data, label_range(data));
}

void expects_fleet(const std::vector<Run>& runs, const TrainingData& data) {
  if (runs.empty()) return;
  expects_data(data);
  const LabelRange labels = label_range(data);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    try {
      expects_run(runs[i], data, labels);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("run " + std::to_string(i) + " of the fleet: " + error.what());
    }
  }
}

}  // namespace plateau
