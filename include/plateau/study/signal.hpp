// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whether the labels depend on the features at all: a permutation test of the labels.
//
//   networks   a linear model, one hidden layer of 16, and the user's hidden layers (of 64 at most), by a short recipe
//   trainings  on the labels as they are, and on labels dealt to the training rows at random (within groups, where
//              there are some); each on the rows outside of one fold of three
//   judged by  the rows of that fold, with the labels dealt to them, and the test rows
//   skill      sum over classes of the covariance, over the judged rows, between having the class and the probability
//              it is given: 0 on average where labels and features are independent, however frequent a class is and
//              however sure the network. For certain predictions it is accuracy - agreement by chance, Cohen's (1960)
//              numerator
//   statistic  the largest skill of the three networks, for every permutation anew, so that no choice is left out of
//              the null distribution; of the labels as they are, the largest of the mean skills
//   p          (1 + permutations with a statistic as large) / (1 + permutations)
//   detectable what the permutations' own spread would have let be seen: detectable_signal()
#pragma once

#include <optional>

#include "plateau/study/battery.hpp"
#include "plateau/study/diagnosis_evidence.hpp"

namespace plateau {

// A permutation within groups must move half as many labels as a free one, for a signal that goes with the groups stays
// in the shuffled labels.
inline constexpr double kMovable = 0.5;

// None where movable_share() of the training labels is less than kMovable. At least 3 training rows.
std::optional<SignalEvidence> test_signal(Laboratory& laboratory, const Split& split, const Run& user,
                                          const Battery& battery, std::uint64_t seed);

// How many rows a permutation within groups is expected to give another label, over how many a permutation of all
// would: 1 without groups, 0 where every group has one class or there is one class only. Groups by row, or empty.
double movable_share(const std::vector<std::int32_t>& labels, const std::vector<std::int32_t>& groups);

// The smallest signal that would have been seen in 80 % of cases by a one-sided test at 5 %, as a fraction of accuracy
// above chance: mean of the null (0 at the least: what shuffled labels keep of a signal hides as much of it) + (1.645 +
// 0.842) its standard deviation, which is a skill, over the sureness that predictions with such a skill have. No more
// than 1, which it is where the null has one value or no prediction is sure of anything.
double detectable_signal(const std::vector<double>& null, double sureness);

// sum_c cov([label = c], probability_c) over the rows of `label` [n] and `probability` [n, classes].
class SkillSum {
 public:
  explicit SkillSum(Index classes);
  void add(std::int32_t label, const float* probability);  // a row; one without finite probabilities is given no class
  double skill() const;                                    // of at least one row

  // Square root of the variance of the probabilities over that of the labels, both summed over classes: 1 where every
  // prediction is certain and classes are predicted as often as they occur, 0 where all rows are given the same. What
  // is right of `points` more rows than by chance has a skill of points times this. Of at least one row.
  double sureness() const;

 private:
  Index rows_ = 0;
  double right_ = 0;
  std::vector<double> label_rows_, probability_sum_, probability_squares_;
};

}  // namespace plateau
