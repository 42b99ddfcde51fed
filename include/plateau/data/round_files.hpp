// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a training in rounds leaves, by whatever program: a table of accuracies, and of every round the classes that its
// test rows were given and its weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "plateau/data/dataset.hpp"

namespace plateau {

// Accuracies are shares in [0, 1].
struct LoggedRound {
  Index number = 0;
  double test_accuracy = 0;
  std::optional<double> train_accuracy, train_loss, test_loss;
};

struct RoundLog {
  std::string source;
  std::vector<LoggedRound> rounds;  // at least two, numbered without a gap
  std::string accuracy_column;      // that the test accuracies are from
  bool in_percent = false;          // as the file has them
  int decimals = 0;                 // most that a test accuracy is written with, as a share
};

// A table (data/csv.hpp says of what text) with a header. In whatever order and case of letters, its columns are
//
//   the number      round; without one the first column, where that is none of those below, else lines count from 1
//   test accuracy   test_accuracy, val_accuracy, accuracy or acc: the first of these that is there
//   the rest        train_accuracy (accuracy or acc beside a test_accuracy or val_accuracy), train_loss or loss,
//                   test_loss or val_loss; each may be missing, also in single lines
//
// and others, which are passed over. Accuracies are all shares in [0, 1] or all percentages: those are not mixed in a
// file. Throws InputError, naming the line and the column, for everything else.
RoundLog read_round_log(const std::filesystem::path& path);

// The files of a folder whose names have one of the endings, ordered by the last number in the name: round_2.csv before
// round_10.csv. At least one. Throws InputError where a name has no number or two the same.
std::vector<std::filesystem::path> files_by_number(const std::filesystem::path& folder,
                                                   const std::vector<std::string>& endings);

// The labels of test rows, of what `files` names as read_dataset() does, without features: the other columns of a table
// may hold anything, or not be there; and y.npy may stand alone. Where ReadOptions::header says nothing, the first line
// is a header where `target` is one of its names or the text in the target's column is in no other line.
Dataset read_test_labels(const std::string& files, const ReadOptions& options = {});

struct RoundPredictions {
  ClassMap classes;                                  // those of the labels, and behind them what else is predicted
  std::vector<std::vector<std::int32_t>> predicted;  // [files, rows] ids; -1 where the outputs of a row are no numbers
  std::vector<std::uint64_t> outputs;                // of each file, a hash of its outputs' bits; empty: in some file
                                                     // there are none, or too coarse ones to show a small change
  bool by_id = false;                                // numbers were taken for ids of classes that have names
};

// The classes that rows are given, one file per round:
//
//   .csv   a column named class, prediction, predicted, pred, y_pred or label, as `plateau predict` writes it, with
//          columns named p(...) for outputs; or one column alone, which may have no header
//   .npy   class ids [rows]; or outputs [rows, classes], probabilities or not, of which the largest is the class
//
// `labels` of the rows, null where there are none, say which classes there are: predictions are taken by name where all
// numbers among them are names of these; by id where all are numbers below the number of classes. Outputs are taken by
// id, and are as many as the classes unless these are numbered. Without labels, equal texts are equal classes. All
// files have the same rows, as many as the labels. Throws InputError, naming the file, otherwise.
RoundPredictions read_round_predictions(const std::vector<std::filesystem::path>& files, const Dataset* labels);

}  // namespace plateau
