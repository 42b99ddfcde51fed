// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What measure_rounds() is made of.
#pragma once

#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "plateau/study/forensics.hpp"

namespace plateau::forensic {

using Ids = std::vector<std::int32_t>;
using Rows = std::vector<std::uint8_t>;  // whether each is right
using RoundRows = std::vector<Rows>;     // [rounds, rows]

RoundRows right_rows(const RoundPredictions& predictions, const Ids& labels);
inline double mean(const Rows& right) {
  return std::accumulate(right.begin(), right.end(), 0.0) / static_cast<double>(right.size());
}
Difference difference(const Rows& first, const Rows& second);
AccuracyChange change(const Rows& first, const Rows& second);
// Rows of each of so many classes, and of none.
std::pair<std::vector<Index>, Index> class_rows(const Ids& ids, std::size_t classes);

// ---- Against the log: forensics_matches.cpp ----

// The logged accuracies, which have a last decimal, of so many rows.
class LoggedAccuracies {
 public:
  LoggedAccuracies(const RoundLog& log, Index rows) : log_(log), rows_(rows) {}

  // Whether an accuracy is the logged one of a round, to a row and the last decimal.
  bool is(double accuracy, std::size_t round) const;
  Index agreeing(const RoundRows& right) const;  // rounds

 private:
  const RoundLog& log_;
  Index rows_;
};

// How to take predictions whose classes are known by no name; nothing where names say it. With a map, `predictions` are
// changed to it, and `classes` is what their ids then count.
std::optional<ClassGuess> match_classes(RoundPredictions& predictions, const Ids& labels, const ClassMap& classes,
                                        const RoundLog& log);
// As in ForensicsEvidence; of the usual sizes of batches.
std::optional<Index> batch_of_mean(const RoundRows& right, const RoundLog& log);
Replay match_networks(const RoundRows& right, const Ids& labels, std::size_t classes, const RoundLog& log,
                      bool by_plateau);
// Of each round but the first, the rows that its saved network gives another class than the one before. Nothing where
// no given round has the classes of a saved network on 99 % of the rows, more than one of them.
std::optional<std::vector<Index>> network_changes(const RoundPredictions& given, const RoundPredictions& networks);

// ---- By rows and classes: forensics_rows.cpp ----

// Of at least two rows that can choose, and two that can judge.
std::optional<LabelMapTest> test_label_map(const Ids& given, const Ids& labels, std::size_t classes);
ClassTrade class_trade(const RoundRows& right, const Ids& labels, std::size_t classes);

// ---- By accuracies: forensics_levels.cpp ----

// With `right`, by rows; it is empty where these are not known.
std::optional<RoundsSlope> slope_of(const ForensicsEvidence& evidence, const RoundRows& right);
std::optional<TailSpread> spread_of(const ForensicsEvidence& evidence, const RoundRows& right);

}  // namespace plateau::forensic
