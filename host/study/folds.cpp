// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/folds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/core/permutation.hpp"

namespace plateau {
namespace {

std::vector<std::int32_t> shuffled(std::vector<std::int32_t> items, std::uint64_t seed) {
  if (items.size() < 2) return items;
  const KeyedPermutation order({seed, StreamId::row_selection}, static_cast<Index>(items.size()));
  std::vector<std::int32_t> result(items.size());
  for (std::size_t i = 0; i < items.size(); ++i)
    result[i] = items[static_cast<std::size_t>(order(static_cast<Index>(i)))];
  return result;
}

// `rows` by their key, keys ascending; rows of a key in the order they came in.
std::vector<std::vector<std::int32_t>> by_key(const std::vector<std::int32_t>& rows,
                                              const std::vector<std::int32_t>& key) {
  std::vector<std::int32_t> sorted = rows;
  const auto key_of = [&](std::int32_t row) { return key[static_cast<std::size_t>(row)]; };
  std::stable_sort(sorted.begin(), sorted.end(), [&](std::int32_t a, std::int32_t b) { return key_of(a) < key_of(b); });
  std::vector<std::vector<std::int32_t>> parts;
  for (const std::int32_t row : sorted) {
    if (parts.empty() || key_of(parts.back().front()) != key_of(row)) parts.emplace_back();
    parts.back().push_back(row);
  }
  return parts;
}

// The label that most of these rows have, the smaller of equals.
std::int32_t commonest_of(const std::vector<std::int32_t>& rows, const std::vector<std::int32_t>& labels) {
  const std::vector<std::vector<std::int32_t>> classes = by_key(rows, labels);
  const auto most = std::max_element(classes.begin(), classes.end(),
                                     [](const auto& a, const auto& b) { return a.size() < b.size(); });
  return labels[static_cast<std::size_t>(most->front())];
}

// Rows of the classes in turn, each class spread evenly over the whole: the k-th of m rows of a class stands at
// (k + 1/2) / m.
std::vector<std::int32_t> interleaved(const std::vector<std::vector<std::int32_t>>& classes) {
  std::vector<std::pair<double, std::int32_t>> placed;
  for (const std::vector<std::int32_t>& rows : classes)
    for (std::size_t k = 0; k < rows.size(); ++k)
      placed.emplace_back((static_cast<double>(k) + 0.5) / static_cast<double>(rows.size()), rows[k]);
  std::stable_sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::int32_t> order;
  order.reserve(placed.size());
  for (const auto& [place, row] : placed) order.push_back(row);
  return order;
}

}  // namespace

Folds::Folds(const Dataset& data, Index folds, std::uint64_t seed)
    : rows_(data.rows()), labels_(data.labels), groups_(data.groups), inside_(static_cast<std::size_t>(folds)) {
  expects(data.is_labelled() && 2 <= folds && folds <= rows_, "Folds: 2 <= folds <= labelled rows");
  std::vector<std::int32_t> all(static_cast<std::size_t>(rows_));
  std::iota(all.begin(), all.end(), 0);
  if (groups_.empty()) {
    std::size_t next = 0;  // goes on from class to class, so that the folds are of equal size
    for (const std::vector<std::int32_t>& rows : by_key(all, labels_))
      for (const std::int32_t row : shuffled(rows, seed)) inside_[next++ % inside_.size()].push_back(row);
  } else {
    const std::vector<std::vector<std::int32_t>> groups = by_key(all, groups_);
    if (static_cast<Index>(groups.size()) < folds)
      throw InputError(
          fmt::format("{}: {} groups are too few for {} folds that tear none", data.source, groups.size(), folds));
    std::vector<std::int32_t> order(groups.size());
    std::iota(order.begin(), order.end(), 0);
    std::vector<std::int32_t> commonest;  // class of each group
    for (const std::vector<std::int32_t>& rows : groups) commonest.push_back(commonest_of(rows, labels_));
    for (const std::vector<std::int32_t>& of_class : by_key(order, commonest)) {
      std::vector<std::size_t> rows_of_class(inside_.size(), 0);
      for (const std::int32_t group : shuffled(of_class, seed)) {
        std::size_t least = 0;
        const auto filled = [&](std::size_t fold) { return std::pair(rows_of_class[fold], inside_[fold].size()); };
        for (std::size_t fold = 1; fold < inside_.size(); ++fold)
          if (filled(fold) < filled(least)) least = fold;
        const std::vector<std::int32_t>& rows = groups[static_cast<std::size_t>(group)];
        inside_[least].insert(inside_[least].end(), rows.begin(), rows.end());
        rows_of_class[least] += rows.size();
      }
    }
  }
  for (std::vector<std::int32_t>& rows : inside_) {
    std::sort(rows.begin(), rows.end());
    outside_.emplace_back();
    std::set_difference(all.begin(), all.end(), rows.begin(), rows.end(), std::back_inserter(outside_.back()));
  }
}

Index Folds::possible(const Dataset& data, Index wanted) {
  if (data.groups.empty()) return std::min(wanted, data.rows());
  const auto groups = static_cast<Index>(std::set(data.groups.begin(), data.groups.end()).size());
  if (groups < 2)
    throw InputError(
        fmt::format("{}: its training rows are all of one group, and no part of them can be held out", data.source));
  return std::min(wanted, groups);
}

std::vector<std::int32_t> Folds::part_outside(Index fold, double share, std::uint64_t seed) const {
  expects(0 < share && share <= 1, "Folds: a share of the rows");
  const std::vector<std::int32_t>& outside = outside_[static_cast<std::size_t>(fold)];
  std::vector<std::int32_t> order;
  if (groups_.empty()) {
    std::vector<std::vector<std::int32_t>> classes = by_key(outside, labels_);
    for (std::vector<std::int32_t>& rows : classes) rows = shuffled(rows, seed);
    order = interleaved(classes);
  } else {
    const std::vector<std::vector<std::int32_t>> groups = by_key(outside, groups_);
    std::vector<std::int32_t> numbers(groups.size());
    std::iota(numbers.begin(), numbers.end(), 0);
    for (const std::int32_t group : shuffled(numbers, seed)) {
      const std::vector<std::int32_t>& rows = groups[static_cast<std::size_t>(group)];
      order.insert(order.end(), rows.begin(), rows.end());
    }
  }
  const auto count =
      std::max<std::size_t>(1, static_cast<std::size_t>(std::llround(share * static_cast<double>(order.size()))));
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

RowSelection Folds::selection(const std::vector<std::vector<std::int32_t>>& lists, Index fold) const {
  const std::vector<std::int32_t>& rows = lists[static_cast<std::size_t>(fold)];
  return RowSelection::listed({rows.data(), static_cast<Index>(rows.size())}, rows_);
}

}  // namespace plateau
