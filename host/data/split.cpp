// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/split.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/core/permutation.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

using Counts = std::vector<Index>;  // rows by class

Counts count_classes(HostSpan<const std::int32_t> labels, Index classes) {
  Counts rows(static_cast<std::size_t>(classes));
  for (const std::int32_t label : labels) {
    expects(0 <= label && label < classes, "split_rows: labels in [0, classes)");
    ++rows[static_cast<std::size_t>(label)];
  }
  return rows;
}

Index rounded(double rows) { return static_cast<Index>(std::floor(rows + 0.5)); }

// How many rows of each class are test rows.
Counts test_rows(const Counts& rows, double fraction) {
  Counts test;
  std::vector<std::pair<double, std::size_t>> remainders;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const double share = fraction * static_cast<double>(rows[k]);
    // A share that rounds to all rows, as 0.99999 of a row might, leaves one nevertheless.
    test.push_back(std::min(static_cast<Index>(share), std::max<Index>(rows[k] - 1, 0)));
    const double negative = static_cast<double>(test[k]) - share;
    if (negative < 0 && test[k] + 1 < rows[k]) remainders.emplace_back(negative, k);
  }
  std::sort(remainders.begin(), remainders.end());  // the largest first, of equals the first class
  const Index all = std::accumulate(rows.begin(), rows.end(), Index{0});
  Index missing = rounded(fraction * static_cast<double>(all)) - std::accumulate(test.begin(), test.end(), Index{0});
  for (const auto& [negative, k] : remainders) {
    if (missing-- <= 0) break;
    ++test[k];
  }
  return test;
}

std::vector<bool> draw_rows(HostSpan<const std::int32_t> labels, const Counts& rows, double fraction,
                            std::uint64_t seed) {
  Counts wanted = test_rows(rows, fraction);
  std::vector<bool> is_test(static_cast<std::size_t>(labels.size));
  const KeyedPermutation order({seed, StreamId::test_split}, labels.size);
  for (Index i = 0; i < labels.size; ++i) {
    const Index row = order(i);
    Index& of_class = wanted[static_cast<std::size_t>(labels[row])];
    if (of_class == 0) continue;
    --of_class;
    is_test[static_cast<std::size_t>(row)] = true;
  }
  return is_test;
}

using ClassCounts = std::map<std::int32_t, Index>;  // rows by those classes that there are

std::vector<ClassCounts> count_groups(HostSpan<const std::int32_t> labels, HostSpan<const std::int32_t> groups) {
  const std::int32_t last = *std::max_element(groups.begin(), groups.end());
  expects(*std::min_element(groups.begin(), groups.end()) >= 0, "split_rows: groups from 0");
  std::vector<ClassCounts> in_group(static_cast<std::size_t>(last) + 1);
  for (Index i = 0; i < labels.size; ++i) ++in_group[static_cast<std::size_t>(groups[i])][labels[i]];
  return in_group;
}

// Whether every class of `group` keeps a training row where the group joins these `test` rows.
bool leaves_training_rows(const ClassCounts& group, const Counts& test, const Counts& rows) {
  return std::all_of(group.begin(), group.end(), [&](const auto& of_class) {
    const auto k = static_cast<std::size_t>(of_class.first);
    return test[k] + of_class.second < rows[k];
  });
}

std::vector<bool> draw_groups(HostSpan<const std::int32_t> labels, const Counts& rows,
                              HostSpan<const std::int32_t> groups, const std::vector<ClassCounts>& in_group,
                              double fraction, std::uint64_t seed) {
  std::vector<bool> is_test_group(in_group.size());
  Counts test(rows.size());
  Index all_test = 0;
  const double wanted = fraction * static_cast<double>(labels.size);
  // What the sum of (test rows - share)^2 over the classes grows by.
  const auto growth = [&](const ClassCounts& group) {
    double sum = 0;
    for (const auto& [label, count] : group) {
      const auto k = static_cast<std::size_t>(label);
      const double excess = static_cast<double>(test[k]) - fraction * static_cast<double>(rows[k]);
      sum += static_cast<double>(count) * (static_cast<double>(count) + 2 * excess);
    }
    return sum;
  };
  const auto size = [](const ClassCounts& group) {
    Index sum = 0;
    for (const auto& of_class : group) sum += of_class.second;
    return sum;
  };
  const auto brings_size_nearer = [&](const ClassCounts& group) {
    return static_cast<double>(size(group)) < 2 * (wanted - static_cast<double>(all_test));
  };
  const KeyedPermutation order({seed, StreamId::test_split, 1}, static_cast<Index>(in_group.size()));
  const auto take_those = [&](const auto& is_wanted) {
    for (Index i = 0; i < static_cast<Index>(in_group.size()); ++i) {
      const auto g = static_cast<std::size_t>(order(i));
      const ClassCounts& group = in_group[g];
      if (is_test_group[g] || group.empty() || !leaves_training_rows(group, test, rows) || !is_wanted(group)) continue;
      is_test_group[g] = true;
      for (const auto& [label, count] : group) test[static_cast<std::size_t>(label)] += count;
      all_test += size(group);
    }
  };
  take_those([&](const ClassCounts& group) { return growth(group) < 0; });
  take_those(brings_size_nearer);

  std::vector<bool> is_test(static_cast<std::size_t>(labels.size));
  for (Index i = 0; i < labels.size; ++i)
    is_test[static_cast<std::size_t>(i)] = is_test_group[static_cast<std::size_t>(groups[i])];
  return is_test;
}

// Why no row became a test row.
const char* why_none(const Counts& rows, const std::vector<ClassCounts>& in_group, double wanted) {
  if (rounded(wanted) == 0) return "the fraction rounds to none";
  if (in_group.empty()) return "every class keeps a training row";
  const bool a_group_could = std::any_of(in_group.begin(), in_group.end(), [&](const ClassCounts& group) {
    return !group.empty() && leaves_training_rows(group, Counts(rows.size()), rows);
  });
  return a_group_could ? "every group that leaves each class a training row is too large"
                       : "every group has all rows of a class, and every class keeps a training row";
}

}  // namespace

RowSplit split_rows(HostSpan<const std::int32_t> labels, Index classes, HostSpan<const std::int32_t> groups,
                    double fraction, std::uint64_t seed, const std::string& purpose) {
  expects(groups.empty() || groups.size == labels.size, "split_rows: no groups, or one for every row");
  const std::string asked = "a " + purpose + " fraction of " + shortest_decimal(fraction);
  if (!(0 < fraction && fraction < 1)) throw InputError(asked + " is not between 0 and 1");
  if (labels.size == 0) throw InputError(asked + " of no rows leaves none on either side");

  const Counts rows = count_classes(labels, classes);
  const std::vector<ClassCounts> in_group = groups.empty() ? std::vector<ClassCounts>() : count_groups(labels, groups);
  const std::vector<bool> is_test = groups.empty() ? draw_rows(labels, rows, fraction, seed)
                                                   : draw_groups(labels, rows, groups, in_group, fraction, seed);
  RowSplit split;
  for (Index i = 0; i < labels.size; ++i)
    (is_test[static_cast<std::size_t>(i)] ? split.test : split.train).push_back(static_cast<std::int32_t>(i));
  if (split.test.empty())
    throw InputError(asked + " of " + std::to_string(labels.size) + (labels.size == 1 ? " row" : " rows") +
                     " leaves no " + purpose + " row; " +
                     why_none(rows, in_group, fraction * static_cast<double>(labels.size)));
  return split;
}

}  // namespace plateau
