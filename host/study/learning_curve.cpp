// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/learning_curve.hpp"

#include <algorithm>
#include <array>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "plateau/core/contract.hpp"

namespace plateau {
namespace {

constexpr double kUsualShare = 0.7071067811865476, kLeastShare = 0.35, kLargestShare = 0.85;
constexpr Index kFewestOfCurve = 8;
constexpr std::size_t kNodes = 41;  // of each error that a prediction is integrated over

// Trained for as many steps as the setting is on `whole` rows.
Run on_rows(Run run, Index rows, Index whole) {
  if (run.batch == 0) return run;
  const auto steps = [&run](Index n) { return (n + run.batch - 1) / run.batch; };
  const double of_whole = static_cast<double>(run.epochs * steps(whole));
  run.batch = std::min(run.batch, rows);
  run.epochs = std::clamp<Index>(std::llround(of_whole / static_cast<double>(steps(rows))), 1, kMaxEpochs);
  return run;
}

// Gain from `from` to `to` doublings after a last one that gained `last`, where every doubling gains `share` of the one
// before: a geometric series, continued to parts of a doubling.
double going_on(double last, double share, double from, double to) {
  const auto up_to = [share](double d) { return share * (1 - std::pow(share, d)) / (1 - share); };
  return last * (up_to(to) - up_to(from));
}

// Quantiles of the normal distribution in the middles of equal parts.
std::array<double, kNodes> normal_nodes() {
  std::array<double, kNodes> nodes;
  for (std::size_t i = 0; i < kNodes; ++i)
    nodes[i] = boost::math::quantile(boost::math::normal(), (static_cast<double>(i) + 0.5) / kNodes);
  return nodes;
}

// Standard error that a normal variate would have with this interval, which is Student's.
double error_of(const Difference& gain) {
  const double half = std::max(gain.interval.high - gain.value, gain.value - gain.interval.low);
  return std::max(half / kZ975, gain.standard_error);
}

// The curve's outcomes, the largest size first, as the gains whose last doubling ends at size `largest`.
CurveGains gains_of(const std::vector<RowOutcomes>& outcomes, std::size_t largest, double overlap) {
  const auto between = [&](std::size_t smaller, std::size_t larger) {
    return crossed_difference(outcomes[smaller], outcomes[larger], Pairing::none, overlap);
  };
  const double error = 1 - mean_spread(outcomes[largest].training_accuracy()).mean;
  CurveGains gains{.error = error,
                   .most_error = wilson_interval(error, outcomes[largest]).high,
                   .last = between(largest + 1, largest)};
  if (largest + 2 < outcomes.size()) {
    gains.before = between(largest + 2, largest + 1);
    gains.both = between(largest + 2, largest);
  }
  return gains;
}

}  // namespace

Prediction predict_gain(const CurveGains& gains, double from, double doublings) {
  expects(0 <= from && from < doublings, "predict_gain: rows to go on to");
  expects(0 <= gains.error && gains.error <= 1, "predict_gain: a share of wrong rows");
  expects(gains.before.has_value() == gains.both.has_value(), "predict_gain: the gain of both doublings");
  static const std::array<double, kNodes> nodes = normal_nodes();
  const double last_error = error_of(gains.last);
  const auto largest_share = [&](double last) {
    const double error_before = gains.error + std::max(last, 0.0);
    return error_before > 0 ? std::clamp(gains.error / error_before, kLeastShare, kLargestShare) : kLargestShare;
  };
  std::vector<double> predicted;
  predicted.reserve(kNodes * kNodes);
  if (gains.before) {
    const double before_error = error_of(*gains.before), both_error = error_of(*gains.both);
    const double covariance = (both_error * both_error - last_error * last_error - before_error * before_error) / 2;
    const double product = last_error * before_error;
    const double correlation = product > 0 ? std::clamp(covariance / product, -1.0, 1.0) : 0;
    const double rest = std::sqrt(1 - correlation * correlation);
    for (const double node : nodes)
      for (const double other : nodes) {
        const double last = gains.last.value + node * last_error;
        const double before = gains.before->value + (correlation * node + rest * other) * before_error;
        const double largest = largest_share(last);
        const double share =
            last > 0 && before > 0 ? std::clamp(last / before, kLeastShare, largest) : std::min(kUsualShare, largest);
        predicted.push_back(going_on(last, share, from, doublings));
      }
  } else {
    for (const double node : nodes)
      for (std::size_t i = 0; i < kNodes; ++i) {
        const double last = gains.last.value + node * last_error;
        const double place = (static_cast<double>(i) + 0.5) / kNodes;
        const double share = kLeastShare + place * (largest_share(last) - kLeastShare);
        predicted.push_back(going_on(last, share, from, doublings));
      }
  }
  for (double& gain : predicted) gain = std::min(gain, gains.most_error.value_or(gains.error));
  std::ranges::sort(predicted);
  const auto quantile = [&](double p) {
    return predicted[static_cast<std::size_t>(p * static_cast<double>(predicted.size()))];
  };
  return {mean_spread(predicted).mean, {quantile(0.025), quantile(0.975)}};
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
    if (halving > 1 && share * static_cast<double>(train_rows) < static_cast<double>(2 * kFewestOfCurve)) break;
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
  const CurveGains gains = gains_of(outcomes, 0, overlap);
  CurveEvidence& evidence = curve.evidence;
  evidence.points.assign(points.rbegin(), points.rend());
  evidence.gain = gains.last;
  evidence.from_rows = sizes[1];
  evidence.to_rows = sizes[0];
  const double missing = std::log2(static_cast<double>(train_rows) / static_cast<double>(sizes[0]));
  const Prediction prediction = predict_gain(gains, missing, missing + 1);
  evidence.at_twice = prediction.gain;
  evidence.at_twice_interval = prediction.interval;
  if (outcomes.size() > 2)
    evidence.back_test_error = predict_gain(gains_of(outcomes, 1, overlap), 0, 1).gain - gains.last.value;
  curve.largest.assign(std::make_move_iterator(results.begin()), std::make_move_iterator(results.begin() + per_size));
  return curve;
}

}  // namespace plateau
