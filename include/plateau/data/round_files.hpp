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
#include "plateau/data/safetensors.hpp"

namespace plateau {

// ---- Accuracies ----

// Accuracies are shares in [0, 1]. Losses may be NaN or infinite: so a training that diverged logs them.
struct LoggedRound {
  double number = 0;  // whole but for fractions of epochs
  double test_accuracy = 0;
  std::optional<double> train_accuracy, train_loss, test_loss;
};

struct RoundLog {
  std::string source;
  std::vector<LoggedRound> rounds;  // at least two, of increasing numbers
  std::string number_column;        // that the numbers are from; empty: lines were counted
  std::string accuracy_column;      // that the test accuracies are from
  bool in_percent = false;          // as the file has them
  int decimals = 0;                 // most that a test accuracy is written with, as a share
  int test_loss_decimals = 0;       // most that a test loss is written with
  Index not_evaluated = 0;          // lines without a test accuracy
};

// "3", "0.5"
std::string round_name(double number);

// A table (data/csv.hpp says of what text) with a header. In whatever order and case of letters, with any of "_ -/." in
// the names, its columns are
//
//   the number      round, server_round, global_step, step, epoch or iteration: the first of these that increases from
//                   line to line; without one the first column, where it is none of those below and does so, else lines
//                   count from 1
//   test accuracy   test_accuracy, val_accuracy, accuracy or acc: the first of these that is there
//   the rest        train_accuracy (accuracy or acc beside a test_accuracy or val_accuracy), train_loss or loss,
//                   test_loss, val_loss or eval_loss; each may be missing, also in single lines
//
// and others, which are passed over. A line without a test accuracy (empty, NA, null or None) is no round; its figures
// are those of the round that is evaluated next, or of the one before where that has the same number, where these have
// none. accuracy or acc beside epoch and loss alone may be of the training rows, as Keras logs them, and is no test
// accuracy. Accuracies are all shares in [0, 1] or all percentages: those are not mixed in a file. Throws InputError,
// naming the line and the column, for everything else.
RoundLog read_round_log(const std::filesystem::path& path);

// ---- One file per round ----

struct RoundFiles {
  std::vector<std::filesystem::path> files;  // one per round, in their order
  std::vector<std::string> passed_over;      // names with such an ending, or of folders with such files, by name
};

// The files of a folder whose names have one of the endings, and folders that hold one such file; hidden ones do not
// count. The number of the round is at the same place of every name, counted from the left or from the right: where the
// log's numbers are found, each once, and what else there is is passed over; otherwise where there are as many
// different numbers as rounds, at equal steps or, failing that, at any. What is written as a decimal fraction (a loss)
// is a number of the log's only. Throws InputError where no place fits, or several that say different orders, or the
// number of files is not that of the rounds.
RoundFiles files_of_rounds(const std::filesystem::path& folder, const std::vector<std::string>& endings,
                           const RoundLog& log);

// ---- Weights ----

// The tensors of F32, F16, BF16 and F64 of a safetensors file, as floats. Integers and truth values, names that begin
// with kBesideWeights, and what batch normalisation counts (running_mean, running_var, num_batches_tracked), and what
// an optimizer keeps (parts of a name that are optimizer or ema, or hold exp_avg or momentum) are no weights and passed
// over. Throws InputError as read_safetensors() does, also for other dtypes.
std::vector<Tensor> read_round_weights(const std::filesystem::path& path);

// ---- Labels and predictions ----

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
  std::string column;                                // of tables with a header, from which the classes are
};

// The classes that rows are given, one file per round:
//
//   .csv   a column named prediction, predicted, pred or y_pred, or alike; else class or label, as `plateau predict`
//          writes it, with columns named p(...) for outputs; or one column alone, which may have no header
//   .npy   class ids [rows]; or outputs [rows, classes], probabilities or not, of which the largest is the class
//
// `labels` of the rows, null where there are none, say which classes there are: predictions are taken by name where all
// numbers among them are names of these; by id where all are numbers below the number of classes, as such or behind
// "LABEL_". Outputs are taken by id, and are as many as the classes unless these are numbered. Without labels, equal
// texts are equal classes. All files have the same rows, as many as the labels. Throws InputError, naming the file,
// otherwise, and where two columns could be the predictions.
RoundPredictions read_round_predictions(const std::vector<std::filesystem::path>& files, const Dataset* labels);

}  // namespace plateau
