// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What is wrong with a training.
#include "bench/validation/making.hpp"

#include <algorithm>
#include <utility>

namespace plateau::validation {

void optimisation(Making& m) {
  // Where a rule is a plane, Adam finds it whatever its steps; so steps that are too large come with rules that bend.
  static const std::vector<Cell> tuning[] = {{{kBall, 2, 2, 2, 1000}},
                                             {{kPlane, 1, 2, 2, 600}, {kMixture, 2, 5, 5, 800}},
                                             {{kPlane, 1, 2, 2, 600}, {kBall, 2, 2, 2, 1000}},
                                             {{kMixture, 2, 5, 5, 800}, {kBall, 2, 2, 2, 1000}}};
  static const std::vector<Cell> frozen[] = {
      {{kPlane, 2, 5, 5, 1200}, {kBall, 2, 3, 2, 1500}, {kBall, 2, 2, 3, 1500}},
      {{kPlane, 1, 5, 2, 1000}, {kPlane, 2, 5, 5, 1200}, {kMixture, 1, 20, 2, 800}},
      {{kPlane, 1, 5, 2, 1000}, {kPlane, 2, 5, 5, 1200}, {kBall, 2, 3, 2, 1500}},
      {{kBall, 2, 3, 2, 1500}, {kPlane, 2, 5, 5, 1200}, {kBall, 2, 2, 3, 1500}}};
  const auto fault = static_cast<std::size_t>(m.spec.number % 4);
  const std::vector<Cell>& cells = (m.frozen() ? frozen : tuning)[fault];
  const Cell& cell = cells[static_cast<std::size_t>(m.spec.number / 4) % cells.size()];
  start(m, cell, 800);
  Specification& s = m.spec;
  s.rule.separation = cell.classes == 2 ? 2.5 : 5;
  s.remedy = s.run;
  switch (fault) {
    case 0:
      adam(s.run).learning_rate *= 300;
      s.fault = "the learning rate is 300 times too large";
      break;
    case 1:
      adam(s.run).learning_rate /= 3000;
      s.fault = "the learning rate is 3000 times too small";
      break;
    case 2:
      s.train_view.badly_scaled = s.test_view.badly_scaled = true;
      s.run.standardise = false;
      s.fault = "features of very different scales, as they are";
      break;
    default:
      // The first steps throw the units of a ReLU network to the side where they are zero for all rows.
      s.run.optimizer = SgdParameters{.learning_rate = m.draws.within(10, 30), .momentum = 0.9};
      s.remedy->optimizer = SgdParameters{.learning_rate = 0.1, .momentum = 0.9};
      s.fault = "steps so large that units die";
      break;
  }
  s.expected = {Code::optimisation};
}

void capacity(Making& m) {
  // No line comes near to a ball or a parity: half of the points of either lie on both sides of any. Two hidden units
  // bound a strip at most.
  static const std::vector<Cell> tuning = {{kBall, 2, 2, 2, 1000}, {kParity, 2, 2, 2, 1200}};
  static const std::vector<Cell> frozen = {
      {kBall, 3, 3, 2, 1500}, {kParity, 2, 3, 2, 2000}, {kBall, 2, 5, 2, 2000}, {kBall, 2, 2, 3, 1500}};
  start(m, m.cell(tuning, frozen), 1000);
  Specification& s = m.spec;
  s.remedy = s.run;
  const bool linear = s.number % 3 != 2;
  s.run = run_with(s.rule, s.train_rows, linear ? std::vector<Index>{} : std::vector<Index>{1});
  s.fault = linear ? "a linear model of a rule that is not" : "one hidden unit";
  s.expected = {Code::capacity};
}

void capacity_above_linear(Making& m) {
  // The border is bent, and the best line comes as near as 0.86 to 0.91; a network of 32 units finds the rest.
  static const std::vector<Cell> tuning = {{kWave, 2, 2, 2, 2000}, {kWave, 2, 3, 2, 2500}};
  static const std::vector<Cell> frozen = {
      {kStair, 2, 2, 2, 2500}, {kWave, 2, 4, 2, 4000, {48}}, {kStair, 2, 3, 2, 3500, {48}}};
  const Cell& cell = m.cell(tuning, frozen);
  start(m, cell, 2000);
  Specification& s = m.spec;
  s.rule.bend = cell.kind == kWave ? m.within({0.19, 0.25}, {0.2, 0.26}) : m.draws.within(0.5, 0.65);
  s.remedy = s.run;
  const bool linear = s.number % 3 != 2;
  s.run = run_with(s.rule, s.train_rows, linear ? std::vector<Index>{} : std::vector<Index>{1});
  s.fault =
      linear ? "a linear model, and a border that is nearly straight" : "one hidden unit, and a border that is bent";
  s.expected = {Code::capacity};
}

void overfit(Making& m) {
  // A network that learns flipped labels by heart errs near each of them, and a linear model of a linear rule cannot:
  // with flips f the one comes near (1 - f)^2 + f^2 and the other near 1 - f, from the same rows.
  static const std::vector<Cell> tuning = {{kPlane, 1, 5, 2, 300, {128, 128}}, {kMixture, 1, 20, 2, 400, {128, 128}}};
  static const std::vector<Cell> frozen = {
      {kPlane, 1, 20, 2, 600, {128, 128}}, {kMixture, 1, 10, 2, 400, {128, 128}}, {kPlane, 1, 10, 2, 600, {128, 128}}};
  const Cell& cell = m.cell(tuning, frozen);
  start(m, cell, 1200);
  Specification& s = m.spec;
  s.rule.separation = 2.5;
  s.rule.flips = m.draws.within(0.2, 0.3);
  s.run.epochs = 80;
  s.remedy = run_with(s.rule, cell.rows, {});
  s.fault = "flipped labels are learnt by heart";
  s.expected = {Code::overfit};
}

void warm_start(Making& m) {
  // What is left of a training that went wrong: most units are zero for every row, and no step brings one back.
  static const std::vector<Cell> tuning = {{kBall, 2, 2, 2, 1000, {32}}};
  static const std::vector<Cell> frozen = {{kBall, 2, 3, 2, 1500, {48}}, {kBall, 2, 2, 3, 1500, {32}}};
  start(m, m.cell(tuning, frozen), 800);
  Specification& s = m.spec;
  s.given = GivenWeights::drawn;
  s.dead_at_start = 0.94;  // two or three units are left
  s.remedy = s.run;
  s.fault = "the weights that it starts from leave most units at zero";
  s.expected = {Code::warm_start};
}

void frozen_training(Making& m) {
  // The first layer shows a few directions, drawn at random, of many; what decides lies in one of its own.
  static const std::vector<Cell> tuning = {{kPlane, 1, 10, 2, 1000, {6, 16}}, {kMixture, 2, 20, 5, 1500, {8, 16}}};
  static const std::vector<Cell> frozen = {
      {kPlane, 1, 20, 2, 1500, {8, 16}}, {kMixture, 2, 12, 5, 2000, {6, 24}}, {kMixture, 1, 30, 2, 1500, {12, 16}}};
  make_clear(m, m.cell(tuning, frozen), 1000);
  Specification& s = m.spec;
  s.given = GivenWeights::drawn;
  s.remedy = s.run;
  s.run.frozen = 1;
  s.fault = "the first layer has given weights and is not trained";
  s.expected = {Code::frozen_weights};
}

}  // namespace plateau::validation
