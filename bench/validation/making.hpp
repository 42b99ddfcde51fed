// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What makers are made of: a specification in the making, and what they have in common.
#pragma once

#include <string>
#include <vector>

#include "bench/validation/problem.hpp"
#include "plateau/core/random.hpp"
#include "plateau/study/statistics.hpp"

namespace plateau::validation {

using Code = VerdictCode;

// A combination that a part has for a cause. Its network, trained as run_with() does, comes near to what can be had.
struct Cell {
  RuleKind kind;
  Index directions, features, classes, rows;
  std::vector<Index> hidden = {32};
};
inline constexpr RuleKind kPlane = RuleKind::hyperplane, kBall = RuleKind::ball, kParity = RuleKind::parity,
                          kMixture = RuleKind::mixture, kWave = RuleKind::wave, kStair = RuleKind::stair,
                          kPatchwork = RuleKind::patchwork;

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

  Making(Part part, std::string maker, Index number, std::uint64_t maker_number);

  bool frozen() const { return spec.part == Part::frozen; }
  // `number` in place of the problem's, where that says which fault it has.
  const Cell& cell(const std::vector<Cell>& tuning, const std::vector<Cell>& of_frozen, Index number) const;
  const Cell& cell(const std::vector<Cell>& tuning, const std::vector<Cell>& of_frozen) const {
    return cell(tuning, of_frozen, spec.number);
  }
  // Numbers in the range of the part.
  double within(Interval tuning, Interval of_frozen) {
    const Interval range = frozen() ? of_frozen : tuning;
    return draws.within(range.low, range.high);
  }
};

// Adam on standardised rows, in some 400 steps.
Run run_with(const Rule& rule, Index rows, std::vector<Index> hidden);
AdamParameters& adam(Run& run);

// The rule, rows and a good training of a cell; the rest is the cause's.
void start(Making& making, const Cell& cell, Index test_rows);
// Likewise, with means so far apart, or margins so wide, that 99.8 % of the points or more are told apart.
void make_clear(Making& making, const Cell& cell, Index test_rows);

// Rules that a small network learns from the rows it has, with classes that are told apart nearly always.
extern const std::vector<Cell> kClearTuning, kClearFrozen;

// The makers, by what is wrong: the rows and how they are judged; the training; the rows a training would need; rounds;
// nothing, or more than one thing.
void single_class(Making& m);
void no_signal(Making& m);
void majority(Making& m);
void rarer_class(Making& m);
void label_map(Making& m);
void leak(Making& m);
void shift(Making& m);
void prior_shift(Making& m);

void optimisation(Making& m);
void capacity(Making& m);
void capacity_above_linear(Making& m);
void overfit(Making& m);
void warm_start(Making& m);
void frozen_training(Making& m);

void data_limited(Making& m);
void ceiling(Making& m);
void label_noise(Making& m);
void embedding_limited(Making& m);
void family_limited(Making& m);

void stale_evaluation(Making& m);
void frozen_weights(Making& m);
void forgetting(Making& m);
void healthy_rounds(Making& m);

void solved(Making& m);
void healthy(Making& m);
void healthy_groups(Making& m);
void healthy_early_stopping(Making& m);
void healthy_imbalance(Making& m);
void healthy_frozen(Making& m);
void two_causes(Making& m);
void underpowered(Making& m);

}  // namespace plateau::validation
