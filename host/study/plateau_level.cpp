// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/plateau_level.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace plateau {
namespace {

constexpr Index kShortestPlateau = 20;  // epochs

// right[e][r] = epochs before e in which row r was right, so that any range of epochs is one subtraction.
std::vector<std::vector<std::int32_t>> running_counts(const CorrectBits& correct) {
  const auto rows = static_cast<std::size_t>(correct.rows());
  std::vector<std::vector<std::int32_t>> right(static_cast<std::size_t>(correct.epochs()) + 1);
  right[0].assign(rows, 0);
  for (Index e = 0; e < correct.epochs(); ++e) {
    const auto at = static_cast<std::size_t>(e);
    right[at + 1] = right[at];
    for (Index r = 0; r < correct.rows(); ++r) right[at + 1][static_cast<std::size_t>(r)] += correct(e, r);
  }
  return right;
}

}  // namespace

Index level_epochs(Index epochs) { return std::max<Index>(1, epochs / 10); }

std::vector<double> row_accuracy(const CorrectBits& correct, Index first, Index count) {
  expects(count >= 1 && first >= 0 && first + count <= correct.epochs(), "row_accuracy: epochs of the history");
  std::vector<double> accuracy(static_cast<std::size_t>(correct.rows()));
  for (Index r = 0; r < correct.rows(); ++r) {
    Index right = 0;
    for (Index e = first; e < first + count; ++e) right += correct(e, r);
    accuracy[static_cast<std::size_t>(r)] = static_cast<double>(right) / static_cast<double>(count);
  }
  return accuracy;
}

std::vector<double> level_row_accuracy(const CorrectBits& correct) {
  const Index count = level_epochs(correct.epochs());
  return row_accuracy(correct, correct.epochs() - count, count);
}

PlateauLevel plateau_level(const CorrectBits& correct) {
  const std::vector<double> rows = level_row_accuracy(correct);
  PlateauLevel result{.epochs = level_epochs(correct.epochs())};
  result.level = std::accumulate(rows.begin(), rows.end(), 0.0) / static_cast<double>(rows.size());
  result.interval = wilson_interval(result.level, correct.rows());
  if (correct.rows() < 2) return result;

  const auto right = running_counts(correct);
  const Index end = correct.epochs();
  const double one_sided_5_percent = student_factor(static_cast<double>(correct.rows() - 1), 0.90);
  const double n = static_cast<double>(correct.rows());
  for (Index first = 0; first <= end - std::max(kShortestPlateau, result.epochs); ++first) {
    const Index middle = first + (end - first) / 2;
    double sum = 0, squares = 0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const auto mean_right = [&](Index from, Index to) {
        return static_cast<double>(right[static_cast<std::size_t>(to)][r] - right[static_cast<std::size_t>(from)][r]) /
               static_cast<double>(to - from);
      };
      const double change = mean_right(middle, end) - mean_right(first, middle);
      sum += change;
      squares += change * change;
    }
    const double mean = sum / n;
    const double error = std::sqrt(std::max(0.0, squares / n - mean * mean) / (n - 1));
    if (std::abs(mean) + one_sided_5_percent * error <= kPlateauMargin) {
      result.since = first;
      break;
    }
  }
  return result;
}

}  // namespace plateau
