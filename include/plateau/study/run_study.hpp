// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One training and what can be said about its curve: the part that every study shares.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/data/dataset.hpp"
#include "plateau/data/linear_stack.hpp"
#include "plateau/model/trainer.hpp"
#include "plateau/study/plateau_level.hpp"

namespace plateau {

// Where the rows of a training and its initial weights come from, as the user named them.
struct TrainingFiles {
  std::string train;
  std::string test;
  std::string initial;  // empty: drawn from the seed
};

struct Split {
  Dataset train;
  Dataset test;
  std::optional<DrawnSplit> drawn = {};  // a scenario's: which rows of its table these are
};

TrainingData views(const Split& split);

Index row_count(const DatasetStatistics& part);  // of all classes

// What a run looks like to somebody who picks its best epoch on the test rows.
struct BestEpoch {
  Index epoch = 0;
  double test_accuracy = 0;
};
BestEpoch best_epoch(const std::vector<EpochRecord>& history);  // the earliest of equals; at least one epoch

// Mean train accuracy over the epochs of the level (plateau_level.hpp); at least one epoch.
double level_train_accuracy(const std::vector<EpochRecord>& history);

struct RunStudy {
  Run run;
  Trainer::SplitStatistics statistics;
  RunResult result;
  std::optional<PlateauLevel> plateau;  // none where no epoch was completed
  std::optional<BestEpoch> best;
  double seconds = 0;  // of the training
};

RunStudy study_run(const Run& run, const Split& split, Trainer& trainer);

// The network for these data: their features, the hidden widths, and a class for every label that occurs (at least
// two). With `initial` the network is that one; hidden widths that are named, the features and the labels must fit it.
// Throws InputError naming the file that does not.
Architecture fitting_architecture(const std::optional<std::vector<Index>>& hidden, const Split& split,
                                  const std::optional<LinearStack>& initial, const TrainingFiles& files);

}  // namespace plateau
