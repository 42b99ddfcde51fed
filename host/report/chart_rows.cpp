// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rows of values on a common axis: dots with their means, estimates with their intervals.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plateau/report/charts.hpp"
#include "svg.hpp"

namespace plateau {
namespace drawing {
namespace {

constexpr double kKindApart = 9;  // between the kinds of a category

class DotDrawing {
 public:
  explicit DotDrawing(const DotChart& chart) : chart_(chart), canvas_(chart.title, chart.description) {}

  std::string drawn() {
    std::vector<double> all;
    for (const auto& category : chart_.categories)
      for (std::size_t k = 0; k < kinds_of(category); ++k)
        all.insert(all.end(), category.values[k].begin(), category.values[k].end());
    const auto range = range_of(chart_.value, all, 0.05);
    if (!range) return nothing_to_show(chart_.title, chart_.description);
    draw_legend();
    std::vector<std::string> names;
    for (const auto& category : chart_.categories) names.push_back(category.name);
    rows_ = lay_rows(names, canvas_.y(),
                     14 + kKindApart * static_cast<double>(std::max<std::size_t>(chart_.kinds.size(), 1)));
    const Box box{rows_.right + 8, canvas_.y(), kWide - 12, rows_.bottom};
    x_ = {*range, box.left, box.right};
    for (std::size_t i = 0; i < chart_.categories.size(); ++i)
      if (chart_.categories[i].emphasised)
        canvas_.rect({2, rows_.rows[i].top, kWide - 2, rows_.rows[i].top + rows_.rows[i].height}, "mine");
    horizontal_axis(canvas_, x_, box, chart_.value.label);
    for (std::size_t i = 0; i < chart_.categories.size(); ++i) draw(i);
    return canvas_.finish();
  }

 private:
  std::size_t kinds_of(const DotChart::Category& category) const {
    return std::min(category.values.size(), chart_.kinds.size());
  }

  void draw_legend() {
    std::vector<LegendEntry> entries;
    for (const auto& kind : chart_.kinds) entries.push_back({kind.name, LegendEntry::Sample::mark, kind.colour});
    entries.push_back({"mean", LegendEntry::Sample::stroke, 0});
    legend(canvas_, entries);
  }

  void draw(std::size_t i) {
    const auto& category = chart_.categories[i];
    const Rows::Row& row = rows_.rows[i];
    row_name(canvas_, rows_, i, category.name, category.emphasised);
    canvas_.line(x_.from, row.top + row.height, x_.to, row.top + row.height, "grid");
    for (std::size_t k = 0; k < kinds_of(category); ++k) {
      const double y =
          row.middle() + kKindApart * (static_cast<double>(k) - static_cast<double>(chart_.kinds.size() - 1) / 2);
      draw_kind(category, k, y);
    }
  }

  void draw_kind(const DotChart::Category& category, std::size_t k, double y) {
    const auto& kind = chart_.kinds[k];
    double sum = 0;
    int count = 0;
    for (const double value : category.values[k]) {
      if (!drawable_on(chart_.value, value)) continue;
      sum += value;
      ++count;
      if (x_.range.holds(value))
        canvas_.mark(x_.at(value), y, 3.2, kind.colour, "dot",
                     fmt::format("{}, {}: {}", category.name, kind.name, shown(value)));
    }
    if (count == 0) return;
    const double mean = sum / count;
    if (x_.range.holds(mean))
      canvas_.line(x_.at(mean), y - 5.5, x_.at(mean), y + 5.5, "stroke",
                   fmt::format("{}, {}: mean {} of {}", category.name, kind.name, shown(mean), count));
  }

  const DotChart& chart_;
  Canvas canvas_;
  Scale x_;
  Rows rows_;
};

class ForestDrawing {
 public:
  explicit ForestDrawing(const ForestPlot& chart) : chart_(chart), canvas_(chart.title, chart.description) {
    chart_.value.logarithmic = false;  // there is a 0
  }

  std::string drawn() {
    if (chart_.rows.empty()) return nothing_to_show(chart_.title, chart_.description);
    choose_decimals();
    std::vector<std::string> names;
    double words = 0;
    bool has_notes = false;
    for (const auto& row : chart_.rows) {
      names.push_back(row.name);
      words = std::max({words, text_width(words_of(row), TextSize::note), text_width(row.note, TextSize::note)});
      has_notes = has_notes || !row.note.empty();
    }
    words_width_ = std::min(words, 0.38 * kWide);
    rows_ = lay_rows(names, canvas_.y(), has_notes ? 36 : 24);
    const Box box{rows_.right + 8, canvas_.y(), kWide - kEdge - words_width_ - 10, rows_.bottom};
    x_ = {range(), box.left, box.right};
    for (std::size_t i = 0; i < chart_.rows.size(); ++i)
      if (chart_.rows[i].emphasised)
        canvas_.rect({2, rows_.rows[i].top, kWide - 2, rows_.rows[i].top + rows_.rows[i].height}, "mine");
    horizontal_axis(canvas_, x_, box, chart_.value.label);
    if (x_.range.holds(0)) canvas_.line(x_.at(0), box.top, x_.at(0), box.bottom, "zero");
    for (std::size_t i = 0; i < chart_.rows.size(); ++i) draw(i);
    return canvas_.finish();
  }

 private:
  // Values and 0, and the ends of the intervals unless they lie so far out that nothing else could be told apart.
  Range range() const {
    std::vector<double> values = {0}, ends, widths;
    for (const auto& row : chart_.rows) {
      if (row.value && drawable(*row.value)) values.push_back(*row.value);
      for (const auto& end : {row.low, row.high})
        if (end && drawable(*end)) ends.push_back(*end);
      if (row.low && row.high && drawable(*row.low) && drawable(*row.high)) widths.push_back(*row.high - *row.low);
    }
    std::ranges::sort(widths);
    const double typical = widths.empty() ? 0 : widths[(widths.size() - 1) / 2];
    const auto [least, most] = std::ranges::minmax(values);
    for (const double end : ends) values.push_back(std::clamp(end, least - 2 * typical, most + 2 * typical));
    Range range = *range_of(chart_.value, values, 0.05);
    range.difference = true;
    return range;
  }

  // Where it is not said, so many that the largest value has three digits, the same for all.
  void choose_decimals() {
    if (chart_.decimals) {
      decimals_ = *chart_.decimals;
      return;
    }
    double largest = 0;
    for (const auto& row : chart_.rows)
      for (const auto& value : {row.value, row.low, row.high})
        if (value && drawable(*value)) largest = std::max(largest, std::abs(*value));
    decimals_ = largest > 0 ? static_cast<int>(std::clamp(2 - std::floor(std::log10(largest)), 0.0, 5.0)) : 1;
  }

  std::string rounded(double value) const {
    if (!drawable(value) || std::abs(value) >= 1e6) return with_sign(shown(value, 3));
    return with_sign(fmt::format("{:.{}f}", value, decimals_));
  }

  std::string words_of(const ForestPlot::Row& row) const {
    std::string out = row.value && !std::isnan(*row.value) ? rounded(*row.value) : "–";
    if (has_interval(row)) out += fmt::format(" [{}, {}]", rounded(*row.low), rounded(*row.high));
    return out;
  }

  static bool has_interval(const ForestPlot::Row& row) {
    return row.low && row.high && !std::isnan(*row.low) && !std::isnan(*row.high);
  }

  void draw(std::size_t i) {
    const auto& row = chart_.rows[i];
    const double y = rows_.rows[i].middle();
    row_name(canvas_, rows_, i, row.name, row.emphasised);
    const double x = kWide - kEdge - words_width_;
    const double line = row.note.empty() ? y + 4.5 : y - 2.5;
    canvas_.text(x, line, words_of(row), {.size = TextSize::note, .width = words_width_});
    if (!row.note.empty())
      canvas_.text(x, line + 15, row.note, {.size = TextSize::note, .width = words_width_, .classes = "muted"});
    const std::string title =
        fmt::format("{}: {}{}{}", row.name, words_of(row), row.note.empty() ? "" : ", ", row.note);
    if (has_interval(row)) draw_interval(*row.low, *row.high, y, title);
    if (row.value && drawable(*row.value) && x_.range.holds(*row.value))
      canvas_.circle(x_.at(*row.value), y, 4.2, row.is_control ? "c7 dot hollow" : "c0 dot", title);
  }

  void draw_interval(double low, double high, double y, const std::string& title) {
    if (low > high) std::swap(low, high);
    if (high >= x_.range.low && low <= x_.range.high)
      canvas_.line(x_.within(low), y, x_.within(high), y, "stroke interval", title);
    draw_end(low, y, title);
    draw_end(high, y, title);
  }

  // A small stroke where the interval ends, an arrow where it goes on beyond the axis.
  void draw_end(double end, double y, const std::string& title) {
    const bool is_left = end<x_.range.low, is_right = end> x_.range.high;
    if (!is_left && !is_right) return canvas_.line(x_.at(end), y - 4, x_.at(end), y + 4, "stroke end", title);
    const double tip = is_left ? x_.from : x_.to, back = is_left ? tip + 7 : tip - 7;
    canvas_.path(
        fmt::format("M{0} {1}L{2} {3}V{4}Z", number(tip), number(y), number(back), number(y - 4.5), number(y + 4.5)),
        "arrow", title);
  }

  ForestPlot chart_;
  Canvas canvas_;
  Scale x_;
  Rows rows_;
  double words_width_ = 0;
  int decimals_ = 1;
};

}  // namespace
}  // namespace drawing

std::string svg(const DotChart& chart) { return drawing::DotDrawing(chart).drawn(); }
std::string svg(const ForestPlot& chart) { return drawing::ForestDrawing(chart).drawn(); }

}  // namespace plateau
