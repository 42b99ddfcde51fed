// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/makers.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "bench/validation/parameters.hpp"
#include "plateau/core/random.hpp"

namespace plateau::validation {
namespace {

using Code = VerdictCode;

// A combination that a part has for a cause. Its network, trained as good_run() does, comes near to what can be had.
struct Cell {
  RuleKind kind;
  Index directions, features, classes, rows;
  std::vector<Index> hidden = {32};
};
constexpr RuleKind kPlane = RuleKind::hyperplane, kBall = RuleKind::ball, kParity = RuleKind::parity,
                   kMixture = RuleKind::mixture;

// What a problem draws of its own: numbers and choices, one after another.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : stream_{seed, StreamId::label_permutation, 0} {}

  double within(double low, double high) { return low + (high - low) * static_cast<double>(uniform(word())); }
  template <class T, std::size_t N>
  T one_of(const T (&list)[N]) {
    return list[std::uint64_t{word()} * N >> 32];
  }

 private:
  std::uint32_t word() { return draw(stream_, next_++).word[0]; }
  RandomStream stream_;
  std::uint64_t next_ = 0;
};

// A specification that is being made: with its rule's seed, and nothing wrong yet.
struct Making {
  Specification spec;
  Draws draws;

  Making(Part part, std::string maker, Index number, std::uint64_t maker_number)
      : spec{.part = part, .maker = std::move(maker), .number = number}, draws(0) {
    // Part, maker and number have bits of their own, so no two problems share a seed.
    spec.rule.seed = (std::uint64_t{part == Part::frozen ? 2u : 1u} << 60) | (maker_number << 40) |
                     static_cast<std::uint64_t>(number);
    draws = Draws(spec.rule.seed);
  }

  bool frozen() const { return spec.part == Part::frozen; }
  const Cell& cell(const std::vector<Cell>& tuning, const std::vector<Cell>& frozen_cells) const {
    const std::vector<Cell>& cells = frozen() ? frozen_cells : tuning;
    return cells[static_cast<std::size_t>(spec.number) % cells.size()];
  }
};

Run run_with(const Rule& rule, Index rows, std::vector<Index> hidden) {
  Run run;
  run.architecture.widths = {rule.features};
  run.architecture.widths.insert(run.architecture.widths.end(), hidden.begin(), hidden.end());
  run.architecture.widths.push_back(rule.classes);
  run.optimizer = AdamParameters{.learning_rate = 0.01};
  run.epochs = 40;
  run.batch = std::max<Index>(20, rows / 10);  // some 400 steps
  run.standardise = true;
  return run;
}

// The rule, rows and a good training of a cell; the rest is the cause's.
void start(Making& making, const Cell& cell, Index test_rows) {
  Specification& s = making.spec;
  s.rule.kind = cell.kind;
  s.rule.features = cell.features;
  s.rule.classes = cell.classes;
  s.rule.directions = cell.directions;
  s.train_rows = cell.rows;
  s.test_rows = test_rows;
  s.run = run_with(s.rule, cell.rows, cell.hidden);
}

AdamParameters& adam(Run& run) { return std::get<AdamParameters>(run.optimizer); }

// Rules that a small network learns from the rows it has, with classes that are told apart nearly always.
const std::vector<Cell> kClearTuning = {
    {kPlane, 1, 2, 2, 500}, {kPlane, 2, 5, 5, 800}, {kMixture, 2, 20, 5, 1000}, {kMixture, 1, 5, 2, 500}};
const std::vector<Cell> kClearFrozen = {{kPlane, 1, 5, 2, 800},
                                        {kMixture, 2, 5, 5, 1000},
                                        {kMixture, 1, 20, 2, 500},
                                        {kPlane, 2, 2, 5, 1000},
                                        {kMixture, 2, 2, 10, 1500}};

// Means so far apart, or margins so wide, that 99.8 % of the points or more are told apart.
void make_clear(Making& making, const Cell& cell, Index test_rows) {
  start(making, cell, test_rows);
  Rule& rule = making.spec.rule;
  if (rule.kind == kPlane) rule.margin = making.draws.within(0.4, 0.6);
  if (rule.kind == kMixture)
    rule.separation = (rule.classes == 10 ? 11 : rule.classes == 5 ? 6 : 3) + making.draws.within(0, 1);
}

// ---- Data and evaluation ------------------------------------------------------------------------------------------

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
      {kMixture, 1, 2, 2, 2500, {}}, {kMixture, 1, 5, 2, 2000, {4}}, {kMixture, 1, 3, 2, 3000, {8}}};
  start(m, m.cell(tuning, frozen), 2000);
  Specification& s = m.spec;
  s.rule.first_share = m.draws.within(0.88, 0.93);
  s.rule.separation = m.draws.within(0.27, 0.33);
  s.run.epochs = 20;
  s.fault = "one class is rare and overlaps with the other";
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

void underpowered(Making& m) {
  // Neither 40 to 60 test rows nor 100 to 150 training rows, of which folds are made, show a gain of a few points at
  // accuracies of 0.65 to 0.85: half an interval is 10 points and 6.
  static const std::vector<Cell> tuning = {{kMixture, 1, 2, 2, 100, {8}}, {kMixture, 1, 5, 2, 140, {16}}};
  static const std::vector<Cell> frozen = {{kMixture, 1, 2, 2, 130, {16}},
                                           {kMixture, 1, 3, 2, 110, {8}},
                                           {kMixture, 1, 4, 2, 150, {16}},
                                           {kPlane, 1, 2, 2, 120, {8}}};
  static constexpr Index kTestRows[] = {40, 50, 60};
  start(m, m.cell(tuning, frozen), m.draws.one_of(kTestRows));
  Specification& s = m.spec;
  s.rule.separation = m.draws.within(0.7, 1.0);
  if (s.rule.kind == kPlane) s.rule.flips = m.draws.within(0.15, 0.3);
  s.run.epochs = 20;
  s.fault = "too few rows to tell";
  s.expected = {Code::inconclusive, Code::small_test};
}

// ---- The training -------------------------------------------------------------------------------------------------

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
  s.dead_at_start = 0.94;  // two or three units are left
  s.remedy = s.run;
  s.fault = "the weights that it starts from leave most units at zero";
  s.expected = {Code::warm_start};
}

// ---- Rounds -------------------------------------------------------------------------------------------------------

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

void stale_evaluation(Making& m) {
  start_rounds(m);
  Specification& s = m.spec;
  s.rounds->stale_from = 1 + s.number % 2;
  s.rounds->with_weights = s.number % 2 == 0;  // else the train loss alone says that something moves
  s.fault = "the test rows are judged by the weights of an early round";
  s.expected = {Code::stale_evaluation};
}

void frozen_weights(Making& m) {
  if (m.spec.number % 3 == 2) {
    start(m, m.cell(kClearTuning, kClearFrozen), 500);
    m.spec.run.frozen = 1;
    m.spec.fault = "the first layer is not trained";
  } else {
    start_rounds(m);
    RoundsPlan& plan = *m.spec.rounds;
    plan.frozen_from = 1;
    plan.frozen_layers = m.spec.number % 3 == 0 ? FrozenLayers::all : FrozenLayers::first;
    m.spec.fault = m.spec.number % 3 == 0 ? "no layer is trained after the first round"
                                          : "the first layer is not trained after the first round";
  }
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

// ---- The data -----------------------------------------------------------------------------------------------------

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
  // The classes overlap, and 0.75 to 0.88 is what the best classifier of these features has; there are rows enough.
  static const std::vector<Cell> tuning = {{kMixture, 1, 2, 2, 2000, {16}}, {kMixture, 1, 5, 2, 2500, {8}}};
  static const std::vector<Cell> frozen = {
      {kMixture, 1, 3, 2, 2500, {8}}, {kMixture, 2, 2, 5, 3000, {16}}, {kMixture, 1, 4, 2, 3000, {16}}};
  const Cell& cell = m.cell(tuning, frozen);
  start(m, cell, 2000);
  Specification& s = m.spec;
  s.rule.separation = cell.classes == 2 ? m.draws.within(0.7, 1.15) : m.draws.within(1.6, 2.2);
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
  // A network of any size finds, in as many steps as a diagnosis trains it, that the halves differ, and hardly any of
  // some hundred cells; the nearest neighbour of a point mostly lies in the point's own cell.
  static const std::vector<Cell> tuning = {{RuleKind::patchwork, 0, 2, 2, 2500, {64, 64}}};
  static const std::vector<Cell> frozen = {{RuleKind::patchwork, 0, 2, 2, 3000, {64, 64}},
                                           {RuleKind::patchwork, 0, 2, 2, 2800, {128, 128}}};
  start(m, m.cell(tuning, frozen), 1000);
  Specification& s = m.spec;
  s.rule.cells = m.frozen() ? 20 : 18;
  s.rule.stray = m.draws.within(0.2, 0.3);
  s.run.batch = 128;
  s.run.epochs = 40;
  s.fault = "a rule for neighbours";
  s.expected = {Code::family_limited};
}

// ---- Nothing wrong, and more than one thing -----------------------------------------------------------------------

void solved(Making& m) {
  make_clear(m, m.cell(kClearTuning, kClearFrozen), 1000);
  m.spec.fault = "none";
  m.spec.expected = {Code::solved};
}

void healthy(Making& m) {
  if (m.spec.number % 2 == 0) {
    solved(m);
    return;
  }
  label_noise(m);
  Specification& s = m.spec;
  s.rule.flips = m.draws.within(0.03, 0.1);
  s.fault = "none but a few flipped labels";
  s.expected = {Code::ceiling, Code::label_noise, Code::solved};
}

void two_causes(Making& m) {
  switch (m.spec.number % 3) {
    case 0:  // a linear model, and labels of which a sixth are flipped: about as much for either
      capacity(m);
      m.spec.rule.flips = m.draws.within(0.15, 0.2);
      m.spec.fault = "a model too small and flipped labels";
      m.spec.expected = {Code::mixed, Code::capacity, Code::ceiling, Code::label_noise};
      break;
    case 1:
      data_limited(m);
      m.spec.remedy = m.spec.run;
      adam(m.spec.run).learning_rate /= 3000;
      m.spec.fault = "a learning rate too small and few rows";
      m.spec.expected = {Code::mixed, Code::optimisation, Code::data_limited};
      break;
    case 2:
      overfit(m);
      m.spec.test_view.drift = 0.8;
      m.spec.fault = "learnt by heart, and test rows that have drifted";
      m.spec.expected = {Code::mixed, Code::overfit, Code::shift};
      break;
  }
}

struct Maker {
  const char* name;
  void (*make)(Making&);
};
// A maker's place is part of its problems' seeds: new ones come at the end.
constexpr Maker kMakers[] = {{"single-class", single_class},
                             {"no-signal", no_signal},
                             {"majority", majority},
                             {"label-map", label_map},
                             {"leak", leak},
                             {"shift", shift},
                             {"optimisation", optimisation},
                             {"capacity", capacity},
                             {"overfit", overfit},
                             {"data-limited", data_limited},
                             {"ceiling", ceiling},
                             {"label-noise", label_noise},
                             {"embedding-limited", embedding_limited},
                             {"family-limited", family_limited},
                             {"solved", solved},
                             {"two-causes", two_causes},
                             {"healthy", healthy},
                             {"underpowered", underpowered},
                             {"warm-start", warm_start},
                             {"stale-evaluation", stale_evaluation},
                             {"frozen-weights", frozen_weights},
                             {"forgetting", forgetting},
                             {"healthy-rounds", healthy_rounds}};

}  // namespace

const std::vector<std::string>& maker_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Maker& maker : kMakers) all.emplace_back(maker.name);
    return all;
  }();
  return names;
}

Specification specification_of(Part part, const std::string& maker, Index number) {
  expects(0 <= number && number < Index{1} << 40, "specification_of: 0 <= number < 2^40");
  for (std::size_t k = 0; k < std::size(kMakers); ++k) {
    if (maker != kMakers[k].name) continue;
    Making making(part, maker, number, k);
    kMakers[k].make(making);
    return std::move(making.spec);
  }
  throw std::invalid_argument("specification_of: there is no maker " + maker);
}

std::uint32_t checksum(Part part) {
  std::string text;
  for (const std::string& maker : maker_names()) {
    for (Index number = 0; number < kHashedSets; ++number)
      text += parameters(specification_of(part, maker, number)).dump() + "\n";
    text += std::to_string(checksum(Problem(specification_of(part, maker, 0)))) + "\n";
  }
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

}  // namespace plateau::validation
