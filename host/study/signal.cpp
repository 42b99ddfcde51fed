// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/signal.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plateau/core/contract.hpp"

namespace plateau {
namespace {

constexpr Index kSignalFolds = 3;
constexpr Index kSignalSteps = 300, kFewestSignalEpochs = 10, kMostSignalEpochs = 60;
constexpr double kSignalRate = 0.01;
constexpr Index kWidestSignalLayer = 64;
constexpr double kSignalBytes = 256e6;  // of probabilities in memory
constexpr double kMixedGroups = 0.5;    // share of the rows in groups of several classes from which on labels can move

std::vector<Run> signal_networks(const Run& user, Index rows, const Battery& battery) {
  const Architecture& net = user.architecture;
  std::vector<std::vector<Index>> hidden{{}, {16}, {net.widths.begin() + 1, net.widths.end() - 1}};
  for (Index& width : hidden.back()) width = std::min(width, kWidestSignalLayer);
  if (hidden.back().size() > 2) hidden.back().resize(2);
  if (hidden.back().empty() || hidden.back() == hidden[1]) hidden.back() = {kWidestSignalLayer};
  std::vector<Run> runs;
  for (const std::vector<Index>& widths : hidden) {
    Architecture network{{net.features()}};
    network.widths.insert(network.widths.end(), widths.begin(), widths.end());
    network.widths.push_back(net.classes());
    Run run = recipe({}, network, kSignalRate, rows, battery);
    const Index steps = (rows + run.batch - 1) / run.batch;
    run.epochs = std::clamp(kSignalSteps / steps, kFewestSignalEpochs, kMostSignalEpochs);
    runs.push_back(std::move(run));
  }
  return runs;
}

// Whether permuting within groups changes labels.
bool can_permute(const Dataset& train) {
  if (train.groups.empty()) return true;
  const std::size_t groups = static_cast<std::size_t>(*std::ranges::max_element(train.groups)) + 1;
  std::vector<std::int32_t> first(groups, -1);
  std::vector<bool> mixed(groups, false);
  for (std::size_t row = 0; row < train.groups.size(); ++row) {
    const auto group = static_cast<std::size_t>(train.groups[row]);
    if (first[group] < 0) first[group] = train.labels[row];
    if (first[group] != train.labels[row]) mixed[group] = true;
  }
  const auto movable = std::ranges::count_if(
      train.groups, [&](std::int32_t group) { return bool{mixed[static_cast<std::size_t>(group)]}; });
  return static_cast<double>(movable) >= kMixedGroups * static_cast<double>(train.rows());
}

}  // namespace

SkillSum::SkillSum(Index classes)
    : label_rows_(static_cast<std::size_t>(classes)), probability_sum_(static_cast<std::size_t>(classes)) {}

void SkillSum::add(std::int32_t label, const float* probability) {
  const std::size_t classes = label_rows_.size();
  ++rows_;
  ++label_rows_[static_cast<std::size_t>(label)];
  if (!std::all_of(probability, probability + classes, [](float p) { return std::isfinite(p); })) return;
  right_ += static_cast<double>(probability[label]);
  for (std::size_t c = 0; c < classes; ++c) probability_sum_[c] += static_cast<double>(probability[c]);
}

double SkillSum::skill() const {
  expects(rows_ >= 1, "SkillSum: at least one row");
  const auto n = static_cast<double>(rows_);
  double by_chance = 0;
  for (std::size_t c = 0; c < label_rows_.size(); ++c) by_chance += label_rows_[c] / n * (probability_sum_[c] / n);
  return right_ / n - by_chance;
}

std::optional<SignalEvidence> test_signal(Laboratory& laboratory, const Split& split, const Run& user,
                                          const Battery& battery, std::uint64_t seed) {
  if (!can_permute(split.train)) return {};
  const Folds folds(split.train, Folds::possible(split.train, kSignalFolds), seed);
  const RowGroups groups =
      split.train.groups.empty() ? RowGroups{} : RowGroups({split.train.groups.data(), split.train.rows()});
  TrainingData data = views(split);
  if (!split.train.groups.empty()) data.train_groups = &groups;
  const std::vector<Run> networks = signal_networks(user, split.train.rows(), battery);
  const Index classes = user.architecture.classes();

  // Every network on the labels as they are, then on those of each permutation.
  const Index trials = battery.signal_seeds + battery.permutations;
  const auto fold_of = [&](Index trial) { return trial % folds.count(); };
  const auto run_of = [&](Index trial, const Run& network) {
    Run run = network;
    run.rows = folds.outside(fold_of(trial));
    run.seed = seed + static_cast<std::uint64_t>(trial);
    if (trial >= battery.signal_seeds)
      run.labels = {.permuted = true, .permutation_seed = seed + static_cast<std::uint64_t>(trial)};
    run.outputs = {
        .parameters = false,
        .best_parameters = false,
        .test_correct = false,
        .predictions = {{.rows = folds.inside(fold_of(trial)), .probabilities = true}, {.probabilities = true}}};
    return run;
  };
  const auto skill_of = [&](const Run& run, const RunResult& result, Index fold) {
    if (!is_complete(result.outcome)) return 0.0;
    const RowGroupsView<Space::host> group = groups.view();
    const TreatedLabels treated(run.labels, split.train.rows(), classes);
    SkillSum sum(classes);
    const std::vector<float>& inside = result.predictions[0].probability;
    const std::vector<float>& test = result.predictions[1].probability;
    Index k = 0;
    for (const std::int32_t row : folds.rows_inside(fold))
      sum.add(treated(split.train.labels.data(), group.place.data, group.member.data, row),
              &inside[static_cast<std::size_t>(k++ * classes)]);
    for (Index row = 0; row < split.test.rows(); ++row)
      sum.add(split.test.labels[static_cast<std::size_t>(row)], &test[static_cast<std::size_t>(row * classes)]);
    return sum.skill();
  };

  // As many trials at once as their probabilities take little memory.
  const double bytes = 4.0 * static_cast<double>(classes) * static_cast<double>(networks.size()) *
                       (static_cast<double>(split.test.rows()) +
                        static_cast<double>(split.train.rows()) / static_cast<double>(folds.count()));
  const auto at_once = static_cast<Index>(std::clamp(kSignalBytes / bytes, 1.0, static_cast<double>(trials)));
  std::vector<double> skills;  // [trials, networks]
  for (Index first = 0; first < trials; first += at_once) {
    std::vector<Run> runs;
    for (Index trial = first; trial < std::min(first + at_once, trials); ++trial)
      for (const Run& network : networks) runs.push_back(run_of(trial, network));
    const std::vector<RunResult> results = laboratory.train("signal", data, runs);
    for (std::size_t r = 0; r < runs.size(); ++r) {
      const Index trial = first + static_cast<Index>(r / networks.size());
      skills.push_back(skill_of(runs[r], results[r], fold_of(trial)));
    }
  }

  SignalEvidence evidence{.permutations = battery.permutations,
                          .networks = static_cast<Index>(networks.size()),
                          .trainings = static_cast<Index>(skills.size())};
  std::vector<double> real(networks.size());
  std::size_t r = 0;
  for (Index trial = 0; trial < trials; ++trial) {
    double largest = -1;
    for (std::size_t network = 0; network < networks.size(); ++network, ++r) {
      const double skill = skills[r];
      if (trial < battery.signal_seeds) real[network] += skill / static_cast<double>(battery.signal_seeds);
      largest = std::max(largest, skill);
    }
    if (trial >= battery.signal_seeds) evidence.null.push_back(largest);
  }
  evidence.statistic = *std::ranges::max_element(real);
  evidence.p = permutation_p(evidence.statistic, evidence.null);

  // What a one-sided test at 5 % of as many rows would see of an accuracy above the commonest class's share.
  std::vector<double> class_rows(static_cast<std::size_t>(classes));
  for (const std::int32_t label : split.test.labels) ++class_rows[static_cast<std::size_t>(label)];
  const double share = *std::ranges::max_element(class_rows) / static_cast<double>(split.test.rows());
  const double judged = static_cast<double>(split.test.rows()) +
                        static_cast<double>(split.train.rows()) / static_cast<double>(folds.count());
  constexpr double kOneSided = 1.6448536269514722 + 0.8416212335729143;  // normal quantiles of 0.95 and 0.80
  evidence.detectable = kOneSided * std::sqrt(std::max(share * (1 - share), 1 / judged) / judged);
  return evidence;
}

}  // namespace plateau
