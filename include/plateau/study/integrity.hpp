// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What can be said of training rows and test rows before anything is trained: their classes, their features, and which
// rows are there twice.
//
// Rows are identical where every feature is equal (-0 is 0). A test row has a *twin* where a training row is identical
// to it, and a training row where another one is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/data/dataset.hpp"
#include "plateau/model/trainer.hpp"
#include "plateau/study/neighbours.hpp"
#include "plateau/study/statistics.hpp"

namespace plateau {

inline constexpr Index kFewestRows = 10;  // of training, and of test; fewer tell nothing

// Throws InputError, which names the file, where either part has fewer. `study`: "too few to <study>".
void expects_enough_rows(const Dataset& train, const Dataset& test, const std::string& study);

struct ClassFindings {
  std::vector<Index> train_rows, test_rows;                  // per class, zeros included
  std::vector<std::int32_t> without_training, without_test;  // classes that only the other rows have
  double majority_share = 0;                                 // of the test rows: those of their commonest class
};

// Of the training rows.
struct FeatureFindings {
  std::vector<Index> constant;
  std::vector<std::vector<Index>> equal;  // groups of columns with equal values in every row; none that are constant

  // Over the features that are not constant; none where all are.
  std::optional<Index> widest, narrowest;  // of the largest and the smallest standard deviation
  double spread_ratio = 1;                 // of these two
  std::optional<Index> farthest;           // from the origin, in standard deviations
  double offset = 0;                       // |mean| / standard deviation of that feature
};

// Rows that are identical to others of the same set.
struct DuplicateFindings {
  Index groups = 0;  // of identical rows
  Index rows = 0;    // in them

  Index conflicting_rows = 0;  // in groups with more than one class: an identical row has another class
  double conflicting_share = 0;
  // Accuracy on all rows of the set, were the commonest class of every group known: no function of the features has a
  // higher one there.
  double ceiling = 1;
};

// Whether test rows have twins more often than training rows have one among the other training rows. Where rows are
// dealt out to both sets, a test row finds a twin among N training rows as often as a training row finds one among the
// N - 1 others: coarse values repeat by nature. Two tests compare the shares, and the larger p-value counts:
//
//   Fisher's exact one, which is right where twins are few, but takes rows for independent, and twins come in groups
//   z = (share - natural) / sqrt(V), V = sum_g t_g^2 / train_rows^2 + natural c / test_rows, which is right where they
//   are many: t_g training rows of group g that have twins, c rows, on average over test rows with twins, of the same
//   group. A row that is only near another is taken for one of a pair on the training side.
//
// By simulation of rows dealt out at random, up to 95 % of them in groups of 2 to 20, at most 1 in 100 of such data
// sets is called a leak; by Fisher's test alone, 2 in 100.
struct TwinTest {
  Index test_rows = 0, test_twins = 0;
  Index train_rows = 0, train_twins = 0;
  double share = 0;          // of the test rows
  Interval interval;         // Wilson
  double natural_share = 0;  // of the training rows
  double p = 1;              // one-sided, of both
  bool present = false;      // interval.low > kLeakShare and p <= kLeakP
};
inline constexpr double kLeakShare = 0.01;
inline constexpr double kLeakP = 0.001;

// Copies of training rows among the test rows. A set whose every row was doubled before it was dealt out is no leak by
// this test, for its training rows have their twins as well: then the counts of duplicates tell.
struct LeakFindings {
  TwinTest identical;  // over all rows
  TwinTest near;       // over the rows that were asked for neighbours, where near rows count as twins too
  // Nearer than this, standardised: kNearShare of the median distance between a training row and its nearest other one.
  // 0 where most training rows have a twin, or there is one row only: then no row is near.
  double near_distance = 0;
  std::vector<std::int32_t> rows;  // test rows with a twin by either test, ascending
  Index contradicted = 0;          // of them, those identical to a training row of another class
  bool present = false;            // by either test
};
inline constexpr double kNearShare = 1e-3;

struct Integrity {
  Index classes = 0;
  ClassFindings of_classes;
  FeatureFindings of_features;
  DuplicateFindings train_duplicates, test_duplicates;
  LeakFindings leak;
  NeighbourStudy neighbours;
};

// Of labelled rows with the same columns and class ids, at least one row of each and one column, all values finite;
// anything else throws std::invalid_argument. What needs distances is looked at on a part of the rows where there are
// very many (NeighbourOptions). None where the user wanted an end.
std::optional<Integrity> study_integrity(const Dataset& train, const Dataset& test, Trainer& trainer,
                                         const NeighbourOptions& options = {});

}  // namespace plateau
