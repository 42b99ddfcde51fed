// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a study would have found on other test rows with other networks of the same settings: a recorder keeps the
// trainings by which a study chooses its settings, and a replay hands these to the same study of the other rows, so
// that it makes the same choices, and trains what the test rows judge anew, with seeds that the study did not have.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plateau/model/forwarding_trainer.hpp"

namespace plateau::validation {

// For test rows that are many: they are judged once, by the parameters that a run's predictions are asked of, and not
// after every epoch. So the history knows nothing of them, and the right rows are those of the epoch that is kept only.
class OnceJudgingTrainer final : public ForwardingTrainer {
 public:
  using ForwardingTrainer::ForwardingTrainer;
  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer = {}) override;
};

class RecordingTrainer final : public ForwardingTrainer {
 public:
  using ForwardingTrainer::ForwardingTrainer;

  // A study of the test rows `other_x` will be given what one of `test_x` has trained. Both must outlive this.
  void replayed_on(HostMatrix<const float> test_x, HostMatrix<const float> other_x) {
    pairs_.push_back({test_x, other_x});
  }
  // Runs that do not stop early and are judged, at their best epoch by validation rows, by the test rows: how a
  // learning curve is trained. The first of them; null where there is none. Its lists of rows may be gone.
  const Run* first_of_curve() const { return curve_.empty() ? nullptr : &curve_.front(); }

  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer = {}) override;

 private:
  friend class ReplayingTrainer;
  struct Pair {
    HostMatrix<const float> test_x, other_x;
  };

  std::vector<Pair> pairs_;
  std::map<std::string, RunResult> runs_;  // that are not judged by test rows, by what tells a run from another
  std::vector<Run> curve_;
};

// Trains the runs that are judged by the classes that they give the test rows, with `seeds_on` more for a seed; hands
// back what was recorded of those that are not judged by test rows. Those of a learning curve, which is no choice, and
// those that are asked for probabilities, or on rows that were not announced, are interrupted before their first epoch.
class ReplayingTrainer final : public ForwardingTrainer {
 public:
  ReplayingTrainer(const RecordingTrainer& recording, Trainer& trainer, std::uint64_t seeds_on)
      : ForwardingTrainer(trainer), recording_(recording), once_(trainer), seeds_on_(seeds_on) {}

  Index trainings() const { return trainings_; }

  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer = {}) override;

 private:
  const RecordingTrainer& recording_;
  OnceJudgingTrainer once_;
  std::uint64_t seeds_on_;
  Index trainings_ = 0;
};

}  // namespace plateau::validation
