// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rows that belong together: the visits of a patient, the sentences of a document. Those of one cluster may be alike,
// so a mean over rows is as sure as there are clusters that agree, not rows.
//
// The variance of a mean is then robust to clusters: deviations are summed within a cluster before they are squared,
// times G / (G - 1), at G - 1 degrees of freedom for G clusters (Liang and Zeger 1986, Biometrika 73:13; Cameron and
// Miller 2015, J. Hum. Resour. 50:317).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "plateau/core/view.hpp"

namespace plateau {

class Clusters {
 public:
  Clusters() = default;  // every row stands alone, of any number of rows
  // The cluster of each row, by any numbers that are equal within one. Empty, or all different: every row stands alone.
  explicit Clusters(const std::vector<std::int32_t>& of_row);

  bool are_rows() const { return of_row_.empty(); }
  Index count(Index rows) const { return are_rows() ? rows : count_; }
  // Whether these can be the clusters of as many rows.
  bool fit(Index rows) const { return are_rows() || static_cast<Index>(of_row_.size()) == rows; }
  // Of each row, in [0, count), numbered by first occurrence; empty where every row stands alone.
  const std::vector<std::int32_t>& of_row() const { return of_row_; }
  Clusters of(const std::vector<std::size_t>& rows) const;  // of these rows, in their order

  // Sums over the rows of each cluster; the values themselves where every row stands alone. fit(values.size()).
  std::vector<double> sums(const std::vector<double>& values) const;

  bool operator==(const Clusters&) const = default;

 private:
  std::vector<std::int32_t> of_row_;
  Index count_ = 0;
};

// A variance, and the degrees of freedom that it is known with.
struct VariancePart {
  double variance = 0;
  double degrees = 1;
};

// Degrees of freedom of `variance`, the sum of independent parts, one of which at least is above 0 (Satterthwaite 1946,
// Biometrics Bull. 2:110).
double satterthwaite(double variance, std::initializer_list<VariancePart> parts);

// Of the mean of values, each within [-1, 1], with half a row of +1 and half a row of -1 added as in
// crossed_difference(). One cluster alone shows no variance: then it is 1, which no such mean exceeds. At least two
// values.
VariancePart variance_of_mean(const std::vector<double>& values, const Clusters& clusters);

// How many independent rows would tell as much of the mean: the rows over the design effect (Kish 1965, Survey
// Sampling), by which the variance robust to clusters is larger than that of the rows; and, for Student's distribution
// is the wider one where clusters are few, times (1.96 / its quantile)^2 (Korn and Graubard 1998, Surv. Methodol.
// 24:193). No more than there are rows; as many where every row stands alone. Where all values are equal a design
// effect cannot be seen and is taken for 1. At least one value; one cluster alone counts as one row.
double effective_rows(const std::vector<double>& values, const Clusters& clusters);

}  // namespace plateau
