// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plateau {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double share(Index part, Index all) {
  return all == 0 ? kUndefined : static_cast<double>(part) / static_cast<double>(all);
}
Interval interval_of(Index part, Index all) {
  return all == 0 ? Interval{kUndefined, kUndefined} : wilson_interval(share(part, all), all);
}

}  // namespace

Predictions predict_in_blocks(Trainer& trainer, const TrainedNetwork& network, HostMatrix<const float> x, Index block,
                              const std::function<void()>& between) {
  expects(block >= 1, "predict_in_blocks: at least a row at a time");
  Predictions all;
  all.predicted.reserve(static_cast<std::size_t>(x.rows));
  all.probability.reserve(static_cast<std::size_t>(x.rows * network.architecture.classes()));
  for (Index first = 0; first < x.rows; first += block) {
    const HostMatrix<const float> rows{x.row(first), std::min(block, x.rows - first), x.cols, x.stride};
    const Predictions part = trainer.predict(network, rows);
    if (between) between();
    all.predicted.insert(all.predicted.end(), part.predicted.begin(), part.predicted.end());
    all.probability.insert(all.probability.end(), part.probability.begin(), part.probability.end());
  }
  return all;
}

std::vector<std::int32_t> given_classes(const Predictions& predictions, Index classes) {
  std::vector<std::int32_t> given = predictions.predicted;
  const float* probability = predictions.probability.data();
  for (std::int32_t& of_row : given) {
    if (!std::all_of(probability, probability + classes, [](float p) { return std::isfinite(p); })) of_row = -1;
    probability += classes;
  }
  return given;
}

Evaluation evaluate_predictions(const Predictions& predictions, HostSpan<const std::int32_t> label, Index classes) {
  expects(classes >= 2 && label.size >= 1, "evaluate_predictions: two classes and a row");
  expects(static_cast<Index>(predictions.predicted.size()) == label.size &&
              static_cast<Index>(predictions.probability.size()) == label.size * classes,
          "evaluate_predictions: a class and probabilities for every row");
  Evaluation all{.rows = label.size,
                 .classes = std::vector<ClassEvaluation>(static_cast<std::size_t>(classes)),
                 .confusion = std::vector<Index>(static_cast<std::size_t>(classes * classes))};
  struct BinSums {
    Index rows = 0, right = 0;
    double confidence = 0;
  };
  std::vector<BinSums> bins(kCalibrationBins);
  double loss = 0;
  const std::vector<std::int32_t> of_rows = given_classes(predictions, classes);
  for (Index row = 0; row < label.size; ++row) {
    const Index given = of_rows[static_cast<std::size_t>(row)], is = label[row];
    expects(0 <= is && is < classes && given < classes, "evaluate_predictions: labels are classes");
    ClassEvaluation& of_class = all.classes[static_cast<std::size_t>(is)];
    ++of_class.rows;
    const float* probability = predictions.probability.data() + row * classes;
    loss -= std::log(std::max(static_cast<double>(probability[is]), kLeastProbability));
    if (given < 0) {
      ++all.without_class;
      loss = kUndefined;
      continue;
    }
    ++all.classes[static_cast<std::size_t>(given)].predicted;
    ++all.confusion[static_cast<std::size_t>(is * classes + given)];
    of_class.right += given == is;
    all.right += given == is;
    const auto confidence = static_cast<double>(probability[given]);
    const auto bin = static_cast<Index>(std::ceil(confidence * static_cast<double>(kCalibrationBins))) - 1;
    BinSums& sums = bins[static_cast<std::size_t>(std::clamp<Index>(bin, 0, kCalibrationBins - 1))];
    ++sums.rows;
    sums.right += given == is;
    sums.confidence += confidence;
  }

  all.accuracy = share(all.right, all.rows);
  all.interval = interval_of(all.right, all.rows);
  all.log_loss = loss / static_cast<double>(all.rows);
  const Index with_class = all.rows - all.without_class;
  if (with_class == 0) all.calibration_error = kUndefined;
  double recalls = 0;
  Index with_rows = 0, most = 0;
  for (ClassEvaluation& of : all.classes) {
    of.recall = share(of.right, of.rows);
    of.precision = share(of.right, of.predicted);
    of.recall_interval = interval_of(of.right, of.rows);
    of.precision_interval = interval_of(of.right, of.predicted);
    most = std::max(most, of.rows);
    if (of.rows == 0) continue;
    recalls += of.recall;
    ++with_rows;
  }
  all.balanced_accuracy = recalls / static_cast<double>(with_rows);
  all.majority_share = share(most, all.rows);
  for (Index b = 0; b < kCalibrationBins; ++b) {
    const BinSums& sums = bins[static_cast<std::size_t>(b)];
    CalibrationBin bin{.low = static_cast<double>(b) / static_cast<double>(kCalibrationBins),
                       .high = static_cast<double>(b + 1) / static_cast<double>(kCalibrationBins),
                       .rows = sums.rows};
    if (sums.rows > 0) {
      bin.confidence = sums.confidence / static_cast<double>(sums.rows);
      bin.accuracy = share(sums.right, sums.rows);
      all.calibration_error +=
          std::abs(bin.accuracy - bin.confidence) * static_cast<double>(sums.rows) / static_cast<double>(with_class);
    }
    all.calibration.push_back(bin);
  }
  return all;
}

}  // namespace plateau
