// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One training and what can be said about its curve: the part that every study shares.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/data/dataset.hpp"
#include "plateau/data/model_file.hpp"
#include "plateau/data/split.hpp"
#include "plateau/model/trainer.hpp"
#include "plateau/study/plateau_level.hpp"

namespace plateau {

// Where the rows of a training and its initial weights come from, as the user named them.
struct TrainingFiles {
  std::string train;
  std::string test;                          // or
  std::optional<double> test_fraction = {};  // of the rows of `train`
  std::string initial;                       // empty: drawn from the seed
  ReadOptions reading = {};                  // of the rows
};

struct Split {
  Dataset train;
  Dataset test;
  std::optional<DrawnSplit> drawn = {};  // a scenario's: which rows of its table these are
  std::vector<FeatureScale> scale = {};  // of every feature, by which they were scaled already; empty: they were not
  std::optional<RowSplit> dealt = {};  // which rows of one file these are; none: the test rows have a file of their own
  std::optional<std::uint32_t> read_checksum = {};  // of the test rows before they were scaled; none: they were not
};

// checksum_without_groups() of the test rows as they were read.
std::uint32_t test_rows_checksum(const Split& split);

TrainingData views(const Split& split);

// Deals the rows of one file out to training and test (data/split.hpp).
Split deal_rows(const Dataset& all, double fraction, std::uint64_t seed);

// The rows of `split` with other features: `features` are those of the training rows, or, where the split was dealt
// from one file, of all its rows; `of_test` those of the test rows, and none where they were dealt. Labels, groups and
// classes are the split's. `reading` is how the split's files were read. Throws InputError, naming the file, where rows
// or columns are not as many, a row comes with a label of its own that is another, or a feature is named as the target
// or the groups are, and std::invalid_argument where `of_test` is there and should not be, or the other way round.
Split with_features(const Split& split, const Dataset& features, const std::optional<Dataset>& of_test,
                    const ReadOptions& reading);

// Which training rows a run is judged by after every epoch, and which are left to train on: a random part, drawn by the
// seed; where the rows have groups, whole groups (data/split.hpp).
class ValidationRows {
 public:
  ValidationRows() = default;  // none are held out
  // `share` of the rows, in [0, 1). Throws InputError, naming the share, where that is none of them, or all.
  ValidationRows(const Dataset& train, double share, std::uint64_t seed);
  ValidationRows(const ValidationRows&) = delete;
  ValidationRows& operator=(const ValidationRows&) = delete;

  Index count() const { return validation_ ? validation_->count() : 0; }
  // The run trains on the others. Must outlive its training.
  void hold_out_of(Run& run) const;

 private:
  RowSplit lists_;  // of groups; what the selections point into
  std::optional<RowSelection> rows_, validation_;
};

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
  Schema schema;                        // of its rows
  std::vector<FeatureScale> scale;      // by which they were scaled before the run saw them; empty: they were not
  Trainer::SplitStatistics statistics;  // of all training rows, those held out included
  RunResult result;
  std::optional<PlateauLevel> plateau;  // none where no epoch was completed
  std::optional<BestEpoch> best;
  std::uint32_t train_checksum = 0;  // of the rows it was given to train on, validation rows among them
  std::uint32_t test_checksum = 0;   // of the test rows (test_rows_checksum())
  std::optional<std::uint32_t> test_text_checksum = {};  // of their text (text_checksum()); none: not known
  std::vector<std::int32_t> test_labels;                 // of the test rows
  std::vector<std::int32_t> test_predictions;            // by the parameters that are kept; empty where there are none
  double seconds = 0;                                    // of the training

  Index validation_rows() const { return run.validation ? run.validation->count() : 0; }
  // Whose parameters are kept: the epoch of the lowest validation loss, where the run stops early by it; else the last
  // one. None where no epoch was completed.
  std::optional<Index> kept_epoch() const;
  // [classes, classes]: test rows of class i that are given class j, row after row; rows without a class are in no
  // column. Empty without predictions, and where there are more than kMostConfusedClasses.
  std::vector<Index> confusion() const;
};

// What a training is watched by, and leaves behind meanwhile.
struct Watch {
  RunObserver observer = {};
  Checkpoints checkpoints = {};
};
// Of a run that is resumed, `before` is what it had done until then, and the study is of the whole.
RunStudy study_run(const Run& run, const Split& split, Trainer& trainer, const Watch& watch = {},
                   const RunResult* before = nullptr);

// The parameters that are kept, with what the columns and classes mean and how features were scaled.
ModelFile model_of(const RunStudy& study);
// The same of any parameters, and a scale, if any, in the order of the architecture and the schema.
ModelFile model_of(const Architecture& net, FlatParameters parameters, const Schema& schema,
                   const std::vector<FeatureScale>& scale);
// And back: what a model file was trained for, and the network in it. Without names its classes are numbered. Throws
// InputError, naming the file, where the network is larger than the largest, or has one output and so nothing to
// choose.
Schema schema_of(const ModelFile& model, const std::string& file);
TrainedNetwork network_of(const ModelFile& model, const std::string& file);

// The network for these data: their features, the hidden widths, and their classes (at least two). With `initial` the
// network is that one; hidden widths that are named, the features and the labels must fit it. Throws InputError naming
// the file that does not.
Architecture fitting_architecture(const std::optional<std::vector<Index>>& hidden, const Split& split,
                                  const std::optional<LinearStack>& initial, const TrainingFiles& files);

// Throws InputError, naming row and label, where the model has no output for one.
void expects_labels_below(const Dataset& data, const std::string& file, Index classes, const std::string& model);

}  // namespace plateau
