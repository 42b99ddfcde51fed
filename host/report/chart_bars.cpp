// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Bars: a waterfall of parts that add up, a histogram with the value observed.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plateau/report/charts.hpp"
#include "svg.hpp"

namespace plateau {
namespace drawing {
namespace {

constexpr int kBarColour = 0, kLossColour = 1, kLevelColour = 7;

class WaterfallDrawing {
 public:
  explicit WaterfallDrawing(const Waterfall& chart) : chart_(chart), canvas_(chart.title, chart.description) {
    double sum = 0;
    for (const Waterfall::Part& part : chart.parts) {
      if (!drawable(part.points)) continue;
      const double begin = part.is_level ? 0 : sum;
      sum = begin + part.points;
      bars_.push_back({&part, begin, sum});
    }
  }

  std::string drawn() {
    std::vector<double> ends = {0};
    for (const Bar& bar : bars_) ends.insert(ends.end(), {bar.begin, bar.end});
    Axis linear = chart_.value;  // a sum has no logarithm to begin from
    linear.logarithmic = false;
    const double cut = beginning();
    if (cut > 0) std::ranges::replace(ends, 0, cut);
    const auto range = range_of(linear, ends, 0);
    if (!range || bars_.empty()) return nothing_to_show(chart_.title, chart_.description);
    is_cut_ = range->low > 0;
    std::vector<std::string> names;
    double widest_value = 0;
    for (const Bar& bar : bars_) {
      names.push_back(bar.part->name);
      widest_value = std::max(widest_value, text_width(words_of(bar), TextSize::label));
    }
    rows_ = lay_rows(names, canvas_.y(), 26);
    const Box box{rows_.right + 8, canvas_.y(), kWide - kEdge - widest_value - 6, rows_.bottom};
    x_ = {*range, box.left, box.right};
    horizontal_axis(canvas_, x_, box, chart_.value.label);
    if (range->holds(0)) canvas_.line(x_.at(0), box.top, x_.at(0), box.bottom, "zero");
    for (std::size_t i = 0; i < bars_.size(); ++i) draw(i);
    if (is_cut_) canvas_.note(fmt::format("the axis begins at {}: bars with a cut go on to 0", shown(range->low, 4)));
    return canvas_.finish();
  }

 private:
  struct Bar {
    const Waterfall::Part* part;
    double begin, end;
  };

  std::string written(double value, int digits) const {
    if (!chart_.decimals) return shown(value, digits);
    const std::string text = fmt::format("{:.{}f}", value, *chart_.decimals);
    return text.find_first_not_of("-0.") == std::string::npos && text.front() == '-' ? text.substr(1) : text;
  }
  std::string signed_words(const Bar& bar, int digits) const {
    return (bar.part->is_level || bar.part->points <= 0 ? "" : "+") + written(bar.part->points, digits);
  }
  std::string words_of(const Bar& bar) const { return signed_words(bar, 4); }

  // Where the axis begins: at 0, unless the steps between high levels would be too short there to be seen.
  double beginning() const {
    if (bars_.empty() || chart_.value.low) return 0;
    double least = bars_.front().end, most = least;
    for (const Bar& bar : bars_) {
      least = std::min(least, bar.end);
      most = std::max(most, bar.end);
      if (!bar.part->is_level) least = std::min(least, bar.begin);
    }
    const double room = most - least;
    if (!(room > 0 && least > 3 * room)) return 0;
    const double round = std::pow(10, std::floor(std::log10(room)));
    return std::floor((least - room / 2) / round) * round;
  }

  void draw(std::size_t i) {
    const Bar& bar = bars_[i];
    const Rows::Row& row = rows_.rows[i];
    const double begin = x_.within(bar.begin), end = x_.within(bar.end);
    const int colour = bar.part->is_level ? kLevelColour : bar.part->points < 0 ? kLossColour : kBarColour;
    row_name(canvas_, rows_, i, bar.part->name, bar.part->is_level);
    if (i + 1 < bars_.size()) canvas_.line(end, row.middle() + 8, end, rows_.rows[i + 1].middle() - 8, "connector");
    canvas_.rect(
        {std::min(begin, end), row.middle() - 8, std::max(begin, end), row.middle() + 8},
        colour_class(colour) + (bar.part->is_remainder ? " bar pale" : " bar"),
        fmt::format(
            "{}: {}{}", bar.part->name, signed_words(bar, 6),
            bar.part->is_level ? "" : fmt::format(", from {} to {}", written(bar.begin, 6), written(bar.end, 6))));
    if (is_cut_ && bar.part->is_level) {
      const double x = x_.from + 10;
      canvas_.path(fmt::format("M{} {}l6 -20M{} {}l6 -20", number(x), number(row.middle() + 10), number(x + 5),
                               number(row.middle() + 10)),
                   "cut");
    }
    canvas_.text(std::max(begin, end) + 5, row.middle() + 4.5, words_of(bar), {.classes = "halo"});
  }

  const Waterfall& chart_;
  Canvas canvas_;
  Scale x_;
  Rows rows_;
  std::vector<Bar> bars_;
  bool is_cut_ = false;  // the axis begins above 0
};

double quantile(const std::vector<double>& ascending, double part) {
  const double at = part * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] + (at - static_cast<double>(below)) * (ascending[above] - ascending[below]);
}

// Freedman and Diaconis (1981): bins of twice the interquartile range over the cube root of the number of values; not
// fewer than 5, which show no shape, nor more than 40, which no chart of this width shows.
int bins_of(const std::vector<double>& ascending) {
  constexpr double kFewest = 5, kMost = 40;
  const double range = ascending.back() - ascending.front();
  const double width =
      2 * (quantile(ascending, 0.75) - quantile(ascending, 0.25)) / std::cbrt(static_cast<double>(ascending.size()));
  const double bins = width > 0 ? std::ceil(range / width) : std::sqrt(static_cast<double>(ascending.size()));
  return static_cast<int>(std::clamp(bins, kFewest, kMost));
}

class HistogramDrawing {
 public:
  explicit HistogramDrawing(const Histogram& chart) : chart_(chart), canvas_(chart.title, chart.description) {
    for (const double value : chart.values)
      if (drawable_on(chart.value, value)) values_.push_back(value);
    std::ranges::sort(values_);
  }

  std::string drawn() {
    if (chart_.observed && drawable_on(chart_.value, *chart_.observed)) observed_ = chart_.observed;
    std::vector<double> all = values_;
    if (observed_) all.push_back(*observed_);
    auto range = range_of(chart_.value, all, 0.03);
    if (!range) return nothing_to_show(chart_.title, chart_.description);
    // Whatever ends are asked for, the observed value can be seen.
    if (observed_) range->low = std::min(range->low, *observed_), range->high = std::max(range->high, *observed_);
    fill_bins(*range);
    std::vector<LegendEntry> entries;
    if (!values_.empty() && !chart_.values_name.empty())
      entries.push_back(
          {fmt::format("{} ({})", chart_.values_name, values_.size()), LegendEntry::Sample::bar, kBarColour});
    legend(canvas_, entries);
    axis_name(canvas_, "count");
    const std::size_t most = std::max<std::size_t>(counts_.empty() ? 0 : std::ranges::max(counts_), 1);
    const Range counts{.low = 0, .high = static_cast<double>(most) * 1.05, .whole = true};
    const double left = room_for_ticks(counts), top = canvas_.y() + (observed_ ? 26 : 9);
    const Box box{left, top, kWide - 12, top + 170};
    x_ = {*range, box.left, box.right};
    y_ = {counts, box.bottom, box.top};
    vertical_axis(canvas_, y_, box);
    horizontal_axis(canvas_, x_, box, chart_.value.label);
    draw_bins();
    if (observed_) draw_observed(box);
    return canvas_.finish();
  }

 private:
  // Equal widths as they are drawn: of the logarithm where the axis is.
  double forth(double value) const { return chart_.value.logarithmic ? std::log(value) : value; }
  double back(double value) const { return chart_.value.logarithmic ? std::exp(value) : value; }

  void fill_bins(const Range& range) {
    if (values_.empty()) return;
    std::vector<double> at;
    for (const double value : values_) at.push_back(forth(value));
    double low = at.front(), high = at.back();
    if (high - low <= 1e-9 * std::max(std::abs(low), std::abs(high))) {  // all equal: one bin of five is full
      const double room = (forth(range.high) - forth(range.low)) / 8;
      low -= room;
      high += room;
    }
    const int bins = bins_of(at);
    counts_.assign(static_cast<std::size_t>(bins), 0);
    for (const double value : at) {
      const auto bin = static_cast<int>((value - low) / (high - low) * bins);
      ++counts_[static_cast<std::size_t>(std::clamp(bin, 0, bins - 1))];
    }
    for (int i = 0; i <= bins; ++i) edges_.push_back(back(low + (high - low) * i / bins));
  }

  void draw_bins() {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] == 0 || edges_[i + 1] <= x_.range.low || edges_[i] >= x_.range.high) continue;
      canvas_.rect({x_.within(edges_[i]) + 0.5, y_.at(static_cast<double>(counts_[i])),
                    std::max(x_.within(edges_[i + 1]) - 0.5, x_.within(edges_[i]) + 1), y_.at(0)},
                   colour_class(kBarColour) + " bar",
                   fmt::format("{} to {}: {}", shown(edges_[i]), shown(edges_[i + 1]), counts_[i]));
    }
  }

  void draw_observed(const Box& box) {
    const double x = x_.at(*observed_);
    const std::string words =
        fmt::format("{}: {}", chart_.observed_name.empty() ? "observed" : chart_.observed_name, shown(*observed_));
    const double room = kWide - 2 * kEdge;
    const double half = std::min(text_width(fitted(words, TextSize::label, room), TextSize::label), room) / 2;
    canvas_.line(x, box.top - 6, x, box.bottom, colour_class(kLossColour) + " observed", words);
    canvas_.text(std::clamp(x, kEdge + half, kWide - kEdge - half), box.top - 10, words,
                 {.anchor = Anchor::middle, .width = room});
  }

  const Histogram& chart_;
  Canvas canvas_;
  Scale x_, y_;
  std::vector<double> values_;  // ascending
  std::optional<double> observed_;
  std::vector<std::size_t> counts_;
  std::vector<double> edges_;  // one more than counts
};

}  // namespace
}  // namespace drawing

std::string svg(const Waterfall& chart) { return drawing::WaterfallDrawing(chart).drawn(); }
std::string svg(const Histogram& chart) { return drawing::HistogramDrawing(chart).drawn(); }

}  // namespace plateau
