// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the blocks of a diagnosis share: settings, how they are scored on folds of the training rows and judged by the
// test rows, and the trainer with a count of what it has done.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/study/folds.hpp"
#include "plateau/study/run_study.hpp"
#include "plateau/study/statistics.hpp"

namespace plateau {

// Trains the fleets of a study. Once the user wants an end, the next call throws Stopped.
class Laboratory {
 public:
  struct Stopped {};
  // Called with the name of a block, the share of its trainings that are done, and the trainings of earlier blocks.
  using Observer = std::function<void(std::string_view block, double share, Index trainings)>;

  explicit Laboratory(Trainer& trainer, Observer observer = {}) : trainer_(trainer), observer_(std::move(observer)) {}

  std::vector<RunResult> train(std::string_view block, const TrainingData& data, const std::vector<Run>& runs);
  Trainer& trainer() { return trainer_; }
  Index trainings() const { return trainings_; }
  void expects_no_stop() const;  // throws Stopped

 private:
  Trainer& trainer_;
  Observer observer_;
  Index trainings_ = 0;
};

// With the first test row only, which a training must have: for trainings that test rows do not judge, so that these
// are not evaluated after every epoch.
TrainingData without_test_rows(TrainingData data);

// A way to train: a run without rows, validation rows, seed and outputs, which are given to it where it is used.
struct Setting {
  std::string what;  // in words, what differs from the user's
  Run run;
  bool inspected = false;         // norms of its layers and its dead units are asked for as well
  bool probabilities = false;     // of the test rows are asked for as well
  bool without_held_out = false;  // trains on no row that is held out, even where it does not stop early
};

// Settings by the mean over folds of what they do on the rows of a fold when they train on the others. What counts is
// the last epoch, or, of a run that stops early (patience > 0), the best one of each fold, whose parameters it keeps.
struct FoldScore {
  double validation_loss = 0, validation_accuracy = 0;  // after that epoch; infinite and 0 where a fold diverged
  double train_loss = 0, train_accuracy = 0;            // of that epoch; likewise
  double best_loss = 0;                                 // of the epoch after which the mean validation loss is lowest
  Index best_epochs = 0;                                // as many were trained then
  std::vector<double> best_accuracies, best_train_accuracies;  // of every fold after that epoch
};
// One score per setting; folds.count() trainings each, their seeds counted from `seed`.
std::vector<FoldScore> score_settings(Laboratory& laboratory, std::string_view block, const TrainingData& data,
                                      const std::vector<Setting>& settings, const Folds& folds, std::uint64_t seed);
FoldScore fold_score(const Run& run, const std::vector<RunResult>& by_fold);

// The results that score_settings() has for fold `fold`, one per setting.
std::vector<RunResult> train_outside_fold(Laboratory& laboratory, std::string_view block, const TrainingData& data,
                                          const std::vector<Setting>& settings, const Folds& folds, Index fold,
                                          std::uint64_t seed);

// The setting trained for as many epochs as were best on the folds, which is then said of it.
Setting stopped_at_best(Setting setting, const FoldScore& score);

// What the trainings of one setting do on the test rows.
struct Judged {
  Setting setting;
  RowOutcomes right{1};                              // [trainings, test rows]
  std::vector<std::vector<std::int32_t>> predicted;  // [trainings][test rows]; empty of a training that diverged
  std::vector<double> train_accuracy;                // of the last epoch trained; 0 where none was completed
  std::vector<RunResult> results;                    // of every training, with probabilities where they are asked for
  std::vector<std::vector<double>> changed;  // where it is inspected: [trainings][epochs], the share of the test rows
                                             // that turned right or wrong since the epoch before; none before the first
  Index diverged = 0;

  double test_accuracy() const;  // mean
};
// `seeds` trainings of each setting on all training rows, with seeds seed, seed + 1, ...; where a setting stops early
// (patience > 0) or is without_held_out, on those that `held_out` leaves. A training that diverged counts with its last
// complete epoch, or with every row wrong where there is none. `clusters`: of the test rows.
std::vector<Judged> judge_settings(Laboratory& laboratory, std::string_view block, const TrainingData& data,
                                   const std::vector<Setting>& settings, const ValidationRows& held_out, Index seeds,
                                   std::uint64_t seed, const Clusters& clusters = {});

// Seeds that such a training takes, of which `seeds` are judged: more where it comes out otherwise with every seed, so
// that its mean can be told from others'. Its training rows say so: what is looked at does not depend on the test rows.
Index seeds_for(const Judged& judged, Index seeds);

// Class that most trainings give a row, the smaller of equals; -1 where none gives one. At least one training.
std::vector<std::int32_t> majority_vote(const std::vector<std::vector<std::int32_t>>& predicted, Index rows,
                                        Index classes);
// Mean recall over the classes that `label` has.
double balanced_accuracy(const std::vector<std::int32_t>& predicted, HostSpan<const std::int32_t> label, Index classes);
// Largest share of the rows that one class is given; 0 where no row is given any.
double most_predicted(const std::vector<std::int32_t>& predicted, Index classes);

// Seeds of the parts of a study, apart from each other whatever the user's seed is.
std::uint64_t study_seed(std::uint64_t seed, std::uint32_t part);

// Rate of the optimizer, whichever it is.
double learning_rate(const Optimizer& optimizer);
Optimizer with_learning_rate(Optimizer optimizer, double rate);
double weight_decay(const Optimizer& optimizer);

}  // namespace plateau
