// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/problem.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "plateau/core/contract.hpp"
#include "plateau/core/normal.hpp"
#include "plateau/core/random.hpp"

namespace plateau::validation {
namespace {

// Of the rows of a table, the first `count` of the class.
Dataset rows_of_class(const Population& population, Table table, Index count, const View& view, std::int32_t label) {
  for (Index drawn = 4 * count * population.rule().classes;; drawn *= 2) {
    const Dataset all = population.rows(table, drawn, view);
    std::vector<std::int32_t> kept;
    for (std::int32_t i = 0; i < drawn && static_cast<Index>(kept.size()) < count; ++i)
      if (all.labels[static_cast<std::size_t>(i)] == label) kept.push_back(i);
    if (static_cast<Index>(kept.size()) == count) return take_rows(all, {kept.data(), count});
  }
}

// Puts training rows into the place of the first test rows; every other one is blurred.
void copy_rows(Dataset& test, const Dataset& train, const Specification& specification, Table table) {
  const auto copies = static_cast<Index>(specification.copied * static_cast<double>(test.rows()));
  const RandomStream stream{specification.rule.seed, StreamId::row_selection, static_cast<std::uint32_t>(table)};
  const KeyedPermutation order(stream, train.rows());
  for (Index i = 0; i < copies; ++i) {
    const Index source = order(i % train.rows());
    for (Index j = 0; j < test.columns; ++j) {
      float x = train.values.view()[source * train.columns + j];
      if (i % 2 == 1) {
        const PhiloxCounter random =
            draw(stream, (std::uint64_t{1} << 32) + static_cast<std::uint64_t>(i * test.columns + j));
        x += static_cast<float>(specification.copied_noise) * normal(random.word[0], random.word[1]);
      }
      test.values.view()[i * test.columns + j] = x;
    }
    test.labels[static_cast<std::size_t>(i)] = train.labels[static_cast<std::size_t>(source)];
  }
}

// To the user's training and to its remedy, which differs in what is done with them.
void give_weights(Specification& s) {
  const auto weights = [&s](const Architecture& network) {
    return s.given == GivenWeights::drawn ? partly_dead(network, s.dead_at_start, s.rule.seed)
                                          : kept_features(network, s.rule.seed);
  };
  if (s.given == GivenWeights::none) return;
  s.run.initial = weights(s.run.architecture);
  if (s.remedy && s.run.frozen != 0) s.remedy->initial = s.run.initial;
}

}  // namespace

const char* to_string(Part part) { return part == Part::tuning ? "tuning" : part == Part::frozen ? "frozen" : "real"; }

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::cause:
      return "cause";
    case Kind::healthy:
      return "healthy";
    case Kind::underpowered:
      return "underpowered";
    case Kind::two_causes:
      return "two-causes";
  }
  return "";
}

std::string Specification::id() const {
  return std::string(to_string(part)) + "/" + maker + "/" + std::to_string(number);
}

Problem::Problem(Specification specification)
    : specification_(std::move(specification)), population_(specification_.rule) {
  give_weights(specification_);
  const Specification& s = specification_;
  split_.train = train_rows(s.train_rows, s.train_view);
  split_.test = test_rows(Table::test, s.test_rows, s.test_view, split_.train);
  if (s.second) {
    second_.emplace();
    second_->train = train_rows(s.train_rows, *s.second);
    second_->test = test_rows(Table::test, s.test_rows, *s.second, second_->train);
  }
}

Problem::Problem(Specification specification, Split split)
    : specification_(std::move(specification)), split_(std::move(split)) {}

Dataset Problem::train_rows(Index rows, const View& view) const {
  const auto only = specification_.only_train_class;
  return only ? rows_of_class(*population_, Table::train, rows, view, *only)
              : population_->rows(Table::train, rows, view);
}

Dataset Problem::test_rows(Table table, Index rows, const View& view, const Dataset& train) const {
  const auto only = specification_.only_test_class;
  Dataset test = only ? rows_of_class(*population_, table, rows, view, *only) : population_->rows(table, rows, view);
  if (specification_.copied > 0) copy_rows(test, train, specification_, table);
  if (!specification_.test_map.empty())
    for (std::int32_t& label : test.labels) label = specification_.test_map[static_cast<std::size_t>(label)];
  return test;
}

bool Problem::has_fresh_rows() const {
  return population_ && specification_.copied == 0 && !specification_.only_train_class &&
         !specification_.only_test_class;
}

Split Problem::more_train_rows(Index rows) const {
  Split split;
  split.train = train_rows(rows, specification_.train_view);
  split.test = test_rows(Table::test, specification_.test_rows, specification_.test_view, split_.train);
  return split;
}

Dataset Problem::other_train_rows(Index draw) const {
  expects(draw >= 1, "other_train_rows: the first draw are the training rows");
  const Index rows = specification_.train_rows;
  std::vector<std::int32_t> places(static_cast<std::size_t>(rows));
  std::iota(places.begin(), places.end(), static_cast<std::int32_t>(draw * rows));
  return take_rows(train_rows((draw + 1) * rows, specification_.train_view), {places.data(), rows});
}

Split Problem::fresh_rows(Index rows) const {
  Split split;
  split.train = train_rows(specification_.train_rows, specification_.train_view);
  split.test = test_rows(Table::fresh, rows, specification_.test_view, split_.train);
  return split;
}

std::optional<Split> Problem::second_fresh_rows(Index rows) const {
  if (!second_) return std::nullopt;
  Split split;
  split.train = train_rows(specification_.train_rows, *specification_.second);
  split.test = test_rows(Table::fresh, rows, *specification_.second, second_->train);
  return split;
}

std::optional<double> Problem::bayes_accuracy() const {
  const Specification& s = specification_;
  if (!population_ || s.only_test_class || !s.test_map.empty() || s.copied > 0 || s.test_view.drift != 0 ||
      s.test_view.first_share != 0)
    return std::nullopt;
  if (!s.test_view.signal) {
    const double share = std::max(s.rule.first_share, 1 - s.rule.first_share);
    return s.rule.first_share > 0 ? share : 1 / static_cast<double>(s.rule.classes);
  }
  return population_->bayes_accuracy(s.test_view.noise);
}

FlatParameters partly_dead(const Architecture& network, double share, std::uint64_t seed) {
  constexpr float kFarBelow = -30;
  FlatParameters parameters;
  for (Index layer = 0; layer < network.layers(); ++layer) {
    const Index in = network.fan_in(layer), out = network.fan_out(layer);
    const float bound = 1 / std::sqrt(static_cast<float>(in));
    const RandomStream stream{seed, StreamId::initialisation, static_cast<std::uint32_t>(layer)};
    for (Index i = 0; i < out * in; ++i)
      parameters.push_back(bound * (2 * uniform(draw(stream, static_cast<std::uint64_t>(i)).word[0]) - 1));
    const bool hidden = layer + 1 < network.layers();
    const auto dead = static_cast<Index>(share * static_cast<double>(out));
    for (Index unit = 0; unit < out; ++unit) parameters.push_back(hidden && unit < dead ? kFarBelow : 0.0f);
  }
  return parameters;
}

FlatParameters kept_features(const Architecture& network, std::uint64_t seed) {
  const Index features = network.features();
  expects(network.layers() > 1 && network.fan_out(0) == 2 * features, "kept_features: two units for every feature");
  FlatParameters parameters = partly_dead(network, 0, seed);
  for (Index unit = 0; unit < 2 * features; ++unit)
    for (Index j = 0; j < features; ++j)
      parameters[static_cast<std::size_t>(unit * features + j)] = unit / 2 != j ? 0.0f : unit % 2 == 0 ? 1.0f : -1.0f;
  return parameters;  // whose biases are zero
}

std::uint32_t checksum(const Problem& problem) {
  std::string text;
  const auto add = [&](const Split& split) {
    text += std::to_string(checksum(split.train)) + " " + std::to_string(checksum(split.test)) + " ";
  };
  add(problem.split());
  if (problem.second() != nullptr) add(*problem.second());
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

}  // namespace plateau::validation
