// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What trains: a device with its engine. Studies are written over it and do not ask which one it is.
#pragma once

#include <functional>
#include <vector>

#include "plateau/model/training.hpp"
#include "plateau/ops/dataset_statistics.hpp"
#include "plateau/ops/nearest_neighbours.hpp"

namespace plateau {

struct DatasetStatistics {
  std::vector<Index> class_rows;            // rows per class, zeros included
  std::vector<FeatureStatistics> features;  // one per column
};

// A trained network, as it is used.
struct TrainedNetwork {
  Architecture architecture;
  FlatParameters parameters;
  std::vector<FeatureScale> scale = {};  // of every feature before the first layer; empty: they are taken as they are
};
// Throws std::invalid_argument where the rows or the parameters are not those of the architecture.
void expects_network(const TrainedNetwork& network, HostMatrix<const float> x);

// The rows that are nearest to others (ops/nearest_neighbours.hpp).
struct Neighbours {
  Index k = 0;
  std::vector<std::int32_t> index;  // [queries, k] of the candidates, nearest first; -1 where there are no more
  std::vector<float> distance;      // [queries, k] squared; +inf where there is none
};

class Trainer {
 public:
  virtual ~Trainer() = default;

  // Throws std::invalid_argument where the run does not fit the data (expects_run). What a checkpoint's receiver or
  // the observer throws ends the training and is passed on.
  virtual RunResult train(const Run& run, const TrainingData& data, const Checkpoints& checkpoints,
                          const RunObserver& observer) = 0;
  RunResult train(const Run& run, const TrainingData& data, const Checkpoints& checkpoints = {}) {
    return train(run, data, checkpoints, {});
  }

  // Every run, beside each other where the device can; in the order of the runs, each with the bits it has alone.
  // Throws std::invalid_argument before anything starts where a run does not fit the data, by its number
  // (expects_fleet). Once an end is asked for, what has not begun is interrupted after an epoch at the
  // most.
  virtual std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                             const FleetObserver& observer = {}) = 0;

  // Calls body(i, trainer) for every i in [0, count), beside each other where the device can. A body trains with the
  // trainer it is handed; its data need to exist only while it does.
  virtual void for_each(Index count, const std::function<void(Index, Trainer&)>& body) = 0;

  // Of the training rows and of the test rows, computed where they would be trained. Every label is one of the classes.
  struct SplitStatistics {
    DatasetStatistics train, test;
  };
  virtual SplitStatistics statistics(const TrainingData& data, Index classes) = 0;

  // The class and the probabilities of every class for each row, in the layered engine's arithmetic. x [rows,
  // features].
  virtual Predictions predict(const TrainedNetwork& network, HostMatrix<const float> x) = 0;

  // The k candidates nearest to each query, with the same bits on every device. `exclude`: a candidate per query that
  // is left out, or empty. Once an end is asked for, queries that have not had their turn are left without neighbours.
  // Throws std::invalid_argument as the operation does.
  virtual Neighbours neighbours(HostMatrix<const float> queries, HostMatrix<const float> candidates, Index k,
                                HostSpan<const std::int32_t> exclude) = 0;

  // Whether the user wants an end: trainings that run are ending, and nothing more should be begun.
  virtual bool stop_requested() const = 0;
};

// The CPU device (training.hpp), in float.
class CpuTrainer final : public Trainer {
 public:
  explicit CpuTrainer(const CpuOptions& options) : options_(options) {}

  using Trainer::train;
  RunResult train(const Run& run, const TrainingData& data, const Checkpoints& checkpoints,
                  const RunObserver& observer) override;
  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer = {}) override;
  void for_each(Index count, const std::function<void(Index, Trainer&)>& body) override;
  SplitStatistics statistics(const TrainingData& data, Index classes) override;
  Predictions predict(const TrainedNetwork& network, HostMatrix<const float> x) override;
  Neighbours neighbours(HostMatrix<const float> queries, HostMatrix<const float> candidates, Index k,
                        HostSpan<const std::int32_t> exclude) override;
  bool stop_requested() const override;

 private:
  CpuOptions options_;
};

}  // namespace plateau
