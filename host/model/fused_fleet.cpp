// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/fused_fleet.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <string>
#include <thread>

#include "plateau/core/error.hpp"
#include "plateau/gpu/buffer.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/gpu/error.hpp"
#include "plateau/gpu/stream.hpp"
#include "plateau/ops/fused_training.hpp"
#include "plateau/ops/scenario_data.hpp"

namespace plateau {
namespace {

const gpu::DeviceProperties& present_gpu() {
  static const gpu::Inventory machine = gpu::inventory();
  expects(!machine.devices.empty(), "fused engine: there is a GPU");
  return machine.devices.front();
}
std::size_t shared_bytes_of_a_block() {
  return static_cast<std::size_t>(present_gpu().shared_memory_per_block_bytes) - kFusedStaticBytes;
}

// What is stored for the host before a launch, in the order of the runs, and copied in one piece.
template <class T>
gpu::DeviceBuffer<T> to_device(const gpu::Stream& stream, const std::vector<T>& values) {
  gpu::DeviceBuffer<T> buffer(static_cast<Index>(values.size()));
  gpu::copy<T>(stream, HostSpan<const T>{values.data(), buffer.size()}, buffer.view());
  return buffer;
}
template <class T>
std::vector<T> to_host(const gpu::Stream& stream, const gpu::DeviceBuffer<T>& buffer) {
  std::vector<T> values(static_cast<std::size_t>(buffer.size()));
  gpu::copy<T>(stream, buffer.view(), HostSpan<T>{values.data(), buffer.size()});
  return values;
}

// The dataset, on the device once.
class DeviceRows {
 public:
  // `drawn`: they are drawn there, and none is copied.
  DeviceRows(const gpu::Stream& stream, HostMatrix<const float> x, HostSpan<const std::int32_t> label,
             const ScenarioRows* drawn)
      : rows_(x.rows), features_(x.cols), x_(x.rows * x.cols), label_(x.rows) {
    const auto device_x = as_matrix(x_.view(), rows_, features_);
    if (drawn != nullptr) {
      gpu::scenario_data(stream, *drawn, device_x, label_.view());
    } else {
      gpu::copy<float>(stream, x, device_x);
      gpu::copy<std::int32_t>(stream, label, label_.view());
    }
  }
  DeviceMatrix<const float> x() const { return as_matrix(x_.view(), rows_, features_); }
  DeviceSpan<const std::int32_t> label() const { return label_.view(); }

 private:
  Index rows_, features_;
  gpu::DeviceBuffer<float> x_;
  gpu::DeviceBuffer<std::int32_t> label_;
};

FusedRun fused_run(const FleetRun& from, Index train_rows, std::int32_t plan) {
  const Run& run = from.run;
  const RowSelection rows = from.rows.value_or(RowSelection::all(train_rows));
  FusedRun to{.plan = plan,
              .epochs = narrow<std::int32_t>(run.epochs),
              .batch = narrow<std::int32_t>(run.batch == 0 ? rows.count() : std::min(run.batch, rows.count())),
              .order = run.order,
              .rows = rows,
              .shuffle = KeyedPermutation({run.seed, StreamId::shuffle}, rows.count()),
              .permute_labels = run.labels == LabelTreatment::permuted,
              .label_permutation = KeyedPermutation({run.seed, StreamId::label_permutation}, rows.count()),
              .seed = run.seed};
  if (const auto* adam = std::get_if<AdamParameters>(&run.optimizer)) {
    to.adam = *adam;
  } else {
    to.optimizer = OptimizerKind::sgd;
    to.sgd = std::get<SgdParameters>(run.optimizer);
  }
  return to;
}

double epoch_work(const Run& run, const FusedPlan& plan, Index train_rows, Index test_rows) {
  const Index batch = run.batch == 0 ? train_rows : std::min(run.batch, train_rows);
  return fused_epoch_work(plan, train_rows, batch, test_rows);
}

double cost_of(const FleetRun& run, const TrainingData& data, const FusedPlan& plan) {
  const Index rows = run.rows ? run.rows->count() : data.train_x.rows;
  return epoch_work(run.run, plan, rows, data.test_x.rows) * static_cast<double>(run.run.epochs);
}

RunResult result_of(const Run& run, Index train_rows, Index test_rows, const RunEnd& end, const EpochMetrics* history,
                    const std::uint32_t* correct, const float* parameters) {
  RunResult result{.outcome = end.status == RunStatus::diverged      ? RunOutcome::diverged
                              : end.status == RunStatus::interrupted ? RunOutcome::interrupted
                                                                     : RunOutcome::finished,
                   .parameters = FlatParameters(parameters, parameters + run.architecture.parameters())};
  for (const EpochMetrics& m : HostSpan<const EpochMetrics>{history, end.epochs})
    result.history.push_back({.train_loss = m.train_loss_sum / static_cast<double>(train_rows),
                              .train_accuracy = static_cast<double>(m.train_correct) / static_cast<double>(train_rows),
                              .test_loss = m.test_loss_sum / static_cast<double>(test_rows),
                              .test_accuracy = static_cast<double>(m.test_correct) / static_cast<double>(test_rows),
                              .gradient_norm = m.gradient_norm});
  const Index words = end.epochs * correct_words(test_rows);
  result.test_correct = CorrectBits({correct, correct + words}, end.epochs, test_rows);
  return result;
}

// Passes the host's wish to stop on to the device until the stream has run.
void wait(const gpu::Stream& stream, const std::atomic<bool>* stop, volatile RunSignals& signals) {
  gpu::Event end;
  end.record(stream);
  for (int looks = 0; !end.passed(); ++looks) {
    if (stop != nullptr && stop->load(std::memory_order_relaxed)) signals.stop_requested = 1;
    if (looks > 1000) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

// Runs of one variant that are trained by one launch, in the order in which they were added.
class Wave {
 public:
  Wave(const FusedVariant& variant, Index test_rows) : test_rows_(test_rows) { launch_.variant = variant; }

  bool empty() const { return runs_.empty(); }
  // Of what the runs leave behind on the device.
  Index bytes() const {
    return history_ * Index{sizeof(EpochMetrics)} + correct_ * Index{sizeof(std::uint32_t)} +
           parameters_ * Index{sizeof(float)};
  }

  // `number` is the run's in the fleet.
  void add(std::size_t number, const FleetRun& from, const FusedPlan& plan, Index train_rows) {
    const auto [known, is_new] = plan_of_.try_emplace(from.run.architecture.widths, plans_.size());
    if (is_new) plans_.push_back(plan);
    FusedRun run = fused_run(from, train_rows, narrow<std::int32_t>(known->second));
    run.history = history_;
    run.correct = correct_;
    run.parameters = parameters_;
    if (from.run.initial) {
      run.initial = static_cast<std::int64_t>(initial_.size());
      initial_.insert(initial_.end(), from.run.initial->begin(), from.run.initial->end());
    }
    history_ += run.epochs;
    correct_ += run.epochs * correct_words(test_rows_);
    parameters_ += plan.parameters;
    launch_.shared_bytes = std::max(launch_.shared_bytes, plan.shared_bytes());
    launch_.moments = std::max(launch_.moments, Index{plan.moments});
    launch_.rows = std::max(launch_.rows, run.rows.count());
    numbers_.push_back(number);
    runs_.push_back(run);
  }

  // Trains them and stores each result under its run's number.
  void train(const gpu::Stream& stream, const DeviceRows& train_rows, const DeviceRows& test_rows,
             const FusedOptions& options, const std::vector<FleetRun>& fleet, std::vector<RunResult>& results) {
    const Index resident = gpu::fused_resident_blocks(launch_.variant, launch_.shared_bytes);
    launch_.blocks = std::min(options.blocks > 0 ? options.blocks : resident * present_gpu().multiprocessors,
                              static_cast<Index>(runs_.size()));
    const bool stops = options.stop != nullptr && options.stop->load(std::memory_order_relaxed);
    gpu::PinnedBuffer<RunSignals> mailbox(1, {.stop_requested = stops ? 1 : 0});
    gpu::DeviceBuffer<EpochMetrics> history(history_);
    gpu::DeviceBuffer<std::uint32_t> correct(correct_);
    gpu::DeviceBuffer<float> parameters(parameters_);
    gpu::DeviceBuffer<RunEnd> ends(static_cast<Index>(runs_.size()));
    gpu::DeviceBuffer<float> moments(launch_.blocks * 3 * launch_.moments);
    gpu::DeviceBuffer<std::int32_t> rows(launch_.blocks * 2 * launch_.rows), next(1);
    const auto initial = to_device(stream, initial_);
    const auto plans = to_device(stream, plans_);
    const auto runs = to_device(stream, runs_);
    gpu::fill_bytes(stream, next.view(), 0);
    gpu::fill_bytes(stream, history.view(), 0);  // of epochs that a run does not reach
    gpu::fill_bytes(stream, correct.view(), 0);
    gpu::fused_training(stream, launch_,
                        {.train_x = train_rows.x(),
                         .train_label = train_rows.label(),
                         .test_x = test_rows.x(),
                         .test_label = test_rows.label(),
                         .initial = initial.view(),
                         .plans = plans.view(),
                         .runs = runs.view(),
                         .history = history.view(),
                         .correct = correct.view(),
                         .parameters = parameters.view(),
                         .ends = ends.view()},
                        {moments.view(), rows.view(), next.view(), mailbox.device_view()});
    wait(stream, options.stop, mailbox.view()[0]);
    const auto got_history = to_host(stream, history);
    const auto got_correct = to_host(stream, correct);
    const auto got_parameters = to_host(stream, parameters);
    const auto got_ends = to_host(stream, ends);
    stream.synchronise();
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      const FusedRun& run = runs_[k];
      RunResult& result = results[numbers_[k]];
      result =
          result_of(fleet[numbers_[k]].run, run.rows.count(), test_rows_, got_ends[k], got_history.data() + run.history,
                    got_correct.data() + run.correct, got_parameters.data() + run.parameters);
      result.plan.fused = launch_.variant;
    }
  }

 private:
  Index test_rows_;
  gpu::FusedLaunch launch_;
  std::vector<std::size_t> numbers_;
  std::vector<FusedRun> runs_;
  std::map<std::vector<Index>, std::size_t> plan_of_;  // widths -> place
  std::vector<FusedPlan> plans_;
  std::vector<float> initial_;
  Index history_ = 0, correct_ = 0, parameters_ = 0;  // elements so far
};

}  // namespace

void expects_fleet(const TrainingData& data, const std::vector<FleetRun>& runs) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    try {
      const FleetRun& run = runs[i];
      expects_run(run.run, data);
      expects(!run.rows || run.rows->dataset_rows() == data.train_x.rows, "run: its rows are those of the data");
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("run " + std::to_string(i) + " of the fleet: " + error.what());
    }
  }
}

std::optional<FusedPlan> fused_plan_of(const Run& run) {
  return fused_plan(run.architecture.widths, shared_bytes_of_a_block());
}

bool prefers_fused(const Run& run, const TrainingData& data) {
  const auto plan = fused_plan_of(run);
  return plan && epoch_work(run, *plan, data.train_x.rows, data.test_x.rows) <= kMostFusedEpochWork;
}

std::string fused_limits() {
  return "at most " + std::to_string(kFusedLayers - 1) + " hidden layers, and weights and " +
         std::to_string(kFusedRows) + " rows of activations within " + std::to_string(shared_bytes_of_a_block()) +
         " bytes of shared memory";
}

std::vector<RunResult> train_fused(const TrainingData& data, const std::vector<FleetRun>& runs,
                                   const FusedOptions& options) {
  expects_fleet(data, runs);
  if (runs.empty()) return {};
  std::vector<FusedPlan> plans;
  std::vector<double> cost;
  for (const FleetRun& run : runs) {
    const auto plan = fused_plan_of(run.run);
    if (!plan)
      throw InputError(to_string(run.run.architecture) + " is too large for the fused engine, which takes " +
                       fused_limits());
    plans.push_back(*plan);
    cost.push_back(cost_of(run, data, *plan));
  }
  std::vector<std::size_t> order(runs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!options.order.empty()) {
    std::vector<std::size_t> sorted = options.order;
    std::sort(sorted.begin(), sorted.end());
    expects(sorted == order, "train_fused: every run has a place in the order");
    order = options.order;
  } else {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return cost[a] > cost[b]; });
  }

  const gpu::Stream stream;
  const DeviceRows train(stream, data.train_x, data.train_label, data.drawn ? &data.drawn->train : nullptr);
  const DeviceRows test(stream, data.test_x, data.test_label, data.drawn ? &data.drawn->test : nullptr);
  const Index most_bytes = options.wave_bytes > 0 ? options.wave_bytes : present_gpu().memory_bytes / 2;
  std::vector<RunResult> results(runs.size());
  for (const FusedVariant& variant : kFusedVariants) {
    Wave wave(variant, data.test_x.rows);
    const auto train_wave = [&] {
      if (!wave.empty()) wave.train(stream, train, test, options, runs, results);
      wave = Wave(variant, data.test_x.rows);
    };
    for (const std::size_t number : order) {
      if (plans[number].variant != variant) continue;
      wave.add(number, runs[number], plans[number], data.train_x.rows);
      if (wave.bytes() >= most_bytes) train_wave();
    }
    train_wave();
  }
  return results;
}

}  // namespace plateau
