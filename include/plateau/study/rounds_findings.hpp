// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// From the measurements of a fine-tuning in rounds to sentences: why its test accuracy moves, or does not.
//
// explain_rounds() sees numbers only, as explain() does (reason.hpp). Rounds are counted from 1; before the first there
// is the base.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plateau/study/statistics.hpp"

namespace plateau {

// An accuracy less an earlier one on the same rows, with Student's interval of the paired differences.
struct AccuracyChange : Estimate {
  Index gained = 0, lost = 0;  // rows that became right, and wrong
};

// How a network does on the rows that an earlier round, or this one, has trained on.
struct SetEvidence {
  Index set = 0;
  Estimate accuracy;       // with Wilson's interval
  double right_after = 0;  // the accuracy right after the last round that trained on them
  AccuracyChange since;    // what has changed since then; 0 after a round of their own
};

struct RoundEvidence {
  Index set = 0;                     // of rows, counted from 0, that the round trained on
  double gradient_norm = 0;          // at its last step
  std::vector<double> layer_change;  // |after - before| / |before| of every layer's weights and biases, in 2-norms;
                                     // infinite where a layer of zeros moved
  Estimate test_accuracy;            // with Wilson's interval
  AccuracyChange over_before, over_base;                   // test accuracy - that of the round before and of the base
  Index changed_since_before = 0, changed_since_base = 0;  // test rows that are given another class
  std::vector<Index> predicted_class_rows;                 // test rows that are given the class
  std::vector<Index> class_right;                          // test rows of the class that are given it
  std::vector<SetEvidence> sets;                           // that were trained on so far, ascending
};

struct RoundsEvidence {
  std::vector<std::string> classes;    // their names
  std::vector<Index> test_class_rows;  // test rows that have the class
  std::uint64_t frozen = 0;            // bit l: layer l
  double learning_rate = 0;
  Estimate base_test_accuracy;
  std::vector<Index> base_predicted_class_rows, base_class_right;
  std::vector<RoundEvidence> rounds;  // those that are complete
};

enum class RoundsFindingCode {
  weights_still,
  same_predictions,
  one_class,
  majority_level,
  gained,
  lost,
  within_noise,
  forgotten
};
const char* to_string(RoundsFindingCode code);  // "weights-still", ...

struct RoundsFinding {
  RoundsFindingCode code = RoundsFindingCode::within_noise;
  std::string sentence;
};

// A layer that changed by less than this has not moved: half of float's relative spacing.
inline constexpr double kWeightsStill = 0x1p-24;

// The most telling first; none without a round. A gain or loss is claimed where the interval leaves out 0 and
// mcnemar_p() of its rows is 0.05 at most.
std::vector<RoundsFinding> explain_rounds(const RoundsEvidence& evidence);

// What all rounds came to: "After 3 rounds the test accuracy is 87.7 %, +4.6 points [+2.3, +6.9] over the base".
std::string rounds_result(Index rounds, double test_accuracy, const Estimate& over_base);

}  // namespace plateau
