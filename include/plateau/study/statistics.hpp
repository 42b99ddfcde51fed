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

// Half-width factor of Student's t: quantile (1 + confidence) / 2 at n - 1 degrees of freedom. n >= 2.
double student_factor(Index n, double confidence);

struct MeanSpread {
  double mean = 0;
  double deviation = 0;  // sample standard deviation; 0 for one value
  Interval interval;     // Student's t of the mean; the whole line for one value
};
MeanSpread mean_spread(const std::vector<double>& values);  // at least one value

// Mean of second - first over paired values (the same test rows), with Student's interval. At least two pairs.
Estimate paired_difference(const std::vector<double>& first, const std::vector<double>& second);

}  // namespace plateau
