// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the nearest training rows say of a row: its class, as a way to classify that trains nothing and assumes no shape
// of the rule; and how near they are, by which copies of rows are told from others.
//
// Distances are Euclidean, over the features as they are and over the features standardised by the training rows. A
// training row is asked without itself (leave-one-out), so that its class is a prediction as much as a test row's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plateau/core/scaling.hpp"
#include "plateau/data/dataset.hpp"
#include "plateau/model/trainer.hpp"
#include "plateau/study/statistics.hpp"

namespace plateau {

inline constexpr Index kVotes[] = {1, 5, 15, 51};  // neighbours that vote

struct NeighbourOptions {
  // Rows x training rows x features of one search, of which there are four at the most. Where all rows together are
  // more, only a seeded part of them is asked, one row at the least; what they are compared with are all training rows.
  double most_operations = 5e10;
  std::uint64_t seed = 0;
};

struct NeighbourVote {
  bool standardised = false;
  Index k = 1;
  Index right = 0;  // of the training rows that were asked
  double accuracy = 0;
  Interval interval;  // Wilson
};

struct NeighbourStudy {
  std::vector<std::int32_t> train_rows, test_rows;  // that were asked, ascending
  // Of each of them, standardised: to the nearest training row that is not itself; +inf where there is none.
  std::vector<float> train_distance, test_distance;

  // Features as they are, then standardised; for each, the kVotes below the number of training rows, ascending. None of
  // a single training row.
  std::vector<NeighbourVote> votes;
  NeighbourVote best;                   // of the votes the most often right, the first of equals
  std::vector<std::int32_t> predicted;  // by it, of each test row that was asked

  // Between what the error of the best rule there is would lie if the nearest neighbour's error were that of infinitely
  // many rows (Cover and Hart 1967, IEEE Trans. Inf. Theory 13:21). For side information only: of few rows, or many
  // features, that error says less.
  Interval best_possible_error;
};

// The commonest of the classes of a row's neighbours, nearest first; of equals the one of the nearest. At least one.
std::int32_t vote_of(HostSpan<const std::int32_t> classes);

// Bounds of Cover and Hart from the error of the nearest neighbour; classes >= 1, 0 <= error <= 1.
Interval cover_hart_bounds(double error, Index classes);

// Of labelled rows with the same columns and classes, at least one of each; `scale` of every feature. None where the
// user wanted an end.
std::optional<NeighbourStudy> study_neighbours(const Dataset& train, const Dataset& test,
                                               const std::vector<FeatureScale>& scale, Trainer& trainer,
                                               const NeighbourOptions& options = {});

}  // namespace plateau
