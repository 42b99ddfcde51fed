// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which of the usual cures raises the test accuracy of a training.
//
//   every remedy is a list of settings, of which folds of the training rows choose one by validation loss. The chosen
//   ones and the baseline, which is the user's training, are then judged by the test rows: by fresh seeds, which both
//   sides share. So neither lucky seeds nor lucky test rows have chosen what is judged. Of several that help, training
//   rows that other folds hold out name the first: the largest of many gains by the same test rows would be too large.
//   beside them stand the baseline against itself with other seeds (the placebo), and a search among random settings
//   that takes as many trainings as all other remedies together.
//
// docs/remedies.md describes every remedy; remedy_table.hpp what follows from the gains.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plateau/study/battery.hpp"
#include "plateau/study/remedy_table.hpp"

namespace plateau {

struct RemediesConfiguration {
  TrainingFiles files = {};  // for messages

  // The user's training. Its rows, validation rows, labels, seed and outputs are the study's.
  Run run;
  double validation = 0.2;  // share of the training rows that is held out where the run stops early (run.patience > 0)

  double delta = 0.01;  // the smallest gain in accuracy that is worth acting on; a fraction, above 0
  Depth depth = Depth::standard;
  std::uint64_t seed = 0;
  std::vector<Remedy> only = {};  // are tried, and the placebo; empty: all
};

struct RemediesResult {
  RemediesConfiguration configuration;
  Schema schema;                   // of the rows
  bool scaled_by_initial = false;  // as of a Diagnosis
  RemedyTable table;
  std::string advice;
  Index trainings = 0;
  Index test_looks = 0;  // settings that were judged by the test rows
  double seconds = 0;
};

// None where the user wanted an end before all was trained. Throws InputError where the data leave nothing to compare,
// in one sentence: too few rows, rows of one class, features of which none varies, fewer groups than folds; and where
// `only` asks for a pair or the search without the remedies that these are made from.
std::optional<RemediesResult> remedies(const Split& split, const RemediesConfiguration& configuration, Trainer& trainer,
                                       const Laboratory::Observer& observer = {});

}  // namespace plateau
