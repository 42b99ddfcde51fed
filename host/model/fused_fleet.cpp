// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/fused_fleet.hpp"

#include <algorithm>
#include <chrono>
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

double cost_of(const FleetRun& run, const TrainingData& data, const FusedPlan& plan) {
  const Index rows = run.rows ? run.rows->count() : data.train_x.rows;
  return fused_epoch_cost(plan, rows, data.test_x.rows).flops * static_cast<double>(run.run.epochs);
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
  const auto pass_on = [&] {
    if (stop != nullptr && stop->load(std::memory_order_relaxed)) signals.stop_requested = 1;
  };
  gpu::Event end;
  end.record(stream);
  pass_on();
  for (int looks = 0; !end.passed(); ++looks) {
    pass_on();
    if (looks > 1000) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

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
  return plan && fused_epoch_cost(*plan, data.train_x.rows, data.test_x.rows).flops <= kMostFusedEpochFlops;
}

std::string fused_limits() {
  return "at most " + std::to_string(kFusedLayers - 1) + " hidden layers, and weights and " +
         std::to_string(kFusedRows) + " rows of activations within " + std::to_string(shared_bytes_of_a_block()) +
         " bytes of shared memory";
}

std::vector<RunResult> train_fused(const TrainingData& data, const std::vector<FleetRun>& runs,
                                   const FusedOptions& options) {
  expects_fleet(data, runs);
  expects(options.queue.empty() || options.queue.size() == runs.size(), "train_fused: a place in the queue per run");
  std::vector<FusedPlan> plans;
  std::vector<double> cost;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto plan = fused_plan_of(runs[i].run);
    if (!plan)
      throw InputError(to_string(runs[i].run.architecture) + " is too large for the fused engine, which takes " +
                       fused_limits());
    plans.push_back(*plan);
    cost.push_back(cost_of(runs[i], data, *plan));
  }
  std::vector<std::int32_t> order = options.queue;
  if (order.empty()) {
    order.resize(runs.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      return cost[static_cast<std::size_t>(a)] > cost[static_cast<std::size_t>(b)];
    });
  }

  gpu::PinnedBuffer<RunSignals> mailbox(1, {});
  const gpu::Stream stream;
  const DeviceRows train(stream, data.train_x, data.train_label, data.drawn ? &data.drawn->train : nullptr);
  const DeviceRows test(stream, data.test_x, data.test_label, data.drawn ? &data.drawn->test : nullptr);
  const Index words = correct_words(data.test_x.rows);
  std::vector<RunResult> results(runs.size());

  for (const FusedVariant& variant : kFusedVariants) {
    gpu::FusedLaunch launch{.variant = variant};
    std::vector<std::int32_t> numbers, queue;  // of the runs of this variant
    std::vector<FusedRun> fused;
    std::vector<FusedPlan> of_runs;
    std::vector<float> initial;
    Index history = 0, correct = 0, parameters = 0;
    for (const std::int32_t number : order) {
      const auto i = static_cast<std::size_t>(number);
      if (plans[i].variant != variant) continue;
      FusedRun run = fused_run(runs[i], data.train_x.rows, static_cast<std::int32_t>(of_runs.size()));
      run.history = history;
      run.correct = correct;
      run.parameters = parameters;
      if (runs[i].run.initial) {
        run.initial = static_cast<std::int64_t>(initial.size());
        initial.insert(initial.end(), runs[i].run.initial->begin(), runs[i].run.initial->end());
      }
      history += run.epochs;
      correct += run.epochs * words;
      parameters += plans[i].parameters;
      launch.shared_bytes = std::max(launch.shared_bytes, plans[i].shared_bytes());
      launch.moments = std::max(launch.moments, Index{plans[i].moments});
      launch.rows = std::max(launch.rows, run.rows.count());
      queue.push_back(static_cast<std::int32_t>(numbers.size()));
      numbers.push_back(number);
      fused.push_back(run);
      of_runs.push_back(plans[i]);
    }
    if (numbers.empty()) continue;

    const Index most_blocks = gpu::fused_resident_blocks(variant, launch.shared_bytes) * present_gpu().multiprocessors;
    launch.blocks =
        std::min<Index>(options.blocks > 0 ? options.blocks : most_blocks, static_cast<Index>(fused.size()));
    gpu::DeviceBuffer<EpochMetrics> device_history(history);
    gpu::DeviceBuffer<std::uint32_t> device_correct(correct);
    gpu::DeviceBuffer<float> device_parameters(parameters);
    gpu::DeviceBuffer<RunEnd> device_ends(static_cast<Index>(fused.size()));
    gpu::DeviceBuffer<float> moments(launch.blocks * 2 * launch.moments);
    gpu::DeviceBuffer<std::int32_t> rows(launch.blocks * 2 * launch.rows), next(1);
    const auto device_initial = to_device(stream, initial);
    const auto device_plans = to_device(stream, of_runs);
    const auto device_runs = to_device(stream, fused);
    const auto device_queue = to_device(stream, queue);
    gpu::fill_bytes(stream, next.view(), 0);
    gpu::fused_training(stream, launch,
                        {.train_x = train.x(),
                         .train_label = train.label(),
                         .test_x = test.x(),
                         .test_label = test.label(),
                         .initial = device_initial.view(),
                         .plans = device_plans.view(),
                         .runs = device_runs.view(),
                         .queue = device_queue.view(),
                         .history = device_history.view(),
                         .correct = device_correct.view(),
                         .parameters = device_parameters.view(),
                         .ends = device_ends.view()},
                        {moments.view(), rows.view(), next.view(), mailbox.device_view()});
    wait(stream, options.stop, mailbox.view()[0]);
    const auto got_history = to_host(stream, device_history);
    const auto got_correct = to_host(stream, device_correct);
    const auto got_parameters = to_host(stream, device_parameters);
    const auto got_ends = to_host(stream, device_ends);
    stream.synchronise();
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const auto i = static_cast<std::size_t>(numbers[k]);
      results[i] = result_of(runs[i].run, fused[k].rows.count(), data.test_x.rows, got_ends[k],
                             got_history.data() + fused[k].history, got_correct.data() + fused[k].correct,
                             got_parameters.data() + fused[k].parameters);
      results[i].plan.fused = variant;
    }
  }
  return results;
}

}  // namespace plateau
