// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/gpu_trainer.hpp"

#include <chrono>
#include <thread>

#include "layered_run.hpp"
#include "plateau/gpu/graph.hpp"
#include "plateau/model/gpu_backend.hpp"

namespace plateau {
namespace {

// Launches of one epoch, about: enough to tell whether recording it makes sense.
Index launches_per_epoch(const Run& run, Index batches, Index tiles) {
  return batches * (6 * run.architecture.layers() + 8) + tiles * (2 * run.architecture.layers() + 1) + 3;
}

class GpuTrainer final : public Trainer {
 public:
  explicit GpuTrainer(const GpuOptions& options) : options_(options) {}

  RunResult train(const Run& run, const TrainingData& data) override {
    expects_run(run, data);
    gpu::MappedValue<RunSignals> signals{RunSignals{}};  // before the training, whose end waits for the device
    LayeredRun<GpuBackend> training(backend_, run, data, {.rows = kGpuEvaluationRows});
    const auto enqueue_epoch = [&] {
      for (Index batch = 0; batch < training.batches(); ++batch) {
        training.compute_gradient(batch);
        training.apply_gradient(batch);
      }
      for (Index tile = 0; tile < training.evaluation_tiles(); ++tile) training.evaluate(tile, 0);
      training.finish_epoch();
      backend_.exchange_signals(training.state(), signals.device());
    };

    std::optional<gpu::Graph> epoch_graph;
    if (options_.execution == Execution::graph &&
        launches_per_epoch(run, training.batches(), training.evaluation_tiles()) <= kMaxGraphNodes)
      epoch_graph = gpu::capture(backend_.stream(), enqueue_epoch);

    // Epochs after the end of the run change nothing: the status only tells the host to queue fewer of them.
    for (Index epoch = 0; epoch < run.epochs && signals.host().status == RunStatus::running; ++epoch) {
      pass_on_stop_request(signals);
      if (epoch_graph)
        epoch_graph->replay(backend_.stream());
      else
        enqueue_epoch();
    }
    if (options_.stop) wait(signals);
    return training.fetch();
  }

  std::vector<RunResult> train_all(const std::vector<RunRequest>& requests) override {
    std::vector<RunResult> results;
    for (const RunRequest& request : requests) results.push_back(train(request.run, request.data));
    return results;
  }

  void for_each(Index count, const std::function<void(Index, Trainer&)>& body) override {
    for (Index i = 0; i < count; ++i) body(i, *this);
  }

  SplitStatistics statistics(const TrainingData& data, Index classes) override {
    return {describe(data.train_x, data.train_label, data.drawn ? &data.drawn->train : nullptr, classes),
            describe(data.test_x, data.test_label, data.drawn ? &data.drawn->test : nullptr, classes)};
  }

  bool stop_requested() const override { return options_.stop && options_.stop->load(std::memory_order_relaxed); }

 private:
  DatasetStatistics describe(HostMatrix<const float> x, HostSpan<const std::int32_t> label, const ScenarioRows* drawn,
                             Index classes) const {
    auto values = backend_.allocate<float>(x.rows * x.cols, 0);
    auto labels = backend_.allocate<std::int32_t>(label.size, 0);
    const auto device_x = as_matrix(values.view(), x.rows, x.cols);
    if (drawn) {
      backend_.scenario_data(*drawn, device_x, labels.view());
    } else {
      backend_.copy_in<float, float>(x, device_x);
      backend_.copy_in<std::int32_t, std::int32_t>(label, labels.view());
    }
    auto class_rows = backend_.allocate<std::int64_t>(classes, 0);
    auto features = backend_.allocate<FeatureStatistics>(x.cols, {});
    backend_.dataset_statistics(device_x, labels.view(), class_rows.view(), features.view());

    DatasetStatistics found{.class_rows = std::vector<Index>(static_cast<std::size_t>(classes)),
                            .features = std::vector<FeatureStatistics>(static_cast<std::size_t>(x.cols))};
    backend_.copy_out<std::int64_t, std::int64_t>(class_rows.view(), {found.class_rows.data(), classes});
    backend_.copy_out<FeatureStatistics, FeatureStatistics>(features.view(), {found.features.data(), x.cols});
    backend_.finish();
    return found;
  }

  void pass_on_stop_request(gpu::MappedValue<RunSignals>& signals) const {
    if (stop_requested()) signals.host().stop_requested = 1;
  }

  // Until everything that is queued has run; the device hears of a stop request meanwhile.
  void wait(gpu::MappedValue<RunSignals>& signals) const {
    gpu::Event end;
    end.record(backend_.stream());
    for (auto pause = std::chrono::microseconds(10); !end.passed(); pause = std::min(2 * pause, kLongestPause)) {
      pass_on_stop_request(signals);
      std::this_thread::sleep_for(pause);
    }
  }
  static constexpr std::chrono::microseconds kLongestPause{200};

  GpuOptions options_;
  GpuBackend backend_;
};

}  // namespace

std::unique_ptr<Trainer> make_gpu_trainer(const GpuOptions& options) { return std::make_unique<GpuTrainer>(options); }

std::string gpu_matrix_library() { return gpu::blas_library(); }

}  // namespace plateau
