// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One training, described: what it trains on and how, what is asked of it, and what it leaves behind. The same run
// gives the same on every engine of a device, alone or in a fleet.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "plateau/core/label_treatment.hpp"
#include "plateau/core/row_selection.hpp"
#include "plateau/core/scaling.hpp"
#include "plateau/core/schedule.hpp"
#include "plateau/model/architecture.hpp"
#include "plateau/model/execution_plan.hpp"
#include "plateau/ops/adam.hpp"
#include "plateau/ops/gather_batch.hpp"
#include "plateau/ops/layer_norms.hpp"
#include "plateau/ops/metrics.hpp"
#include "plateau/ops/scenario_data.hpp"
#include "plateau/ops/sgd.hpp"

namespace plateau {

using Optimizer = std::variant<AdamParameters, SgdParameters>;

// Weights of the classes in the training loss, which is then the weighted mean over a batch (PyTorch's).
struct ClassWeights {
  bool balanced = false;          // inversely as the rows of the class among those that the run trains on
  std::vector<float> given = {};  // or these, one per class, >= 0

  bool any() const { return balanced || !given.empty(); }
};

enum class ParametersAt { last, best };  // best: of the epoch with the lowest validation loss

// Classes that the run predicts for rows when it has ended.
struct PredictionRequest {
  std::optional<RowSelection> rows = {};  // of the training rows of the data; none: the test rows
  ParametersAt at = ParametersAt::last;
  bool probabilities = false;  // of every class as well
};

// Where a training stands between two epochs: all that it needs to go on to the bits that it would have had without a
// pause, with the same run and data on the same engine and kind of device.
struct RunState {
  Index epoch = 0;        // epochs finished
  std::int64_t step = 0;  // optimizer steps taken
  Index best_epochs = 0;  // those after which the validation loss was lowest; 0: none was judged
  double best_loss = 0;   // that mean loss
  FlatParameters parameters, first_moment, second_moment;  // SGD's velocity is its first moment, the second is zeros
  FlatParameters best_parameters;                          // where best_epochs > 0
  std::vector<std::int32_t> predicted;                     // classes of the test rows after the last epoch
  ExecutionPlan plan;                                      // by which it is trained
};

// What a run leaves behind beside its history.
struct RunOutputs {
  bool parameters = true;       // after its last step
  bool best_parameters = true;  // of its best epoch, where it has validation rows
  bool test_correct = true;     // which test rows were predicted right after every epoch
  bool layers = false;          // norms of every layer at the last step of every epoch
  bool dead_units = false;      // hidden units that are zero for every row the run trained on, when it has ended
  bool scale = false;           // by which a standardised run's features were scaled
  bool state = false;           // where it stands, unless it has diverged
  std::vector<PredictionRequest> predictions = {};
};

inline constexpr Index kMaxEpochs = 1'000'000;

struct Run {
  Architecture architecture;
  Optimizer optimizer = AdamParameters{};
  Schedule schedule = Schedule::constant;
  Index epochs = 1;
  Index batch = 0;  // rows per step; 0 = all of them. The last batch of an epoch may be smaller.
  RowOrder order = RowOrder::shuffled_each_epoch;  // of no effect on a full batch, whose rows stay as they are taken

  std::optional<RowSelection> rows = {};        // of the training rows of the data; none: all
  std::optional<RowSelection> validation = {};  // of the training rows as well, evaluated after every epoch
  Index patience = 0;          // epochs without a lower validation loss after which the run stops early; 0: it does not
  LabelTreatment labels = {};  // of the training rows, those for validation included

  bool standardise = false;  // features to mean 0 and spread 1, by the statistics of the rows that are trained on
  double dropout = 0;        // share of hidden units dropped at every step, in [0, 1)
  double jitter = 0;  // Gaussian noise on training features, in standard deviations of each over the rows trained on
  double mixup = 0;   // alpha of the Beta distribution by which rows are mixed two by two; 0: they are not
  ClassWeights class_weights = {};
  std::uint64_t frozen = 0;  // bit l: layer l keeps its parameters, and its gradient counts as zero

  std::uint64_t seed = 0;  // of initial weights, shuffles, dropout and what else is drawn at every step
  std::optional<FlatParameters> initial = {};  // instead of drawn ones: architecture.parameters() values
  std::optional<RunState> resume = {};         // goes on from there; what it began with is then of no effect
  Index pause = 0;  // after this many epochs, counted from its beginning, it is interrupted; 0: it is not
  RunOutputs outputs = {};
};

// Which rows of a scenario the views hold, to the bit: a GPU draws them itself and has none copied.
struct DrawnSplit {
  ScenarioRows train;
  ScenarioRows test;
};

// Views of host memory: train_x [N, features], train_label [N], test_x [M, features], test_label [M]. Labels lie in
// [0, classes). N, M >= 1. What is a view must outlive the trainings.
struct TrainingData {
  HostMatrix<const float> train_x;
  HostSpan<const std::int32_t> train_label;
  HostMatrix<const float> test_x;
  HostSpan<const std::int32_t> test_label;
  std::optional<DrawnSplit> drawn = {};
  const RowGroups* train_groups = nullptr;  // within which labels are permuted; null: all rows are one group
};

struct EpochRecord {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  double train_loss = 0;  // mean over the rows, each before its batch's step, with the run's weights and mixing
  double train_accuracy = 0;
  double test_loss = 0;  // after the epoch's last step, plain
  double test_accuracy = 0;
  double gradient_norm = 0;        // 2-norm of the epoch's last gradient, before weight decay
  double validation_loss = kNone;  // after the epoch's last step, plain; none without validation rows
  double validation_accuracy = kNone;
  double test_churn = kNone;  // share of test rows predicted otherwise than after the epoch before; none in the first
};

// Of how many rows the sums of an epoch are.
struct RowCounts {
  Index train = 0, test = 0, validation = 0;
};
// `first`: of the first epoch, before which nothing was predicted.
EpochRecord record_of(const EpochMetrics& metrics, const RowCounts& rows, bool first);

enum class RunOutcome { finished, diverged, interrupted, stopped_early };
const char* to_string(RunOutcome outcome);  // "finished", ...

// Whether the run trained as long as it meant to.
constexpr bool is_complete(RunOutcome outcome) {
  return outcome == RunOutcome::finished || outcome == RunOutcome::stopped_early;
}

// Which test rows were predicted right after every epoch.
class CorrectBits {
 public:
  CorrectBits() = default;
  CorrectBits(std::vector<std::uint32_t> words, Index epochs, Index rows);

  Index epochs() const { return epochs_; }
  Index rows() const { return rows_; }
  const std::vector<std::uint32_t>& words() const { return words_; }
  bool operator()(Index epoch, Index row) const {
    return (words_[static_cast<std::size_t>(epoch * correct_words(rows_) + row / 32)] >> (row % 32) & 1u) != 0;
  }

 private:
  std::vector<std::uint32_t> words_;  // [epochs, correct_words(rows)]
  Index epochs_ = 0;
  Index rows_ = 0;
};

struct Predictions {
  std::vector<std::int32_t> predicted;  // [rows]; -1 where a logit was NaN
  std::vector<float> probability;       // [rows, classes], or empty
};

struct RunResult {
  RunOutcome outcome = RunOutcome::finished;
  Index first_epoch = 0;                 // of the history and of all that is kept per epoch: 0 unless it was resumed
  std::vector<EpochRecord> history;      // complete epochs only; a diverged epoch is the one behind it
  CorrectBits test_correct;              // as many epochs as the history, where they were asked for
  FlatParameters parameters;             // after the last step that was taken, where they were asked for
  std::optional<Index> best_epoch;       // of the lowest validation loss, the earliest of equals
  FlatParameters best_parameters;        // after that epoch, where they were asked for
  std::vector<LayerRecord> layers;       // [epochs, layers], where they were asked for
  std::vector<Index> dead_units;         // of every hidden layer, where they were asked for
  std::vector<Predictions> predictions;  // in the order of the requests
  std::vector<FeatureScale> scale;       // of every feature, where it was asked for
  std::optional<RunState> state;         // where it was asked for
  ExecutionPlan plan;                    // by which it was trained
  Index recorded_launches = 0;  // that make an epoch, where a GPU recorded it; else 0. Of no effect on the rest

  const LayerRecord& layer(Index epoch, Index number, Index count) const {
    return layers[static_cast<std::size_t>(epoch * count + number)];
  }
};

// The rows that a run trains on, as a selection of the training rows of the data.
inline RowSelection training_rows(const Run& run, const TrainingData& data) {
  return run.rows.value_or(RowSelection::all(data.train_x.rows));
}

// Epochs that the run has behind it when it begins, and when it ends, if nothing ends it before.
inline Index first_epoch(const Run& run) { return run.resume ? run.resume->epoch : 0; }
inline Index last_epoch(const Run& run) { return run.pause > 0 ? run.pause : run.epochs; }

// What a training has left behind when it goes on: `take` is handed, after every `every` epochs but the last, the
// result that the run would have had if it had been interrupted there, its state included and predictions and dead
// units not. It is called while the training goes on, never by two threads at a time.
struct Checkpoints {
  Index every = 0;  // 0: there are none
  std::function<void(RunResult)> take = {};

  bool due(Index epochs_finished, const Run& run) const {
    return every > 0 && epochs_finished % every == 0 && epochs_finished < last_epoch(run);
  }
};

// How far a run is.
struct RunProgress {
  Index epochs = 0;                                                            // finished, counted from its beginning
  double train_loss = EpochRecord::kNone, test_accuracy = EpochRecord::kNone;  // of the last of them, as in its history
};
inline RunProgress progress_after(Index epochs, const EpochRecord& last) {
  return {epochs, last.train_loss, last.test_accuracy};
}
// Called now and then while a run trains, and after its last epoch: with more epochs each time, never by two threads at
// a time. Of no effect on the result. What it throws ends the training and is passed on.
using RunObserver = std::function<void(const RunProgress&)>;

// "run 3 of the fleet (2-8-2) takes 4000 bytes of device memory, and 3000 are free".
std::string memory_refusal(std::size_t number, const Run& run, Index needed, Index free);

// The result of a run that was resumed from the state of `before`, as if it had never paused.
RunResult joined(const RunResult& before, const RunResult& after);

// Throws std::invalid_argument, naming the field, where the run does not fit the data or a value is none.
void expects_run(const Run& run, const TrainingData& data);
// The same of many runs on one data set, whose labels are looked at once; names the run by its number.
void expects_fleet(const std::vector<Run>& runs, const TrainingData& data);

}  // namespace plateau
