// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/gpu_trainer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "layered_run.hpp"
#include "neighbour_rows.hpp"
#include "plateau/core/error.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/gpu/graph.hpp"
#include "plateau/model/epilogue_choice.hpp"
#include "plateau/model/fused_fleet.hpp"
#include "plateau/model/gpu_backend.hpp"
#include "predict_rows.hpp"

namespace plateau {
namespace {

// Keeps the host a little ahead of the device: far enough that the device never waits for it, and near enough that a
// run which has ended, or should, does not leave minutes of queued epochs behind. Results do not depend on it.
class RunAhead {
 public:
  static constexpr std::size_t kMostEpochs = 64;  // that are queued and have not been told of

  // While it looks for the device, it calls `meanwhile`; told(n) when the n-th epoch has passed, in their order.
  RunAhead(std::function<void()> meanwhile, std::function<void(Index)> told)
      : meanwhile_(std::move(meanwhile)), told_(std::move(told)) {}

  // After an epoch was queued; makes room for the next.
  void after_epoch(const gpu::Stream& stream) {
    marks_[queued_++ % kMostEpochs].record(stream);
    while (queued_ - passed_ >= allowed_) wait_for_one();
  }
  void finish() {
    while (passed_ < queued_) wait_for_one();
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kFewestEpochs = 2;
  static constexpr double kSeconds = 0.05;  // of work that may be waiting

  void wait_for_one() {
    for (int looks = 0; !marks_[passed_ % kMostEpochs].passed(); ++looks) {
      meanwhile_();
      if (looks > 1000) std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    const Clock::time_point now = Clock::now();
    if (passed_ == 0)
      first_passed_ = now;
    else
      allowed_ = epochs_in(kSeconds,
                           std::chrono::duration<double>(now - first_passed_).count() / static_cast<double>(passed_));
    told_(static_cast<Index>(++passed_));
  }
  static std::size_t epochs_in(double seconds, double seconds_per_epoch) {
    return static_cast<std::size_t>(std::clamp(seconds / std::max(seconds_per_epoch, 1e-9),
                                               static_cast<double>(kFewestEpochs), static_cast<double>(kMostEpochs)));
  }

  std::function<void()> meanwhile_;
  std::function<void(Index)> told_;
  std::array<gpu::Event, kMostEpochs> marks_;
  std::size_t queued_ = 0, passed_ = 0, allowed_ = kFewestEpochs;
  Clock::time_point first_passed_;
};

// Device time of what is recorded, per replay, in microseconds: the median over rounds of several replays each, so that
// the gaps between launches are those of a training.
class ReplayClock {
 public:
  ReplayClock(const gpu::Stream& stream, const std::function<void()>& enqueue) {
    enqueue();  // loads what the libraries need, outside of the recording
    graph_ = gpu::capture(stream, enqueue);
    const double once = round_us(stream);
    replays_ = static_cast<int>(std::clamp(kRoundUs / std::max(once, 1.0), 1.0, 1000.0));
    for (int round = 0; round < kRounds; ++round) rounds_.push_back(round_us(stream) / replays_);
    std::nth_element(rounds_.begin(), rounds_.begin() + kRounds / 2, rounds_.end());
  }
  double median_us() const { return rounds_[kRounds / 2]; }

 private:
  static constexpr double kRoundUs = 2000;
  static constexpr int kRounds = 5;

  double round_us(const gpu::Stream& stream) {
    start_.record(stream);
    for (int i = 0; i < replays_; ++i) graph_->replay(stream);
    end_.record(stream);
    stream.synchronise();
    return gpu::elapsed_us(start_, end_);
  }

  gpu::Event start_, end_;
  std::optional<gpu::Graph> graph_;
  int replays_ = 1;
  std::vector<double> rounds_;
};

// Of a backend what copies out of its memory, by a stream of its own: a library's workspace is nothing to it.
class Copier {
 public:
  const gpu::Stream& stream() const { return stream_; }
  void finish() const { stream_.synchronise(); }
  template <class From, class To>
  void copy_out(DeviceSpan<const From> from, HostSpan<To> to) const {
    gpu::copy<From>(stream_, from, to);
  }

 private:
  gpu::Stream stream_;
};

// Copies of where a training stands, from the device while it goes on: set aside in the training's own turn, and copied
// out by a stream beside it.
class Snapshots {
 public:
  Snapshots(LayeredRun<GpuBackend>& training, const Checkpoints& checkpoints)
      : training_(training), checkpoints_(checkpoints) {
    if (checkpoints.every > 0) copier_.emplace();
  }

  // After the epochs that the stream has been given.
  void take(const gpu::Stream& stream, Index epochs) {
    hand_over();
    training_.take_snapshot();
    there_.record(stream);
    copier_->stream().wait(there_);
    waiting_ = epochs;
  }
  // Not before the device has got there: until then the host has epochs to queue.
  void hand_over_if_there() {
    if (waiting_ > 0 && there_.passed()) hand_over();
  }
  void hand_over() {
    if (waiting_ == 0) return;
    RunResult result = training_.fetch_snapshot(*copier_, waiting_);
    const bool ended_before = !result.state || result.state->epoch != waiting_ || is_complete(result.outcome);
    waiting_ = 0;
    if (!ended_before) checkpoints_.take(std::move(result));
  }

 private:
  LayeredRun<GpuBackend>& training_;
  const Checkpoints& checkpoints_;
  std::optional<Copier> copier_;
  gpu::Event there_;
  Index waiting_ = 0;  // epochs after which the one was taken that waits
};

// Masks of dropped units are no epilogues'.
Epilogues epilogues_of(const Run& run, const GpuOptions& options) {
  return run.dropout > 0 ? Epilogues::none : options.epilogues;
}
ExecutionPlan most_epilogues(const Run& run, const GpuOptions& options) {
  return epilogues_of(run, options) == Epilogues::none ? ExecutionPlan{} : epilogues_everywhere(run.architecture);
}

constexpr Index kGpuNeighbourRows = 1 << 16;  // queries at a time: more keep no GPU busier

class GpuTrainer final : public Trainer {
 public:
  explicit GpuTrainer(const GpuOptions& options)
      : options_(options), backend_(options.precision), evaluator_(options.precision) {
    expects(options.engine != Engine::fused ||
                (options.precision == Precision::fp32 && options.epilogues == Epilogues::none),
            "GpuTrainer: the fused engine multiplies in fp32 and has no epilogues");
  }

  using Trainer::train;
  RunResult train(const Run& run, const TrainingData& data, const Checkpoints& checkpoints,
                  const RunObserver& observer) override {
    expects_run(run, data);
    expects_engine_of(run);
    if (!fuses(run, data)) return train_layered(run, data, checkpoints, observer);
    return checkpoints.every > 0 ? train_fused_in_pieces(run, data, checkpoints, observer)
                                 : train_fused(run, data, {.stop = options_.stop}, observer);
  }

  // Runs that fit a thread block beside each other, the others one after another.
  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer) override {
    expects_fleet(runs, data);
    for (const Run& run : runs) expects_engine_of(run);
    std::vector<std::size_t> fused, layered;
    std::vector<Run> fleet;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const bool fuses_run = fuses(runs[i], data);
      (fuses_run ? fused : layered).push_back(i);
      if (fuses_run) fleet.push_back(runs[i]);
    }
    for (const std::size_t number : layered) {
      const Index needed = layered_memory_bytes(runs[number], data, options_), free = gpu::free_memory_bytes();
      if (needed > free) throw InputError(memory_refusal(number, runs[number], needed, free));
    }
    std::vector<RunResult> results(runs.size());
    const auto all = static_cast<Index>(runs.size());
    double of_fused = 0, of_all = 0;
    for (const Run& run : runs) of_all += products(run, data);
    for (const std::size_t number : fused) of_fused += products(runs[number], data);
    const auto tell = [&](Index finished, double done) {
      if (observer) observer({finished, all, finished == all ? 1 : std::min(done / of_all, 1.0)});
    };
    std::vector<RunResult> of_fleet =
        train_fused(data, fleet,
                    {.stop = options_.stop,
                     .observer = [&](const FleetProgress& now) { tell(now.finished, now.share * of_fused); },
                     .numbers = fused});
    for (std::size_t k = 0; k < fused.size(); ++k) results[fused[k]] = std::move(of_fleet[k]);
    double done = of_fused;
    for (std::size_t k = 0; k < layered.size(); ++k) {
      const Run& run = runs[layered[k]];
      const auto before = static_cast<Index>(fused.size() + k);
      const double of_run = products(run, data);
      if (stop_requested()) {
        results[layered[k]].outcome = RunOutcome::interrupted;
      } else {
        const auto epochs = static_cast<double>(last_epoch(run) - first_epoch(run));
        results[layered[k]] = train_layered(run, data, {}, [&](const RunProgress& now) {
          tell(before, done + of_run * static_cast<double>(now.epochs - first_epoch(run)) / epochs);
        });
      }
      done += of_run;
      tell(before + 1, done);
    }
    return results;
  }

  void for_each(Index count, const std::function<void(Index, Trainer&)>& body) override {
    for (Index i = 0; i < count; ++i) body(i, *this);
  }

  SplitStatistics statistics(const TrainingData& data, Index classes) override {
    return {describe(data.train_x, data.train_label, data.drawn ? &data.drawn->train : nullptr, classes),
            describe(data.test_x, data.test_label, data.drawn ? &data.drawn->test : nullptr, classes)};
  }

  Predictions predict(const TrainedNetwork& network, HostMatrix<const float> x) override {
    return predict_rows(backend_, network, x, kGpuEvaluationRows);
  }

  // All candidates are there, and as many queries at a time as there is room for.
  Neighbours neighbours(HostMatrix<const float> queries, HostMatrix<const float> candidates, Index k,
                        HostSpan<const std::int32_t> exclude) override {
    NeighbourRows found(queries, candidates, k, exclude);
    const Index features = candidates.cols;
    if (queries.rows == 0) return found.take();
    auto x = backend_.allocate<float>(candidates.rows * features, 0);
    const auto x_matrix = as_matrix(x.view(), candidates.rows, features);
    backend_.copy_in<float, float>(candidates, x_matrix);
    const Index bytes_per_row = 4 * features + 8 * k + (exclude.empty() ? 0 : 4);
    const Index room = gpu::free_memory_bytes() / 10 * 9 / bytes_per_row;
    const Index most_rows = std::max(Index{1}, std::min({room, kGpuNeighbourRows, queries.rows}));
    auto q = backend_.allocate<float>(most_rows * features, 0);
    auto excluded = backend_.allocate<std::int32_t>(exclude.empty() ? 0 : most_rows, 0);
    auto index = backend_.allocate<std::int32_t>(most_rows * k, 0);
    auto distance = backend_.allocate<float>(most_rows * k, 0);
    for (Index first = 0; first < queries.rows; first += most_rows) {
      const NeighbourRows::Block of = found.block(first, most_rows);
      const Index rows = of.queries.rows;
      const auto q_matrix = as_matrix(q.view(), rows, features);
      const auto of_excluded = excluded.view().subspan(0, of.exclude.size);
      backend_.copy_in<float, float>(of.queries, q_matrix);
      backend_.copy_in<std::int32_t, std::int32_t>(of.exclude, of_excluded);
      backend_.nearest_neighbours(q_matrix, x_matrix, of_excluded, as_matrix(index.view(), rows, k),
                                  as_matrix(distance.view(), rows, k));
      backend_.copy_out<std::int32_t, std::int32_t>(index.view().subspan(0, rows * k), {of.index.data, rows * k});
      backend_.copy_out<float, float>(distance.view().subspan(0, rows * k), {of.distance.data, rows * k});
    }
    backend_.finish();
    return found.take();
  }

  bool stop_requested() const override { return options_.stop && options_.stop->load(std::memory_order_relaxed); }

 private:
  // How much of a fleet's work a run is, for progress: what it multiplies. Which engine does that is not considered.
  static double products(const Run& run, const TrainingData& data) {
    const Index rows = 3 * training_rows(run, data).count() + data.test_x.rows;
    return static_cast<double>(run.architecture.parameters()) * static_cast<double>(rows) *
           static_cast<double>(last_epoch(run) - first_epoch(run));
  }
  // Whoever goes on with a run is who began it.
  void expects_engine_of(const Run& run) const {
    if (!run.resume || options_.engine == Engine::automatic) return;
    const bool was_fused = run.resume->plan.fused.has_value();
    if (was_fused != (options_.engine == Engine::fused))
      throw InputError(std::string("the run was begun by the ") + (was_fused ? "fused" : "layered") +
                       " engine, and no other can go on with it");
  }
  bool fuses(const Run& run, const TrainingData& data) const {
    if (run.resume) return run.resume->plan.fused.has_value();
    if (options_.engine != Engine::automatic) return options_.engine == Engine::fused;
    return options_.precision == Precision::fp32 && options_.epilogues == Epilogues::none && prefers_fused(run, data);
  }

  // From checkpoint to checkpoint, a launch for each piece; what is left behind is taken while the next one trains.
  RunResult train_fused_in_pieces(const Run& whole, const TrainingData& data, const Checkpoints& checkpoints,
                                  const RunObserver& observer) {
    Run piece = whole;  // any may be the last, by an early end, and so is asked for everything
    piece.outputs.state = true;
    std::optional<RunResult> so_far;
    std::future<void> taken;
    for (;;) {
      const Index next = (first_epoch(piece) / checkpoints.every + 1) * checkpoints.every;
      const bool last = !checkpoints.due(next, whole);
      piece.pause = last ? whole.pause : next;
      RunResult result = train_fused(piece, data, {.stop = options_.stop}, observer);
      if (taken.valid()) taken.get();
      const bool goes_on =
          !last && result.outcome == RunOutcome::interrupted && result.state && result.state->epoch == next;
      if (so_far) result = joined(*so_far, result);
      if (!goes_on) {
        if (!whole.outputs.state) result.state.reset();
        return result;
      }
      piece.resume = result.state;
      so_far = result;
      result.predictions.clear();
      result.dead_units.clear();
      taken = std::async(std::launch::async, [&checkpoints, result] { checkpoints.take(result); });
    }
  }

  RunResult train_layered(const Run& run, const TrainingData& data, const Checkpoints& checkpoints,
                          const RunObserver& observer) {
    gpu::PinnedBuffer<RunSignals> mailbox(1, {});  // before the training, whose end waits for the device
    gpu::PinnedBuffer<EpochMetrics> recent(RunAhead::kMostEpochs, {});  // each is told before it is overwritten
    volatile RunSignals& signals = mailbox.view()[0];
    const Epilogues epilogues = epilogues_of(run, options_);
    const ExecutionPlan most = most_epilogues(run, options_);
    LayeredRun<GpuBackend> training(backend_, run, data, {.rows = kGpuEvaluationRows}, most);
    if (run.resume)
      training.set_plan(run.resume->plan);
    else if (epilogues == Epilogues::everywhere)
      training.set_plan(most);
    else if (epilogues == Epilogues::measured)
      autotune(run.architecture, training);
    // From the first step to the figures of the epoch, and the first gradient of the next one: as the evaluation, it
    // only reads the parameters, so the two run beside each other, but for a shuffle, which needs the next epoch's
    // number. After the last epoch of a recorded run one gradient is in vain.
    const Index end = last_epoch(run);
    gpu::Event parameters_ready, evaluated;
    const auto enqueue_epoch = [&](Index next) {
      training.apply_gradient(0);
      for (Index batch = 1; batch < training.batches(); ++batch) {
        training.compute_gradient(batch);
        training.apply_gradient(batch);
      }
      parameters_ready.record(backend_.stream());
      evaluator_.stream().wait(parameters_ready);
      for (Index tile = 0; tile < training.evaluation_tiles(); ++tile) training.evaluate(evaluator_, tile, 0);
      evaluated.record(evaluator_.stream());
      if (next < end && !training.gathers()) training.compute_gradient(0);
      backend_.stream().wait(evaluated);
      training.finish_epoch();
      backend_.exchange_signals(training.state(), training.history(), mailbox.device_view(), recent.device_view());
      if (next < end && training.gathers()) training.compute_gradient(0);
    };
    training.compute_gradient(0);

    // Epochs after the end of the run change nothing: the status only tells the host to queue fewer of them.
    const Index begin = first_epoch(run);
    const auto pass_on_stop_request = [&] {
      if (stop_requested()) signals.stop_requested = 1;
    };
    const auto tell = [&](Index passed) {
      const Index epochs = begin + passed;
      if (observer && signals.epoch >= epochs)  // else the run had ended before
        observer(training.progress(epochs, recent.view()[(epochs - 1) % recent.size()]));
    };
    RunAhead ahead(pass_on_stop_request, tell);
    std::optional<gpu::Graph> epoch_graph;
    Snapshots snapshots(training, checkpoints);
    for (Index epoch = begin; epoch < end && signals.status == RunStatus::running; ++epoch) {
      pass_on_stop_request();
      // The first epoch is queued, so that libraries have loaded what they need when the second is recorded; the
      // device works on the one meanwhile.
      if (epoch == begin + 1 && records_epochs(run, training))
        epoch_graph = gpu::capture(backend_.stream(), [&] { enqueue_epoch(epoch + 1); });
      if (epoch_graph)
        epoch_graph->replay(backend_.stream());
      else
        enqueue_epoch(epoch + 1);
      if (checkpoints.due(epoch + 1, run)) snapshots.take(backend_.stream(), epoch + 1);
      snapshots.hand_over_if_there();
      ahead.after_epoch(backend_.stream());
    }
    ahead.finish();
    snapshots.hand_over();
    RunResult result = training.fetch();
    if (epoch_graph) result.recorded_launches = epoch_graph->nodes();
    return result;
  }

  // By the time that each plan takes on this device. What is measured only reads the parameters.
  void autotune(const Architecture& net, LayeredRun<GpuBackend>& training) const {
    training.set_plan(choose_epilogues(net, [&](const ExecutionPlan& plan) {
      training.set_plan(plan);
      return ReplayClock(backend_.stream(), [&] { training.compute_gradient(0); }).median_us();
    }));
  }

  bool records_epochs(const Run& run, const LayeredRun<GpuBackend>& training) const {
    const Index layers = run.architecture.layers();  // launches per epoch, about:
    const Index launches = training.batches() * (7 * layers + 8) + training.evaluation_tiles() * (2 * layers + 1) + 3;
    return options_.execution == Execution::graph && launches <= options_.most_recorded_launches;
  }

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

  GpuOptions options_;
  GpuBackend backend_;
  GpuBackend evaluator_;  // of the branch that evaluates beside the next gradient
};

}  // namespace

std::unique_ptr<Trainer> make_gpu_trainer(const GpuOptions& options) { return std::make_unique<GpuTrainer>(options); }

Index layered_memory_bytes(const Run& run, const TrainingData& data, const GpuOptions& options) {
  return layered_bytes<GpuBackend>(run, data, {.rows = kGpuEvaluationRows}, most_epilogues(run, options));
}

std::string gpu_matrix_library() { return gpu::blas_library(); }

}  // namespace plateau
