// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Labels that controls train on in place of the given ones. A treatment is one of the dataset: a row's treated label
// does not depend on which rows a run takes, and so a fold that is held out is treated as the others are.
//
//   permuted  dealt to the rows at random, so that no feature says anything about them; within groups where there are
//             some, so that what a group says about its rows stays
//   flipped   then each, at the rate, becomes one of the other classes
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "plateau/core/permutation.hpp"

namespace plateau {

struct LabelTreatment {
  bool permuted = false;
  std::uint64_t permutation_seed = 0;
  float flip_rate = 0;  // in [0, 1]
  std::uint64_t flip_seed = 0;

  bool operator==(const LabelTreatment&) const = default;
  PLATEAU_HD constexpr bool changes() const { return permuted || flip_rate > 0; }
};

// Of a row: the members of its group lie at [first, first + size), and the row is the place-th of them.
struct GroupPlace {
  std::int32_t first = 0, size = 0, place = 0;
};

// The rows of a dataset by group: member [N] holds them sorted, place [N] says where each lies. Empty: one group.
template <Space S>
struct RowGroupsView {
  SpanView<const GroupPlace, S> place;
  SpanView<const std::int32_t, S> member;
};

class RowGroups {
 public:
  RowGroups() = default;  // one group
  // group [N]: any numbers, equal within a group. N < 2^31.
  explicit RowGroups(HostSpan<const std::int32_t> group) : place_(at(group.size)), member_(at(group.size)) {
    std::iota(member_.begin(), member_.end(), 0);
    std::stable_sort(member_.begin(), member_.end(),
                     [&](std::int32_t a, std::int32_t b) { return group[a] < group[b]; });
    for (std::size_t first = 0, end = 0; first < member_.size(); first = end) {
      while (end < member_.size() && group[member_[end]] == group[member_[first]]) ++end;
      for (std::size_t k = first; k < end; ++k)
        place_[at(member_[k])] = {static_cast<std::int32_t>(first), static_cast<std::int32_t>(end - first),
                                  static_cast<std::int32_t>(k - first)};
    }
  }
  RowGroupsView<Space::host> view() const {
    const auto rows = static_cast<Index>(member_.size());
    return {{place_.data(), rows}, {member_.data(), rows}};
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  std::vector<GroupPlace> place_;
  std::vector<std::int32_t> member_;
};

// label_row -> its treated one, row by row.
class TreatedLabels {
 public:
  // `rows` of the whole dataset, >= 1.
  TreatedLabels(const LabelTreatment& treatment, Index rows, Index classes)
      : treatment_(treatment),
        classes_(static_cast<std::uint32_t>(classes)),
        permutation_({treatment.permutation_seed, StreamId::label_permutation}, rows) {}

  // label [N], and the groups' arrays [N], or null where there is one group only.
  PLATEAU_HD std::int32_t operator()(const std::int32_t* label, const GroupPlace* place, const std::int32_t* member,
                                     Index row) const {
    Index source = row;
    if (treatment_.permuted && place == nullptr) {
      source = permutation_(row);
    } else if (treatment_.permuted) {
      const GroupPlace own = place[row];
      const KeyedPermutation within = permutation_.of_instance(static_cast<std::uint32_t>(own.first) + 1, own.size);
      source = member[own.first + within(own.place)];
    }
    return flipped(label[source], row);
  }

 private:
  PLATEAU_HD std::int32_t flipped(std::int32_t label, Index row) const {
    if (!(treatment_.flip_rate > 0) || classes_ < 2) return label;
    const PhiloxCounter random = draw({treatment_.flip_seed, StreamId::label_flip}, static_cast<std::uint64_t>(row));
    if (!(uniform(random.word[0]) < treatment_.flip_rate)) return label;
    const auto step = static_cast<std::uint32_t>(std::uint64_t{random.word[1]} * (classes_ - 1) >> 32);
    return static_cast<std::int32_t>((static_cast<std::uint32_t>(label) + 1 + step) % classes_);
  }

  LabelTreatment treatment_;
  std::uint32_t classes_;
  KeyedPermutation permutation_;
};

}  // namespace plateau
