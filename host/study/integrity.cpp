// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/integrity.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"

namespace plateau {
namespace {

using Rows = std::vector<std::int32_t>;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }
double share_of(Index part, Index all) { return static_cast<double>(part) / static_cast<double>(all); }

// Takes another value into a hash; equal values have equal bits but for the zeros.
std::uint64_t hashed(std::uint64_t hash, float value) {
  hash = (hash ^ (value == 0 ? 0 : std::bit_cast<std::uint32_t>(value))) * 0x9E3779B97F4A7C15;
  return hash ^ hash >> 29;
}

// Numbers what is equal alike, from 0 up: `equal` decides among those of one hash.
template <class Equal>
std::vector<Index> grouped(const std::vector<std::uint64_t>& hash, Equal equal) {
  std::vector<Index> order(hash.size()), group(hash.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(),
            [&](Index a, Index b) { return std::pair(hash[at(a)], a) < std::pair(hash[at(b)], b); });
  Index groups = 0;
  std::vector<Index> of_hash;  // the first of every group with the present hash
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Index next = order[i];
    if (i > 0 && hash[at(order[i - 1])] != hash[at(next)]) of_hash.clear();
    const auto known = std::find_if(of_hash.begin(), of_hash.end(), [&](Index one) { return equal(one, next); });
    if (known != of_hash.end()) {
      group[at(next)] = group[at(*known)];
    } else {
      of_hash.push_back(next);
      group[at(next)] = groups++;
    }
  }
  return group;
}

// Of the training rows and then the test rows: identical ones have the same number.
struct IdenticalRows {
  std::vector<Index> train, test;
  std::vector<Index> train_count;  // training rows per group
};
IdenticalRows group_rows(const Dataset& train, const Dataset& test) {
  const Index train_rows = train.rows(), columns = train.columns;
  const auto row = [&](Index i) { return i < train_rows ? train.x().row(i) : test.x().row(i - train_rows); };
  std::vector<std::uint64_t> hash(at(train_rows + test.rows()), 0);
  for (std::size_t i = 0; i < hash.size(); ++i)
    for (Index j = 0; j < columns; ++j) hash[i] = hashed(hash[i], row(static_cast<Index>(i))[j]);
  const std::vector<Index> group =
      grouped(hash, [&](Index a, Index b) { return std::equal(row(a), row(a) + columns, row(b)); });
  IdenticalRows groups{.train = {group.begin(), group.begin() + train_rows},
                       .test = {group.begin() + train_rows, group.end()},
                       .train_count = std::vector<Index>(group.size())};
  for (const Index of_row : groups.train) ++groups.train_count[at(of_row)];
  return groups;
}

ClassFindings look_at_classes(const Trainer::SplitStatistics& statistics) {
  ClassFindings found{.train_rows = statistics.train.class_rows, .test_rows = statistics.test.class_rows};
  for (std::size_t c = 0; c < found.train_rows.size(); ++c) {
    const auto id = static_cast<std::int32_t>(c);
    if (found.train_rows[c] == 0 && found.test_rows[c] > 0) found.without_training.push_back(id);
    if (found.train_rows[c] > 0 && found.test_rows[c] == 0) found.without_test.push_back(id);
  }
  found.majority_share = share_of(*std::max_element(found.test_rows.begin(), found.test_rows.end()),
                                  std::accumulate(found.test_rows.begin(), found.test_rows.end(), Index{0}));
  return found;
}

FeatureFindings look_at_features(const Dataset& train, const std::vector<FeatureStatistics>& features) {
  FeatureFindings found;
  const auto varies = [&](Index j) { return features[at(j)].minimum < features[at(j)].maximum; };
  const auto spread = [&](Index j) { return features[at(j)].spread; };
  for (Index j = 0; j < train.columns; ++j) {
    if (!varies(j)) {
      found.constant.push_back(j);
      continue;
    }
    if (!found.widest || spread(j) > spread(*found.widest)) found.widest = j;
    if (!found.narrowest || spread(j) < spread(*found.narrowest)) found.narrowest = j;
    const double offset = std::abs(features[at(j)].mean) / spread(j);
    if (!found.farthest || offset > found.offset) {
      found.farthest = j;
      found.offset = offset;
    }
  }
  if (found.widest) found.spread_ratio = spread(*found.widest) / spread(*found.narrowest);

  const HostMatrix<const float> x = train.x();
  std::vector<std::uint64_t> hash(at(x.cols), 0);
  for (Index i = 0; i < x.rows; ++i)
    for (Index j = 0; j < x.cols; ++j) hash[at(j)] = hashed(hash[at(j)], x.row(i)[j]);
  const std::vector<Index> group = grouped(hash, [&](Index a, Index b) {
    for (Index i = 0; i < x.rows; ++i)
      if (x.row(i)[a] != x.row(i)[b]) return false;
    return true;
  });
  std::vector<std::vector<Index>> columns(group.size());
  for (Index j = 0; j < x.cols; ++j)
    if (varies(j)) columns[at(group[at(j)])].push_back(j);
  for (std::vector<Index>& equal : columns)
    if (equal.size() > 1) found.equal.push_back(std::move(equal));
  std::sort(found.equal.begin(), found.equal.end());
  return found;
}

DuplicateFindings look_at_duplicates(const std::vector<Index>& group, const Rows& labels) {
  std::vector<std::pair<Index, std::int32_t>> rows;
  for (std::size_t i = 0; i < group.size(); ++i) rows.emplace_back(group[i], labels[i]);
  std::sort(rows.begin(), rows.end());
  DuplicateFindings found;
  Index best_right = 0;
  for (auto begin = rows.begin(); begin != rows.end();) {
    const auto end = std::find_if(begin, rows.end(), [&](const auto& row) { return row.first != begin->first; });
    Index commonest = 0;
    for (auto of_class = begin; of_class != end;) {
      const auto next = std::find_if(of_class, end, [&](const auto& row) { return row.second != of_class->second; });
      commonest = std::max(commonest, static_cast<Index>(next - of_class));
      of_class = next;
    }
    const auto count = static_cast<Index>(end - begin);
    found.groups += count > 1;
    found.rows += count > 1 ? count : 0;
    found.conflicting_rows += commonest < count ? count : 0;
    best_right += commonest;
    begin = end;
  }
  const auto all = static_cast<Index>(rows.size());
  found.conflicting_share = share_of(found.conflicting_rows, all);
  found.ceiling = share_of(best_right, all);
  return found;
}

// Rows with twins.
struct Twins {
  Rows rows;
  double squares = 0;  // sum over their groups of the squared number of rows
};

TwinTest tested(const Twins& test_twins, Index test_rows, const Twins& train_twins, Index train_rows) {
  TwinTest test{.test_rows = test_rows,
                .test_twins = static_cast<Index>(test_twins.rows.size()),
                .train_rows = train_rows,
                .train_twins = static_cast<Index>(train_twins.rows.size())};
  test.share = share_of(test.test_twins, test_rows);
  test.interval = wilson_interval(test.share, test_rows);
  test.natural_share = share_of(test.train_twins, train_rows);
  test.p = fisher_exact_p(test.test_twins, test_rows, test.train_twins, train_rows);
  if (test.train_twins > 0 && test.share > test.natural_share) {
    const auto n = static_cast<double>(train_rows), m = static_cast<double>(test_rows);
    const double of_a_group = test_twins.squares / static_cast<double>(test.test_twins);
    const double variance = train_twins.squares / (n * n) + test.natural_share * of_a_group / m;
    test.p = std::max(test.p, std::erfc((test.share - test.natural_share) / std::sqrt(2 * variance)) / 2);
  }
  test.present = test.interval.low > kLeakShare && test.p <= kLeakP;
  return test;
}

double near_distance(std::vector<float> distance) {
  std::erase_if(distance, [](float d) { return !std::isfinite(d); });
  if (distance.empty()) return 0;
  const auto middle = distance.begin() + static_cast<std::ptrdiff_t>(distance.size() / 2);
  std::nth_element(distance.begin(), middle, distance.end());
  return kNearShare * static_cast<double>(*middle);
}

LeakFindings look_for_leaks(const Dataset& train, const Dataset& test, const IdenticalRows& groups,
                            const NeighbourStudy& neighbours) {
  const auto has_identical = [&](Index group, Index itself) { return groups.train_count[at(group)] > itself; };
  LeakFindings found{.near_distance = near_distance(neighbours.train_distance)};
  // Of the rows that are `asked`: twins by identity and, where distances are given, by nearness. A training row is not
  // its own twin (`itself` 1); one that is merely near stands for a group of `near_rows`.
  const auto twins_among = [&](const Rows& asked, const std::vector<Index>& group, Index itself,
                               const std::vector<float>* distance, double near_rows) {
    Twins twins;
    std::unordered_map<Index, double> rows_of_group;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const Index of_row = group[at(asked[i])];
      const bool identical = has_identical(of_row, itself);
      if (identical)
        ++rows_of_group[of_row];
      else if (distance != nullptr && static_cast<double>((*distance)[i]) < found.near_distance)
        twins.squares += near_rows;
      else
        continue;
      twins.rows.push_back(asked[i]);
    }
    for (const auto& [of_group, rows] : rows_of_group) twins.squares += rows * rows;
    return twins;
  };
  const auto all = [](Index count) {
    Rows rows(at(count));
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  };
  const Twins identical = twins_among(all(test.rows()), groups.test, 0, nullptr, 0);
  found.identical =
      tested(identical, test.rows(), twins_among(all(train.rows()), groups.train, 1, nullptr, 0), train.rows());
  const Twins near = twins_among(neighbours.test_rows, groups.test, 0, &neighbours.test_distance, 1);
  found.near = tested(near, static_cast<Index>(neighbours.test_rows.size()),
                      twins_among(neighbours.train_rows, groups.train, 1, &neighbours.train_distance, 2),
                      static_cast<Index>(neighbours.train_rows.size()));
  found.present = found.identical.present || found.near.present;
  std::set_union(identical.rows.begin(), identical.rows.end(), near.rows.begin(), near.rows.end(),
                 std::back_inserter(found.rows));

  std::vector<std::pair<Index, std::int32_t>> training;  // the classes of every group
  for (Index i = 0; i < train.rows(); ++i) training.emplace_back(groups.train[at(i)], train.labels[at(i)]);
  std::sort(training.begin(), training.end());
  for (const std::int32_t row : identical.rows) {
    const Index group = groups.test[at(row)];
    const auto same = std::equal_range(training.begin(), training.end(), std::pair(group, test.labels[at(row)]));
    found.contradicted += same.second - same.first < groups.train_count[at(group)];
  }
  return found;
}

}  // namespace

void expects_enough_rows(const Dataset& train, const Dataset& test, const std::string& study) {
  const std::string fewest = std::to_string(kFewestRows);
  for (const Dataset* part : {&train, &test})
    if (const Index rows = part->rows(); rows < kFewestRows)
      throw InputError(part->source + ": " + std::to_string(rows) + (rows == 1 ? " row is" : " rows are") +
                       " too few to " + study + "; bring at least " + fewest + " to train on and " + fewest +
                       " to test with");
}

std::optional<Integrity> study_integrity(const Dataset& train, const Dataset& test, Trainer& trainer,
                                         const NeighbourOptions& options) {
  expects(train.is_labelled() && test.is_labelled(), "study_integrity: labelled rows, at least one of each");
  expects(train.columns == test.columns && train.columns >= 1, "study_integrity: the same features");
  const Index classes = std::max(train.classes.classes(), test.classes.classes());
  for (const Dataset* data : {&train, &test}) {
    for (const std::int32_t label : data->labels)
      expects(0 <= label && label < classes, "study_integrity: every label is a class");
    for (const float value : data->values.view()) expects(std::isfinite(value), "study_integrity: finite features");
  }
  const Trainer::SplitStatistics statistics =
      trainer.statistics({train.x(), train.label(), test.x(), test.label()}, classes);
  const IdenticalRows groups = group_rows(train, test);
  Integrity found{.classes = classes,
                  .of_classes = look_at_classes(statistics),
                  .of_features = look_at_features(train, statistics.train.features),
                  .train_duplicates = look_at_duplicates(groups.train, train.labels),
                  .test_duplicates = look_at_duplicates(groups.test, test.labels)};
  std::vector<FeatureScale> scale;
  for (const FeatureStatistics& of : statistics.train.features) scale.push_back(feature_scale(of.mean, of.spread));
  std::optional<NeighbourStudy> neighbours = study_neighbours(train, test, scale, trainer, options);
  if (!neighbours) return std::nullopt;
  found.neighbours = std::move(*neighbours);
  found.leak = look_for_leaks(train, test, groups, found.neighbours);
  return found;
}

}  // namespace plateau
