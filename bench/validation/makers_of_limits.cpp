// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What no other training of such a network on these rows would mend.
#include "bench/validation/making.hpp"

#include <algorithm>
#include <utility>

namespace plateau::validation {

void data_limited(Making& m) {
  // The error of a linear model of d features falls as d / n, that of a small network on a rule of few directions as
  // steeply, until the rule is found: twice the rows take away more than a fifth of the error.
  static const std::vector<Cell> tuning = {
      {kPlane, 1, 100, 2, 250, {}}, {kBall, 2, 20, 2, 300}, {kPlane, 1, 40, 2, 200, {}}};
  static const std::vector<Cell> frozen = {
      {kPlane, 1, 100, 2, 500, {}}, {kBall, 3, 10, 2, 160}, {kBall, 2, 15, 2, 250}, {kPlane, 1, 60, 2, 300, {}}};
  start(m, m.cell(tuning, frozen), 2000);
  Specification& s = m.spec;
  s.fault = "too few rows for the rule";
  s.expected = {Code::data_limited};
}

void ceiling(Making& m) {
  // The classes overlap, and 0.63 to 0.88 is what the best classifier of these features has; there are rows enough.
  static const std::vector<Cell> tuning = {{kMixture, 1, 2, 2, 2000, {16}}, {kMixture, 1, 5, 2, 2500, {8}}};
  static const std::vector<Cell> frozen = {
      {kMixture, 1, 3, 2, 2500, {8}}, {kMixture, 2, 2, 5, 3000, {16}}, {kMixture, 1, 4, 2, 3000, {16}}};
  const Cell& cell = m.cell(tuning, frozen);
  start(m, cell, 2000);
  Specification& s = m.spec;
  s.rule.separation = cell.classes == 2 ? m.draws.within(0.35, 1.15) : m.draws.within(1.2, 2.2);
  s.run.epochs = 20;
  s.fault = "the classes overlap";
  s.expected = {Code::ceiling};
}

void label_noise(Making& m) {
  // A rule that is learnt, and labels of which some are flipped among training and test rows alike.
  static const std::vector<Cell> tuning = {{kPlane, 1, 2, 2, 2000, {8}}, {kMixture, 1, 5, 2, 2500, {8}}};
  static const std::vector<Cell> frozen = {
      {kPlane, 1, 3, 2, 2500, {8}}, {kMixture, 2, 2, 5, 3000, {16}}, {kMixture, 1, 4, 2, 2500, {8}}};
  make_clear(m, m.cell(tuning, frozen), 2000);
  Specification& s = m.spec;
  s.rule.flips = m.draws.within(0.1, 0.3);
  s.run.epochs = 20;
  s.fault = "labels are flipped";
  s.expected = {Code::label_noise, Code::ceiling};
}

void embedding_limited(Making& m) {
  // The same points under noise: the best classifier of the noisy ones, which this one comes near to, is at 0.8.
  static const std::vector<Cell> tuning = {{kMixture, 1, 2, 2, 2000, {8}}, {kMixture, 1, 5, 2, 2500, {8}}};
  static const std::vector<Cell> frozen = {
      {kMixture, 1, 3, 2, 2500, {8}}, {kMixture, 2, 2, 5, 3000, {16}}, {kMixture, 1, 4, 2, 2500, {8}}};
  const Cell& cell = m.cell(tuning, frozen);
  make_clear(m, cell, 2000);
  Specification& s = m.spec;
  s.second = View{};
  s.train_view.noise = s.test_view.noise = cell.classes == 2 ? m.draws.within(3, 4.5) : m.draws.within(2, 3);
  s.run.epochs = 20;
  s.fault = "the features hide what others of the same rows show";
  s.expected = {Code::embedding_limited};
}

void family_limited(Making& m) {
  // A network finds soon that the halves differ, and takes a long time for hundreds of cells of its own each: audit.cpp
  // trains larger networks than a diagnosis does, and for longer. The nearest neighbour of a point mostly lies in its
  // cell.
  static const std::vector<Cell> tuning = {{kPatchwork, 0, 2, 2, 6500, {64, 64}}};
  static const std::vector<Cell> frozen = {{kPatchwork, 0, 2, 2, 8000, {64, 64}},
                                           {kPatchwork, 0, 2, 2, 7500, {128, 128}}};
  start(m, m.cell(tuning, frozen), 1000);
  Specification& s = m.spec;
  s.rule.cells = m.frozen() ? 26 + 2 * (s.number % 2 == 0) : 24;
  s.rule.stray = m.within({0.35, 0.4}, {0.36, 0.42});
  s.run.batch = 128;
  s.run.epochs = 16;
  s.fault = "a rule for neighbours";
  s.expected = {Code::family_limited, Code::mixed};  // many more steps help the network as well
}

}  // namespace plateau::validation
