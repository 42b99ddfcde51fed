// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A problem: rows and a training whose accuracy is stuck for a reason that is known, for it was built in.
//
// A specification says all of it in numbers; problem_of() draws the rows. Specifications come from makers, one for each
// cause (makers.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/validation/population.hpp"
#include "plateau/study/run_study.hpp"
#include "plateau/study/verdict.hpp"

namespace plateau::validation {

// Thresholds may be chosen by what `tuning` says. Rates are reported of `frozen` only; the two share no seed and no
// combination of rule, features, classes and rows. `real` has rows that somebody measured (real.hpp).
enum class Part { tuning, frozen, real };
const char* to_string(Part part);

// What a problem counts as: one with a cause, the first of those that are expected; one without a fault, which must not
// be given a cause; one that nobody could tell from so few rows; one with two causes.
enum class Kind { cause, healthy, underpowered, two_causes };
const char* to_string(Kind kind);  // "cause", ...

// Weights that the user's training is given: none; drawn as usual, but for a share of dead units; drawn as usual behind
// a first layer that keeps every feature, its positive part in one unit and its negative part in another.
enum class GivenWeights { none, drawn, kept_features };

enum class FrozenLayers { first, all };

// Rounds of training one after another, as a program elsewhere might do them, and what its files hold.
struct RoundsPlan {
  Index rounds = 8;
  std::optional<Index> stale_from;   // from this round on the test rows are given what the round before gave them
  std::optional<Index> frozen_from;  // from this round on these layers keep their parameters
  FrozenLayers frozen_layers = FrozenLayers::first;
  bool halves = false;  // a round trains on the first half of the classes, the next on the second, in turn
  bool with_predictions = true, with_weights = true;
};

struct Specification {
  Part part = Part::tuning;
  std::string maker;
  Index number = 0;
  Kind kind = Kind::cause;
  std::string fault;  // what is wrong, in a few words

  std::string rows;  // a file's, "iris" or "digits"; empty: they are drawn by the rule
  Rule rule;
  Index train_rows = 0, test_rows = 0;
  View train_view, test_view;
  std::optional<View> second;                    // of the same rows, as a second set of features
  std::optional<std::int32_t> only_train_class;  // rows of other classes are not there
  std::optional<std::int32_t> only_test_class;
  std::vector<std::int32_t> test_map;  // by class: what it is called among the test rows; empty: the same
  double copied = 0;                   // share of the test rows that are training rows
  double copied_noise = 0;             // spread of what every other one of them is blurred by

  Run run;                  // the user's
  double validation = 0.2;  // share of the training rows that are held out where the run stops early
  GivenWeights given = GivenWeights::none;
  double dead_at_start = 0;  // of given weights: share of the hidden units that they leave at zero for every row
  std::optional<RoundsPlan> rounds;  // of which each trains as `run` says; none: one training, to be diagnosed

  std::optional<Run> remedy;          // the training without the fault, where the fault is one of the training
  std::vector<VerdictCode> expected;  // each is right; the first is the cause that was built in

  std::string id() const;  // "frozen/capacity/7"
};

class Problem {
 public:
  // Draws the rows.
  explicit Problem(Specification specification);
  // With these rows, whose faults are in them already.
  Problem(Specification specification, Split split);

  const Specification& specification() const { return specification_; }
  const Split& split() const { return split_; }
  const Split* second() const { return second_ ? &*second_ : nullptr; }

  // Whether there are more rows of the kind: not where some are copies, or of one class only, or from a file.
  bool has_fresh_rows() const;
  // As many rows of the same kind: `more_train_rows` begins with the training rows, `fresh_rows` are other test rows.
  Split more_train_rows(Index rows) const;
  // As many as the training rows, none of which is among these or in another draw, from 1 on.
  Dataset other_train_rows(Index draw) const;
  Split fresh_rows(Index rows) const;
  std::optional<Split> second_fresh_rows(Index rows) const;

  // The best that a classifier of the test rows can do; none where their faults leave it unknown.
  std::optional<double> bayes_accuracy() const;

 private:
  Dataset train_rows(Index rows, const View& view) const;
  Dataset test_rows(Table table, Index rows, const View& view, const Dataset& train) const;

  Specification specification_;
  std::optional<Population> population_;  // none of a file's rows
  Split split_;
  std::optional<Split> second_;
};

// Weights that a training may be given: drawn as usual but for this share of the hidden units of every layer, whose
// biases are so far below zero that no standardised row activates them.
FlatParameters partly_dead(const Architecture& network, double share, std::uint64_t seed);
// Weights drawn as usual, but for those of the first hidden layer: its units 2 j and 2 j + 1 are feature j where it is
// positive, and -1 times it where it is negative. The layer has as many units. Throws std::invalid_argument otherwise.
FlatParameters kept_features(const Architecture& network, std::uint64_t seed);

// CRC-32 of the rows that the problem draws, its training and test rows and the second features of both.
std::uint32_t checksum(const Problem& problem);

}  // namespace plateau::validation
