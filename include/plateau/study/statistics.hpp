// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The intervals that stand beside every number. All are two-sided at 95 % unless said otherwise; shares and differences
// are fractions, not points.
#pragma once

#include <cstdint>
#include <vector>

#include "plateau/study/clusters.hpp"

namespace plateau {

// Quantiles of the standard normal distribution: the half-width factor of a 95 % interval, and what must lie above it
// for a difference to be seen in 80 % of the cases.
inline constexpr double kZ975 = 1.959963984540054;
inline constexpr double kZ80 = 0.8416212335729143;
inline constexpr double kSignificant = 0.05;  // a p-value up to here is taken for more than chance

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

// The share right_second / rows_second less right_first / rows_first, of rows that have nothing to do with each other:
// the hybrid of Wilson's intervals (Newcombe 1998, Statistics in Medicine 17:873, method 10, without a correction for
// continuity). 0 <= right <= rows, rows >= 1 on each side.
Estimate independent_difference(Index right_first, Index rows_first, Index right_second, Index rows_second);

// Two-sided p-value of McNemar's test in its exact form (McNemar 1947, Psychometrika 12:153): the probability that a
// fair coin thrown gained + lost times falls as unevenly, or more so. Rows that are right both times, or wrong, tell
// nothing. 1 where both are 0. Neither is negative.
double mcnemar_p(Index gained, Index lost);

// How far several trainings lie above one run on the same test rows, on average: mean(trainings) - run. The interval
// crosses both sources of chance, variance over rows / rows + variance over trainings / trainings, with Welch and
// Satterthwaite's degrees of freedom: more trainings never remove the share of the rows.
// run[r] and trainings[t][r] are accuracies of row r. At least two rows and two trainings.
Estimate crossed_difference(const std::vector<double>& run, const std::vector<std::vector<double>>& trainings);

// Right (1) or wrong (0) of the same rows in several trainings: [trainings, rows].
class RowOutcomes {
 public:
  explicit RowOutcomes(Index rows, Clusters clusters = {});  // no training yet; at least one row
  void add(const std::vector<std::uint8_t>& right);          // one training: rows values of 0 or 1

  Index trainings() const { return static_cast<Index>(right_.size()) / rows_; }
  Index rows() const { return rows_; }
  const Clusters& clusters() const { return clusters_; }  // of the rows
  bool operator()(Index training, Index row) const { return right_[static_cast<std::size_t>(training * rows_ + row)]; }
  std::vector<double> row_accuracy() const;       // [rows], mean over the trainings, of which there is one at least
  std::vector<double> training_accuracy() const;  // [trainings]

 private:
  Index rows_ = 0;
  Clusters clusters_;
  std::vector<std::uint8_t> right_;
};

// Wilson's interval of a share of rows that were right in these trainings, for as many rows as effective_rows() says.
Interval wilson_interval(double share, const RowOutcomes& right);

// by_training: training t of both sides shares a seed, so that luck which both have falls away; as many on each side.
enum class Pairing { none, by_training };

struct Difference : Estimate {
  double standard_error = 0;
  double p_greater = 1;   // one-sided: of a value so large, were there no difference or a negative one
  double detectable = 0;  // the smallest difference that would be found in 80 % of such comparisons (two-sided, 5 %)
  double error_of_trainings = 0;  // standard error that as many trainings would leave on any number of rows
  double error_of_overlap = 0;    // of that, what no more trainings would take away, as the rows they train on overlap
};

// A difference of shares with this variance, known with as many degrees of freedom, by Student's distribution; without
// error_of_trainings. Both above 0.
Difference difference_of(double value, double variance, double degrees);

// How far the trainings of `second` lie above those of `first` on the same rows: mean(second) - mean(first), crossed as
// above: variance over rows + variance over trainings - what both of them count, the variance of single cells (analysis
// of variance of a two-way table), and at least the larger of the two; Welch and Satterthwaite's degrees of freedom. A
// side's only training stands for itself: its luck is not in the interval.
//
// Where hardly a row differs the variance that is seen is too small, at worst 0. So half a row with difference +1 and
// half a row with -1 are added to it, in the spirit of Agresti and Min 2005 (Statistics in Medicine 24:729): of n rows
// without a difference the standard error is 1 / n. The value is that of the rows alone. At least two rows.
//
// Where rows have clusters, the same on both sides, the rows' part and that of cells are of clusters
// (variance_of_mean()). Trainings whose train rows overlap repeat each other; test_over_train says how far, as in
// overlapping_folds_mean(). 0: their rows are the same, or have nothing to do with each other.
Difference crossed_difference(const RowOutcomes& first, const RowOutcomes& second, Pairing pairing,
                              double test_over_train = 0);

// Mean of the differences that J folds have shown, with the interval of Nadeau and Bengio 2003 (Machine Learning
// 52:239): folds whose train rows overlap repeat each other, so the variance of the mean is
// (1 / J + test rows / train rows) of theirs, at J - 1 degrees of freedom. At least two folds; test_over_train > 0.
Estimate overlapping_folds_mean(const std::vector<double>& differences, double test_over_train);

// What a comparison on the same n rows can show, if the rows that are right on one side only have the share d: a
// difference of (z.975 + z.80) sqrt(d / n) = 2.80 sqrt(d / n) is found in 80 % of them by a two-sided test at 5 %.
// 0 <= disagreeing_share <= 1; at least one row; difference > 0.
double minimum_detectable_difference(double disagreeing_share, Index rows);
Index rows_to_detect(double disagreeing_share, double difference);  // the fewest for which it is no larger

// p-value of a permutation test: (1 + how many of `null` are as large as `observed`) / (1 + all of them), never 0
// (Phipson and Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39). NaN, in either, counts as as large.
double permutation_p(double observed, const std::vector<double>& null);

// p-values adjusted for their number, in the order given (Holm 1979, Scand. J. Statist. 6:65): those of 0.05 at most
// are significant together at 5 %. NaN counts as 1.
std::vector<double> holm(const std::vector<double>& p);

// p-value of the claim that a mean lies within (-margin, margin): the larger of two one-sided t-tests (Schuirmann 1987,
// J. Pharmacokinet. Biopharm. 15:657). Without an error, 0 where the mean is no further away than the margin, and else
// 1. NaN gives 1. degrees_of_freedom > 0, margin > 0.
double tost_p(double mean, double standard_error, double degrees_of_freedom, double margin);

// One-sided p-value of Fisher's exact test (1935, J. R. Stat. Soc. 98:39) that the share of hits is larger in a than in
// b: the probability of as many hits in a, or more, given all hits. At least one row each; 0 <= hits <= rows.
double fisher_exact_p(Index hits_a, Index rows_a, Index hits_b, Index rows_b);

Estimate operator-(Estimate estimate);

}  // namespace plateau
