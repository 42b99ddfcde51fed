// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Fewer points that draw the same picture.
//
// M4 (Jugel, Jerzak, Hackenbroich, Markl: M4: A Visualization-Oriented Time Series Data Aggregation, PVLDB 7(10),
// 2014): of the points in one column of the drawing, the first, the lowest, the highest and the last suffice to draw
// the lines through all of them. No point is invented or moved.
#pragma once

#include <vector>

#include "plateau/report/charts.hpp"

namespace plateau {

// Columns of equal width as they are drawn. What lies on the left or the right of them counts as one more column each.
struct DrawnColumns {
  double low = 0, high = 1;  // low < high; logarithmic: 0 < low
  bool logarithmic = false;
  int count = 1;
};

// At most four points of a column, in the order of x; a column of four or fewer stays as it is. Points that are not
// finite are left out. Doing it again changes nothing.
std::vector<ChartPoint> thinned(std::vector<ChartPoint> points, const DrawnColumns& columns);
// Likewise, with the lowest low and the highest high.
std::vector<Band::Point> thinned(std::vector<Band::Point> points, const DrawnColumns& columns);

}  // namespace plateau
