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
#pragma once

#include <optional>

#include "plateau/study/battery.hpp"
#include "plateau/study/diagnosis_evidence.hpp"

namespace plateau {

// None where the labels cannot be permuted: within groups of which nearly every one has rows of one class only. At
// least 3 training rows. `over_majority` of the evidence is left as it is.
std::optional<SignalEvidence> test_signal(Laboratory& laboratory, const Split& split, const Run& user,
                                          const Battery& battery, std::uint64_t seed);

// sum_c cov([label = c], probability_c) over the rows of `label` [n] and `probability` [n, classes].
class SkillSum {
 public:
  explicit SkillSum(Index classes);
  void add(std::int32_t label, const float* probability);  // a row; one without finite probabilities is given no class
  double skill() const;                                    // of at least one row

 private:
  Index rows_ = 0;
  double right_ = 0;
  std::vector<double> label_rows_, probability_sum_;
};

}  // namespace plateau
