// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/learning_curve.hpp"

#include <algorithm>
#include <cmath>

#include "plateau/core/contract.hpp"

namespace plateau {
namespace {

constexpr double kUsualShare = 0.7071067811865476, kLeastShare = 0.35, kLargestShare = 0.85;
constexpr Index kFewestRows = 8;

// Trained for as many steps as the setting is on `whole` rows.
Run on_rows(Run run, Index rows, Index whole) {
  if (run.batch == 0) return run;
  const auto steps = [&run](Index n) { return (n + run.batch - 1) / run.batch; };
  const double of_whole = static_cast<double>(run.epochs * steps(whole));
  run.batch = std::min(run.batch, rows);
  run.epochs = std::clamp<Index>(std::llround(of_whole / static_cast<double>(steps(rows))), 1, kMaxEpochs);
  return run;
}

}  // namespace

Prediction predict_gain(const std::vector<Difference>& gains, double from, double doublings) {
  expects(!gains.empty() && 0 <= from && from < doublings, "predict_gain: a gain, and rows to go on to");
  const Difference& last = gains.back();
  double share = kUsualShare;
  if (gains.size() > 1) {
    const Difference& before = gains[gains.size() - 2];
    if (before.interval.low > 0 && last.value > 0)
      share = std::clamp(last.value / before.value, kLeastShare, kLargestShare);
  }
  // sum over a geometric series, continued to parts of a doubling
  const auto up_to = [share](double d) { return share * (1 - std::pow(share, d)) / (1 - share); };
  const double factor = up_to(doublings) - up_to(from);
  return {factor * last.value, {factor * last.interval.low, factor * last.interval.high}};
}

LearningCurve learning_curve(Laboratory& laboratory, const Split& split, const Setting& reference, const Folds& folds,
                             const Battery& battery, std::uint64_t seed) {
  const TrainingData data = views(split);
  const Index train_rows = split.train.rows();
  std::vector<std::vector<std::int32_t>> parts;
  std::vector<Index> sizes;  // rows of the smallest part of each size, largest size first
  std::vector<Run> runs;
  const Index per_size = battery.curve_repeats * folds.count();
  parts.reserve(static_cast<std::size_t>(per_size * (battery.curve_halvings + 1)));
  for (Index halving = 0; halving <= battery.curve_halvings; ++halving) {
    const double share = std::exp2(-static_cast<double>(halving));
    if (halving > 1 && share * static_cast<double>(train_rows) < static_cast<double>(2 * kFewestRows)) break;
    sizes.push_back(train_rows);
    for (Index repeat = 0; repeat < battery.curve_repeats; ++repeat) {
      for (Index fold = 0; fold < folds.count(); ++fold) {
        const auto number = static_cast<std::uint64_t>(repeat * folds.count() + fold);
        parts.push_back(folds.part_outside(fold, share, seed + number));
        const auto rows = static_cast<Index>(parts.back().size());
        sizes.back() = std::min(sizes.back(), rows);
        Run run = on_rows(reference.run, rows, train_rows);
        run.patience = 0;
        run.rows = RowSelection::listed({parts.back().data(), rows}, train_rows);
        run.validation = folds.inside(fold);
        run.seed = seed + number;
        run.outputs = {.parameters = false,
                       .best_parameters = false,
                       .test_correct = false,
                       .predictions = {{.at = ParametersAt::best}}};
        if (halving == 0)
          run.outputs.predictions.push_back(
              {.rows = folds.inside(fold), .at = ParametersAt::best, .probabilities = true});
        runs.push_back(std::move(run));
      }
    }
  }
  std::vector<RunResult> results = laboratory.train("learning curve", data, runs);

  // The train rows of two trainings overlap, and the more so the fewer rows a fold holds out.
  const double overlap = static_cast<double>(folds.inside(0).count()) / static_cast<double>(folds.outside(0).count());
  const Clusters clusters(split.test.groups);
  std::vector<RowOutcomes> outcomes;
  std::vector<CurvePoint> points;
  for (std::size_t size = 0; size < sizes.size(); ++size) {
    RowOutcomes& right = outcomes.emplace_back(split.test.rows(), clusters);
    for (auto r = size * static_cast<std::size_t>(per_size); r < (size + 1) * static_cast<std::size_t>(per_size); ++r) {
      std::vector<std::uint8_t> of_rows(static_cast<std::size_t>(split.test.rows()), 0);
      if (is_complete(results[r].outcome))
        for (std::size_t row = 0; row < of_rows.size(); ++row)
          of_rows[row] = results[r].predictions[0].predicted[row] == split.test.labels[row];
      right.add(of_rows);
    }
    const Estimate accuracy = overlapping_folds_mean(right.training_accuracy(), overlap);
    points.push_back({static_cast<double>(sizes[size]), accuracy.value, accuracy.interval});
  }

  LearningCurve curve{.test_right = outcomes.front()};
  std::vector<Difference> gains;  // the latest doubling last
  for (std::size_t size = outcomes.size() - 1; size > 0; --size)
    gains.push_back(crossed_difference(outcomes[size], outcomes[size - 1], Pairing::none, overlap));
  CurveEvidence& evidence = curve.evidence;
  evidence.points.assign(points.rbegin(), points.rend());
  evidence.gain = gains.back();
  evidence.from_rows = sizes[1];
  evidence.to_rows = sizes[0];
  const double missing = std::log2(static_cast<double>(train_rows) / static_cast<double>(sizes[0]));
  const Prediction prediction = predict_gain(gains, missing, missing + 1);
  const double error = 1 - points.front().test_accuracy;  // no more can be gained
  evidence.at_twice = std::min(prediction.gain, error);
  evidence.at_twice_interval = {std::min(prediction.interval.low, error), std::min(prediction.interval.high, error)};
  if (gains.size() > 1) {
    const double predicted = predict_gain({gains.begin(), gains.end() - 1}, 0, 1).gain;
    evidence.back_test_error = predicted - gains.back().value;
  }
  curve.largest.assign(std::make_move_iterator(results.begin()), std::make_move_iterator(results.begin() + per_size));
  return curve;
}

}  // namespace plateau
