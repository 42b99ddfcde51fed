// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rounds of training, and their faults.
#include "bench/validation/making.hpp"

#include <algorithm>
#include <utility>

namespace plateau::validation {

namespace {

// Rows on which a network goes on learning for some rounds, and is wrong of some to the end.
void start_rounds(Making& m) {
  static const std::vector<Cell> tuning = {{kPlane, 1, 5, 2, 400}, {kMixture, 2, 5, 5, 600}};
  static const std::vector<Cell> frozen = {{kPlane, 2, 20, 5, 800}, {kBall, 2, 3, 2, 500}, {kMixture, 2, 2, 5, 500}};
  start(m, m.cell(tuning, frozen), 600);
  Specification& s = m.spec;
  s.rule.flips = 0.1;
  s.rule.separation = 2;
  adam(s.run).learning_rate = 0.005;
  s.run.epochs = 2;
  s.run.standardise = false;  // no round has a scale of its own
  s.rounds.emplace();
  s.rounds->rounds = 8 + s.number % 5;
}

}  // namespace

void stale_evaluation(Making& m) {
  start_rounds(m);
  Specification& s = m.spec;
  s.rounds->stale_from = 1 + s.number % 2;
  s.rounds->with_weights = s.number % 2 == 0;  // else the train loss alone says that something moves
  s.fault = "the test rows are judged by the weights of an early round";
  s.expected = {Code::stale_evaluation};
}

void frozen_weights(Making& m) {
  start_rounds(m);
  RoundsPlan& plan = *m.spec.rounds;
  plan.frozen_from = 1;
  plan.frozen_layers = m.spec.number % 2 == 0 ? FrozenLayers::all : FrozenLayers::first;
  m.spec.fault = m.spec.number % 2 == 0 ? "no layer is trained after the first round"
                                        : "the first layer is not trained after the first round";
  m.spec.expected = {Code::frozen_weights};
}

void forgetting(Making& m) {
  // A round that sees one half of the classes only learns to name none of the other, among whose points they lie.
  static const std::vector<Cell> tuning = {{kMixture, 2, 5, 4, 800}};
  static const std::vector<Cell> frozen = {{kMixture, 2, 2, 6, 900}, {kMixture, 2, 10, 4, 1000}};
  start(m, m.cell(tuning, frozen), 600);
  Specification& s = m.spec;
  s.rule.separation = m.draws.within(1.2, 1.6);
  adam(s.run).learning_rate = 0.02;
  s.run.epochs = 20;
  s.run.standardise = false;
  s.rounds.emplace();
  s.rounds->rounds = 6 + s.number % 4;
  s.rounds->halves = true;
  s.rounds->with_weights = s.number % 2 == 0;
  s.fault = "rounds train on half of the classes, in turn";
  s.expected = {Code::forgetting};
}

void healthy_rounds(Making& m) {
  start_rounds(m);
  Specification& s = m.spec;
  s.rounds->with_predictions = s.number % 3 != 2;
  s.fault = "none";
  s.expected = {Code::small_test, Code::inconclusive, Code::solved};
}

}  // namespace plateau::validation
