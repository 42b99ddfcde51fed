// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Run directories (run_directory.hpp), read to be compared.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "plateau/study/run_comparison.hpp"

namespace plateau {

// By epoch, equally long. What is not finite, or not known, is NaN.
struct RunCurves {
  std::vector<double> epoch, test_accuracy, train_loss;
};

struct ReadRun {
  std::filesystem::path directory;
  ComparedRun run;
  RunCurves curves;
  int schema_version = 0;  // of its run.json; 0: only its checkpoint is left
  std::string outcome;     // as run.json has it; "unfinished" of a checkpoint
  Index epochs = 0;        // completed
  std::optional<Index> epochs_asked;
  bool has_groups = false;  // its rows belong together in groups, by a column
};

// Names by which different folders differ: as few of their last parts as it takes.
std::vector<std::string> distinct_names(const std::vector<std::filesystem::path>& directories);

// Of each folder its run.json of any version so far, history.csv, test_labels.npy and test_predictions.npy; of a run
// that was killed its checkpoint, without predictions. Files of rows with equal checksums are called as the first run
// calls them in the settings, so that a path written in two ways is one setting. Throws InputError, naming the folder
// or file, where two are the same folder, or one holds no run, or something else than one (a sweep, a diagnosis, ...),
// is damaged, or was written by a newer Plateau.
std::vector<ReadRun> read_compared_runs(const std::vector<std::filesystem::path>& directories);

}  // namespace plateau
