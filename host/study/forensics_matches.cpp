// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whether predictions, and the networks that were saved, are what the log is about.
#include <algorithm>
#include <cmath>
#include <set>

#include "forensics_measures.hpp"
#include "plateau/study/assignment.hpp"

namespace plateau::forensic {
namespace {

bool are_most(Index rounds, std::size_t of) { return 2 * rounds > static_cast<Index>(of); }

// There are predictions, and none has the name of a label.
bool are_foreign(const RoundPredictions& predictions, Index labels) {
  std::int32_t least = -1;
  for (const Ids& predicted : predictions.predicted)
    for (const std::int32_t id : predicted)
      if (id >= 0) least = least < 0 ? id : std::min(least, id);
  return least >= labels;
}

// The classes that were used, where no name says what they are: ids from 0, or the names that no label has.
std::vector<std::string> given_names(const RoundPredictions& predictions) {
  std::vector<std::string> names = predictions.classes.names;
  if (predictions.by_id)
    for (std::size_t id = 0; id < names.size(); ++id) names[id] = std::to_string(id);
  return names;
}

std::vector<bool> used_classes(const RoundPredictions& predictions) {
  std::vector<bool> used(predictions.classes.names.size(), false);
  for (const Ids& predicted : predictions.predicted)
    for (const std::int32_t id : predicted)
      if (id >= 0) used[static_cast<std::size_t>(id)] = true;
  return used;
}

// The map of given classes to labels that is right most often, in the round with the highest logged accuracy.
std::vector<Index> best_map(const RoundPredictions& predictions, const Ids& labels, const RoundLog& log) {
  const auto best = std::max_element(log.rounds.begin(), log.rounds.end(),
                                     [](const auto& a, const auto& b) { return a.test_accuracy < b.test_accuracy; });
  const Ids& predicted = predictions.predicted[static_cast<std::size_t>(best - log.rounds.begin())];
  const auto n = static_cast<Index>(predictions.classes.names.size());
  std::vector<Index> together(static_cast<std::size_t>(n * n), 0);  // [given, label]
  for (std::size_t i = 0; i < predicted.size(); ++i)
    if (predicted[i] >= 0) ++together[static_cast<std::size_t>(predicted[i] * n + labels[i])];
  return best_assignment(together, n);
}

double same_share(const Ids& first, const Ids& second) {
  double same = 0;
  for (std::size_t i = 0; i < first.size(); ++i) same += first[i] == second[i];
  return same / static_cast<double>(first.size());
}

}  // namespace

bool LoggedAccuracies::is(double accuracy, std::size_t round) const {
  const double room = (1 + 1e-9) / static_cast<double>(rows_) + std::pow(0.1, log_.decimals) / 2;
  return std::abs(accuracy - log_.rounds[round].test_accuracy) <= room;
}

Index LoggedAccuracies::agreeing(const RoundRows& right) const {
  Index rounds = 0;
  for (std::size_t r = 0; r < right.size(); ++r) rounds += is(mean(right[r]), r);
  return rounds;
}

std::optional<ClassGuess> match_classes(RoundPredictions& predictions, const Ids& labels, const ClassMap& classes,
                                        const RoundLog& log) {
  const Index known = classes.classes();
  if (!predictions.by_id && !are_foreign(predictions, known)) return std::nullopt;
  const LoggedAccuracies logged(log, static_cast<Index>(labels.size()));
  const std::size_t rounds = log.rounds.size();
  ClassGuess guess{.agreeing = logged.agreeing(right_rows(predictions, labels))};
  guess.is_shown = are_most(guess.agreeing, rounds);
  if (guess.is_shown) return guess;

  const std::vector<Index> map = best_map(predictions, labels, log);
  RoundPredictions mapped = predictions;
  for (Ids& predicted : mapped.predicted)
    for (std::int32_t& id : predicted)
      if (id >= 0) id = static_cast<std::int32_t>(map[static_cast<std::size_t>(id)]);
  const Index agreeing = logged.agreeing(right_rows(mapped, labels));
  if (!are_most(agreeing, rounds)) return guess;
  guess = {.agreeing = agreeing, .is_shown = true, .given = {}, .map = {}};
  const std::vector<std::string> names = given_names(predictions);
  const std::vector<bool> used = used_classes(predictions);
  for (std::size_t c = 0; c < map.size(); ++c) {
    if (!used[c]) continue;
    guess.given.push_back(names[c]);
    guess.map.push_back(map[c]);
  }
  const std::vector<bool> left = used_classes(mapped);
  if (std::find(left.begin() + known, left.end(), true) == left.end()) mapped.classes = classes;
  predictions = std::move(mapped);
  return guess;
}

namespace {

double mean_over_batches(const Rows& right, std::size_t batch) {
  double sum = 0, batches = 0;
  for (std::size_t begin = 0; begin < right.size(); begin += batch, ++batches) {
    const std::size_t end = std::min(begin + batch, right.size());
    sum += std::accumulate(right.begin() + static_cast<std::ptrdiff_t>(begin),
                           right.begin() + static_cast<std::ptrdiff_t>(end), 0.0) /
           static_cast<double>(end - begin);
  }
  return sum / batches;
}

}  // namespace

std::optional<Index> batch_of_mean(const RoundRows& right, const RoundLog& log) {
  constexpr std::size_t kUsual[] = {8,   10,  16,  20,  25,  32,   50,   64,   100, 128,
                                    200, 250, 256, 500, 512, 1000, 1024, 2048, 4096};
  constexpr double kSingle = 1e-6;  // accuracies may be means in single precision
  const std::size_t rows = right.front().size();
  if (LoggedAccuracies(log, static_cast<Index>(rows)).agreeing(right) == std::ssize(right)) return std::nullopt;
  const double room = std::pow(0.1, log.decimals) / 2 + kSingle;
  for (const std::size_t batch : kUsual) {
    if (batch >= rows || rows % batch == 0) continue;
    bool all = true;
    for (std::size_t r = 0; all && r < right.size(); ++r)
      all = std::abs(mean_over_batches(right[r], batch) - log.rounds[r].test_accuracy) <= room;
    if (all) return static_cast<Index>(batch);
  }
  return std::nullopt;
}

Replay match_networks(const RoundRows& right, const Ids& labels, std::size_t classes, const RoundLog& log,
                      bool by_plateau) {
  const auto rows = static_cast<Index>(labels.size());
  const std::vector<Index> of_classes = class_rows(labels, classes).first;
  const double majority =
      static_cast<double>(*std::max_element(of_classes.begin(), of_classes.end())) / static_cast<double>(rows);
  const LoggedAccuracies logged(log, rows);
  Replay replay{.by_plateau = by_plateau};
  const auto off = [&](std::size_t r) { return std::abs(mean(right[r]) - log.rounds[r].test_accuracy); };
  Index telling = 0;  // rounds whose agreement is more than that of saying one class
  std::set<double> levels;
  for (std::size_t r = 0; r < right.size(); ++r) {
    const double accuracy = mean(right[r]);
    if (off(r) < off(replay.closest)) replay.closest = r;
    if (!logged.is(accuracy, r)) continue;
    ++replay.agreeing;
    if (!(wilson_interval(accuracy, rows).low > majority)) continue;
    ++telling;
    levels.insert(accuracy);
  }
  replay.accuracy = mean(right[replay.closest]);
  replay.taken = by_plateau ? telling > 0 : are_most(telling, right.size()) && levels.size() >= 2;
  for (std::size_t k = 0; k < right.size() && replay.agreeing < std::ssize(right) && !replay.logged_as; ++k) {
    const auto is_as_k = [&](std::size_t r) { return logged.is(mean(right[r]), r) || logged.is(mean(right[k]), r); };
    bool all = logged.is(mean(right[k]), k);
    for (std::size_t r = 0; all && r < right.size(); ++r) all = is_as_k(r);
    if (all) replay.logged_as = k;
  }
  return replay;
}

std::optional<std::vector<Index>> network_changes(const RoundPredictions& given, const RoundPredictions& networks) {
  constexpr double kSame = 0.99;
  const std::size_t rounds = given.predicted.size();
  bool shown = false;
  std::vector<Index> changes;
  for (std::size_t r = 0; r < rounds; ++r) {
    const Ids &now = networks.predicted[r], &before = networks.predicted[r == 0 ? 0 : r - 1];
    const Ids& of_round = given.predicted[r];
    if (now.size() != of_round.size()) return std::nullopt;
    const bool one_class = std::all_of(of_round.begin(), of_round.end(), [&](auto id) { return id == of_round[0]; });
    shown = shown || (!one_class && (same_share(of_round, now) >= kSame || same_share(of_round, before) >= kSame));
    Index changed = 0;
    for (std::size_t i = 0; i < now.size(); ++i) changed += now[i] != before[i];
    if (r > 0) changes.push_back(changed);
  }
  return shown ? std::optional(changes) : std::nullopt;
}

}  // namespace plateau::forensic
