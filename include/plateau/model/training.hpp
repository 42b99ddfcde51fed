// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One training, described and run: the configuration of a run, what it leaves behind, and the CPU device that runs it.
#pragma once

#include <atomic>
#include <optional>
#include <variant>
#include <vector>

#include "plateau/model/architecture.hpp"
#include "plateau/model/execution_plan.hpp"
#include "plateau/ops/adam.hpp"
#include "plateau/ops/gather_batch.hpp"
#include "plateau/ops/metrics.hpp"
#include "plateau/ops/scenario_data.hpp"
#include "plateau/ops/sgd.hpp"

namespace plateau {

using Optimizer = std::variant<AdamParameters, SgdParameters>;

enum class LabelTreatment { as_they_are, permuted };

struct Run {
  Architecture architecture;
  Optimizer optimizer = AdamParameters{};
  Index epochs = 1;
  Index batch = 0;  // rows per step; 0 = all of them. The last batch of an epoch may be smaller.
  RowOrder order = RowOrder::shuffled_each_epoch;       // of no effect on a full batch, whose rows stay as stored
  LabelTreatment labels = LabelTreatment::as_they_are;  // of the training rows
  std::uint64_t seed = 0;                               // of initial weights, shuffles and label permutation
  std::optional<FlatParameters> initial;                // instead of drawn ones: architecture.parameters() values
};

// Which rows of a scenario the views hold, to the bit: a GPU draws them itself and has none copied.
struct DrawnSplit {
  ScenarioRows train;
  ScenarioRows test;
};

// Views of host memory: train_x [N, features], train_label [N], test_x [M, features], test_label [M]. Labels lie in
// [0, classes). N, M >= 1.
struct TrainingData {
  HostMatrix<const float> train_x;
  HostSpan<const std::int32_t> train_label;
  HostMatrix<const float> test_x;
  HostSpan<const std::int32_t> test_label;
  std::optional<DrawnSplit> drawn = {};
};

struct EpochRecord {
  double train_loss = 0;  // mean over the rows, each before its batch's step
  double train_accuracy = 0;
  double test_loss = 0;  // after the epoch's last step
  double test_accuracy = 0;
  double gradient_norm = 0;  // 2-norm of the epoch's last gradient, before weight decay
};

enum class RunOutcome { finished, diverged, interrupted };

// Which test rows were predicted right after every epoch.
class CorrectBits {
 public:
  CorrectBits() = default;
  CorrectBits(std::vector<std::uint32_t> words, Index epochs, Index rows);

  Index epochs() const { return epochs_; }
  Index rows() const { return rows_; }
  bool operator()(Index epoch, Index row) const {
    return (words_[static_cast<std::size_t>(epoch * correct_words(rows_) + row / 32)] >> (row % 32) & 1u) != 0;
  }

 private:
  std::vector<std::uint32_t> words_;  // [epochs, correct_words(rows)]
  Index epochs_ = 0;
  Index rows_ = 0;
};

struct RunResult {
  RunOutcome outcome = RunOutcome::finished;
  std::vector<EpochRecord> history;  // complete epochs only; a diverged epoch is number history.size()
  CorrectBits test_correct;          // as many epochs as the history
  FlatParameters parameters;         // after the last step that was taken
  ExecutionPlan plan;                // by which it was trained
  Index recorded_launches = 0;       // that make an epoch, where a GPU recorded it; else 0. Of no effect on the rest
};

// Throws std::invalid_argument where the run does not fit the data: widths, labels, batch, initial parameters.
void expects_run(const Run& run, const TrainingData& data);

struct CpuOptions {
  int workers = 1;                          // threads, the caller included; results do not depend on it
  const std::atomic<bool>* stop = nullptr;  // looked at between epochs: true ends the run as interrupted
};

// Trains on the CPU in number type Real (float to run, double as the oracle).
template <std::floating_point Real>
RunResult train_on_cpu(const Run& run, const TrainingData& data, const CpuOptions& options);

// A run and the data it trains on. Runs that share rows share the views.
struct RunRequest {
  Run run;
  TrainingData data;
};

// Trains every run on the CPU in float, spread over the workers; a single run uses them itself. Results in the order of
// the requests, each with the bits it has alone.
std::vector<RunResult> train_all_on_cpu(const std::vector<RunRequest>& requests, const CpuOptions& options);

// Test rows that are evaluated together on the CPU: enough for an efficient product, few enough to stay in the second
// level cache and to be shared out between two threads. Part of the execution plan.
inline constexpr Index kCpuEvaluationRows = 100;

}  // namespace plateau
