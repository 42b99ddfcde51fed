// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/trainer.hpp"

#include <algorithm>

#include "neighbour_rows.hpp"
#include "plateau/model/cpu_backend.hpp"
#include "plateau/model/work_crew.hpp"
#include "predict_rows.hpp"

namespace plateau {
namespace {

constexpr Index kCpuPredictionRows = 4096;  // that one worker takes: enough to pay for its copy of the parameters
constexpr Index kCpuNeighbourRows = 256;    // likewise, for its going through all candidates

DatasetStatistics describe(HostMatrix<const float> x, HostSpan<const std::int32_t> label, Index classes) {
  DatasetStatistics found{.class_rows = std::vector<Index>(static_cast<std::size_t>(classes)),
                          .features = std::vector<FeatureStatistics>(static_cast<std::size_t>(x.cols))};
  cpu::dataset_statistics<float>(x, label, {found.class_rows.data(), classes}, {found.features.data(), x.cols});
  return found;
}

}  // namespace

void expects_network(const TrainedNetwork& network, HostMatrix<const float> x) {
  expects_architecture(network.architecture);
  expects(static_cast<Index>(network.parameters.size()) == network.architecture.parameters(),
          "network: one value per parameter");
  expects(x.cols == network.architecture.features(), "network: rows have the architecture's number of features");
  expects(network.scale.empty() || static_cast<Index>(network.scale.size()) == x.cols,
          "network: every feature's scale");
}

RunResult CpuTrainer::train(const Run& run, const TrainingData& data, const Checkpoints& checkpoints,
                            const RunObserver& observer) {
  return train_on_cpu<float>(run, data, options_, checkpoints, observer);
}

std::vector<RunResult> CpuTrainer::train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                               const FleetObserver& observer) {
  return train_fleet_on_cpu(data, runs, options_, observer);
}

void CpuTrainer::for_each(Index count, const std::function<void(Index, Trainer&)>& body) {
  WorkCrew(options_.workers).run(count, [&](Index i, int) {
    CpuTrainer alone({.workers = 1, .stop = options_.stop});
    body(i, alone);
  });
}

Trainer::SplitStatistics CpuTrainer::statistics(const TrainingData& data, Index classes) {
  return {describe(data.train_x, data.train_label, classes), describe(data.test_x, data.test_label, classes)};
}

// Tiles of rows beside each other: a row's answer does not depend on those beside it.
Predictions CpuTrainer::predict(const TrainedNetwork& network, HostMatrix<const float> x) {
  expects_network(network, x);
  const Index classes = network.architecture.classes(), rows = kCpuPredictionRows;
  Predictions result{.predicted = std::vector<std::int32_t>(static_cast<std::size_t>(x.rows)),
                     .probability = std::vector<float>(static_cast<std::size_t>(x.rows * classes))};
  WorkCrew(options_.workers).run(ceil_div(x.rows, rows), [&](Index i, int) {
    const Index first = i * rows;
    const CpuBackend<float> backend;
    const Predictions of_rows =
        predict_rows(backend, network, x.row_range(first, std::min(rows, x.rows - first)), kCpuEvaluationRows);
    std::copy(of_rows.predicted.begin(), of_rows.predicted.end(), result.predicted.begin() + first);
    std::copy(of_rows.probability.begin(), of_rows.probability.end(), result.probability.begin() + first * classes);
  });
  return result;
}

// Likewise.
Neighbours CpuTrainer::neighbours(HostMatrix<const float> queries, HostMatrix<const float> candidates, Index k,
                                  HostSpan<const std::int32_t> exclude) {
  NeighbourRows found(queries, candidates, k, exclude);
  WorkCrew(options_.workers).run(ceil_div(queries.rows, kCpuNeighbourRows), [&](Index i, int) {
    if (stop_requested()) return;
    const NeighbourRows::Block rows = found.block(i * kCpuNeighbourRows, kCpuNeighbourRows);
    cpu::nearest_neighbours<float>(rows.queries, candidates, rows.exclude, rows.index, rows.distance);
  });
  return found.take();
}

bool CpuTrainer::stop_requested() const { return options_.stop && options_.stop->load(std::memory_order_relaxed); }

}  // namespace plateau
