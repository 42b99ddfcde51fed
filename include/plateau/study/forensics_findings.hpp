// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// From what rounds of training have left to a verdict: whether their test accuracy stands still, and why.
//
// explain_forensics() sees numbers only, as explain() does (reason.hpp), and trains nothing. What a number would be
// needed for that is not there is named as not tested. docs/forensics.md says how every finding is made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plateau/study/assignment.hpp"
#include "plateau/study/rounds_findings.hpp"
#include "plateau/study/verdict.hpp"

namespace plateau {

// A round, as far as it is known; "before" is the round before, so the first one has none of that.
struct ForensicsRound {
  double number = 0;                                            // as it was logged; whole but for fractions of epochs
  double test_accuracy = 0;                                     // likewise
  std::optional<Interval> interval;                             // Wilson's, where the number of test rows is known
  std::optional<double> train_accuracy, train_loss, test_loss;  // losses may be NaN or infinite

  std::vector<Index> predicted_class_rows;    // test rows that are given the class; empty: predictions are not known
  Index without_class = 0;                    // test rows that are given none
  std::vector<Index> class_right;             // test rows of the class that are given it; empty: labels are not known
  std::optional<Index> changed;               // test rows that are given another class than before
  std::optional<bool> same_outputs;           // whether all outputs have the bits that they had before
  std::optional<double> recomputed;           // accuracy, from predictions and labels
  std::optional<AccuracyChange> over_before;  // of that accuracy

  std::optional<std::uint64_t> weights_hash;
  bool weights_are_finite = true;
  std::vector<double> layer_change;      // |after - before| / |before|, in 2-norms, of every layer; infinite where one
                                         // of zeros moved, NaN where weights are not finite
  std::optional<Index> network_changed;  // test rows that the saved network gives another class than the one before,
                                         // where predictions are given too and some are shown to be a saved network's
};

// The best assignment of given classes to labels, chosen on every second test row of the last round and judged on the
// others.
struct LabelMapTest {
  std::vector<Index> map;     // the class that each given class would stand for
  double accuracy = 0;        // under that map
  double majority_share = 0;  // of the same rows
  Difference gain;            // over the classes as they are given
  RecallChange recall;        // of the same rows
};

// A straight line through the accuracies of the last half of the rounds: what it gains from their first to their last.
struct RoundsSlope {
  std::size_t first = 0;  // place of the half's first round
  bool by_rows = false;   // the spread is that over test rows, else that around the line
  Estimate change;
  double tost_p = 1;  // of the claim that the change lies within delta
};

// The longest tail of at least half of the rounds, and three, whose accuracies differ by no more than what two rounds
// would have to differ by to be told apart.
struct TailSpread {
  std::size_t first = 0;         // place of the tail's first round
  double range = 0;              // largest accuracy - smallest
  double detectable = 0;         // the smallest difference of two rounds found in 80 % of cases
  bool paired = false;           // by predictions on the same rows; else as if each round had rows of its own
  double disagreeing_share = 0;  // of the rows, right in one of two rounds only
};

// What became of every class between an earlier round and the last one.
struct ClassTrade {
  struct Of {
    Index rows = 0, gained = 0, lost = 0;  // test rows of the class; that became right, and wrong
    double adjusted_p = 1;                 // McNemar's, after Holm's correction over classes and earlier rounds
  };
  std::size_t earlier = 0;  // place of that round
  AccuracyChange total;
  std::vector<Of> classes;
  Difference lost_by_fallen;  // accuracy that the classes which fell significantly have cost, as a gain
};

// Where predictions were not given, but saved networks made them: whether these are what the log is about.
struct Replay {
  // Whether rows, classes, scale and activations are shown to be those of the log. Otherwise the predictions are left
  // out of all else. Where the files say that Plateau saved them: in some round the accuracy is the logged one, and
  // above the majority share. Otherwise, as any layers with such shapes are taken for ReLU's: that in more than half of
  // the rounds, at two different accuracies or more.
  bool taken = false;
  bool by_plateau = false;
  std::size_t closest = 0;               // place of the round where they are closest to the log
  double accuracy = 0;                   // there
  Index agreeing = 0;                    // rounds where the accuracy is the logged one, to a row
  std::optional<std::size_t> logged_as;  // place of the round whose accuracy all others have in the log
};

// Which class a prediction stands for, where that is not said by names: ids of classes that have names, or names that
// no label has.
struct ClassGuess {
  Index agreeing = 0;     // rounds where the accuracy is the logged one, to a row, as predictions are taken here
  bool is_shown = false;  // by more than half of the rounds
  std::vector<std::string> given;  // the classes of predictions, as they were written
  std::vector<Index> map;          // label of each, under which the log is right; empty: the one of the same place
};

struct ForensicsEvidence {
  double delta = 0.01;
  int test_loss_decimals = 0;  // with which test losses were logged
  int decimals = 0;            // with which the accuracies were logged, as shares
  Index test_rows = 0;         // 0: not known
  std::vector<std::string> classes;
  std::vector<Index> test_class_rows;  // empty: labels are not known
  std::vector<std::string> layers;     // empty: weights are not known
  std::vector<ForensicsRound> rounds;  // at least two
  std::optional<LabelMapTest> label_map;
  std::optional<RoundsSlope> slope;
  std::optional<TailSpread> spread;
  std::optional<ClassTrade> trade;
  std::optional<Replay> replay;
  std::optional<ClassGuess> guess;
  // Rows of a batch, where the logged accuracies of all rounds are means over such batches in the order of the rows, a
  // smaller last one counted as much as any, and not those of the rows.
  std::optional<Index> batch_of_mean;
  std::string not_replayed;  // why saved networks could not predict; empty: they did, or nobody asked
};

struct ForensicsDecision {
  Verdict verdict;
  std::vector<Cause> findings;  // the most telling first; the verdict is the first one's
  std::string advice;           // what to do, or what to measure next
};
ForensicsDecision explain_forensics(const ForensicsEvidence& evidence);

// Thresholds; docs/forensics.md says what they are for.
inline constexpr double kOneClassShare = 0.995;  // of the predictions
inline constexpr double kMismatch = 0.02;        // between logged and recomputed accuracy
inline constexpr double kMappedGain = 0.10;      // of another map of classes
inline constexpr double kSameByChance = 0.001;   // most that unchanged predictions may be worth as a proof
inline constexpr double kEqualByChance = 0.05;   // likewise, equal accuracies as a sign
inline constexpr double kLeastChurn = 0.001;     // of the rows from round to round, where no other rounds show it
inline constexpr double kMostChurn = 0.01;       // of the rows from round to round that is counted on
inline constexpr double kOutputsMove = 0.001;    // of a layer's weights or the train loss, for outputs to show it
inline constexpr double kLossMoved = 0.01;       // of the train loss
inline constexpr double kLossDigits = 5;         // of equal test losses that are a sign
inline constexpr Index kWrongRows = 20;          // that could have become right
inline constexpr double kTradedRecall = 0.10;    // of a class; less of it is a border that drifts
inline constexpr double kSolvedLevel = 0.98;     // below the whole interval of the accuracy

}  // namespace plateau
