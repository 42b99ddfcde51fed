// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Lays the view of a training out for the width there is.
#include "plateau/report/live_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "text.hpp"

namespace plateau {
namespace {

constexpr std::size_t kLeastColumns = 20;             // for more than the share
constexpr std::size_t kShortBar = 10, kLongBar = 20;  // two lengths: one that follows its neighbours would jump
constexpr std::size_t kLeastText = 12;                // of a text that is cut
constexpr std::size_t kLeastCurve = 4, kLongestCurve = 60;
constexpr std::size_t kColumnsForNames = 34, kColumnsForRange = 56, kColumnsForWords = 60;

constexpr double kSecondsToTellFrom = 0.5;  // the first moments are slower than the rest

constexpr std::string_view kBarColour = "\x1b[32m", kLossColour = "\x1b[33m", kAccuracyColour = "\x1b[36m";
constexpr std::string_view kNoColour = "\x1b[0m";

// One line that takes what fits, and no more.
class Line {
 public:
  explicit Line(const TerminalKind& kind) : kind_(kind), room_(kind.width()) {}

  std::size_t room() const { return room_; }
  std::size_t cells(std::string_view text) const { return cells_of(text, kind_); }
  bool fits(std::string_view text) const { return cells(text) <= room_; }
  void add(std::string_view text, std::string_view colour = {}) {
    const std::string shown = fitted(text, room_, kind_);
    room_ -= std::min(room_, cells(shown));
    const bool coloured = kind_.colour && !colour.empty() && !shown.empty();
    text_ += coloured ? fmt::format("{}{}{}", colour, shown, kNoColour) : shown;
  }
  bool add_if_fits(std::string_view text) {
    const bool is_short = fits(text);
    if (is_short) add(text);
    return is_short;
  }
  std::string text() const { return text_; }

 private:
  const TerminalKind& kind_;
  std::size_t room_;
  std::string text_;
};

double in_unit(double share) { return share > 0 ? std::min(share, 1.0) : 0; }  // NaN is 0
std::string percent(double share) { return fmt::format("{:.0f} %", std::floor(100 * in_unit(share))); }

// "[====>     ]", so many cells between its ends.
std::string drawn_bar(double share, std::size_t cells) {
  const auto full = static_cast<std::size_t>(in_unit(share) * static_cast<double>(cells));
  return fmt::format("[{}{}{}]", std::string(full, '='), full < cells ? ">" : "",
                     std::string(full < cells ? cells - full - 1 : 0, ' '));
}

// A figure of four decimals, or of four digits where it is large.
std::string figure(double value) {
  return std::abs(value) < 1000 || !std::isfinite(value) ? fmt::format("{:.4f}", value) : fmt::format("{:.3e}", value);
}

struct Range {
  double low = 0, high = 0;
  bool known = false;
};
Range finite_range(const std::vector<double>& values) {
  Range range;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    range = {range.known ? std::min(range.low, value) : value, range.known ? std::max(range.high, value) : value, true};
  }
  return range;
}

std::string curve(const std::vector<double>& cells, const Range& range, const TerminalKind& kind) {
  static constexpr std::string_view kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::string_view kPlain[] = {".", ":", "-", "=", "+", "*", "#"};
  const bool blocks = kind.unicode && !kind.ambiguous_wide;  // what may be two cells wide would double the curve
  const std::size_t levels = blocks ? std::size(kBlocks) : std::size(kPlain);
  std::string out;
  for (const double value : cells) {
    if (!std::isfinite(value)) {
      out += '!';
      continue;
    }
    const double height = range.high / 2 - range.low / 2;  // halves: the difference may be past the largest number
    const double share = height > 0 ? in_unit((value / 2 - range.low / 2) / height) : 0.5;
    const auto level = static_cast<std::size_t>(std::lround(share * static_cast<double>(levels - 1)));
    out += blocks ? kBlocks[level] : kPlain[level];
  }
  return out;
}

std::string curve_line(std::string_view name, std::string_view short_name, const CurveReservoir& values,
                       std::string_view colour, const TerminalKind& kind) {
  Line line(kind);
  const bool has_range = kind.width() >= kColumnsForRange;
  line.add(fmt::format("{} {:<6}", kind.width() >= kColumnsForNames ? name : short_name, figure(values.last())));
  const Range widest = finite_range(values.cells(CurveReservoir::kPoints));
  const auto range_text = [](const Range& range) {
    return range.known ? fmt::format(" ({} to {})", figure(range.low), figure(range.high)) : std::string();
  };
  const std::size_t beside = has_range ? std::max<std::size_t>(range_text(widest).size(), 21) + 1 : 1;
  if (line.room() < beside + kLeastCurve) return line.text();
  const std::vector<double> cells = values.cells(std::min(line.room() - beside, kLongestCurve));
  const Range range = finite_range(cells);
  line.add(" ");
  line.add(curve(cells, range, kind), colour);
  if (has_range) line.add_if_fits(range_text(range));
  return line.text();
}

std::string epochs_text(const LiveFrame& frame) {
  return frame.epochs > 0 ? fmt::format("epoch {} of {}", frame.epoch, frame.epochs) : "";
}

// With `epochs` where they have no room beside the bar.
std::string speed_line(const LiveFrame& frame, const std::string& epochs, const TerminalKind& kind) {
  Line line(kind);
  std::string_view gap = "";
  const auto tell = [&](const std::string& text) {
    if (!text.empty() && line.add_if_fits(fmt::format("{}{}", gap, text))) gap = ", ";
  };
  tell(epochs);
  if (frame.rows_per_second > 0 && std::isfinite(frame.rows_per_second))
    tell(fmt::format("{:.2g} rows/s", frame.rows_per_second));
  tell(rough_time(std::max(frame.seconds, 0.0)) + " so far");
  if (frame.train_loss.count() + frame.test_accuracy.count() > 0)
    line.add_if_fits("; a column is the mean of its epochs");
  return line.text();
}

}  // namespace

CurveReservoir::Point CurveReservoir::joined(const Point& a, const Point& b) {
  const std::size_t values = a.values + b.values;
  const double of_b = static_cast<double>(b.values) / static_cast<double>(values);
  return {a.mean * (1 - of_b) + b.mean * of_b, values};
}

void CurveReservoir::add(double value) {
  if (count_ == 0) first_ = value;
  last_ = value;
  ++count_;
  if (!points_.empty() && points_.back().values < stride_) {
    points_.back() = joined(points_.back(), {value, 1});
    return;
  }
  if (points_.size() == kPoints) {
    for (std::size_t i = 0; i < kPoints / 2; ++i) points_[i] = joined(points_[2 * i], points_[2 * i + 1]);
    points_.resize(kPoints / 2);
    stride_ *= 2;
  }
  points_.push_back({value, 1});
}

std::vector<double> CurveReservoir::cells(std::size_t most) const {
  const std::size_t cells = std::min(most, points_.size());
  std::vector<double> means;
  for (std::size_t j = 0; j < cells; ++j) {
    const std::size_t end = (j + 1) * points_.size() / cells;
    std::size_t i = j * points_.size() / cells;
    Point part = points_[i];
    while (++i < end) part = joined(part, points_[i]);
    means.push_back(part.mean);
  }
  return means;
}

std::optional<double> seconds_left(double share, double seconds) {
  if (!(share > 0 && share < 1) || seconds < kSecondsToTellFrom) return std::nullopt;
  return seconds * (1 - share) / share;
}

std::string bar_line(const LiveBar& bar, const TerminalKind& kind) {
  Line line(kind);
  const std::string share = percent(bar.share);
  if (kind.columns < kLeastColumns) {
    line.add(share);
    return line.text();
  }
  std::size_t room = line.room() - (kShortBar + 2) - 1 - share.size();
  const auto takes = [&](const std::string& text) {
    const std::size_t cells = line.cells(text);
    const bool is_short = cells <= room;
    if (is_short) room -= cells;
    return is_short ? text : std::string();
  };
  const char* const about = kind.columns < kColumnsForWords ? "" : "about ";
  const std::string left = takes(bar.seconds_left ? fmt::format(", {}{}{}{} left", about, rough_time(*bar.seconds_left),
                                                                bar.left_of.empty() ? "" : " ", bar.left_of)
                                                  : "");
  std::string text = bar.text.empty() ? "" : ", " + fitted(bar.text, line.room(), kind);
  if (bar.may_be_cut && line.cells(text) > room) text = room >= kLeastText ? fitted(text, room, kind) : "";
  text = takes(text);
  const std::string title = takes(bar.title.empty() ? "" : fitted(bar.title, line.room(), kind) + " ");
  line.add(title);
  line.add(drawn_bar(bar.share, kShortBar + room >= kLongBar ? kLongBar : kShortBar), kBarColour);
  line.add(fmt::format(" {}{}{}", share, text, left));
  return line.text();
}

LiveBar fleet_bar(const FleetProgress& progress, double seconds, std::string title) {
  return {.title = std::move(title),
          .share = progress.share,
          .text = fmt::format("{} of {}", progress.finished, counted(progress.runs, "run")),
          .seconds_left = seconds_left(progress.share, seconds)};
}

LiveBar BlockBars::bar(std::string_view block, double share, Index trainings, double seconds) {
  // Every block trains something, so the number before it tells blocks apart.
  if (trainings != trainings_) {
    trainings_ = trainings;
    share_ = share;
    seconds_ = seconds;
  }
  return {.share = share,
          .text = fmt::format("{}; {} before it, {}", block, counted(trainings, "training"), rough_time(seconds)),
          .may_be_cut = true,
          .seconds_left = seconds_left((share - share_) / (1 - share_), seconds - seconds_),
          .left_of = "of it"};
}

LiveBar reading_bar(const std::string& file, double share, double seconds) {
  return {.share = share,
          .text = "reading " + one_line(file),
          .may_be_cut = true,
          .seconds_left = seconds_left(share, seconds)};
}

namespace {

double passes(const ProgressOf& run, Index epochs) {
  return static_cast<double>(std::max<Index>(run.rows, 1)) * static_cast<double>(epochs);
}
double passes_of_all(const ProgressOf& run, Index epochs) {
  return run.passes_before + passes(run, epochs) + run.passes_after;
}

}  // namespace

void add_progress(LiveFrame& frame, const RunProgress& progress, const ProgressOf& run) {
  frame.epoch = progress.epochs;
  frame.epochs = run.epochs;
  frame.share = (passes(run, progress.epochs) + run.passes_before) / passes_of_all(run, std::max<Index>(run.epochs, 1));
  if (!std::isnan(progress.train_loss)) frame.train_loss.add(progress.train_loss);
  if (!std::isnan(progress.test_accuracy)) frame.test_accuracy.add(progress.test_accuracy);
}

void set_time(LiveFrame& frame, const ProgressOf& run, double seconds) {
  const double done = passes(run, frame.epoch - run.first_epoch) + run.passes_before;
  frame.seconds = seconds;
  frame.rows_per_second = done > 0 && seconds > 0 ? done / seconds : 0;
  frame.seconds_left =
      seconds_left(done / passes_of_all(run, std::max<Index>(run.epochs - run.first_epoch, 1)), seconds);
}

std::vector<std::string> live_lines(const LiveFrame& frame, const TerminalKind& kind) {
  std::vector<std::string> lines = {bar_line(
      {.title = frame.title, .share = frame.share, .text = epochs_text(frame), .seconds_left = frame.seconds_left},
      kind)};
  if (kind.columns < kLeastColumns || !kind.moves) return lines;
  if (frame.train_loss.count() > 0)
    lines.push_back(curve_line("train loss   ", "loss", frame.train_loss, kLossColour, kind));
  if (frame.test_accuracy.count() > 0)
    lines.push_back(curve_line("test accuracy", "test", frame.test_accuracy, kAccuracyColour, kind));
  const std::string epochs = epochs_text(frame);
  lines.push_back(speed_line(frame, lines.front().find(epochs) == std::string::npos ? epochs : "", kind));
  lines.resize(std::min(lines.size(), std::max<std::size_t>(kind.rows, 2) - 1));
  return lines;
}

}  // namespace plateau
