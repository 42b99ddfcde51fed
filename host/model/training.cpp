// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/training.hpp"

#include <algorithm>

#include "layered_run.hpp"
#include "plateau/model/cpu_backend.hpp"
#include "plateau/model/work_crew.hpp"

namespace plateau {
CorrectBits::CorrectBits(std::vector<std::uint32_t> words, Index epochs, Index rows)
    : words_(std::move(words)), epochs_(epochs), rows_(rows) {
  expects(static_cast<Index>(words_.size()) == epochs * correct_words(rows), "CorrectBits: a row of words per epoch");
}

void expects_run(const Run& run, const TrainingData& data) {
  expects_architecture(run.architecture);
  expects(data.train_x.rows >= 1 && data.test_x.rows >= 1, "run: at least one training and one test row");
  expects(data.train_x.cols == run.architecture.features() && data.test_x.cols == run.architecture.features(),
          "run: the data have the architecture's number of features");
  expects(data.train_label.size == data.train_x.rows && data.test_label.size == data.test_x.rows,
          "run: one label per row");
  for (const auto& labels : {data.train_label, data.test_label})
    for (const std::int32_t label : labels)
      expects(0 <= label && label < run.architecture.classes(), "run: every label is one of the classes");
  expects(run.epochs >= 1, "run: at least one epoch");
  expects(run.batch >= 0, "run: batch >= 0");
  expects(!run.initial || static_cast<Index>(run.initial->size()) == run.architecture.parameters(),
          "run: one initial value per parameter");
}

// The evaluation of an epoch only reads the parameters, and so does the first gradient of the next one. So they run
// beside each other: the helpers evaluate, the caller forms the gradient and then helps; then the epoch's figures are
// recorded, and only then do the parameters change. The operations and their order per value are those of a plain
// loop, so the results are too.
template <std::floating_point Real>
RunResult train_on_cpu(const Run& run, const TrainingData& data, const CpuOptions& options) {
  expects_run(run, data);
  const CpuBackend<Real> backend;
  WorkCrew crew(options.workers);
  LayeredRun<CpuBackend<Real>> training(backend, run, data, {.rows = kCpuEvaluationRows, .evaluators = crew.workers()});
  const auto diverged = [&] { return training.state()[0].status == RunStatus::diverged; };
  const auto stopped = [&] { return options.stop && options.stop->load(std::memory_order_relaxed); };

  training.compute_gradient(0);
  for (Index epoch = 0; epoch < run.epochs; ++epoch) {
    training.apply_gradient(0);
    for (Index batch = 1; batch < training.batches(); ++batch) {
      training.compute_gradient(batch);
      training.apply_gradient(batch);
    }
    if (diverged()) break;

    const bool last = epoch + 1 == run.epochs || stopped();
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
    if (last || diverged()) break;
    if (!beside) training.compute_gradient(0);
  }

  return training.fetch();
}

template RunResult train_on_cpu<float>(const Run&, const TrainingData&, const CpuOptions&);
template RunResult train_on_cpu<double>(const Run&, const TrainingData&, const CpuOptions&);

std::vector<RunResult> train_all_on_cpu(const std::vector<RunRequest>& requests, const CpuOptions& options) {
  std::vector<RunResult> results(requests.size());
  const auto runs = static_cast<Index>(requests.size());
  WorkCrew crew(static_cast<int>(std::clamp<Index>(runs, 1, options.workers)));
  const CpuOptions each{.workers = std::max(1, options.workers / crew.workers()), .stop = options.stop};
  crew.run(runs, [&](Index i, int) {
    const auto& [run, data] = requests[static_cast<std::size_t>(i)];
    results[static_cast<std::size_t>(i)] = train_on_cpu<float>(run, data, each);
  });
  return results;
}

}  // namespace plateau
