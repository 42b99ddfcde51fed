// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Charts: each a function from plain data to one SVG element, which stands alone in a file or inline in a page.
//
// Common to all. Names and words may hold anything and come out escaped (markup.hpp). Numbers that are not finite, or
// beyond 1e100, are left out; a chart without any says "nothing to show". Every mark carries its value as a <title>,
// which shows when a pointer rests on it (very many points share that of their curve or band); the element has
// role="img", a <title> and a <desc> for who cannot see it. What differs in colour differs in shape, dashes or sign
// too. Colours are CSS custom properties with light and dark values (chart_style()). The drawing is kChartWidth units
// wide, a height that follows from the content, and made to be read at 360 to 640 pixels: text is 12 units high at
// least and lies inside the drawing; names too long for that are shortened, the whole in their <title>. No element has
// an id, so that a page may hold any charts together. The same data give the same bytes; nothing throws.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plateau {

inline constexpr int kChartWidth = 440;  // in the units of the drawing

// The CSS rules that all charts share, without <style>. A chart that is to stand alone needs them inside
// (standalone()); a page has them once. They follow prefers-color-scheme, unless the root element says
// data-theme="light" or "dark".
std::string chart_style();
// A chart as the content of an .svg file.
std::string standalone(const std::string& svg);
bool is_standalone(std::string_view text);  // whether it begins as that does, and as no other drawing

struct ChartPoint {
  double x = 0, y = 0;
};

struct Axis {
  std::string label;                // with the unit, "epoch", "accuracy (%)"
  bool logarithmic = false;         // of base 10; what is not above 0 is left out
  std::optional<double> low, high;  // else from the data
};

// ---- Curves ---------------------------------------------------------------------------------------------------------

enum class LineStyle { line, dashed, dots, line_and_dots };

struct Series {
  std::string name;                // in the legend; empty: in none
  std::vector<ChartPoint> points;  // ascending x
  LineStyle style = LineStyle::line;
  int colour = 0;          // of eight, told apart by people who see no red or green; series of one thing share it
  std::string title = {};  // what its marks call it; empty: the name
  bool on_top = false;     // above the others, wherever the legend has it
};
// Between two curves over the same x.
struct Band {
  struct Point {
    double x = 0, low = 0, high = 0;
  };
  std::string name;
  std::vector<Point> points;  // ascending x
  int colour = 0;
};
// A level that holds for all x.
struct Level {
  std::string name;
  double y = 0;
};

// Test accuracy by epoch or round, losses, the learning curve with its fan, runs over each other. Curves and bands of
// more points than the drawing can show are thinned to those that a column of it begins and ends with and its extremes
// (thinning.hpp); the note below the chart says so.
struct LineChart {
  std::string title, description;  // description: what is to be seen, in a sentence
  Axis x, y;
  std::vector<Series> series;
  std::vector<Band> bands;
  std::vector<Level> levels;
};
std::string svg(const LineChart& chart);

// ---- Bars, dots and tables of colours -------------------------------------------------------------------------------

// From what is there to what would be: the error budget. Parts add up from the first, which begins at 0. Where the
// steps are short beside the levels, the axis begins above 0, the bars of the levels show a cut, and a note says so.
struct Waterfall {
  struct Part {
    std::string name;
    double points = 0;          // may be negative
    bool is_level = false;      // "accuracy now": drawn from 0; else a step from where the last ended
    bool is_remainder = false;  // "unexplained": drawn pale
  };
  std::string title, description;
  Axis value;  // label: "points"
  std::vector<Part> parts;
  std::optional<int> decimals;  // of all values, else as many as each needs
};
std::string svg(const Waterfall& chart);

// Of one category several values of several kinds: a ladder of networks, whose trainings are dots and whose means are
// strokes.
struct DotChart {
  struct Kind {
    std::string name;  // "test", "train"
    int colour = 0;
  };
  struct Category {
    std::string name;                         // "20-64-3"
    std::vector<std::vector<double>> values;  // of each kind
    bool emphasised = false;                  // the user's own
  };
  std::string title, description;
  Axis value;
  std::vector<Kind> kinds;
  std::vector<Category> categories;  // from top to bottom
};
std::string svg(const DotChart& chart);

// Where a value lies among those that chance gives: bins by Freedman and Diaconis, 5 to 40.
struct Histogram {
  std::string title, description;
  Axis value;
  std::vector<double> values;
  std::string values_name;  // "labels dealt out at random"
  std::optional<double> observed;
  std::string observed_name;  // "labels as they are"
};
std::string svg(const Histogram& chart);

// Estimates with their intervals, one below the other, and a line at 0. Intervals that go on beyond the axis end in
// arrows; the values stand beside them in words.
struct ForestPlot {
  struct Row {
    std::string name;
    std::optional<double> value, low, high;  // none: written, with its note, and not drawn
    std::string note;                        // "helps", "placebo"
    bool emphasised = false;
    bool is_control = false;  // drawn hollow
  };
  std::string title, description;
  Axis value;
  std::vector<Row> rows;
  std::optional<int> decimals;  // of all values, else so many that the largest has three digits
};
std::string svg(const ForestPlot& chart);

// Values in a table of colours: class by round, settings of a sweep, a confusion matrix. Of more rows or columns than
// the drawing can show, neighbours are merged to their mean, and a note says so.
struct HeatMap {
  std::string title, description;
  std::string rows_label, columns_label;
  std::vector<std::string> rows, columns;
  std::vector<std::vector<double>> values;      // [rows][columns]; not a number: an empty cell
  std::vector<std::vector<std::string>> texts;  // in the cells, where there is room; empty: none
  std::string value_label;                      // of the scale below it
  std::optional<double> low, high;              // of the scale, else from the data
  std::optional<int> decimals;                  // of its ends, else as many as they need
};
std::string svg(const HeatMap& chart);

}  // namespace plateau
