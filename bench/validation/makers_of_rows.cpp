// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What is wrong with the rows, or with how they are judged.
#include "bench/validation/making.hpp"

#include <algorithm>
#include <utility>

namespace plateau::validation {

void single_class(Making& m) {
  make_clear(m, m.cell(kClearTuning, kClearFrozen), 500);
  Specification& s = m.spec;
  const auto label = static_cast<std::int32_t>(s.number / 2 % s.rule.classes);
  if (s.number % 2 == 0) {
    s.only_test_class = label;
    s.fault = "test rows of one class only";
  } else {
    s.only_train_class = s.only_test_class = label;
    s.fault = "rows of one class only";
  }
  s.expected = {Code::single_class};
}

void no_signal(Making& m) {
  // Enough test rows to see a signal of 5 points: 2.8 standard errors of 1.3 points or less.
  static const std::vector<Cell> tuning = {{kPlane, 1, 2, 2, 500}, {kPlane, 1, 20, 2, 1000}, {kMixture, 1, 5, 2, 800}};
  static const std::vector<Cell> frozen = {{kPlane, 1, 5, 2, 800}, {kPlane, 2, 5, 5, 1000}, {kMixture, 1, 20, 2, 600}};
  start(m, m.cell(tuning, frozen), 2000);
  Specification& s = m.spec;
  s.train_view.signal = s.test_view.signal = false;
  if (s.rule.kind == kMixture) s.rule.first_share = m.draws.within(0.65, 0.8);
  s.fault = "labels do not depend on the features";
  s.expected = {Code::no_signal};
}

void majority(Making& m) {
  // The border between two overlapping classes lies beyond nearly all points where one is that rare: at a separation of
  // 0.3 either way and one in ten, the best classifier gives 0.03 % of the points to the rare class and gains nothing,
  // while guessing by the nearer mean would lift balanced accuracy from 0.5 to 0.62.
  static const std::vector<Cell> tuning = {{kMixture, 1, 2, 2, 2000, {8}}, {kMixture, 1, 5, 2, 2500, {}}};
  static const std::vector<Cell> frozen = {
      {kMixture, 1, 4, 2, 2500, {}}, {kMixture, 1, 6, 2, 2000, {4}}, {kMixture, 1, 3, 2, 3000, {8}}};
  start(m, m.cell(tuning, frozen), 2000);
  Specification& s = m.spec;
  s.rule.first_share = m.draws.within(0.88, 0.93);
  s.rule.separation = m.draws.within(0.27, 0.33);
  s.run.epochs = 20;
  s.fault = "one class is rare and overlaps with the other";
  s.expected = {Code::majority};
}

void rarer_class(Making& m) {
  // The same of classes that are rarer still, and a little further apart: the best classifier calls at most 0.5 % of
  // the rare points by their name, and guessing by the nearer mean would lift balanced accuracy from 0.5 to 0.66 or
  // more.
  static const std::vector<Cell> tuning = {{kMixture, 1, 2, 2, 2500, {16}}, {kMixture, 1, 4, 2, 3500, {}}};
  static const std::vector<Cell> frozen = {
      {kMixture, 1, 3, 2, 4000, {16}}, {kMixture, 1, 6, 2, 3000, {}}, {kMixture, 1, 2, 2, 3500, {8}}};
  start(m, m.cell(tuning, frozen), 3000);
  Specification& s = m.spec;
  s.rule.first_share = m.within({0.94, 0.95}, {0.95, 0.97});
  s.rule.separation = 0.4 + 5 * (s.rule.first_share - 0.94);
  s.run.epochs = 20;
  s.fault = "one class is very rare and overlaps with the other";
  s.expected = {Code::majority};
}

void label_map(Making& m) {
  make_clear(m, m.cell(kClearTuning, kClearFrozen), 500);
  Specification& s = m.spec;
  for (std::int32_t k = 0; k < s.rule.classes; ++k) s.test_map.push_back(k);
  if (s.rule.classes > 2 && s.number % 2 == 1) {  // at least a fifth of the rows are called otherwise
    std::swap(s.test_map[0], s.test_map[static_cast<std::size_t>(s.rule.classes / 2)]);
    s.fault = "two classes have exchanged names in the test rows";
  } else {
    std::rotate(s.test_map.begin(), s.test_map.begin() + 1, s.test_map.end());
    s.fault = "all classes have other names in the test rows";
  }
  s.expected = {Code::label_map};
}

void leak(Making& m) {
  static const std::vector<Cell> tuning = {{kPlane, 1, 5, 2, 600, {64}}, {kBall, 2, 2, 2, 800, {64}}};
  static const std::vector<Cell> frozen = {
      {kPlane, 2, 20, 5, 800, {64}}, {kBall, 2, 5, 2, 1000, {64}}, {kPlane, 1, 2, 2, 500, {64}}};
  start(m, m.cell(tuning, frozen), 600);
  Specification& s = m.spec;
  s.rule.flips = m.draws.within(0.1, 0.2);
  s.copied = m.draws.within(0.1, 0.5);
  s.copied_noise = 1e-5;  // normal points in two dimensions or more lie some hundred times as far apart
  s.fault = "test rows are training rows, every other one blurred";
  s.expected = {Code::leak};
}

void shift(Making& m) {
  // The features of the test rows have moved along the direction that decides, by more than the spread of a class.
  static const std::vector<Cell> tuning = {{kMixture, 1, 2, 2, 600}, {kMixture, 1, 20, 2, 1000}};
  static const std::vector<Cell> frozen = {
      {kMixture, 1, 5, 2, 800}, {kMixture, 2, 5, 5, 1000}, {kPlane, 1, 5, 2, 1000}};
  const Cell& cell = m.cell(tuning, frozen);
  start(m, cell, 1000);
  Specification& s = m.spec;
  s.rule.separation = cell.classes == 2 ? m.draws.within(1.6, 2.2) : m.draws.within(4, 5);
  s.test_view.drift = m.draws.within(1.5, 2.5);
  s.fault = "the features of the test rows have drifted";
  s.expected = {Code::shift};
}

void prior_shift(Making& m) {
  // One class is as common among the test rows as the other is among the training rows, and in itself each is as it
  // was: the best border for the training rows costs 8 points or more of those that are on its wrong side here.
  static const std::vector<Cell> tuning = {{kMixture, 1, 2, 2, 1000, {8}}, {kMixture, 1, 10, 2, 1500, {16}}};
  static const std::vector<Cell> frozen = {
      {kMixture, 1, 3, 2, 1500, {16}}, {kMixture, 1, 5, 2, 2000, {8}}, {kMixture, 1, 15, 2, 2500, {}}};
  start(m, m.cell(tuning, frozen), 1500);
  Specification& s = m.spec;
  s.rule.separation = m.within({0.9, 1.0}, {1.0, 1.15});
  s.rule.first_share = m.within({0.78, 0.82}, {0.8, 0.85});
  s.test_view.first_share = m.within({0.35, 0.4}, {0.25, 0.35});
  s.run.epochs = 20;
  s.fault = "the classes are not as frequent among the test rows";
  s.expected = {Code::shift};
}

}  // namespace plateau::validation
