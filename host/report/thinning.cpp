// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Fewer points that draw the same picture: M4.
#include "plateau/report/thinning.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace plateau {
namespace {

int column_of(double x, const DrawnColumns& columns) {
  if (x < columns.low) return -1;
  if (x > columns.high) return columns.count;
  const double part = columns.logarithmic ? std::log(x / columns.low) / std::log(columns.high / columns.low)
                                          : (x / 2 - columns.low / 2) / (columns.high / 2 - columns.low / 2);
  return std::clamp(static_cast<int>(part * columns.count), 0, columns.count - 1);
}

// The points of [first, last), which share a column, that have to stay.
template <class Iterator, class Lower, class Higher>
void keep_extremes(Iterator first, Iterator last, Lower is_lower, Higher is_higher, auto& kept) {
  if (last - first <= 4) {
    kept.insert(kept.end(), first, last);
    return;
  }
  std::array<Iterator, 4> chosen = {first, std::min_element(first, last, is_lower),
                                    std::min_element(first, last, is_higher), last - 1};
  std::ranges::sort(chosen);
  const auto unique = std::ranges::unique(chosen);
  for (auto it = chosen.begin(); it != unique.begin(); ++it) kept.push_back(**it);
}

template <class Point, class Lower, class Higher>
std::vector<Point> thinned_points(std::vector<Point> points, const DrawnColumns& columns, Lower is_lower,
                                  Higher is_higher) {
  const auto by_x = [](const Point& a, const Point& b) { return a.x < b.x; };
  if (!std::ranges::is_sorted(points, by_x)) std::ranges::stable_sort(points, by_x);
  std::vector<Point> kept;
  for (auto first = points.begin(); first != points.end();) {
    const int column = column_of(first->x, columns);
    const auto last =
        std::find_if(first, points.end(), [&](const Point& p) { return column_of(p.x, columns) != column; });
    keep_extremes(first, last, is_lower, is_higher, kept);
    first = last;
  }
  return kept;
}

}  // namespace

std::vector<ChartPoint> thinned(std::vector<ChartPoint> points, const DrawnColumns& columns) {
  std::erase_if(points, [](const ChartPoint& p) { return !std::isfinite(p.x) || !std::isfinite(p.y); });
  return thinned_points(
      std::move(points), columns, [](const ChartPoint& a, const ChartPoint& b) { return a.y < b.y; },
      [](const ChartPoint& a, const ChartPoint& b) { return a.y > b.y; });
}

std::vector<Band::Point> thinned(std::vector<Band::Point> points, const DrawnColumns& columns) {
  std::erase_if(points, [](const Band::Point& p) {
    return !std::isfinite(p.x) || !std::isfinite(p.low) || !std::isfinite(p.high);
  });
  return thinned_points(
      std::move(points), columns, [](const Band::Point& a, const Band::Point& b) { return a.low < b.low; },
      [](const Band::Point& a, const Band::Point& b) { return a.high > b.high; });
}

}  // namespace plateau
