// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "forensics_measures.hpp"
#include "plateau/study/assignment.hpp"

namespace plateau::forensic {
RoundRows right_rows(const RoundPredictions& predictions, const Ids& labels) {
  RoundRows rounds;
  for (const Ids& predicted : predictions.predicted) {
    Rows& right = rounds.emplace_back(predicted.size());
    for (std::size_t i = 0; i < right.size(); ++i) right[i] = predicted[i] == labels[i];
  }
  return rounds;
}

Difference difference(const Rows& first, const Rows& second) {
  RowOutcomes before(static_cast<Index>(first.size())), after(static_cast<Index>(second.size()));
  before.add(first);
  after.add(second);
  return crossed_difference(before, after, Pairing::by_training);
}

AccuracyChange change(const Rows& first, const Rows& second) {
  AccuracyChange change{difference(first, second)};
  for (std::size_t i = 0; i < first.size(); ++i) {
    change.gained += second[i] > first[i];
    change.lost += second[i] < first[i];
  }
  return change;
}

std::pair<std::vector<Index>, Index> class_rows(const Ids& ids, std::size_t classes) {
  std::pair<std::vector<Index>, Index> rows{std::vector<Index>(classes, 0), 0};
  for (const std::int32_t id : ids) ++(id < 0 ? rows.second : rows.first.at(static_cast<std::size_t>(id)));
  return rows;
}

std::optional<LabelMapTest> test_label_map(const Ids& given, const Ids& labels, std::size_t classes) {
  const auto n = static_cast<Index>(classes);
  std::vector<Index> together(static_cast<std::size_t>(n * n), 0);  // [given, label]
  for (std::size_t i = 0; i < given.size(); i += 2)
    if (given[i] >= 0) ++together[static_cast<std::size_t>(given[i] * n + labels[i])];
  LabelMapTest test{.map = best_assignment(together, n)};
  Rows as_given, mapped;
  Ids judged, judged_labels;
  std::vector<Index> rows(static_cast<std::size_t>(n), 0);
  for (std::size_t i = 1; i < given.size(); i += 2) {
    as_given.push_back(given[i] == labels[i]);
    mapped.push_back(given[i] >= 0 && test.map[static_cast<std::size_t>(given[i])] == labels[i]);
    judged.push_back(given[i]);
    judged_labels.push_back(labels[i]);
    ++rows[static_cast<std::size_t>(labels[i])];
  }
  if (mapped.size() < 2) return std::nullopt;
  test.accuracy = mean(mapped);
  test.majority_share =
      static_cast<double>(*std::max_element(rows.begin(), rows.end())) / static_cast<double>(mapped.size());
  test.gain = difference(as_given, mapped);
  test.recall = recall_change(judged, judged_labels, test.map);
  return test;
}

// Against the earlier round from which most was lost in classes that fell, where others rose; else against the best
// one. Every earlier round is looked at, and the correction is for all classes of all of them.
ClassTrade class_trade(const RoundRows& right, const Ids& labels, std::size_t classes) {
  const Rows& after = right.back();
  std::vector<ClassTrade> trades;
  std::vector<double> p;
  for (std::size_t r = 0; r + 1 < right.size(); ++r) {
    ClassTrade& trade = trades.emplace_back();
    trade.earlier = r;
    trade.classes.resize(classes);
    for (std::size_t i = 0; i < after.size(); ++i) {
      ClassTrade::Of& of = trade.classes[static_cast<std::size_t>(labels[i])];
      ++of.rows;
      of.gained += after[i] > right[r][i];
      of.lost += after[i] < right[r][i];
    }
    for (const ClassTrade::Of& of : trade.classes)
      if (of.rows > 0) p.push_back(mcnemar_p(of.gained, of.lost));
  }
  p = holm(p);
  auto next = p.begin();
  std::pair<Index, double> most{-1, -1};
  std::size_t told = 0;
  for (ClassTrade& trade : trades) {
    Index fallen = 0, risen = 0;
    for (ClassTrade::Of& of : trade.classes) {
      if (of.rows == 0) continue;
      of.adjusted_p = *next++;
      if (!(of.adjusted_p <= kSignificant)) continue;
      (of.lost > of.gained ? fallen : risen) += std::abs(of.gained - of.lost);
    }
    const std::pair<Index, double> merit{risen > 0 ? fallen : 0, mean(right[trade.earlier])};
    if (merit > most) {
      most = merit;
      told = trade.earlier;
    }
  }
  const Rows& before = right[told];
  ClassTrade& trade = trades[told];
  trade.total = change(before, after);
  Rows kept = after;  // with the rows of the classes that fell as they were before
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const ClassTrade::Of& of = trade.classes[static_cast<std::size_t>(labels[i])];
    if (of.lost > of.gained && of.adjusted_p <= kSignificant) kept[i] = before[i];
  }
  trade.lost_by_fallen = difference(after, kept);
  return trade;
}

}  // namespace plateau::forensic
