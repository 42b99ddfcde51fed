// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Curves, bands and levels over a common x.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "plateau/report/charts.hpp"
#include "plateau/report/thinning.hpp"
#include "svg.hpp"

namespace plateau {
namespace drawing {
namespace {

constexpr double kLinePlotHeight = 220;
constexpr double kLevelLabelLine = 15;
constexpr std::size_t kMostLevelLabels = 10;
constexpr std::size_t kMostHits = 200;       // of one curve or band
constexpr std::size_t kMostHitsOfAll = 800;  // of the curves, and of the bands, so that many do not make a page heavy
constexpr double kMostPointsOfAll = 20'000;

// The part of a segment that lies in the box (Liang and Barsky 1984): where it begins and ends, of its length.
std::optional<std::pair<double, double>> clipped(ChartPoint a, ChartPoint b, const Box& box) {
  double begin = 0, end = 1;
  const auto cut = [&](double direction, double room) {
    if (direction == 0) return room >= 0;
    (direction < 0 ? begin : end) = direction < 0 ? std::max(begin, room / direction) : std::min(end, room / direction);
    return begin <= end;
  };
  if (!cut(a.x - b.x, a.x - box.left) || !cut(b.x - a.x, box.right - a.x) || !cut(a.y - b.y, a.y - box.top) ||
      !cut(b.y - a.y, box.bottom - a.y))
    return {};
  return std::pair{begin, end};
}

// "M1 2L3 4": the lines through the points as far as they lie in the box.
std::string polyline(const std::vector<ChartPoint>& points, const Box& box) {
  // Cut far outside, a segment ends in the box but for rounding.
  const auto at = [&](double x, double y) {
    return fmt::format("{:.1f} {:.1f}", std::clamp(x, box.left, box.right), std::clamp(y, box.top, box.bottom));
  };
  std::string d;
  bool is_joined = false;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const ChartPoint a = points[i - 1], b = points[i];
    const auto part = clipped(a, b, box);
    if (!part) {
      is_joined = false;
      continue;
    }
    const auto [begin, end] = *part;
    // Exact at both ends, however far apart they are.
    const auto between = [&](double t) { return at((1 - t) * a.x + t * b.x, (1 - t) * a.y + t * b.y); };
    if (!is_joined || begin > 0) d += 'M' + between(begin);
    d += 'L' + between(end);
    is_joined = end == 1;
  }
  return d;
}

// The baselines of the labels of lines at these ascending heights, each above its own line or as near to that as may
// be: at least kLevelLabelLine apart, inside [low, high], and where there is room struck through by no line.
std::vector<double> label_baselines(const std::vector<double>& lines, double low, double high) {
  constexpr double kOver = 4, kUnder = 12;  // from a line up or down to the baselines that it does not strike
  const auto is_struck = [](double baseline, double line) {
    return line - kOver < baseline && baseline < line + kUnder;
  };
  std::vector<double> baselines;
  for (const double own : lines) {
    double baseline = std::max(own - kOver, baselines.empty() ? low : baselines.back() + kLevelLabelLine);
    for (const double line : lines)
      if (is_struck(baseline, line)) baseline = line + kUnder;
    baselines.push_back(baseline);
  }
  for (std::size_t i = baselines.size(); i-- > 0;) {
    const double most = i + 1 == baselines.size() ? high : baselines[i + 1] - kLevelLabelLine;
    if (baselines[i] <= most) continue;
    baselines[i] = most;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
      if (is_struck(baselines[i], *line)) baselines[i] = *line - kOver;
  }
  return baselines;
}

class LineDrawing {
 public:
  explicit LineDrawing(const LineChart& chart) : chart_(chart), canvas_(chart.title, chart.description) {}

  std::string drawn() {
    const auto x = x_range(), y = y_range();
    if (!x || !y) return nothing_to_show(chart_.title, chart_.description);
    draw_legend();
    axis_name(canvas_, chart_.y.label);
    const double left = room_for_ticks(*y), right = kWide - 12;
    box_ = {left, canvas_.y() + 9, right, canvas_.y() + 9 + kLinePlotHeight};
    x_ = {*x, left, right};
    y_ = {*y, box_.bottom, box_.top};
    choose_columns(*x);
    vertical_axis(canvas_, y_, box_);
    horizontal_axis(canvas_, x_, box_, chart_.x.label);
    for (const Band& band : chart_.bands) draw_band(band);
    draw_level_lines();
    for (const bool on_top : {false, true})
      for (std::size_t i = 0; i < chart_.series.size(); ++i)
        if (chart_.series[i].on_top == on_top) draw_series(chart_.series[i], i);
    draw_level_labels();
    draw_notes();
    return canvas_.finish();
  }

 private:
  bool is_drawn(double x, double y) const { return drawable_on(chart_.x, x) && drawable_on(chart_.y, y); }
  bool is_drawn(const Band::Point& p) const { return is_drawn(p.x, p.low) && is_drawn(p.x, p.high); }

  std::optional<Range> x_range() const {
    std::vector<double> values;
    for (const Series& series : chart_.series)
      for (const ChartPoint& p : series.points)
        if (is_drawn(p.x, p.y)) values.push_back(p.x);
    for (const Band& band : chart_.bands)
      for (const Band::Point& p : band.points)
        if (is_drawn(p)) values.push_back(p.x);
    auto range = range_of(chart_.x, values, 0);
    if (range) range->whole = std::ranges::all_of(values, [](double v) { return v == std::floor(v); });
    return range;
  }

  std::optional<Range> y_range() const {
    std::vector<double> values;
    for (const Series& series : chart_.series)
      for (const ChartPoint& p : series.points)
        if (is_drawn(p.x, p.y)) values.push_back(p.y);
    for (const Band& band : chart_.bands)
      for (const Band::Point& p : band.points)
        if (is_drawn(p)) values.insert(values.end(), {p.low, p.high});
    if (!values.empty())
      for (const Level& level : chart_.levels) values.push_back(level.y);
    return range_of(chart_.y, values, 0.04);
  }

  // Fewer columns where many curves share the drawing.
  void choose_columns(const Range& x) {
    const double series = static_cast<double>(chart_.series.size() + chart_.bands.size());
    columns_ = {.low = x.low,
                .high = x.high,
                .logarithmic = x.logarithmic,
                .count = static_cast<int>(std::clamp(kMostPointsOfAll / 4 / series, 50.0, box_.width()))};
  }

  // Where lines of several colours have names, marks of different shapes tell them apart without the colours.
  bool has_marked_lines() const {
    std::set<std::string> colours;
    std::size_t named = 0;
    for (const Series& series : chart_.series)
      if (!series.name.empty() && series.style != LineStyle::dots) {
        colours.insert(colour_class(series.colour));
        ++named;
      }
    return colours.size() > 1 && named <= 12;
  }

  void draw_legend() {
    using Sample = LegendEntry::Sample;
    std::vector<LegendEntry> entries;
    for (const Series& series : chart_.series) {
      if (series.name.empty()) continue;
      const Sample sample = series.style == LineStyle::dots            ? Sample::mark
                            : series.style == LineStyle::line_and_dots ? Sample::marked_line
                            : series.style == LineStyle::dashed        ? Sample::dashed
                            : has_marked_lines()                       ? Sample::marked_line
                                                                       : Sample::line;
      entries.push_back({series.name, sample, series.colour});
    }
    for (const Band& band : chart_.bands)
      if (!band.name.empty()) entries.push_back({band.name, Sample::band, band.colour});
    legend(canvas_, entries);
  }

  void draw_band(const Band& band) {
    std::vector<Band::Point> points = band.points;
    std::erase_if(points, [&](const Band::Point& p) { return !is_drawn(p) || !x_.range.holds(p.x); });
    const std::size_t all = points.size();
    points = thinned(std::move(points), columns_);
    note_thinning(all, points.size());
    if (points.empty()) return;
    std::string d;
    for (const auto& p : points)
      d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? 'M' : 'L', x_.at(p.x), y_.within(p.high));
    for (auto p = points.rbegin(); p != points.rend(); ++p)
      d += fmt::format("L{:.1f} {:.1f}", x_.at(p->x), y_.within(p->low));
    const std::string name = band.name.empty() ? "band" : band.name;
    const auto words = [](const Band::Point& p) {
      return fmt::format("{} to {} at {}", shown(p.low), shown(p.high), shown(p.x));
    };
    if (points.size() == 1) {  // as wide as can be seen
      const double x = x_.at(points[0].x);
      canvas_.rect({x - 6, y_.within(points[0].high), x + 6, y_.within(points[0].low)},
                   colour_class(band.colour) + " band", name + ": " + words(points[0]));
      return;
    }
    const auto widest = std::ranges::max_element(points, {}, [](const Band::Point& p) { return p.high - p.low; });
    canvas_.path(
        d + 'Z', colour_class(band.colour) + " band",
        fmt::format("{}: {}; {}; widest {}", name, words(points.front()), words(points.back()), words(*widest)));
    if (points.size() > kMostHits || band_hits_ + points.size() > kMostHitsOfAll) return;
    band_hits_ += points.size();
    // Each as far as half the way to its neighbours.
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Band::Point& p = points[i];
      const double x = x_.at(p.x);
      const double left = i == 0 ? x : (x_.at(points[i - 1].x) + x) / 2;
      const double right = i + 1 == points.size() ? x : (x + x_.at(points[i + 1].x)) / 2;
      canvas_.rect({left, y_.within(p.high), right, y_.within(p.low)}, "hit", name + ": " + words(p));
    }
  }

  void draw_series(const Series& series, std::size_t which) {
    std::vector<ChartPoint> points = series.points;
    std::erase_if(points, [&](const ChartPoint& p) { return !is_drawn(p.x, p.y); });
    const std::size_t all = points.size();
    if (all == 0) return;
    const std::string name = !series.title.empty() ? series.title : !series.name.empty() ? series.name : chart_.y.label;
    const std::string of_all =
        fmt::format("{}: {} at {}, the last of {} points", name, shown(points.back().y), shown(points.back().x), all);
    points = thinned(std::move(points), columns_);
    note_thinning(all, points.size());
    std::vector<ChartPoint> placed, inside;  // in the drawing; inside: those of them whose values are in range
    for (const ChartPoint& p : points) {
      placed.push_back({x_.at(p.x), y_.at(p.y)});
      if (x_.range.holds(p.x) && y_.range.holds(p.y)) inside.push_back(p);
    }
    const bool has_dots = series.style == LineStyle::dots || series.style == LineStyle::line_and_dots || all == 1;
    const bool has_hits = inside.size() <= kMostHits && hit_circles_ + inside.size() <= kMostHitsOfAll;
    if (series.style != LineStyle::dots)
      if (const std::string d = polyline(placed, box_); !d.empty())
        canvas_.path(d,
                     colour_class(series.colour) + " line" + (series.style == LineStyle::dashed ? " dashed" : "") +
                         (chart_.series.size() > 12 ? " thin" : ""),
                     of_all);
    placed_.push_back(std::move(placed));
    if (!has_dots && has_marked_lines() && !series.name.empty() && series.style == LineStyle::line)
      draw_sparse_marks(inside, series.colour, name, which);
    if (has_hits) hit_circles_ += inside.size();
    for (const ChartPoint& p : inside) {
      const std::string title = fmt::format("{}: {} at {}", name, shown(p.y), shown(p.x));
      if (has_dots)
        canvas_.mark(x_.at(p.x), y_.at(p.y), 3.2, series.colour, "dot", title);
      else if (has_hits)
        canvas_.circle(x_.at(p.x), y_.at(p.y), 6, "hit", title);
    }
  }

  // Some marks along a line, at other places than those of the lines before it.
  void draw_sparse_marks(const std::vector<ChartPoint>& points, int colour, const std::string& name,
                         std::size_t which) {
    constexpr double kApart = 80;
    double next = box_.left + 20 + static_cast<double>(which % 4) * kApart / 4;
    for (const ChartPoint& p : points) {
      const double x = x_.at(p.x);
      if (x < next) continue;
      canvas_.mark(x, y_.at(p.y), 3.5, colour, "dot", fmt::format("{}: {} at {}", name, shown(p.y), shown(p.x)));
      while (next <= x) next += kApart;
    }
  }

  std::vector<Level> levels_inside() const {
    std::vector<Level> out;
    for (const Level& level : chart_.levels)
      if (drawable_on(chart_.y, level.y) && y_.range.holds(level.y)) out.push_back(level);
    std::ranges::stable_sort(out, [](const Level& a, const Level& b) { return a.y > b.y; });
    return out;
  }

  static std::string words_of(const Level& level) {
    return level.name.empty() ? shown(level.y) : fmt::format("{}: {}", level.name, shown(level.y));
  }

  void draw_level_lines() {
    for (const Level& level : levels_inside()) {
      const double y = y_.at(level.y);
      canvas_.line(box_.left, y, box_.right, y, "level", words_of(level));
    }
  }

  // Above their lines, or as near to that as other labels and lines let them; at the end where they cover less of the
  // curves.
  void draw_level_labels() {
    std::vector<Level> levels = levels_inside();
    if (levels.size() > kMostLevelLabels) levels.resize(kMostLevelLabels);
    std::vector<double> lines;
    lines.reserve(levels.size());
    for (const Level& level : levels) lines.push_back(y_.at(level.y));
    const auto baselines = label_baselines(lines, box_.top + 12, box_.bottom - 4);
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const double room = box_.width() - 6;
      const double width = text_width(fitted(words_of(levels[i]), TextSize::note, room), TextSize::note);
      const double top = baselines[i] - 11, bottom = baselines[i] + 3;
      const bool is_left = segments_in({box_.left + 3, top, box_.left + 3 + width, bottom}) <
                           segments_in({box_.right - 3 - width, top, box_.right - 3, bottom});
      canvas_.text(
          is_left ? box_.left + 3 : box_.right - 3, baselines[i], words_of(levels[i]),
          {.anchor = is_left ? Anchor::start : Anchor::end, .size = TextSize::note, .width = room, .classes = "halo"});
    }
  }

  // Of the curves that are drawn.
  std::size_t segments_in(const Box& box) const {
    std::size_t count = 0;
    for (const auto& points : placed_)
      for (std::size_t i = 1; i < points.size(); ++i) count += clipped(points[i - 1], points[i], box).has_value();
    return count;
  }

  void note_thinning(std::size_t before, std::size_t after) {
    if (after < before) thinned_from_ = std::max(thinned_from_, before);
  }

  void draw_notes() {
    for (const Level& level : chart_.levels)
      if (drawable_on(chart_.y, level.y) && !y_.range.holds(level.y))
        canvas_.note(words_of(level) + " lies outside the drawing");
    if (thinned_from_ > 0)
      canvas_.note(fmt::format("{} points, thinned to first, lowest, highest and last of every column", thinned_from_));
  }

  const LineChart& chart_;
  Canvas canvas_;
  Box box_;
  Scale x_, y_;
  DrawnColumns columns_;
  std::vector<std::vector<ChartPoint>> placed_;  // the curves' points in the drawing
  std::size_t thinned_from_ = 0;                 // points of the longest curve that was thinned
  std::size_t hit_circles_ = 0, band_hits_ = 0;
};

}  // namespace
}  // namespace drawing

std::string svg(const LineChart& chart) { return drawing::LineDrawing(chart).drawn(); }

}  // namespace plateau
