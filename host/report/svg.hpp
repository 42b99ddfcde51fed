// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the charts draw with: a canvas of SVG elements, text of estimated width, scales with ticks, axes and legends.
//
// Lengths are units of the drawing, y grows downwards. Text handed to the canvas may hold anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/report/charts.hpp"

namespace plateau::drawing {

inline constexpr double kWide = kChartWidth;
inline constexpr double kEdge = 8;  // between the drawing's border and what is drawn
inline constexpr double kWidestNames = 0.4 * kWide;

// ---- Numbers and text -----------------------------------------------------------------------------------------------

// Finite, and of a size whose differences and squares are finite too.
bool drawable(double value);
// For attributes: two decimals at most, no exponent; never "nan" or "inf", whatever comes.
std::string number(double value);
// For people, so many significant digits: "0.25", "1.5e-7", "∞".
std::string shown(double value, int digits = 6);
// A number in words as that of a difference: "+1.2", "-1.2", and "0.0" without a sign.
std::string with_sign(const std::string& number);

enum class TextSize { title = 15, label = 13, note = 12 };  // the title is bold

// As wide as a wide common font (DejaVu Sans, Verdana) sets it, so that narrower ones leave room.
double text_width(std::string_view text, TextSize size);
// visible() text, with "…" in its middle for what does not fit.
std::string fitted(std::string_view text, TextSize size, double width);
// The same for names that lie beside each other. Where that would make names equal which differ, what these have in
// common is cut instead, their beginning and their end, as far as the width lets what differs stay.
std::vector<std::string> fitted_apart(const std::vector<std::string>& names, TextSize size, double width);
// visible() text in lines, broken at blanks where it has any; the last one is fitted().
std::vector<std::string> wrapped(std::string_view text, TextSize size, double width, std::size_t most_lines);

// ---- Canvas ---------------------------------------------------------------------------------------------------------

enum class Anchor { start, middle, end };

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

// How a text is set; its baseline begins, is centred or ends at x.
struct Setting {
  Anchor anchor = Anchor::start;
  TextSize size = TextSize::label;
  double width = kWide;      // room; more is cut off, and the whole becomes the text's title
  std::string_view classes;  // besides the size's
  bool upwards = false;      // turned by a quarter, along its line
  std::string_view whole;    // of a text that was cut before: its title
};

// Elements below the title, from top to bottom: what is drawn next begins at y().
class Canvas {
 public:
  Canvas(std::string_view title, std::string_view description);

  double y() const { return y_; }
  void advance(double by) { y_ += by; }

  // Each with its classes and, unless empty, the title that shows when a pointer rests on it.
  void line(double x1, double y1, double x2, double y2, std::string_view classes, std::string_view title = {});
  void rect(const Box& box, std::string_view classes, std::string_view title = {});
  void path(std::string_view d, std::string_view classes, std::string_view title = {});
  void circle(double x, double y, double radius, std::string_view classes, std::string_view title = {});
  // A mark of the shape that belongs to the colour, so that kinds differ without colours too.
  void mark(double x, double y, double radius, int colour, std::string_view classes, std::string_view title = {});

  void text(double x, double baseline, std::string_view text, const Setting& setting = {});
  // Lines of a note over the whole width, at y().
  void note(std::string_view text);

  std::string finish() const;

 private:
  void element(std::string_view opening, std::string_view classes, std::string_view title);

  std::string head_, body_;
  double y_ = 0;
};

// The class of one of the eight colours, "c3"; any number counts.
std::string colour_class(int colour);
// A chart that has nothing to show but its title.
std::string nothing_to_show(const std::string& title, const std::string& description);

// ---- Scales and axes ------------------------------------------------------------------------------------------------

struct Range {
  double low = 0, high = 1;  // low < high, drawable; logarithmic: 0 < low
  bool logarithmic = false;
  bool whole = false;       // counts things, so no tick lies between two whole numbers
  bool difference = false;  // to something: what lies above 0 is written with its sign
  bool holds(double value) const { return low <= value && value <= high; }
};

// Whether an axis can show the value at all.
bool drawable_on(const Axis& axis, double value);
// What the axis shows: its own ends where they are given and make sense, else those of the values, widened by a part of
// them on both sides. None where it shows no value.
std::optional<Range> range_of(const Axis& axis, const std::vector<double>& values, double widened_by);

struct Scale {
  Range range;
  double from = 0, to = 1;  // where low and high lie
  double at(double value) const;
  double within(double value) const;  // at() of the nearest value in the range
};

struct Tick {
  double value = 0;
  std::string text;
};
// At 1, 2 or 5 times a power of ten (powers of ten alone where a logarithmic axis has many), about so many.
std::vector<Tick> ticks(const Range& range, int about);
double widest(const std::vector<Tick>& all);

// Gridlines through the box, the labels of the ticks below it and the axis's name below these; y() is below all after.
void horizontal_axis(Canvas& canvas, const Scale& scale, const Box& box, std::string_view label);
// Gridlines through the box and the labels left of it. The axis's name stands above the box: axis_name().
void vertical_axis(Canvas& canvas, const Scale& scale, const Box& box);
void axis_name(Canvas& canvas, std::string_view label);
// Room left of a box for the labels of vertical_axis().
double room_for_ticks(const Range& range);

// ---- Legends and rows -----------------------------------------------------------------------------------------------

struct LegendEntry {
  enum class Sample { line, dashed, marked_line, mark, hollow, band, bar, stroke, observed };
  std::string name;
  Sample sample = Sample::line;
  int colour = 0;
};
// In lines at y(), as many as they need; of very many the first, and how many more there are.
void legend(Canvas& canvas, const std::vector<LegendEntry>& entries);

// Names at the left of rows from top to bottom; those that are too long are fitted_apart().
struct Rows {
  struct Row {
    std::vector<std::string> lines;
    bool is_cut = false;
    double top = 0, height = 0;
    double middle() const { return top + height / 2; }
  };
  std::vector<Row> rows;
  double right = 0;   // of the names
  double bottom = 0;  // of the last row
};
Rows lay_rows(const std::vector<std::string>& names, double top, double least_height);
void row_name(Canvas& canvas, const Rows& rows, std::size_t i, std::string_view name, bool emphasised);

}  // namespace plateau::drawing
