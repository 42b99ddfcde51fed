// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a study would have measured on other test rows, mostly without training anew: a recorder keeps every training
// that a study makes, with what its network says of the other rows, and a replay hands them to the same study of those.
//
// A study that chooses by its training rows makes the same choices again, so its figures are then those of the very
// same settings on the other rows. Where it asks for more trainings, as many more seeds for one, they are made.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "plateau/model/trainer.hpp"

namespace plateau::validation {

// A training as it was recorded: without the right test rows of its epochs. `others` holds the classes that it gives
// the other rows, for each of its requests that are of the test rows.
struct RecordedRun {
  RunResult result;
  std::vector<std::vector<std::int32_t>> others;
};

// Forwards all but the training of fleets, which is what studies ask for.
class ForwardingTrainer : public Trainer {
 public:
  explicit ForwardingTrainer(Trainer& trainer) : trainer_(trainer) {}

  using Trainer::train;
  RunResult train(const Run& run, const TrainingData& data, const Checkpoints& checkpoints,
                  const RunObserver& observer) override {
    return trainer_.train(run, data, checkpoints, observer);
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

class RecordingTrainer final : public ForwardingTrainer {
 public:
  using ForwardingTrainer::ForwardingTrainer;

  // Networks that are judged by the test rows `test_x` are asked about `other_x` as well. Both must outlive this.
  void ask_about(HostMatrix<const float> test_x, HostMatrix<const float> other_x) {
    pairs_.push_back({test_x, other_x});
  }
  // Runs that stop at their best epoch by validation rows and are judged by the test rows then: how a learning curve is
  // trained. The first of them; null where there is none. Its lists of rows may be gone.
  const Run* first_of_curve() const { return curve_.empty() ? nullptr : &curve_.front(); }

  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer = {}) override;

 private:
  friend class ReplayingTrainer;
  struct Pair {
    HostMatrix<const float> test_x, other_x;
  };

  std::vector<Pair> pairs_;
  std::map<std::string, RecordedRun> runs_;  // by what tells a run from another
  std::vector<Run> curve_;
};

// A run that was recorded has the classes and the right rows of the other rows, which its data must hold as test rows.
// One that was not is trained where it is judged by the classes of these, and interrupted before its first epoch where
// probabilities of them are asked for, or its rows are none that were recorded.
class ReplayingTrainer final : public ForwardingTrainer {
 public:
  ReplayingTrainer(const RecordingTrainer& recording, Trainer& trainer)
      : ForwardingTrainer(trainer), recording_(recording) {}

  Index trainings() const { return trainings_; }  // that had to be made

  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer = {}) override;

 private:
  const RecordingTrainer& recording_;
  Index trainings_ = 0;
};

}  // namespace plateau::validation
