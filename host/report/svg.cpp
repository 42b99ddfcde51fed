// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The canvas of the charts.
#include "svg.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plateau/report/markup.hpp"

namespace plateau::drawing {
namespace {

constexpr double kTitleLine = 19, kNoteLine = 15;

std::string title_element(std::string_view title) {
  return title.empty() ? "" : "<title>" + escaped(title) + "</title>";
}

// The outline of the shape that belongs to a colour: circle, square, triangle, diamond.
std::string shape_path(double x, double y, double r, int shape) {
  const auto at = [](double px, double py) { return number(px) + ' ' + number(py); };
  switch (shape) {
    case 1:
      return fmt::format("M{}H{}V{}H{}Z", at(x - 0.85 * r, y - 0.85 * r), number(x + 0.85 * r), number(y + 0.85 * r),
                         number(x - 0.85 * r));
    case 2:
      return fmt::format("M{}L{}L{}Z", at(x, y - 1.15 * r), at(x + 1.1 * r, y + 0.8 * r), at(x - 1.1 * r, y + 0.8 * r));
    default:
      return fmt::format("M{}L{}L{}L{}Z", at(x, y - 1.2 * r), at(x + 1.2 * r, y), at(x, y + 1.2 * r),
                         at(x - 1.2 * r, y));
  }
}

}  // namespace

std::string colour_class(int colour) { return fmt::format("c{}", ((colour % 8) + 8) % 8); }

Canvas::Canvas(std::string_view title, std::string_view description) {
  head_ = fmt::format("role=\"img\" aria-label=\"{}\">", escaped(title)) + "<title>" + escaped(title) +
          "</title><desc>" + escaped(description) + "</desc>\n";
  const auto lines = wrapped(title, TextSize::title, kWide - 2 * kEdge, 3);
  y_ = 4;
  for (const std::string& line : lines) {
    text(kEdge, y_ + 15, line, {.size = TextSize::title});
    y_ += kTitleLine;
  }
  y_ += 4;
}

void Canvas::element(std::string_view opening, std::string_view classes, std::string_view title) {
  const std::string_view name = opening.substr(0, opening.find(' '));
  body_ += fmt::format("<{} class=\"{}\"", opening, classes);
  body_ += title.empty() ? "/>\n" : fmt::format(">{}</{}>\n", title_element(title), name);
}

void Canvas::line(double x1, double y1, double x2, double y2, std::string_view classes, std::string_view title) {
  element(fmt::format("line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"", number(x1), number(y1), number(x2), number(y2)),
          classes, title);
}

void Canvas::rect(const Box& box, std::string_view classes, std::string_view title) {
  element(fmt::format("rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", number(box.left), number(box.top),
                      number(std::max(box.width(), 0.0)), number(std::max(box.height(), 0.0))),
          classes, title);
}

void Canvas::path(std::string_view d, std::string_view classes, std::string_view title) {
  element(fmt::format("path d=\"{}\"", d), classes, title);
}

void Canvas::circle(double x, double y, double radius, std::string_view classes, std::string_view title) {
  element(fmt::format("circle cx=\"{}\" cy=\"{}\" r=\"{}\"", number(x), number(y), number(radius)), classes, title);
}

void Canvas::mark(double x, double y, double radius, int colour, std::string_view classes, std::string_view title) {
  const int kind = ((colour % 8) + 8) % 8;
  const std::string all = fmt::format("{} {}{}", colour_class(colour), classes, kind >= 4 ? " hollow" : "");
  if (kind % 4 == 0)
    circle(x, y, radius, all, title);
  else
    path(shape_path(x, y, radius, kind % 4), all, title);
}

void Canvas::text(double x, double baseline, std::string_view text, const Setting& setting) {
  constexpr std::string_view kAnchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
  const std::string whole = visible(text);
  const std::string drawn = fitted(whole, setting.size, setting.width);
  const std::string_view size = setting.size == TextSize::title  ? "text title"
                                : setting.size == TextSize::note ? "text note"
                                                                 : "text";
  body_ +=
      fmt::format("<text x=\"{}\" y=\"{}\"{}", number(x), number(baseline), kAnchors[static_cast<int>(setting.anchor)]);
  if (setting.upwards) body_ += fmt::format(" transform=\"rotate(-90 {} {})\"", number(x), number(baseline));
  body_ += fmt::format(" class=\"{}{}{}\">", size, setting.classes.empty() ? "" : " ", setting.classes);
  const std::string named = setting.whole.empty() ? whole : visible(setting.whole);
  if (drawn != named) body_ += title_element(named);
  body_ += escaped(drawn) + "</text>\n";
}

void Canvas::note(std::string_view text) {
  for (const std::string& line : wrapped(text, TextSize::note, kWide - 2 * kEdge, 6)) {
    this->text(kEdge, y_ + 12, line, {.size = TextSize::note, .classes = "muted"});
    y_ += kNoteLine;
  }
}

std::string Canvas::finish() const {
  const std::string height = number(y_ + kEdge);
  return fmt::format("<svg class=\"plateau-chart\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" ", kChartWidth,
                     height, kChartWidth, height) +
         head_ + body_ + "</svg>\n";
}

std::string nothing_to_show(const std::string& title, const std::string& description) {
  constexpr double kTall = 96;  // so that the whole is told from a line of text, and seen as a chart, on a phone too
  Canvas canvas(title, description);
  const Box frame{kEdge, canvas.y() + 4, kChartWidth - kEdge, canvas.y() + kTall};
  canvas.rect(frame, "empty");
  canvas.text(kChartWidth / 2.0, frame.top + frame.height() / 2 + 4, "nothing to show",
              {.anchor = Anchor::middle, .size = TextSize::note, .classes = "muted"});
  canvas.advance(kTall);
  return canvas.finish();
}

}  // namespace plateau::drawing
