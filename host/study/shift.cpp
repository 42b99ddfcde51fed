// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/shift.hpp"

#include <algorithm>
#include <cmath>

#include "plateau/study/area_under_curve.hpp"

namespace plateau {
namespace {

constexpr double kOriginRate = 0.01;
constexpr Index kOriginWidth = 16;
constexpr Index kOriginSteps = 400, kMostOriginEpochs = 60;

// Training rows, then test rows; the label says which.
Dataset origins(const Split& split) {
  Dataset rows{.source = split.train.source,
               .columns = split.train.columns,
               .values = HostBuffer<float>(split.train.values.size() + split.test.values.size())};
  std::ranges::copy(split.train.values.view(), rows.values.view().data);
  std::ranges::copy(split.test.values.view(), rows.values.view().data + split.train.values.size());
  rows.labels.assign(static_cast<std::size_t>(split.train.rows()), 0);
  rows.labels.resize(static_cast<std::size_t>(split.train.rows() + split.test.rows()), 1);
  rows.classes = numbered_classes(2);
  return rows;
}

// How far accuracy on held-out training rows lies above that on the test rows, whose rows have nothing to do with each
// other. Both are means over the trainings, of which each training row was held out of some.
Difference loss_of(const std::vector<double>& held_out, const std::vector<double>& tested) {
  const MeanSpread first = mean_spread(tested), second = mean_spread(held_out);
  const auto variance = [](const MeanSpread& spread, std::size_t rows) {
    const double n = static_cast<double>(rows);
    return (spread.deviation * spread.deviation + 1 / n) / n;  // the pseudo row of crossed_difference()
  };
  Difference loss;
  loss.value = second.mean - first.mean;
  loss.standard_error = std::sqrt(variance(first, tested.size()) + variance(second, held_out.size()));
  const double half =
      student_factor(static_cast<double>(std::min(tested.size(), held_out.size()) - 1), 0.95) * loss.standard_error;
  loss.interval = {loss.value - half, loss.value + half};
  loss.p_greater = 0.5 * std::erfc(loss.value / loss.standard_error / std::sqrt(2.0));
  loss.detectable = 2.8015852 * loss.standard_error;
  return loss;
}

}  // namespace

std::optional<ShiftEvidence> test_shift(Laboratory& laboratory, const Split& split, const LearningCurve& curve,
                                        const Folds& folds, const Battery& battery, std::uint64_t seed) {
  if (std::min(split.train.rows(), split.test.rows()) < kFewestShiftRows) return {};
  const Dataset rows = origins(split);
  const Folds parts(rows, battery.folds, seed);
  const TrainingData data{
      rows.x(), rows.label(), {rows.x().data, 1, rows.columns, rows.x().stride}, {rows.label().data, 1}};

  Run network = recipe({}, {{rows.columns, kOriginWidth, 2}}, kOriginRate, rows.rows(), battery);
  const Index steps = (rows.rows() + network.batch - 1) / network.batch;
  network.epochs = std::clamp<Index>(kOriginSteps / steps, 5, kMostOriginEpochs);
  network.outputs = {.parameters = false, .best_parameters = false, .test_correct = false};
  std::vector<Run> runs;
  for (Index r = 0; r < parts.count() + battery.shift_permutations; ++r) {
    const Index fold = r % parts.count();
    Run run = network;
    run.rows = parts.outside(fold);
    run.seed = seed + static_cast<std::uint64_t>(r);
    if (r >= parts.count()) run.labels = {.permuted = true, .permutation_seed = seed + static_cast<std::uint64_t>(r)};
    run.outputs.predictions = {{.rows = parts.inside(fold), .probabilities = true}};
    runs.push_back(std::move(run));
  }
  const std::vector<RunResult> results = laboratory.train("shift", data, runs);

  // Scores and origins of the rows of a fold, by a network that was trained on the others.
  const auto collect = [&](std::size_t r, Index fold, std::vector<double>& score, std::vector<std::uint8_t>& is_test) {
    const TreatedLabels treated(runs[r].labels, rows.rows(), 2);
    std::size_t k = 0;
    for (const std::int32_t row : parts.rows_inside(fold)) {
      const double p =
          is_complete(results[r].outcome) ? static_cast<double>(results[r].predictions[0].probability[2 * k + 1]) : 0.5;
      ++k;
      score.push_back(std::isfinite(p) ? p : 0.5);
      is_test.push_back(treated(rows.labels.data(), nullptr, nullptr, row) == 1);
    }
  };
  ShiftEvidence evidence;
  std::vector<double> score;
  std::vector<std::uint8_t> is_test;
  for (Index fold = 0; fold < parts.count(); ++fold) collect(static_cast<std::size_t>(fold), fold, score, is_test);
  evidence.auc = auc(score, is_test);
  std::vector<double> null;
  for (Index r = parts.count(); r < static_cast<Index>(runs.size()); ++r) {
    score.clear();
    is_test.clear();
    collect(static_cast<std::size_t>(r), r % parts.count(), score, is_test);
    if (std::ranges::count(is_test, 1) < 2 || std::ranges::count(is_test, 0) < 2) continue;
    null.push_back(auc(score, is_test).value);
  }
  evidence.p = permutation_p(evidence.auc.value, null);
  if (!null.empty()) evidence.null_auc = mean_spread(null).mean;

  std::vector<double> right(static_cast<std::size_t>(split.train.rows())), times(right.size());
  for (std::size_t r = 0; r < curve.largest.size(); ++r) {
    const RunResult& result = curve.largest[r];
    if (!is_complete(result.outcome)) continue;
    std::size_t k = 0;
    for (const std::int32_t row : folds.rows_inside(static_cast<Index>(r) % folds.count())) {
      const auto at = static_cast<std::size_t>(row);
      right[at] += result.predictions[1].predicted[k++] == split.train.labels[at];
      ++times[at];
    }
  }
  std::vector<double> held_out;
  for (std::size_t row = 0; row < right.size(); ++row)
    if (times[row] > 0) held_out.push_back(right[row] / times[row]);
  const std::vector<double> tested = curve.test_right.row_accuracy();
  if (held_out.size() < 2) return {};
  evidence.cross_validated = mean_spread(held_out).mean;
  evidence.loss = loss_of(held_out, tested);
  return evidence;
}

}  // namespace plateau
