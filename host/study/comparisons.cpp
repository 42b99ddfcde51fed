// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/comparisons.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "plateau/core/contract.hpp"
#include "plateau/study/assignment.hpp"

namespace plateau {
namespace {

constexpr std::size_t kMostSuspects = 50;
constexpr Index kMostMappedClasses = 500;  // the assignment takes the cube of their number
constexpr std::size_t kFewestNoiseRows = 40;

// Of every pair of trainings: how much the mean recall over the classes that have rows is higher in the second.
std::vector<double> recall_changes(const RowOutcomes& first, const RowOutcomes& second,
                                   HostSpan<const std::int32_t> label, Index classes) {
  std::vector<double> rows(static_cast<std::size_t>(classes));
  for (Index row = 0; row < label.size; ++row) ++rows[static_cast<std::size_t>(label[row])];
  const auto present = static_cast<double>(std::ranges::count_if(rows, [](double n) { return n > 0; }));
  std::vector<double> changes;
  for (Index t = 0; t < first.trainings(); ++t) {
    double change = 0;
    for (Index row = 0; row < label.size; ++row)
      change += (second(t, row) - first(t, row)) / rows[static_cast<std::size_t>(label[row])];
    changes.push_back(change / present);
  }
  return changes;
}

// Rows in two halves by a seed, whole clusters in each.
struct Halves {
  std::vector<std::size_t> first, second;
};
Halves halves_of(Index rows, const Clusters& clusters, std::uint64_t seed) {
  const Index units = clusters.count(rows);
  std::vector<std::vector<std::size_t>> rows_of(static_cast<std::size_t>(units));
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row)
    rows_of[clusters.are_rows() ? row : static_cast<std::size_t>(clusters.of_row()[row])].push_back(row);
  const auto taken = [&](const RowSelection& selection) {
    std::vector<std::size_t> all;
    for (Index k = 0; k < selection.count(); ++k) {
      const std::vector<std::size_t>& of_unit = rows_of[static_cast<std::size_t>(selection(k))];
      all.insert(all.end(), of_unit.begin(), of_unit.end());
    }
    return all;
  };
  return {taken(RowSelection::part(seed, units, units / 2)), taken(RowSelection::outside_part(seed, units, units / 2))};
}

}  // namespace

SettingEvidence setting_evidence(const Judged& judged, HostSpan<const std::int32_t> label, Index classes) {
  const MeanSpread spread = mean_spread(judged.right.training_accuracy());
  const std::vector<std::int32_t> vote = majority_vote(judged.predicted, label.size, classes);
  return {.what = judged.setting.what,
          .architecture = to_string(judged.setting.run.architecture),
          .trainings = judged.right.trainings(),
          .diverged = judged.diverged,
          .test_accuracy = spread.mean,
          .seed_deviation = spread.deviation,
          .train_accuracy = mean_spread(judged.train_accuracy).mean,
          .balanced_accuracy = balanced_accuracy(vote, label, classes),
          .most_predicted = most_predicted(vote, classes),
          .test_accuracies = judged.right.training_accuracy(),
          .train_accuracies = judged.train_accuracy};
}

EpochCurves epoch_curves(const Judged& judged) {
  expects(judged.changed.size() == judged.results.size(), "epoch_curves: of a setting that is inspected");
  std::size_t common = std::numeric_limits<std::size_t>::max();
  for (const RunResult& result : judged.results) common = std::min(common, result.history.size());
  EpochCurves curves;
  if (common == 0 || judged.results.empty()) return curves;
  const std::size_t step = (common + kMostCurveEpochs - 1) / kMostCurveEpochs;
  const double trainings = static_cast<double>(judged.results.size());
  for (std::size_t e = (common - 1) % step; e < common; e += step) {
    double test = 0, train = 0, changed = 0, lowest = 1, highest = 0;
    for (std::size_t t = 0; t < judged.results.size(); ++t) {
      const EpochRecord& epoch = judged.results[t].history[e];
      test += epoch.test_accuracy / trainings;
      train += epoch.train_accuracy / trainings;
      changed += judged.changed[t][e] / trainings;
      lowest = std::min(lowest, epoch.test_accuracy);
      highest = std::max(highest, epoch.test_accuracy);
    }
    curves.epoch.push_back(static_cast<Index>(e));
    curves.test_accuracy.push_back(test);
    curves.train_accuracy.push_back(train);
    curves.lowest.push_back(lowest);
    curves.highest.push_back(highest);
    curves.changed.push_back(changed);
  }
  return curves;
}

std::vector<Index> confusion(const std::vector<std::int32_t>& predicted, HostSpan<const std::int32_t> label,
                             Index classes) {
  expects(static_cast<Index>(predicted.size()) == label.size, "confusion: a prediction per row");
  std::vector<Index> count(static_cast<std::size_t>(classes * classes));
  for (Index row = 0; row < label.size; ++row)
    if (const Index given = predicted[static_cast<std::size_t>(row)]; given >= 0)
      ++count[static_cast<std::size_t>(label[row] * classes + given)];
  return count;
}

std::optional<LabelMapEvidence> test_label_map(const std::vector<std::int32_t>& predicted,
                                               HostSpan<const std::int32_t> label, Index classes, std::uint64_t seed,
                                               const Clusters& clusters) {
  expects(static_cast<Index>(predicted.size()) == label.size, "test_label_map: a prediction per row");
  if (label.size < 4 || classes > kMostMappedClasses || clusters.count(label.size) < 2) return {};
  const Halves halves = halves_of(label.size, clusters, seed);
  if (halves.second.size() < 2) return {};
  std::vector<Index> count(static_cast<std::size_t>(classes * classes));
  for (const std::size_t row : halves.first) {
    const std::int32_t given = predicted[row];
    if (given >= 0) ++count[static_cast<std::size_t>(given * classes + label[static_cast<Index>(row)])];
  }
  LabelMapEvidence evidence;
  const std::vector<Index> map = best_assignment(count, classes);
  for (const Index column : map) evidence.best.push_back(static_cast<std::int32_t>(column));

  std::vector<std::uint8_t> as_given, mapped;
  std::vector<std::int32_t> judged, judged_labels;
  for (const std::size_t row : halves.second) {
    const std::int32_t given = predicted[row], right = label[static_cast<Index>(row)];
    judged.push_back(given);
    judged_labels.push_back(right);
    as_given.push_back(given == right);
    mapped.push_back(given >= 0 && evidence.best[static_cast<std::size_t>(given)] == right);
  }
  const auto judges = static_cast<Index>(halves.second.size());
  RowOutcomes first(judges, clusters.of(halves.second)), second(judges, first.clusters());
  first.add(as_given);
  second.add(mapped);
  evidence.gain = crossed_difference(first, second, Pairing::by_training);
  evidence.recall = recall_change(judged, judged_labels, map);
  return evidence;
}

HeldOut held_out_probabilities(const std::vector<RunResult>& by_repeat_and_fold, std::size_t request,
                               const Folds& folds, Index train_rows, Index classes) {
  std::vector<double> sum(static_cast<std::size_t>(train_rows * classes));
  std::vector<Index> times(static_cast<std::size_t>(train_rows));
  for (std::size_t r = 0; r < by_repeat_and_fold.size(); ++r) {
    if (!is_complete(by_repeat_and_fold[r].outcome)) continue;
    const float* probability = by_repeat_and_fold[r].predictions[request].probability.data();
    for (const std::int32_t row : folds.rows_inside(static_cast<Index>(r) % folds.count())) {
      const float* of_row = probability;
      probability += classes;
      if (!std::all_of(of_row, probability, [](float p) { return std::isfinite(p); })) continue;
      for (Index c = 0; c < classes; ++c)
        sum[static_cast<std::size_t>(row * classes + c)] += static_cast<double>(of_row[c]);
      ++times[static_cast<std::size_t>(row)];
    }
  }
  HeldOut held_out;
  for (Index row = 0; row < train_rows; ++row) {
    const Index n = times[static_cast<std::size_t>(row)];
    if (n == 0) continue;
    held_out.row.push_back(static_cast<std::int32_t>(row));
    for (Index c = 0; c < classes; ++c)
      held_out.probability.push_back(
          static_cast<float>(sum[static_cast<std::size_t>(row * classes + c)] / static_cast<double>(n)));
  }
  return held_out;
}

std::optional<NoiseEvidence> test_label_noise(const HeldOut& held_out, const std::vector<std::int32_t>& labels,
                                              Index classes, const Clusters& clusters) {
  if (held_out.row.size() < kFewestNoiseRows) return {};
  struct Seen {
    std::int32_t row;
    std::int32_t given;  // the class
    bool disagrees;
    double sure, of_label;  // largest probability; that of the label
  };
  std::vector<Seen> rows;
  for (std::size_t i = 0; i < held_out.row.size(); ++i) {
    const float* p = &held_out.probability[i * static_cast<std::size_t>(classes)];
    const auto given = static_cast<std::int32_t>(std::max_element(p, p + classes) - p);
    const std::int32_t label = labels[static_cast<std::size_t>(held_out.row[i])];
    rows.push_back(
        {held_out.row[i], given, given != label, static_cast<double>(p[given]), static_cast<double>(p[label])});
  }
  const auto share = [](auto first, auto last) {
    return static_cast<double>(std::count_if(first, last, [](const Seen& row) { return row.disagrees; })) /
           static_cast<double>(last - first);
  };
  NoiseEvidence evidence{.disagreement = share(rows.begin(), rows.end())};
  std::stable_sort(rows.begin(), rows.end(), [](const Seen& a, const Seen& b) { return a.sure > b.sure; });
  const auto half = static_cast<std::ptrdiff_t>(rows.size() / 2);
  evidence.confident_disagreement = share(rows.begin(), rows.begin() + half);
  std::vector<std::size_t> surest;
  std::vector<std::uint8_t> contradicted;
  for (auto row = rows.begin(); row != rows.begin() + half; ++row) {
    surest.push_back(static_cast<std::size_t>(row->row));
    contradicted.push_back(row->disagrees);
  }
  RowOutcomes confident(half, clusters.of(surest));
  confident.add(contradicted);
  evidence.confident_interval = wilson_interval(evidence.confident_disagreement, confident);
  evidence.surest_disagreement = share(rows.begin(), rows.begin() + std::max<std::ptrdiff_t>(1, half / 4));
  evidence.noise_rate = evidence.confident_disagreement;
  const auto doubt = [](const Seen& row) { return row.sure - row.of_label; };
  std::stable_sort(rows.begin(), rows.end(), [&](const Seen& a, const Seen& b) { return doubt(a) > doubt(b); });
  for (const Seen& row : rows)
    if (row.disagrees && evidence.suspects.size() < kMostSuspects)
      evidence.suspects.push_back({row.row, row.given, row.sure, row.of_label});
  return evidence;
}

BalanceEvidence compare_balance(const Judged& user, const Judged& balanced, HostSpan<const std::int32_t> label,
                                Index classes) {
  // Rows are sampled within their classes, so a variance is the sum over classes of that of a mean of differences.
  const std::vector<double> before = user.right.row_accuracy(), after = balanced.right.row_accuracy();
  std::vector<std::vector<double>> change(static_cast<std::size_t>(classes)), level(change.size());
  for (Index row = 0; row < label.size; ++row) {
    const auto c = static_cast<std::size_t>(label[row]), r = static_cast<std::size_t>(row);
    change[c].push_back(after[r] - before[r]);
    level[c].push_back(after[r]);
  }
  double gain = 0, reached = 0, variance = 0, half_rows = 0, present = 0;
  std::vector<double> mean(change.size());
  for (std::size_t c = 0; c < change.size(); ++c) {
    if (change[c].empty()) continue;
    const MeanSpread spread = mean_spread(change[c]);
    mean[c] = spread.mean;
    const double n = static_cast<double>(change[c].size());
    gain += spread.mean;
    reached += mean_spread(level[c]).mean;
    variance += (spread.deviation * spread.deviation + 1 / n) / n;
    half_rows += 1 / (n * n);
    ++present;
  }
  gain /= present;
  const Clusters& clusters = user.right.clusters();
  double factor = kZ975;
  if (!clusters.are_rows()) {
    std::vector<double> deviation;
    for (Index row = 0; row < label.size; ++row) {
      const auto c = static_cast<std::size_t>(label[row]), r = static_cast<std::size_t>(row);
      deviation.push_back((after[r] - before[r] - mean[c]) / static_cast<double>(change[c].size()));
    }
    const double count = static_cast<double>(clusters.count(label.size));
    double squares = 0;
    for (const double sum : clusters.sums(deviation)) squares += sum * sum;
    variance = count > 1 ? squares * count / (count - 1) + half_rows : present * present;
    factor = student_factor(std::max(1.0, count - 1), 0.95);
  }
  const double trainings = mean_spread(recall_changes(user.right, balanced.right, label, classes)).deviation;
  Difference difference{{gain, {}}};
  difference.error_of_trainings = trainings / std::sqrt(static_cast<double>(user.right.trainings()));
  difference.standard_error = std::hypot(std::sqrt(variance) / present, difference.error_of_trainings);
  const double half = factor * difference.standard_error;
  difference.interval = {gain - half, gain + half};
  difference.p_greater = std::erfc(gain / difference.standard_error / std::numbers::sqrt2) / 2;
  difference.detectable = (kZ975 + kZ80) * difference.standard_error;
  return {.balanced_accuracy = reached / present, .gain = difference};
}

RowOutcomes vote_outcomes(const Judged& judged, Index members, HostSpan<const std::int32_t> label, Index classes) {
  const auto trainings = static_cast<Index>(judged.results.size());
  expects(1 <= members && members <= trainings, "vote_outcomes: 1 <= members <= trainings");
  RowOutcomes outcomes(label.size, judged.right.clusters());
  for (Index first = 0; first + members <= trainings; first += members) {
    std::vector<double> sum(static_cast<std::size_t>(label.size * classes));
    for (Index t = first; t < first + members; ++t) {
      const RunResult& result = judged.results[static_cast<std::size_t>(t)];
      if (!is_complete(result.outcome)) continue;
      const std::vector<float>& probability = result.predictions.front().probability;
      for (std::size_t row = 0; row < sum.size(); row += static_cast<std::size_t>(classes)) {
        const auto begin = probability.begin() + static_cast<std::ptrdiff_t>(row);
        if (!std::all_of(begin, begin + classes, [](float p) { return std::isfinite(p); })) continue;
        for (std::size_t c = row; c < row + static_cast<std::size_t>(classes); ++c)
          sum[c] += static_cast<double>(probability[c]);
      }
    }
    std::vector<std::uint8_t> right;
    for (Index row = 0; row < label.size; ++row) {
      const auto begin = sum.begin() + static_cast<std::ptrdiff_t>(row * classes);
      const auto most = std::max_element(begin, begin + classes);
      right.push_back(*most > 0 && most - begin == label[row]);
    }
    outcomes.add(right);
  }
  return outcomes;
}

}  // namespace plateau
