// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which rows of a dataset a run takes, and in which order: all of them, a seeded random part or a fold, the complement
// of either, or those of a list. A row is found on its own, so a thousand runs that take different rows share one copy
// of the data.
//
//   row k = order(k)            k < gap
//           order(k + skipped)  otherwise          order = the identity, or a keyed permutation of the dataset's rows
//
// So the first n of a permutation are a random part, and a fold is those of its places; the complement of either is the
// permutation with these places skipped.
#pragma once

#include "plateau/core/permutation.hpp"

namespace plateau {

class RowSelection {
 public:
  // Every row of a dataset of `rows` rows, as stored. rows >= 1.
  static RowSelection all(Index rows) { return RowSelection({}, rows, false, 0, rows, rows, 0); }
  // `count` rows at random: the first ones of the seed's permutation. 1 <= count <= rows.
  static RowSelection part(std::uint64_t seed, Index rows, Index count) {
    expects(1 <= count && count <= rows, "RowSelection: 1 <= count <= rows");
    return RowSelection(order_of(seed), rows, true, 0, count, count, 0);
  }
  // And the rows outside of that part. 1 <= count < rows.
  static RowSelection outside_part(std::uint64_t seed, Index rows, Index count) {
    expects(1 <= count && count < rows, "RowSelection: 1 <= count < rows");
    return RowSelection(order_of(seed), rows, true, 0, rows - count, 0, count);
  }
  // Fold `fold` of `folds`, of as equal sizes as can be; and the rows outside it. 2 <= folds <= rows, 0 <= fold <
  // folds.
  static RowSelection fold(std::uint64_t seed, Index rows, Index folds, Index fold) {
    const auto [begin, end] = fold_places(rows, folds, fold);
    return RowSelection(order_of(seed), rows, true, begin, end - begin, end - begin, 0);
  }
  static RowSelection outside_fold(std::uint64_t seed, Index rows, Index folds, Index fold) {
    const auto [begin, end] = fold_places(rows, folds, fold);
    return RowSelection(order_of(seed), rows, true, 0, rows - (end - begin), begin, end - begin);
  }

  // Those of the list, in its order; a row may be there more than once. The list, of at least one row, must outlive the
  // selection.
  static RowSelection listed(HostSpan<const std::int32_t> list, Index rows) {
    expects(list.size >= 1, "RowSelection: at least one row");
    for (const std::int32_t row : list) expects(0 <= row && row < rows, "RowSelection: every listed row exists");
    RowSelection selection({}, rows, false, 0, list.size, list.size, 0);
    selection.list_ = list.data;
    return selection;
  }
  // The list; empty where there is none.
  HostSpan<const std::int32_t> list() const { return {list_, list_ == nullptr ? 0 : count_}; }
  // The same rows, found in a copy of the list: in the memory of a device, say.
  RowSelection with_list(const std::int32_t* copy) const {
    expects(list_ != nullptr, "RowSelection: rows of a list");
    RowSelection other = *this;
    other.list_ = copy;
    return other;
  }

  PLATEAU_HD constexpr Index count() const { return count_; }
  Index dataset_rows() const { return dataset_rows_; }

  PLATEAU_HD Index operator()(Index k) const {
    if (list_ != nullptr) return list_[k];
    const Index place = first_ + k + (k < gap_ ? 0 : skipped_);
    return permuted_ ? order_(place) : place;
  }

 private:
  struct Places {
    Index begin, end;
  };
  static Places fold_places(Index rows, Index folds, Index fold) {
    expects(2 <= folds && folds <= rows, "RowSelection: 2 <= folds <= rows");
    expects(0 <= fold && fold < folds, "RowSelection: 0 <= fold < folds");
    return {fold * rows / folds, (fold + 1) * rows / folds};
  }
  static RandomStream order_of(std::uint64_t seed) { return {seed, StreamId::row_selection}; }

  RowSelection(RandomStream stream, Index rows, bool permuted, Index first, Index count, Index gap, Index skipped)
      : order_(stream, rows),
        dataset_rows_(rows),
        permuted_(permuted),
        first_(first),
        count_(count),
        gap_(gap),
        skipped_(skipped) {}

  KeyedPermutation order_;
  Index dataset_rows_;
  bool permuted_;
  Index first_, count_, gap_, skipped_;
  const std::int32_t* list_ = nullptr;
};

}  // namespace plateau
