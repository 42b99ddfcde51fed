// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/run_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "plateau/core/error.hpp"
#include "plateau/study/comparisons.hpp"

namespace plateau {
namespace {

static_assert(kMaxStackLayers == kMaxLayers, "what can be trained can be saved and read");
constexpr Index kMaxParameters = Index{1} << 30;

Index class_count(const Dataset& data) {
  return std::max<Index>(data.classes.classes(), *std::max_element(data.label().begin(), data.label().end()) + 1);
}

// `network` begins the sentence.
void expect_limits(const Architecture& net, const std::string& network) {
  if (net.layers() > kMaxLayers)
    throw InputError(fmt::format("{} has {} layers; {} are the most", network, net.layers(), kMaxLayers));
  for (const Index width : net.widths)
    if (width > kMaxWidth)
      throw InputError(
          fmt::format("{} {} has a layer of width {}; {} is the most", network, to_string(net), width, kMaxWidth));
  if (net.parameters() > kMaxParameters)
    throw InputError(
        fmt::format("{} {} has {} parameters, {} bytes with gradient and moments; {} parameters are the most", network,
                    to_string(net), net.parameters(), 16 * net.parameters(), kMaxParameters));
  if (net.classes() > kMaxClasses)
    throw InputError(fmt::format("{} has {} classes; {} are the most", network, net.classes(), kMaxClasses));
}

HostSpan<const std::int32_t> listed(const std::vector<std::int32_t>& rows) {
  return {rows.data(), static_cast<Index>(rows.size())};
}

void expects_features_alone(const Dataset& features, const ReadOptions& reading) {
  for (const std::string& name : {reading.target, reading.group})
    if (!name.empty() && std::ranges::count(features.feature_names, name) > 0)
      throw InputError(fmt::format("{}: column '{}' is no feature; second features stand in a file without it",
                                   features.source, name));
}

void expects_as_many(const Dataset& features, const Dataset& first, Index rows) {
  if (features.rows() != rows)
    throw InputError(fmt::format("{} has {} rows and {} has {}; second features are of the same rows in the same order",
                                 features.source, features.rows(), first.source, rows));
}

// Labels, groups and classes of `first`, whose rows these are; `dealt` says from which rows of the file, or null.
void take_labels(Dataset& second, const Dataset& first, const std::vector<std::int32_t>* dealt) {
  for (std::size_t row = 0; row < second.labels.size(); ++row) {
    const std::string& other = second.classes.names[static_cast<std::size_t>(second.labels[row])];
    const std::string& own = first.classes.names[static_cast<std::size_t>(first.labels[row])];
    if (other != own)
      throw InputError(fmt::format(
          "{}: row {} holds class '{}', and in {} it is '{}'; second features are of the same "
          "rows in the same order",
          second.source, dealt != nullptr ? (*dealt)[row] : static_cast<std::int32_t>(row), other, first.source, own));
  }
  second.labels = first.labels;
  second.groups = first.groups;
  second.classes = first.classes;
}

}  // namespace

TrainingData views(const Split& split) {
  return {split.train.x(), split.train.label(), split.test.x(), split.test.label(), split.drawn};
}

Index row_count(const DatasetStatistics& part) {
  return std::accumulate(part.class_rows.begin(), part.class_rows.end(), Index{0});
}

Split deal_rows(const Dataset& all, double fraction, std::uint64_t seed) {
  RowSplit rows = split_rows(all.label(), all.classes.classes(),
                             {all.groups.data(), static_cast<Index>(all.groups.size())}, fraction, seed);
  Split split{.train = take_rows(all, listed(rows.train)), .test = take_rows(all, listed(rows.test))};
  split.dealt = std::move(rows);
  return split;
}

Split with_features(const Split& split, const Dataset& features, const std::optional<Dataset>& of_test,
                    const ReadOptions& reading) {
  expects(of_test.has_value() != split.dealt.has_value(), "with_features: of the test rows, unless they were dealt");
  for (const Dataset* part : {&features, of_test ? &*of_test : nullptr})
    if (part != nullptr) expects_features_alone(*part, reading);
  Split second;
  if (split.dealt) {
    expects_as_many(features, split.train, split.train.rows() + split.test.rows());
    second.train = take_rows(features, listed(split.dealt->train));
    second.test = take_rows(features, listed(split.dealt->test));
    second.dealt = split.dealt;
  } else {
    expects_as_many(features, split.train, split.train.rows());
    expects_as_many(*of_test, split.test, split.test.rows());
    if (features.columns != of_test->columns)
      throw InputError(fmt::format("{} has {} features and {} has {}", features.source, features.columns,
                                   of_test->source, of_test->columns));
    std::vector<std::int32_t> all(static_cast<std::size_t>(std::max(features.rows(), of_test->rows())));
    std::iota(all.begin(), all.end(), 0);
    second.train = take_rows(features, {all.data(), features.rows()});
    second.test = take_rows(*of_test, {all.data(), of_test->rows()});
  }
  take_labels(second.train, split.train, split.dealt ? &split.dealt->train : nullptr);
  take_labels(second.test, split.test, split.dealt ? &split.dealt->test : nullptr);
  return second;
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

ValidationRows::ValidationRows(const Dataset& train, double share, std::uint64_t seed) {
  const Index rows = train.rows();
  if (share == 0) return;
  const bool is_share = 0 < share && share < 1;
  const Index wanted = is_share ? static_cast<Index>(std::llround(share * static_cast<double>(rows))) : 0;
  if (wanted == 0 || wanted == rows)
    throw InputError(fmt::format(
        "a validation fraction of {} is {} of the {} training rows of {}; hold out at least one row, and not "
        "all",
        share, wanted, rows, train.source));
  if (train.groups.empty()) {
    rows_ = RowSelection::outside_part(seed, rows, wanted);
    validation_ = RowSelection::part(seed, rows, wanted);
    return;
  }
  lists_ = split_rows(train.label(), class_count(train), {train.groups.data(), rows}, share, seed, "validation");
  const auto listed = [rows](const std::vector<std::int32_t>& list) {
    return RowSelection::listed({list.data(), static_cast<Index>(list.size())}, rows);
  };
  rows_ = listed(lists_.train);
  validation_ = listed(lists_.test);
}

void ValidationRows::hold_out_of(Run& run) const {
  run.rows = rows_;
  run.validation = validation_;
}

std::optional<Index> RunStudy::kept_epoch() const {
  if (result.history.empty()) return std::nullopt;
  if (run.patience > 0 && result.best_epoch) return result.best_epoch;
  return static_cast<Index>(result.history.size()) - 1;
}

std::vector<Index> RunStudy::confusion() const {
  const Index classes = run.architecture.classes();
  if (test_predictions.empty() || classes > kMostConfusedClasses) return {};
  return plateau::confusion(test_predictions, {test_labels.data(), static_cast<Index>(test_labels.size())}, classes);
}

std::uint32_t test_rows_checksum(const Split& split) {
  return split.read_checksum ? *split.read_checksum : checksum_without_groups(split.test);
}

RunStudy study_run(const Run& run, const Split& split, Trainer& trainer, const Watch& watch, const RunResult* before) {
  const TrainingData data = views(split);
  RunStudy study{.run = run,
                 .schema = schema_of(split.train),
                 .scale = split.scale,
                 .statistics = trainer.statistics(data, run.architecture.classes()),
                 .train_checksum = checksum_without_groups(split.train),
                 .test_checksum = test_rows_checksum(split),
                 .test_text_checksum = text_checksum(split.test),
                 .test_labels = split.test.labels};
  // By the parameters that are kept: where no epoch was the best one, those are the last (model/run.hpp).
  Run predicting = run;
  predicting.outputs.predictions.push_back({.at = run.patience > 0 ? ParametersAt::best : ParametersAt::last});
  const auto start = std::chrono::steady_clock::now();
  study.result = trainer.train(predicting, data, watch.checkpoints, watch.observer);
  study.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (before != nullptr) study.result = joined(*before, study.result);
  if (!study.result.history.empty()) {
    study.plateau = plateau_level(study.result.test_correct);
    study.best = best_epoch(study.result.history);
    if (study.result.outcome != RunOutcome::diverged && !study.result.predictions.empty()) {
      study.test_predictions = std::move(study.result.predictions.back().predicted);
      study.result.predictions.pop_back();
    }
  }
  return study;
}

ModelFile model_of(const Architecture& net, FlatParameters parameters, const Schema& schema,
                   const std::vector<FeatureScale>& scale) {
  ModelFile model{.stack = {net.widths, std::move(parameters)},
                  .classes = {},
                  .features = schema.feature_names,
                  .scale_mean = {},
                  .scale_factor = {}};
  if (!schema.classes.numbered) {
    model.classes = schema.classes.names;
    // A network has two classes where its rows have one.
    if (model.classes.size() == 1) model.classes.push_back("not " + model.classes.front());
  }
  for (const FeatureScale& of_feature : scale) {
    model.scale_mean.push_back(of_feature.mean);
    model.scale_factor.push_back(of_feature.factor);
  }
  return model;
}

ModelFile model_of(const RunStudy& study) {
  const RunResult& result = study.result;
  const bool best = study.run.patience > 0 && result.best_epoch;
  return model_of(study.run.architecture, best ? result.best_parameters : result.parameters, study.schema,
                  result.scale.empty() ? study.scale : result.scale);
}

Schema schema_of(const ModelFile& model, const std::string& file) {
  return {.source = file,
          .columns = model.stack.widths.front(),
          .feature_names = model.features,
          .classes = model.classes.empty() ? numbered_classes(model.stack.widths.back())
                                           : ClassMap{.names = model.classes, .numbered = false}};
}

TrainedNetwork network_of(const ModelFile& model, const std::string& file) {
  TrainedNetwork network{.architecture = {model.stack.widths}, .parameters = model.stack.parameters};
  if (network.architecture.classes() < 2)
    throw InputError(fmt::format("{}: the network {} has one output; a classifier has one for every class", file,
                                 to_string(network.architecture)));
  expect_limits(network.architecture, file + ": the network");
  for (std::size_t j = 0; j < model.scale_mean.size(); ++j)
    network.scale.push_back({model.scale_mean[j], model.scale_factor[j]});
  return network;
}

void expects_labels_below(const Dataset& data, const std::string& file, Index classes, const std::string& model) {
  for (Index row = 0; row < data.rows(); ++row)
    if (data.label()[row] >= classes)
      throw InputError(fmt::format("{}: row {} holds label {}, and {} has {} classes, 0 to {}", file, row,
                                   data.label()[row], model, classes, classes - 1));
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
    expects_labels_below(split.train, files.train, net.classes(), files.initial);
    expects_labels_below(split.test, files.test, net.classes(), files.initial);
  } else {
    net.widths.push_back(split.train.features());
    net.widths.insert(net.widths.end(), hidden->begin(), hidden->end());
    net.widths.push_back(std::max({Index{2}, class_count(split.train), class_count(split.test)}));
  }
  expect_limits(net, "the network");
  return net;
}

}  // namespace plateau
