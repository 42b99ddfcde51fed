// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The intervals that stand beside every number. All are two-sided at 95 % unless said otherwise; shares and differences
// are fractions, not points.
#pragma once

#include <vector>

#include "plateau/core/view.hpp"

namespace plateau {

struct Interval {
  double low = 0;
  double high = 0;
};

struct Estimate {
  double value = 0;
  Interval interval;
};

// Wilson's score interval (1927) for a share seen on n independent rows. The share may be a mean over epochs of the
// same rows: then the interval is that of one epoch's rows, which is what limits it. 0 <= share <= 1, n >= 1.
Interval wilson_interval(double share, Index n);

// Half-width factor of Student's t: its quantile (1 + confidence) / 2. degrees_of_freedom > 0, whole or not.
double student_factor(double degrees_of_freedom, double confidence);

struct MeanSpread {
  double mean = 0;
  double deviation = 0;  // sample standard deviation; 0 for one value
  Interval interval;     // Student's t of the mean; the whole line for one value
};
MeanSpread mean_spread(const std::vector<double>& values);  // at least one value

// Mean of second - first over paired values (the same test rows), with Student's interval. At least two pairs.
Estimate paired_difference(const std::vector<double>& first, const std::vector<double>& second);

// Two-sided p-value of McNemar's test in its exact form (McNemar 1947, Psychometrika 12:153): the probability that a
// fair coin thrown gained + lost times falls as unevenly, or more so. Rows that are right both times, or wrong, tell
// nothing. 1 where both are 0. Neither is negative.
double mcnemar_p(Index gained, Index lost);

// How far several trainings lie above one run on the same test rows, on average: mean(trainings) - run. The interval
// crosses both sources of chance, variance over rows / rows + variance over trainings / trainings, with Welch and
// Satterthwaite's degrees of freedom: more trainings never remove the share of the rows.
// run[r] and trainings[t][r] are accuracies of row r. At least two rows and two trainings.
Estimate crossed_difference(const std::vector<double>& run, const std::vector<std::vector<double>>& trainings);

Estimate operator-(Estimate estimate);

}  // namespace plateau
