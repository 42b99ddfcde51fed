// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How well a trained network does on labelled rows: shares with intervals, per class and over all, and how far its
// probabilities can be believed.
#pragma once

#include <functional>
#include <vector>

#include "plateau/model/trainer.hpp"
#include "plateau/study/statistics.hpp"

namespace plateau {

struct ClassEvaluation {
  Index rows = 0;       // that have the class
  Index predicted = 0;  // that are given the class
  Index right = 0;
  double recall = 0;                             // right / rows; NaN where no row has the class
  double precision = 0;                          // right / predicted; NaN where no row is given it
  Interval recall_interval, precision_interval;  // Wilson; NaN likewise
};

// Rows whose highest probability lies in (low, high] (the first bin holds 0 as well).
struct CalibrationBin {
  double low = 0, high = 0;
  Index rows = 0;
  double confidence = 0;  // mean of those probabilities; 0 where there are no rows
  double accuracy = 0;
};
inline constexpr Index kCalibrationBins = 15;  // Guo et al. 2017

struct Evaluation {
  Index rows = 0, right = 0;
  double accuracy = 0;
  Interval interval;             // Wilson
  double balanced_accuracy = 0;  // mean recall over the classes that have rows
  double majority_share = 0;     // of the most frequent class: what always to say it would get
  double log_loss = 0;  // mean of -log p(label), p taken as at least kLeastProbability; NaN: a row without class
  double calibration_error = 0;  // expected calibration error: mean over the rows that are given a class of
                                 // |accuracy - confidence| of their bin; NaN where there are none
  std::vector<CalibrationBin> calibration;
  std::vector<ClassEvaluation> classes;
  std::vector<Index> confusion;  // [classes, classes]: rows of class i that are given class j
  Index without_class = 0;  // rows that are given none, for an output was NaN or so large that their probabilities are
                            // not finite: wrong, in no column and in no bin
};
inline constexpr double kLeastProbability = 0x1p-149;  // the smallest positive float

// Trainer::predict() of all rows, at most `block` >= 1 at a time; `between` is called after each block, and what it
// throws ends this.
Predictions predict_in_blocks(Trainer& trainer, const TrainedNetwork& network, HostMatrix<const float> x, Index block,
                              const std::function<void()>& between = {});

// The class that each row is given; -1 where it is given none, for a probability is not finite.
std::vector<std::int32_t> given_classes(const Predictions& predictions, Index classes);

// `predictions` with their probabilities, of the rows whose labels are `label`; classes >= 2, at least one row, every
// label in [0, classes).
Evaluation evaluate_predictions(const Predictions& predictions, HostSpan<const std::int32_t> label, Index classes);

}  // namespace plateau
