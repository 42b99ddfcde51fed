// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "forensics_measures.hpp"

namespace plateau::forensic {
namespace {

constexpr std::size_t kLeastByRows = 3, kLeastAroundLine = 4;  // rounds of a half that a line is laid through
constexpr std::size_t kLeastOfTail = 3;

double accuracy(const ForensicsEvidence& e, std::size_t r) {
  const ForensicsRound& round = e.rounds[r];
  return round.recomputed.value_or(round.test_accuracy);
}

// The straight line through the accuracies of the rounds from a first one on, by least squares.
class Line {
 public:
  Line(const ForensicsEvidence& e, std::size_t first) : e_(e), first_(first) {
    for (std::size_t t = 0; t < count(); ++t) {
      middle_ += number(t) / static_cast<double>(count());
      level_ += at(t) / static_cast<double>(count());
    }
    for (std::size_t t = 0; t < count(); ++t) squares_ += std::pow(number(t) - middle_, 2);
    for (std::size_t t = 0; t < count(); ++t) rise_ += weight(t) * at(t);
  }

  std::size_t count() const { return e_.rounds.size() - first_; }
  double rise() const { return rise_; }  // from the first to the last round
  // What the accuracy of a round adds to that.
  double weight(std::size_t t) const { return (number(t) - middle_) / squares_ * span(); }

  // Of the rise, by the spread of accuracies around the line, at least that within a `step` they are rounded to: its
  // square / 12.
  double variance_around(double step) const {
    double around = 0;
    for (std::size_t t = 0; t < count(); ++t)
      around += std::pow(at(t) - level_ - rise_ / span() * (number(t) - middle_), 2);
    return std::max(around / degrees_around(), step * step / 12) / squares_ * span() * span();
  }
  double degrees_around() const { return static_cast<double>(count()) - 2; }

  // The same with the test row as unit, with half a row that rises by one and half a row that falls, as
  // crossed_difference() has them.
  double variance_over(const RoundRows& right) const {
    const double rows = static_cast<double>(right.front().size());
    double sum = 1;
    for (std::size_t i = 0; i < right.front().size(); ++i) {
      double of_row = 0;
      for (std::size_t t = 0; t < count(); ++t) of_row += weight(t) * right[first_ + t][i];
      sum += (of_row - rise_) * (of_row - rise_);
    }
    return sum / rows / rows;
  }

 private:
  double number(std::size_t t) const { return e_.rounds[first_ + t].number; }
  double at(std::size_t t) const { return accuracy(e_, first_ + t); }
  double span() const { return number(count() - 1) - number(0); }

  const ForensicsEvidence& e_;
  std::size_t first_;
  double middle_ = 0, level_ = 0, squares_ = 0, rise_ = 0;
};

}  // namespace

std::optional<RoundsSlope> slope_of(const ForensicsEvidence& e, const RoundRows& right) {
  const std::size_t rounds = e.rounds.size(), count = (rounds + 1) / 2;
  if (count < (right.empty() ? kLeastAroundLine : kLeastByRows)) return std::nullopt;
  RoundsSlope slope{.first = rounds - count, .by_rows = !right.empty()};
  const Line line(e, slope.first);
  double step = std::pow(0.1, e.decimals);
  if (e.test_rows > 0) step = std::max(step, 1 / static_cast<double>(e.test_rows));
  const double error = std::sqrt(slope.by_rows ? line.variance_over(right) : line.variance_around(step));
  const double degrees = slope.by_rows ? static_cast<double>(right.front().size()) - 1 : line.degrees_around();
  const double half = student_factor(degrees, 0.95) * error;
  // Between accuracies no difference is larger than 1.
  slope.change = {std::clamp(line.rise(), -1.0, 1.0),
                  {std::max(-1.0, line.rise() - half), std::min(1.0, line.rise() + half)}};
  slope.tost_p = tost_p(line.rise(), error, degrees, e.delta);
  return slope;
}

std::optional<TailSpread> spread_of(const ForensicsEvidence& e, const RoundRows& right) {
  const std::size_t rounds = e.rounds.size();
  const std::size_t least = std::max(kLeastOfTail, (rounds + 1) / 2);
  for (std::size_t first = 0; first + least <= rounds; ++first) {
    std::size_t low = first, high = first;
    double sum = 0;
    for (std::size_t r = first; r < rounds; ++r) {
      if (accuracy(e, r) < accuracy(e, low)) low = r;
      if (accuracy(e, r) > accuracy(e, high)) high = r;
      sum += accuracy(e, r);
    }
    if (low == high) high = rounds - 1;
    TailSpread spread{.first = first, .range = accuracy(e, high) - accuracy(e, low), .paired = !right.empty()};
    const double rows = static_cast<double>(e.test_rows);
    if (spread.paired) {
      const AccuracyChange between = change(right[low], right[high]);
      spread.disagreeing_share = static_cast<double>(between.gained + between.lost) / rows;
      spread.detectable = difference(right[low], right[high]).detectable;
    } else {
      const double share = (sum / static_cast<double>(rounds - first) * rows + 1) / (rows + 2);
      spread.disagreeing_share = 2 * share * (1 - share);
      spread.detectable = minimum_detectable_difference(spread.disagreeing_share, e.test_rows);
    }
    spread.detectable = std::min(spread.detectable, 1.0);
    if (spread.range <= spread.detectable) return spread;
  }
  return std::nullopt;
}

}  // namespace plateau::forensic
