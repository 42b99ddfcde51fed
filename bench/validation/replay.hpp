// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a study would have measured on other test rows, without training anew: a recorder keeps every training that a
// study makes, with what its network says of other rows, and a replay hands them to the same study of those rows.
//
// A study that chooses by its training rows makes the same choices again, so its figures are then those of the very
// same settings on the other rows.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "plateau/model/trainer.hpp"

namespace plateau::validation {

// A fleet as it was trained. `others` holds, for every run that is judged by the test rows, the classes it gives the
// other rows, in the order of its requests; of `again` the same by trainings from other seeds.
struct RecordedFleet {
  std::vector<std::string> runs;  // what tells one from another
  std::vector<RunResult> results;
  std::vector<std::vector<std::vector<std::int32_t>>> others, again;
  std::vector<Run> asked;  // lists of rows that they point to may be gone
};

// Trains by another trainer.
class RecordingTrainer final : public Trainer {
 public:
  explicit RecordingTrainer(Trainer& trainer) : trainer_(trainer) {}

  // Networks that are judged by the test rows `test_x` are asked about `other_x` as well. Both must outlive this.
  void ask_about(HostMatrix<const float> test_x, HostMatrix<const float> other_x) {
    pairs_.push_back({test_x, other_x});
  }
  const std::deque<RecordedFleet>& fleets() const { return fleets_; }
  Index trainings_again() const { return trainings_again_; }

  using Trainer::train;
  RunResult train(const Run& run, const TrainingData& data, const Checkpoints& checkpoints,
                  const RunObserver& observer) override {
    return trainer_.train(run, data, checkpoints, observer);
  }
  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer = {}) override;
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

 private:
  struct Pair {
    HostMatrix<const float> test_x, other_x;
  };
  std::vector<std::vector<std::int32_t>> classes_given(const Run& run, const Run& trained, const RunResult& result,
                                                       HostMatrix<const float> x);

  Trainer& trainer_;
  std::vector<Pair> pairs_;
  std::deque<RecordedFleet> fleets_;
  Index trainings_again_ = 0;
};

// Trains nothing. A run that was recorded, and judged by the test rows, has the classes and the right rows of the other
// rows, which its data must hold as test rows; one that was not recorded, or whose probabilities are asked for, is
// interrupted before its first epoch.
enum class Recorded { networks, networks_again };
class ReplayingTrainer final : public Trainer {
 public:
  ReplayingTrainer(const RecordingTrainer& recording, Recorded which, Trainer& trainer)
      : fleets_(recording.fleets()), which_(which), trainer_(trainer) {}

  using Trainer::train;
  RunResult train(const Run& run, const TrainingData& data, const Checkpoints& checkpoints,
                  const RunObserver& observer) override;
  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer = {}) override;
  void for_each(Index count, const std::function<void(Index, Trainer&)>& body) override;
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

 private:
  const std::deque<RecordedFleet>& fleets_;
  Recorded which_;
  Trainer& trainer_;
  std::size_t next_ = 0;  // no fleet before it is looked at again
};

}  // namespace plateau::validation
