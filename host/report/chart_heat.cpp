// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A table of colours.
//
// Rows and columns beyond what the drawing can show are merged, neighbours into one cell with their mean, and the note
// says so.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "heat_levels.hpp"
#include "plateau/report/charts.hpp"
#include "svg.hpp"

namespace plateau {
namespace drawing {
namespace {

constexpr double kNarrowestCell = 3, kMostCells = 6'000, kMostRowsDrawn = 150;
constexpr double kLabelLine = 15;
constexpr double kLongestUpwards = 92;  // of a column's name that is turned

// Names, every so manieth of which has a label.
struct Labels {
  std::vector<std::string> names, texts;  // texts: as much of the names as there is room for
  std::size_t every = 1;
};

std::size_t every_so_many(double apart, double needed) {
  for (const std::size_t every : {1u, 2u, 5u, 10u, 20u, 25u, 50u, 100u, 200u, 500u})
    if (static_cast<double>(every) * apart >= needed) return every;
  return 1'000;
}

bool is_a_number(const std::string& name) {
  return !name.empty() && name.find_first_not_of("0123456789.,-+eE%–") == std::string::npos;
}

// Groups of `merged` neighbours by their first and last names.
std::vector<std::string> merged_names(const std::vector<std::string>& names, std::size_t count, std::size_t merged) {
  std::vector<std::string> out;
  const auto name = [&](std::size_t i) { return i < names.size() ? names[i] : std::string(); };
  for (std::size_t i = 0; i < count; i += merged) {
    const std::size_t last = std::min(i + merged, count) - 1;
    out.push_back(last == i ? name(i) : name(i) + "–" + name(last));
  }
  return out;
}

class HeatDrawing {
 public:
  explicit HeatDrawing(const HeatMap& chart) : chart_(chart), canvas_(chart.title, chart.description) {
    row_count_ = std::max(chart.rows.size(), chart.values.size());
    column_count_ = chart.columns.size();
    for (const auto& row : chart.values) column_count_ = std::max(column_count_, row.size());
  }

  std::string drawn() {
    if (!find_range()) return nothing_to_show(chart_.title, chart_.description);
    lay_cells();
    draw_column_labels();
    draw_cells();
    draw_row_labels();
    canvas_.advance(box_.bottom + 8 - canvas_.y());
    draw_scale();
    draw_notes();
    return canvas_.finish();
  }

 private:
  double value_at(std::size_t i, std::size_t j) const {
    if (i >= chart_.values.size() || j >= chart_.values[i].size() || !drawable(chart_.values[i][j]))
      return std::numeric_limits<double>::quiet_NaN();
    return chart_.values[i][j];
  }

  bool find_range() {
    std::vector<double> values;
    for (const auto& row : chart_.values) values.insert(values.end(), row.begin(), row.end());
    const auto range = range_of({.label = "", .low = chart_.low, .high = chart_.high}, values, 0);
    if (range) range_ = *range;
    return range.has_value();
  }

  void lay_cells() {
    merged_rows_ = static_cast<std::size_t>(std::ceil(static_cast<double>(row_count_) / kMostRowsDrawn));
    rows_.names = merged_names(chart_.rows, row_count_, merged_rows_);
    double widest = 0;
    rows_.texts = fitted_apart(rows_.names, TextSize::label, 0.3 * kWide);
    for (const std::string& text : rows_.texts) widest = std::max(widest, text_width(text, TextSize::label));
    box_.left = kEdge + widest + 6;
    box_.right = kWide - kEdge;
    const double most = std::min(std::floor(box_.width() / kNarrowestCell),
                                 std::max(20.0, std::floor(kMostCells / static_cast<double>(rows_.names.size()))));
    merged_columns_ = static_cast<std::size_t>(std::ceil(static_cast<double>(column_count_) / most));
    columns_.names = merged_names(chart_.columns, column_count_, merged_columns_);
    const double columns = static_cast<double>(columns_.names.size()), rows = static_cast<double>(rows_.names.size());
    cell_width_ = std::min(box_.width() / columns, 90.0);
    box_.right = box_.left + cell_width_ * columns;
    cell_height_ = rows <= 20 ? std::clamp(cell_width_, 20.0, 34.0) : rows <= 45 ? 15 : 8;
    rows_.every = every_so_many(cell_height_, kLabelLine);
  }

  // Level where they fit or where some of them can stand for all, else upwards.
  void draw_column_labels() {
    if (!chart_.columns_label.empty()) {
      canvas_.text(box_.left, canvas_.y() + 13, chart_.columns_label,
                   {.width = kWide - kEdge - box_.left, .classes = "muted"});
      canvas_.advance(18);
    }
    double widest = 0;
    for (const std::string& name : columns_.names) widest = std::max(widest, text_width(name, TextSize::note));
    const bool are_numbers = std::ranges::all_of(columns_.names, is_a_number);
    const bool are_level = widest + 6 <= cell_width_ || (are_numbers && widest <= 120);
    if (!are_level) columns_.texts = fitted_apart(columns_.names, TextSize::note, kLongestUpwards);
    columns_.every = every_so_many(cell_width_, are_level ? widest + 8 : kLabelLine);
    const double height = are_level ? kLabelLine + 2 : std::min(widest, kLongestUpwards) + 8;
    for (std::size_t j = 0; j < columns_.names.size(); j += columns_.every) {
      const double x = middle_of_column(j);
      const double half = are_level ? widest / 2 : 0;
      if (are_level)
        canvas_.text(std::clamp(x, half + 1, kWide - half - 1), canvas_.y() + 13, columns_.names[j],
                     {.anchor = Anchor::middle, .size = TextSize::note});
      else
        canvas_.text(x + 4, canvas_.y() + height - 4, columns_.texts[j],
                     {.size = TextSize::note, .upwards = true, .whole = columns_.names[j]});
    }
    canvas_.advance(height);
    if (!chart_.rows_label.empty()) {
      canvas_.text(kEdge, canvas_.y() + 13, chart_.rows_label, {.width = kWide - 2 * kEdge, .classes = "muted"});
      canvas_.advance(18);
    }
    box_.top = canvas_.y();
    box_.bottom = box_.top + cell_height_ * static_cast<double>(rows_.names.size());
  }

  double middle_of_column(std::size_t j) const { return box_.left + (static_cast<double>(j) + 0.5) * cell_width_; }

  void draw_row_labels() {
    for (std::size_t i = 0; i < rows_.names.size(); i += rows_.every)
      canvas_.text(box_.left - 6, box_.top + (static_cast<double>(i) + 0.5) * cell_height_ + 4.5, rows_.texts[i],
                   {.anchor = Anchor::end, .whole = rows_.names[i]});
  }

  int level_of(double value) const {
    const double part = (value - range_.low) / (range_.high - range_.low);
    return static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * (kHeatLevels - 1)));
  }

  // The mean of what a drawn cell stands for, or not a number.
  double mean_of(std::size_t i, std::size_t j) const {
    double sum = 0;
    int count = 0;
    for (std::size_t a = i * merged_rows_; a < std::min((i + 1) * merged_rows_, row_count_); ++a)
      for (std::size_t b = j * merged_columns_; b < std::min((j + 1) * merged_columns_, column_count_); ++b)
        if (const double value = value_at(a, b); !std::isnan(value)) {
          sum += value;
          ++count;
        }
    return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
  }

  std::string words_in(std::size_t i, std::size_t j) const {
    if (merged_rows_ > 1 || merged_columns_ > 1) return "";
    return i < chart_.texts.size() && j < chart_.texts[i].size() ? chart_.texts[i][j] : "";
  }

  void draw_cells() {
    std::string hatch;
    for (std::size_t i = 0; i < rows_.names.size(); ++i)
      for (std::size_t j = 0; j < columns_.names.size(); ++j) {
        const double left = box_.left + static_cast<double>(j) * cell_width_;
        const double top = box_.top + static_cast<double>(i) * cell_height_;
        draw_cell(i, j, {left, top, left + cell_width_, top + cell_height_}, hatch);
      }
    if (!hatch.empty()) canvas_.path(hatch, "hatch");
  }

  void draw_cell(std::size_t i, std::size_t j, const Box& cell, std::string& hatch) {
    const double value = mean_of(i, j);
    const std::string words = words_in(i, j);
    const std::string title =
        fmt::format("{}, {}{}: {}{}", rows_.names[i], chart_.columns_label.empty() ? "" : chart_.columns_label + " ",
                    columns_.names[j], std::isnan(value) ? "empty" : shown(value),
                    words.empty() || words == shown(value) ? "" : " (" + words + ")");
    const bool has_gap = cell.width() > 8 && cell.height() > 8;
    const Box inner{cell.left, cell.top, cell.right - (has_gap ? 1 : 0), cell.bottom - (has_gap ? 1 : 0)};
    if (std::isnan(value)) {
      canvas_.rect(inner, "empty", title);
      for (int stroke = 0; 5 + 7.0 * stroke < inner.width() + inner.height(); ++stroke) {
        const double at = 5 + 7.0 * stroke;
        const double x1 = inner.left + std::max(0.0, at - inner.height()),
                     x2 = inner.left + std::min(at, inner.width());
        hatch += fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}", x1, inner.top + (at - (x1 - inner.left)), x2,
                             inner.top + (at - (x2 - inner.left)));
      }
      return;
    }
    const int level = level_of(value);
    canvas_.rect(inner, fmt::format("h{}", level), title);
    if (words.empty() || cell.height() < 15 || text_width(words, TextSize::note) + 4 > cell.width()) return;
    canvas_.text((inner.left + inner.right) / 2, (inner.top + inner.bottom) / 2 + 4.3, words,
                 {.anchor = Anchor::middle, .size = TextSize::note, .classes = fmt::format("on-h{} still", level)});
  }

  // A strip from the lowest to the highest, with both, and what they are.
  void draw_scale() {
    const auto end = [&](double value) {
      return chart_.decimals ? fmt::format("{:.{}f}", value, *chart_.decimals) : shown(value, 4);
    };
    const std::string low = end(range_.low), high = end(range_.high);
    const double left = kEdge + text_width(low, TextSize::note) + 6;
    const double each = 8;
    for (int k = 0; k < kHeatLevels; ++k)
      canvas_.rect({left + k * each, canvas_.y() + 3, left + (k + 1) * each, canvas_.y() + 15}, fmt::format("h{}", k));
    const double right = left + kHeatLevels * each + 6;
    canvas_.text(kEdge, canvas_.y() + 13, low, {.size = TextSize::note});
    const std::string words = high + (chart_.value_label.empty() ? "" : "  " + chart_.value_label);
    canvas_.text(right, canvas_.y() + 13, words, {.size = TextSize::note, .width = kWide - kEdge - right});
    canvas_.advance(20);
  }

  void draw_notes() {
    if (merged_columns_ > 1)
      canvas_.note(fmt::format("{} columns; a cell is the mean of {} neighbours", column_count_, merged_columns_));
    if (merged_rows_ > 1)
      canvas_.note(fmt::format("{} rows; a cell is the mean of {} neighbours", row_count_, merged_rows_));
  }

  const HeatMap& chart_;
  Canvas canvas_;
  std::size_t row_count_ = 0, column_count_ = 0;
  std::size_t merged_rows_ = 1, merged_columns_ = 1;
  Range range_;
  Labels rows_, columns_;
  Box box_;
  double cell_width_ = 0, cell_height_ = 0;
};

}  // namespace
}  // namespace drawing

std::string svg(const HeatMap& chart) { return drawing::HeatDrawing(chart).drawn(); }

}  // namespace plateau
