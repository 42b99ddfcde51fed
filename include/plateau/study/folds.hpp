// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The folds of a cross-validation, and random parts of what lies outside of one.
#pragma once

#include <vector>

#include "plateau/core/row_selection.hpp"
#include "plateau/data/dataset.hpp"

namespace plateau {

// Every row is in one fold. Without groups each class is dealt out as evenly as it can be, in a seeded order; with
// groups, whole groups by the class that most of their rows have, in a seeded order, each to the fold that has the
// fewest rows of such groups, and of these to the smallest. The same rows, folds and seed give the same on every
// machine.
class Folds {
 public:
  // 2 <= folds <= rows of `data`, which is labelled. Throws std::invalid_argument otherwise, InputError where there are
  // fewer groups than folds. Only the labels and groups of `data` are looked at.
  Folds(const Dataset& data, Index folds, std::uint64_t seed);
  // `wanted`, or as many as rows and groups allow. Throws InputError where all rows are of one group.
  static Index possible(const Dataset& data, Index wanted);
  Folds(const Folds&) = delete;
  Folds& operator=(const Folds&) = delete;

  Index count() const { return static_cast<Index>(inside_.size()); }
  // Ascending. The selections point into the folds, which must outlive them.
  RowSelection inside(Index fold) const { return selection(inside_, fold); }
  RowSelection outside(Index fold) const { return selection(outside_, fold); }
  const std::vector<std::int32_t>& rows_inside(Index fold) const { return inside_[static_cast<std::size_t>(fold)]; }

  // A random part of outside(fold), of the share's rows (rounded, at least one): the first ones in a seeded order of
  // the classes dealt in turn, so that a smaller part of the same seed lies within a larger one and every part is alike
  // in its classes. 0 < share <= 1. With groups, whole ones as long as they fit and then rows of the next. Sorted.
  std::vector<std::int32_t> part_outside(Index fold, double share, std::uint64_t seed) const;

 private:
  RowSelection selection(const std::vector<std::vector<std::int32_t>>& lists, Index fold) const;

  Index rows_;
  std::vector<std::int32_t> labels_, groups_;
  std::vector<std::vector<std::int32_t>> inside_, outside_;
};

}  // namespace plateau
