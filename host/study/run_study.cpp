// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/run_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "plateau/core/error.hpp"

namespace plateau {
namespace {

static_assert(kMaxStackLayers == kMaxLayers, "what can be trained can be saved and read");
constexpr Index kMaxParameters = Index{1} << 30;

std::int32_t largest_label(const Dataset& data) { return *std::max_element(data.label().begin(), data.label().end()); }

void expect_labels_below(const Dataset& data, const std::string& file, Index classes, const std::string& model) {
  for (Index row = 0; row < data.rows(); ++row)
    if (data.label()[row] >= classes)
      throw InputError(fmt::format("{}: row {} holds label {}, and {} has {} classes, 0 to {}", file, row,
                                   data.label()[row], model, classes, classes - 1));
}

void expect_limits(const Architecture& net) {
  if (net.layers() > kMaxLayers)
    throw InputError(fmt::format("the network has {} layers; {} are the most", net.layers(), kMaxLayers));
  for (const Index width : net.widths)
    if (width > kMaxWidth)
      throw InputError(
          fmt::format("the network {} has a layer of width {}; {} is the most", to_string(net), width, kMaxWidth));
  if (net.parameters() > kMaxParameters)
    throw InputError(
        fmt::format("the network {} has {} parameters, {} bytes with gradient and moments; {} parameters are "
                    "the most",
                    to_string(net), net.parameters(), 16 * net.parameters(), kMaxParameters));
  if (net.classes() > kMaxClasses)
    throw InputError(fmt::format("the network has {} classes; {} are the most", net.classes(), kMaxClasses));
}

}  // namespace

TrainingData views(const Split& split) {
  return {split.train.x(), split.train.label(), split.test.x(), split.test.label(), split.drawn};
}

Index row_count(const DatasetStatistics& part) {
  return std::accumulate(part.class_rows.begin(), part.class_rows.end(), Index{0});
}

BestEpoch best_epoch(const std::vector<EpochRecord>& history) {
  expects(!history.empty(), "best_epoch: at least one epoch");
  const auto best = std::max_element(history.begin(), history.end(), [](const EpochRecord& a, const EpochRecord& b) {
    return a.test_accuracy < b.test_accuracy;
  });
  return {static_cast<Index>(best - history.begin()), best->test_accuracy};
}

double level_train_accuracy(const std::vector<EpochRecord>& history) {
  expects(!history.empty(), "level_train_accuracy: at least one epoch");
  const Index count = level_epochs(static_cast<Index>(history.size()));
  double sum = 0;
  for (auto epoch = history.end() - count; epoch != history.end(); ++epoch) sum += epoch->train_accuracy;
  return sum / static_cast<double>(count);
}

RunStudy study_run(const Run& run, const Split& split, Trainer& trainer) {
  const TrainingData data = views(split);
  RunStudy study{.run = run, .statistics = trainer.statistics(data, run.architecture.classes())};
  const auto start = std::chrono::steady_clock::now();
  study.result = trainer.train(run, data);
  study.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!study.result.history.empty()) {
    study.plateau = plateau_level(study.result.test_correct);
    study.best = best_epoch(study.result.history);
  }
  return study;
}

Architecture fitting_architecture(const std::optional<std::vector<Index>>& hidden, const Split& split,
                                  const std::optional<LinearStack>& initial, const TrainingFiles& files) {
  expects(hidden.has_value() || initial.has_value(), "fitting_architecture: hidden widths or an initial model");
  if (split.train.features() != split.test.features())
    throw InputError(fmt::format("{} has {} features and {} has {}", files.train, split.train.features(), files.test,
                                 split.test.features()));
  Architecture net;
  if (initial) {
    net.widths = initial->widths;
    if (net.features() != split.train.features())
      throw InputError(fmt::format("{} has {} inputs and {} has {} features", files.initial, net.features(),
                                   files.train, split.train.features()));
    if (hidden && !std::equal(hidden->begin(), hidden->end(), net.widths.begin() + 1, net.widths.end() - 1))
      throw InputError(fmt::format("{} is a network {}, which the hidden widths {} do not fit", files.initial,
                                   to_string(net),
                                   hidden->empty() ? "\"\"" : fmt::format("{}", fmt::join(*hidden, ","))));
    expect_labels_below(split.train, files.train, net.classes(), files.initial);
    expect_labels_below(split.test, files.test, net.classes(), files.initial);
  } else {
    net.widths.push_back(split.train.features());
    net.widths.insert(net.widths.end(), hidden->begin(), hidden->end());
    net.widths.push_back(std::max<Index>(2, std::max(largest_label(split.train), largest_label(split.test)) + 1));
  }
  expect_limits(net);
  return net;
}

}  // namespace plateau
