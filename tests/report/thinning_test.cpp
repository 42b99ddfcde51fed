// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/thinning.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace plateau::thinning_test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A saw of no period that fits the columns.
std::vector<ChartPoint> saw(int points) {
  std::vector<ChartPoint> out;
  for (int i = 0; i < points; ++i) out.push_back({1.0 * i, 1.0 * ((i * 7919) % 1013)});
  return out;
}
std::vector<std::pair<double, double>> pairs(const std::vector<ChartPoint>& points) {
  std::vector<std::pair<double, double>> out;
  for (const ChartPoint& p : points) out.emplace_back(p.x, p.y);
  return out;
}
std::vector<double> xs(const auto& points) {
  std::vector<double> out;
  for (const auto& p : points) out.push_back(p.x);
  return out;
}

TEST(Thinning, a_column_keeps_its_first_lowest_highest_and_last) {
  const std::vector<ChartPoint> points = {{0, 5}, {1, 6}, {2, 9}, {3, 6}, {4, 1}, {5, 4}, {6, 5}, {10, 0}};

  const auto kept = thinned(points, {.low = 0, .high = 10, .count = 1});
  const auto of_two = thinned(points, {.low = 0, .high = 10, .count = 2});

  EXPECT_EQ(pairs(kept), (std::vector<std::pair<double, double>>{{0, 5}, {2, 9}, {10, 0}}));
  EXPECT_EQ(xs(of_two), (std::vector<double>{0, 2, 4, 5, 6, 10}));
}

TEST(Thinning, every_column_of_many_points_has_at_most_four_and_its_extremes) {
  const auto points = saw(10'000);
  const DrawnColumns columns{.low = 0, .high = 9'999, .count = 50};

  const auto kept = thinned(points, columns);

  const auto column = [](const ChartPoint& p) { return std::min(49, static_cast<int>(p.x / 9'999 * 50)); };
  std::map<int, std::vector<double>> want, got;
  for (const auto& p : points) want[column(p)].push_back(p.y);
  for (const auto& p : kept) got[column(p)].push_back(p.y);
  ASSERT_EQ(got.size(), 50u);
  for (const auto& [at, values] : got) {
    EXPECT_LE(values.size(), 4u);
    EXPECT_EQ(std::ranges::max(values), std::ranges::max(want[at]));
    EXPECT_EQ(std::ranges::min(values), std::ranges::min(want[at]));
    EXPECT_EQ(values.front(), want[at].front());
    EXPECT_EQ(values.back(), want[at].back());
  }
  EXPECT_TRUE(std::ranges::is_sorted(xs(kept)));
  for (const auto& p : kept) EXPECT_EQ(p.y, points[static_cast<std::size_t>(p.x)].y);  // nothing is invented
}

TEST(Thinning, doing_it_again_changes_nothing) {
  const DrawnColumns columns{.low = 0, .high = 4'999, .count = 33};
  const auto once = thinned(saw(5'000), columns);
  EXPECT_EQ(pairs(thinned(once, columns)), pairs(once));
}

TEST(Thinning, few_points_stay_as_they_are) {
  const auto points = saw(100);
  EXPECT_EQ(pairs(thinned(points, {.low = 0, .high = 99, .count = 50})), pairs(points));
  EXPECT_TRUE(thinned(std::vector<ChartPoint>{}, {}).empty());
}

TEST(Thinning, what_is_not_finite_is_left_out) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(xs(thinned(std::vector<ChartPoint>{{0, kNan}, {1, 2}, {kNan, 1}, {3, inf}, {inf, 3}, {4, 4}},
                       {.low = 0, .high = 4, .count = 8})),
            (std::vector<double>{1, 4}));
  EXPECT_EQ(xs(thinned(std::vector<Band::Point>{{0, kNan, 1}, {1, 2, inf}, {2, 1, 3}}, {.low = 0, .high = 4})),
            (std::vector<double>{2}));
}

TEST(Thinning, columns_of_a_logarithmic_axis_are_of_equal_ratio) {
  std::vector<ChartPoint> points;
  for (int i = 1; i <= 1'000; ++i) points.push_back({1.0 * i, 1.0 * i});  // three columns: a first and a last of each
  EXPECT_EQ(xs(thinned(points, {.low = 1, .high = 1'000, .logarithmic = true, .count = 3})),
            (std::vector<double>{1, 9, 10, 99, 100, 1'000}));
}

TEST(Thinning, what_lies_outside_is_a_column_of_its_own) {
  const auto kept = thinned(saw(1'000), {.low = 400, .high = 600, .count = 10});
  EXPECT_EQ(std::ranges::count_if(kept, [](const auto& p) { return p.x < 400; }), 3);  // the first is the lowest
  EXPECT_EQ(std::ranges::count_if(kept, [](const auto& p) { return p.x > 600; }), 4);
}

TEST(Thinning, a_band_keeps_its_lowest_low_and_highest_high) {
  const std::vector<Band::Point> points = {{0, 4, 6}, {1, 3, 9}, {2, 4, 8}, {3, 1, 5}, {4, 4, 6}, {5, 4, 6}};
  EXPECT_EQ(xs(thinned(points, {.low = 0, .high = 5, .count = 1})), (std::vector<double>{0, 1, 3, 5}));
}

}  // namespace
}  // namespace plateau::thinning_test
