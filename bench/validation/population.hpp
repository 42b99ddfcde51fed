// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Where the rows of a problem come from: a rule that gives points their classes, and how much of it can be known.
//
//   hyperplane    the class whose direction a point lies in: K directions, evenly spaced in a plane; of two classes the
//                 sides of a hyperplane. A margin moves every point that far into its class
//   ball          shells of equal probability around the origin, by the distance in some directions
//   parity        of how many directions a point lies on the far side of: XOR of two or three; two classes
//   mixture       a normal distribution of spread 1 around each of K means, evenly spaced on a circle
//   patchwork     on the unit square, as many cells as are asked for along each side, each with a class of its own: in
//                 the left half mostly the first, in the right half mostly the second; two classes, two features
//   wave          the sides of a line that is bent to a cubic: a > bend (b^3 - 3 b) of the first two directions
//   stair         those of a line that is broken: a > bend (sign(b) - sqrt(2 / pi) b)
//                 of two classes both; neither curve has a linear part in normal b, so the best line is a > 0
//
// Points of all but a patchwork are normal in every feature, and their directions orthonormal and drawn by the rule's
// seed. Row i of a table is the same however many rows are taken, and the same bits on every machine (Philox streams).
//
// Rows may come in groups, one after another, numbered from 0 in every table, whose rows are all of other groups: the
// points of a group lie around one of its own, and labels are flipped in one more often than in another. Over all
// groups points have the same distribution as without, and labels are flipped as often.
#pragma once

#include <cstdint>
#include <vector>

#include "plateau/data/dataset.hpp"

namespace plateau::validation {

enum class RuleKind { hyperplane, ball, parity, mixture, patchwork, wave, stair };
const char* to_string(RuleKind kind);

struct Rule {
  RuleKind kind = RuleKind::hyperplane;
  Index features = 2;
  Index classes = 2;
  Index directions = 2;    // that a ball or a parity depends on; <= features
  double margin = 0;       // of a hyperplane
  double separation = 1;   // of a mixture: distance of its means from their centre
  double first_share = 0;  // of a mixture of two: how often the first class comes; 0: as often as the other
  Index cells = 2;         // of a patchwork, along each side
  double stray = 0;        // share of its cells that have the other half's class
  double bend = 0;         // of a wave or a stair
  double flips = 0;        // share of labels that are then another class, any of them as often
  Index group_rows = 0;    // rows of a group; 0: there are no groups. Not of a mixture or a patchwork
  double group_share = 0;  // of the variance of every feature that is common to a group
  std::uint64_t seed = 0;  // of the directions and of every row
};

// What a table shows of the points.
struct View {
  double noise = 0;  // normal noise of this spread is added to every feature
  double drift = 0;  // points move this far along the rule's first direction after they have their classes
  bool badly_scaled =
      false;               // feature j is shown as 2^a (x + b), a up to 13 and b up to 8 either way, drawn by the seed
  bool signal = true;      // false: labels are dealt out at random, by the shares that the rule gives them
  double first_share = 0;  // of a mixture of two, in place of the rule's; 0: the rule's
};

// The tables of a rule: their rows are independent of each other.
enum class Table : std::uint32_t { train = 0, test = 1, fresh = 2 };

class Population {
 public:
  // Throws std::invalid_argument where the rule is none: more directions than features, or classes that it cannot have.
  explicit Population(const Rule& rule);

  const Rule& rule() const { return rule_; }
  Dataset rows(Table table, Index count, const View& view = {}) const;

  // The class that the best classifier gives a point, as a view without drift and scales shows it: without knowing what
  // noise did to it, as far as bayes_accuracy() knows the noise.
  std::int32_t best_class(const float* x) const;

  // Of the best classifier of points that are shown with this noise: in closed form, or an integral in one dimension.
  // Throws std::invalid_argument where neither is known: noise on a rule other than a mixture or two classes of a
  // hyperplane without a margin.
  double bayes_accuracy(double noise = 0) const;

 private:
  std::int32_t class_of(const double* x) const;
  std::int32_t class_by_direction(const double* x) const;
  std::int32_t mixture_class(std::uint32_t instance, Index row, double first_share) const;
  void move(double* x, std::int32_t label, double by) const;
  double along(Index direction, const double* x) const;

  Rule rule_;
  std::vector<double> directions_;     // [directions, features], orthonormal
  std::vector<double> cosine_, sine_;  // of each class, in the plane of the first two directions
  std::vector<double> shells_;         // of a ball: squared distances between the classes, ascending
};

}  // namespace plateau::validation
