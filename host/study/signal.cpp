// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/signal.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "plateau/core/contract.hpp"

namespace plateau {
namespace {

constexpr Index kSignalFolds = 3;
constexpr Index kSignalSteps = 300, kFewestSignalEpochs = 10, kMostSignalEpochs = 60;
constexpr double kSignalRate = 0.01;
constexpr Index kWidestSignalLayer = 64;
constexpr double kSignalBytes = 256e6;       // of probabilities in memory
constexpr double kZ95 = 1.6448536269514722;  // the standard normal distribution's quantile 0.95

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

// A skill, and how sure the predictions are that have it.
struct Skill {
  double value = -1, sureness = 0;
};

double share_of_moved(const std::map<std::int32_t, Index>& class_rows, Index rows) {
  double kept = 0;
  for (const auto& [label, count] : class_rows)
    kept += static_cast<double>(count) * static_cast<double>(count) / static_cast<double>(rows);
  return static_cast<double>(rows) - kept;
}

}  // namespace

double movable_share(const std::vector<std::int32_t>& labels, const std::vector<std::int32_t>& groups) {
  expects(groups.empty() || groups.size() == labels.size(), "movable_share: no groups, or one for every row");
  if (groups.empty()) return 1;
  std::map<std::int32_t, Index> all;
  std::map<std::int32_t, std::map<std::int32_t, Index>> by_group;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    ++all[labels[row]];
    ++by_group[groups[row]][labels[row]];
  }
  const double free = share_of_moved(all, static_cast<Index>(labels.size()));
  double within = 0;
  for (const auto& [group, class_rows] : by_group) {
    Index rows = 0;
    for (const auto& [label, count] : class_rows) rows += count;
    within += share_of_moved(class_rows, rows);
  }
  return free > 0 ? within / free : 0;
}

double detectable_signal(const std::vector<double>& null, double sureness) {
  expects(!null.empty(), "detectable_signal: at least one permutation");
  const MeanSpread spread = mean_spread(null);
  const double skill = std::max(spread.mean, 0.0) + (kZ95 + kZ80) * spread.deviation;
  return null.size() > 1 && sureness > 0 ? std::min(1.0, skill / sureness) : 1;
}

SkillSum::SkillSum(Index classes)
    : label_rows_(static_cast<std::size_t>(classes)),
      probability_sum_(static_cast<std::size_t>(classes)),
      probability_squares_(static_cast<std::size_t>(classes)) {}

void SkillSum::add(std::int32_t label, const float* probability) {
  const std::size_t classes = label_rows_.size();
  ++rows_;
  ++label_rows_[static_cast<std::size_t>(label)];
  if (!std::all_of(probability, probability + classes, [](float p) { return std::isfinite(p); })) return;
  right_ += static_cast<double>(probability[label]);
  for (std::size_t c = 0; c < classes; ++c) {
    const double p = static_cast<double>(probability[c]);
    probability_sum_[c] += p;
    probability_squares_[c] += p * p;
  }
}

double SkillSum::skill() const {
  expects(rows_ >= 1, "SkillSum: at least one row");
  const auto n = static_cast<double>(rows_);
  double by_chance = 0;
  for (std::size_t c = 0; c < label_rows_.size(); ++c) by_chance += label_rows_[c] / n * (probability_sum_[c] / n);
  return right_ / n - by_chance;
}

double SkillSum::sureness() const {
  expects(rows_ >= 1, "SkillSum: at least one row");
  const auto n = static_cast<double>(rows_);
  double of_predictions = 0, of_labels = 0;
  for (std::size_t c = 0; c < label_rows_.size(); ++c) {
    const double mean = probability_sum_[c] / n, share = label_rows_[c] / n;
    of_predictions += std::max(0.0, probability_squares_[c] / n - mean * mean);
    of_labels += share * (1 - share);
  }
  return of_labels > 0 ? std::sqrt(of_predictions / of_labels) : 0;
}

std::optional<SignalEvidence> test_signal(Laboratory& laboratory, const Split& split, const Run& user,
                                          const Battery& battery, std::uint64_t seed) {
  if (movable_share(split.train.labels, split.train.groups) < kMovable) return {};
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
    if (!is_complete(result.outcome)) return Skill{0, 0};
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
    return Skill{sum.skill(), sum.sureness()};
  };

  // As many trials at once as their probabilities take little memory.
  const double bytes = 4.0 * static_cast<double>(classes) * static_cast<double>(networks.size()) *
                       (static_cast<double>(split.test.rows()) +
                        static_cast<double>(split.train.rows()) / static_cast<double>(folds.count()));
  const auto at_once = static_cast<Index>(std::clamp(kSignalBytes / bytes, 1.0, static_cast<double>(trials)));
  std::vector<Skill> skills;  // [trials, networks]
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
  double sureness = 0;
  std::size_t r = 0;
  for (Index trial = 0; trial < trials; ++trial) {
    Skill largest;
    for (std::size_t network = 0; network < networks.size(); ++network, ++r) {
      const Skill& skill = skills[r];
      if (trial < battery.signal_seeds) real[network] += skill.value / static_cast<double>(battery.signal_seeds);
      if (skill.value > largest.value) largest = skill;
    }
    if (trial < battery.signal_seeds) continue;
    evidence.null.push_back(largest.value);
    sureness += largest.sureness / static_cast<double>(battery.permutations);
  }
  evidence.statistic = *std::ranges::max_element(real);
  evidence.p = permutation_p(evidence.statistic, evidence.null);

  evidence.detectable = detectable_signal(evidence.null, sureness);
  return evidence;
}

}  // namespace plateau
