// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/plateau_level.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace plateau {
namespace {

constexpr Index kShortestPlateau = 20;  // epochs

// How often each row was right in the two halves of a tail of the epochs; the tail shrinks from the front.
class TailHalves {
 public:
  explicit TailHalves(const CorrectBits& correct)
      : correct_(correct), front_(static_cast<std::size_t>(correct.rows())), back_(front_.size()) {
    for (Index e = 0; e < correct.epochs(); ++e) add(e < middle() ? front_ : back_, e, 1);
  }

  Index first() const { return first_; }
  void drop_first() {
    const Index old_middle = middle();
    add(front_, first_++, -1);
    if (middle() == old_middle) return;
    add(back_, old_middle, -1);
    add(front_, old_middle, 1);
  }
  // Accuracy of the row in the later half minus that in the earlier one.
  double change(std::size_t row) const {
    return static_cast<double>(back_[row]) / static_cast<double>(correct_.epochs() - middle()) -
           static_cast<double>(front_[row]) / static_cast<double>(middle() - first_);
  }

 private:
  Index middle() const { return first_ + (correct_.epochs() - first_) / 2; }
  void add(std::vector<std::int32_t>& half, Index epoch, std::int32_t times) const {
    for (std::size_t r = 0; r < half.size(); ++r) half[r] += correct_(epoch, static_cast<Index>(r)) ? times : 0;
  }

  const CorrectBits& correct_;
  Index first_ = 0;
  std::vector<std::int32_t> front_, back_;
};

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

  const double n = static_cast<double>(correct.rows());
  const Index shortest = std::max(kShortestPlateau, result.epochs);
  if (correct.epochs() < shortest) return result;
  for (TailHalves tail(correct); tail.first() <= correct.epochs() - shortest; tail.drop_first()) {
    double sum = 0, squares = 0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const double change = tail.change(r);
      sum += change;
      squares += change * change;
    }
    const double mean = sum / n;
    const double error = std::sqrt(std::max(0.0, squares / n - mean * mean) / (n - 1));
    if (tost_p(mean, error, n - 1, kPlateauMargin) <= 0.05) {
      result.since = tail.first();
      break;
    }
  }
  return result;
}

}  // namespace plateau
