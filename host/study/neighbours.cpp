// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include "plateau/core/contract.hpp"
#include "plateau/core/row_selection.hpp"

namespace plateau {
namespace {

using Rows = std::vector<std::int32_t>;

HostSpan<const std::int32_t> span_of(const Rows& rows) { return {rows.data(), static_cast<Index>(rows.size())}; }

// As many of the rows as the search may ask.
Rows asked_rows(const Dataset& data, const Dataset& train, const NeighbourOptions& options) {
  const double of_a_row = static_cast<double>(train.rows()) * static_cast<double>(train.features());
  const double allowed = std::max(1.0, std::floor(options.most_operations / of_a_row));
  const Index all = data.rows();
  const Index count = allowed < static_cast<double>(all) ? static_cast<Index>(allowed) : all;
  const RowSelection selection = count < all ? RowSelection::part(options.seed, all, count) : RowSelection::all(all);
  Rows rows(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) rows[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(selection(i));
  std::sort(rows.begin(), rows.end());
  return rows;
}

// The rows of a data set that are asked, with the features as they are searched.
Dataset prepared(const Dataset& data, const Rows& rows, const std::vector<FeatureScale>* scale) {
  Dataset taken = take_rows(data, span_of(rows));
  if (scale != nullptr) scale_features(taken, *scale);
  return taken;
}

Rows every_row(const Dataset& data) {
  Rows rows(static_cast<std::size_t>(data.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

std::vector<float> nearest_distances(const Neighbours& found) {
  std::vector<float> distance;
  for (std::size_t i = 0; i < found.distance.size(); i += static_cast<std::size_t>(found.k))
    distance.push_back(std::sqrt(found.distance[i]));
  return distance;
}

// The classes of a row's neighbours, nearest first.
Rows classes_of(const Neighbours& found, std::size_t row, const Dataset& train) {
  Rows classes;
  for (std::size_t j = 0; j < static_cast<std::size_t>(found.k); ++j) {
    const std::int32_t neighbour = found.index[row * static_cast<std::size_t>(found.k) + j];
    if (neighbour >= 0) classes.push_back(train.labels[static_cast<std::size_t>(neighbour)]);
  }
  return classes;
}

HostSpan<const std::int32_t> first(const Rows& classes, Index k) {
  return span_of(classes).subspan(0, std::min(k, static_cast<Index>(classes.size())));
}

}  // namespace

std::int32_t vote_of(HostSpan<const std::int32_t> classes) {
  expects(classes.size >= 1, "vote_of: at least one neighbour");
  std::vector<std::pair<std::int32_t, Index>> counts;  // of the classes in the order of their nearest row
  for (const std::int32_t of_neighbour : classes) {
    const auto known =
        std::find_if(counts.begin(), counts.end(), [&](const auto& count) { return count.first == of_neighbour; });
    if (known == counts.end())
      counts.emplace_back(of_neighbour, 1);
    else
      ++known->second;
  }
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

Interval cover_hart_bounds(double error, Index classes) {
  expects(0 <= error && error <= 1 && classes >= 1, "cover_hart_bounds: the error of a rule for classes");
  const double guessing = static_cast<double>(classes - 1) / static_cast<double>(classes);
  if (classes == 1) return {0, error};
  return {guessing * (1 - std::sqrt(std::max(0.0, 1 - error / guessing))), error};
}

std::optional<NeighbourStudy> study_neighbours(const Dataset& train, const Dataset& test,
                                               const std::vector<FeatureScale>& scale, Trainer& trainer,
                                               const NeighbourOptions& options) {
  expects(train.is_labelled() && test.is_labelled(), "study_neighbours: labelled rows, at least one of each");
  expects(train.columns == test.columns && train.columns >= 1, "study_neighbours: the same features");
  expects(std::cmp_equal(scale.size(), train.columns), "study_neighbours: a scale for every feature");
  NeighbourStudy study{.train_rows = asked_rows(train, train, options), .test_rows = asked_rows(test, train, options)};
  const Index others = train.rows() - 1;
  const Dataset scaled_train = prepared(train, every_row(train), &scale);
  const auto asked = static_cast<Index>(study.train_rows.size());
  double nearest_error[2] = {0, 0};  // as they are, standardised
  for (const bool standardised : {false, true}) {
    const Index most = std::clamp(others, Index{1}, *std::rbegin(kVotes));
    const Neighbours found =
        trainer.neighbours(prepared(train, study.train_rows, standardised ? &scale : nullptr).x(),
                           (standardised ? scaled_train : train).x(), most, span_of(study.train_rows));
    if (trainer.stop_requested()) return std::nullopt;
    if (standardised) study.train_distance = nearest_distances(found);
    for (const Index k : kVotes) {
      if (k > others) break;
      NeighbourVote vote{.standardised = standardised, .k = k};
      for (std::size_t i = 0; i < study.train_rows.size(); ++i)
        vote.right += vote_of(first(classes_of(found, i, train), k)) ==
                      train.labels[static_cast<std::size_t>(study.train_rows[i])];
      vote.accuracy = static_cast<double>(vote.right) / static_cast<double>(asked);
      vote.interval = wilson_interval(vote.accuracy, asked);
      if (k == 1) nearest_error[standardised] = static_cast<double>(asked - vote.right) / static_cast<double>(asked);
      if (study.votes.empty() || vote.right > study.best.right) study.best = vote;
      study.votes.push_back(vote);
    }
  }

  Rows seen = train.labels;
  std::sort(seen.begin(), seen.end());
  const auto classes = static_cast<Index>(std::unique(seen.begin(), seen.end()) - seen.begin());
  study.best_possible_error = cover_hart_bounds(nearest_error[study.best.standardised], classes);

  const Index voters = study.best.k;
  const Dataset scaled_test = prepared(test, study.test_rows, &scale);
  Neighbours found = trainer.neighbours(scaled_test.x(), scaled_train.x(), study.best.standardised ? voters : 1, {});
  study.test_distance = nearest_distances(found);
  if (!study.best.standardised)
    found = trainer.neighbours(prepared(test, study.test_rows, nullptr).x(), train.x(), voters, {});
  if (trainer.stop_requested()) return std::nullopt;
  for (std::size_t i = 0; i < study.test_rows.size(); ++i)
    study.predicted.push_back(vote_of(first(classes_of(found, i, train), voters)));
  return study;
}

}  // namespace plateau
