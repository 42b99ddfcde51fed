// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A trainer by another one: what is not overridden is handed on.
#pragma once

#include <functional>
#include <vector>

#include "plateau/model/trainer.hpp"

namespace plateau {

class ForwardingTrainer : public Trainer {
 public:
  explicit ForwardingTrainer(Trainer& trainer) : trainer_(trainer) {}

  using Trainer::train;
  RunResult train(const Run& run, const TrainingData& data, const Checkpoints& checkpoints,
                  const RunObserver& observer) override {
    return trainer_.train(run, data, checkpoints, observer);
  }
  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer = {}) override {
    return trainer_.train_fleet(data, runs, observer);
  }
  void for_each(Index count, const std::function<void(Index, Trainer&)>& body) override {
    trainer_.for_each(count, body);
  }
  SplitStatistics statistics(const TrainingData& data, Index classes) override {
    return trainer_.statistics(data, classes);
  }
  Predictions predict(const TrainedNetwork& network, HostMatrix<const float> x) override {
    return trainer_.predict(network, x);
  }
  Neighbours neighbours(HostMatrix<const float> queries, HostMatrix<const float> candidates, Index k,
                        HostSpan<const std::int32_t> exclude) override {
    return trainer_.neighbours(queries, candidates, k, exclude);
  }
  bool stop_requested() const override { return trainer_.stop_requested(); }

 protected:
  Trainer& trainer_;
};

}  // namespace plateau
