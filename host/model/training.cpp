// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/training.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "layered_run.hpp"
#include "plateau/model/cpu_backend.hpp"
#include "plateau/model/work_crew.hpp"

namespace plateau {

// The evaluation of an epoch only reads the parameters, and so does the first gradient of the next one. So they run
// beside each other: the helpers evaluate, the caller forms the gradient and then helps; then the epoch's figures are
// recorded, and only then do the parameters change. The operations and their order per value are those of a plain
// loop, so the results are too.
template <std::floating_point Real>
RunResult train_on_cpu(const Run& run, const TrainingData& data, const CpuOptions& options,
                       const Checkpoints& checkpoints, const RunObserver& observer) {
  expects_run(run, data);
  const CpuBackend<Real> backend;
  WorkCrew crew(options.workers);
  LayeredRun<CpuBackend<Real>> training(backend, run, data, {.rows = kCpuEvaluationRows, .evaluators = crew.workers()});
  const auto ended = [&] { return training.state()[0].status != RunStatus::running; };
  const auto stopped = [&] { return options.stop && options.stop->load(std::memory_order_relaxed); };

  training.compute_gradient(0);
  const Index end = last_epoch(run);
  for (Index epoch = first_epoch(run); epoch < end; ++epoch) {
    training.apply_gradient(0);
    for (Index batch = 1; batch < training.batches(); ++batch) {
      training.compute_gradient(batch);
      training.apply_gradient(batch);
    }
    if (ended()) break;

    const bool last = epoch + 1 == end || stopped();
    crew.start(training.evaluation_tiles(), [&](Index tile, int worker) { training.evaluate(backend, tile, worker); });
    const bool beside = !last && !training.gathers();  // a shuffle needs the epoch that has not yet begun
    try {
      if (beside) training.compute_gradient(0);
    } catch (...) {
      crew.finish();  // the helpers still use the training
      throw;
    }
    crew.finish();
    training.finish_epoch();
    if (observer && training.state()[0].epoch == epoch + 1)  // else it has diverged
      observer(training.progress(epoch + 1, training.history()[epoch]));
    if (last || ended()) break;
    if (checkpoints.due(epoch + 1, run)) checkpoints.take(training.fetch_checkpoint(epoch + 1));
    if (!beside) training.compute_gradient(0);
  }

  return training.fetch();
}

template RunResult train_on_cpu<float>(const Run&, const TrainingData&, const CpuOptions&, const Checkpoints&,
                                       const RunObserver&);
template RunResult train_on_cpu<double>(const Run&, const TrainingData&, const CpuOptions&, const Checkpoints&,
                                        const RunObserver&);

namespace {

// What a run costs beside others, in no particular unit.
double cost_of(const Run& run, const TrainingData& data) {
  const auto parameters = static_cast<double>(run.architecture.parameters());
  const auto rows = static_cast<double>(3 * training_rows(run, data).count() + data.test_x.rows);
  return parameters * rows * static_cast<double>(last_epoch(run) - first_epoch(run));
}

}  // namespace

std::vector<RunResult> train_fleet_on_cpu(const TrainingData& data, const std::vector<Run>& runs,
                                          const CpuOptions& options, const FleetObserver& observer) {
  expects_fleet(runs, data);
  std::vector<double> cost;
  cost.reserve(runs.size());
  for (const Run& run : runs) cost.push_back(cost_of(run, data));
  const double all = std::accumulate(cost.begin(), cost.end(), 0.0);
  std::vector<std::size_t> order(runs.size());  // costliest first: no worker is left alone with a long one at the end
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return cost[a] > cost[b]; });

  std::vector<RunResult> results(runs.size());
  const auto count = static_cast<Index>(runs.size());
  WorkCrew crew(static_cast<int>(std::clamp<Index>(count, 1, options.workers)));
  const CpuOptions each{.workers = std::max(1, options.workers / crew.workers()), .stop = options.stop};
  std::mutex mutex;
  FleetProgress progress{.runs = count};
  double done = 0;
  const auto advance = [&](double work, Index ended) {
    const std::scoped_lock lock(mutex);
    done += work;
    progress.finished += ended;
    progress.share = progress.finished == count ? 1 : std::min(done / all, 1.0);
    observer(progress);
  };
  crew.run(count, [&](Index i, int) {
    const std::size_t number = order[static_cast<std::size_t>(i)];
    const Run& run = runs[number];
    const double of_epoch = cost[number] / static_cast<double>(last_epoch(run) - first_epoch(run));
    double left = cost[number];  // not told of yet
    const RunObserver after_epoch = [&](const RunProgress&) {
      advance(of_epoch, 0);
      left -= of_epoch;
    };
    if (each.stop && each.stop->load(std::memory_order_relaxed))
      results[number].outcome = RunOutcome::interrupted;
    else
      results[number] = train_on_cpu<float>(run, data, each, {}, observer ? after_epoch : RunObserver{});
    if (observer) advance(std::max(left, 0.0), 1);
  });
  return results;
}

}  // namespace plateau
