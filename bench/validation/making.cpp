// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/making.hpp"

#include <algorithm>
#include <utility>

namespace plateau::validation {

Making::Making(Part part, std::string maker, Index number, std::uint64_t maker_number)
    : spec{.part = part, .maker = std::move(maker), .number = number}, draws(0) {
  // Part, maker and number have bits of their own, so no two problems share a seed. The frozen part is drawn anew when
  // a program is to be judged that has learned from an earlier draw; 2 was the first.
  constexpr std::uint64_t kTuning = 1, kFrozen = 3;
  spec.rule.seed =
      ((part == Part::frozen ? kFrozen : kTuning) << 60) | (maker_number << 40) | static_cast<std::uint64_t>(number);
  draws = Draws(spec.rule.seed);
}

const Cell& Making::cell(const std::vector<Cell>& tuning, const std::vector<Cell>& of_frozen, Index number) const {
  const std::vector<Cell>& cells = frozen() ? of_frozen : tuning;
  return cells[static_cast<std::size_t>(number) % cells.size()];
}

Run run_with(const Rule& rule, Index rows, std::vector<Index> hidden) {
  Run run;
  run.architecture.widths = {rule.features};
  run.architecture.widths.insert(run.architecture.widths.end(), hidden.begin(), hidden.end());
  run.architecture.widths.push_back(rule.classes);
  run.optimizer = AdamParameters{.learning_rate = 0.01};
  run.epochs = 40;
  run.batch = std::max<Index>(20, rows / 10);
  run.standardise = true;
  return run;
}

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

const std::vector<Cell> kClearTuning = {
    {kPlane, 1, 2, 2, 500}, {kPlane, 2, 5, 5, 800}, {kMixture, 2, 20, 5, 1000}, {kMixture, 1, 5, 2, 500}};
const std::vector<Cell> kClearFrozen = {{kPlane, 1, 5, 2, 800},
                                        {kMixture, 2, 5, 5, 1000},
                                        {kMixture, 1, 20, 2, 500},
                                        {kPlane, 2, 2, 5, 1000},
                                        {kMixture, 2, 2, 10, 1500}};

void make_clear(Making& making, const Cell& cell, Index test_rows) {
  start(making, cell, test_rows);
  Rule& rule = making.spec.rule;
  if (rule.kind == kPlane) rule.margin = making.draws.within(0.4, 0.6);
  if (rule.kind == kMixture)
    rule.separation = (rule.classes == 10 ? 11 : rule.classes == 5 ? 6 : 3) + making.draws.within(0, 1);
}

}  // namespace plateau::validation
