// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Charts of names and values that nobody expects.
#include <gtest/gtest.h>

#include "plateau/report/charts.hpp"
#include "report/chart_checks.hpp"

namespace plateau::charts_extremes_test {
namespace {

constexpr std::size_t kLongName = 500;

// Every chart with one name everywhere and one value everywhere.
std::vector<std::string> charts_of(const std::string& name, double value, std::size_t rows) {
  LineChart line{.title = name, .description = name, .x = {name}, .y = {name}};
  Waterfall falls{.title = name, .description = name, .value = {name}};
  DotChart dots{.title = name, .description = name, .value = {name}, .kinds = {{name, 3}}};
  Histogram counts{.title = name,
                   .description = name,
                   .value = {name},
                   .values = {},
                   .values_name = name,
                   .observed = value,
                   .observed_name = name};
  ForestPlot forest{.title = name, .description = name, .value = {name}};
  HeatMap heat{.title = name, .description = name, .rows_label = name, .columns_label = name};
  heat.value_label = name, heat.columns = {name, name};
  for (std::size_t i = 0; i < rows; ++i) {
    line.series.push_back({name, {{1, value}, {2, value}, {3, kNan}}, LineStyle::line, static_cast<int>(i)});
    line.bands.push_back({name, {{1, value, value}}, 1});
    line.levels.push_back({name, value});
    falls.parts.push_back({name, value, i == 0});
    dots.categories.push_back({name, {{value, value}}, i == 1});
    counts.values.push_back(value);
    forest.rows.push_back({name, value, value, kInf, name, i == 1, i == 2});
    heat.rows.push_back(name), heat.values.push_back({value, kNan}), heat.texts.push_back({name, name});
  }
  return {svg(line), svg(falls), svg(dots), svg(counts), svg(forest), svg(heat)};
}

TEST(ChartsExtremes, any_size_of_values_names_and_rows_gives_a_sound_drawing) {
  for (const double value : {0.0, 1.0, -1.0, 1e-300, -1e100, 1e100, 1e300, 123456.789, 1 + 1e-15})
    for (const std::size_t rows : {1u, 3u})
      for (const std::string& chart : charts_of("name", value, rows)) expect_sound(chart);
  for (const std::string& chart : charts_of("name", 5, 200)) expect_sound(chart);
  const auto repeated = [](const std::string& text) {
    std::string out;
    while (out.size() < kLongName) out += text;
    return out;
  };
  for (const std::string text : {"W", "long words ", "日本", "😀 "})
    for (const std::string& chart : charts_of(repeated(text), 5, 3)) expect_sound(chart);
}

TEST(ChartsExtremes, hostile_names_come_out_as_text) {
  const std::string names[] = {"<script>alert(1)</script>",
                               "\"><img src=x onerror=alert(1)>",
                               "a|b",
                               "`x`",
                               "x\ny",
                               "\u202Egnp.exe\u200F",
                               "\xff\x80",
                               "]]>",
                               "&amp;",
                               "\uFFFE"};
  for (const std::string& name : names)
    for (const std::string& chart : charts_of(name, 5, 2)) {
      expect_sound(chart);
      expect_sound(standalone(chart).substr(standalone(chart).find("<svg")));
      for (const std::string raw : {"<script", "<img", "\u202E", "\u200F", "\xff\x80", "x\ny"})
        EXPECT_EQ(chart.find(raw), std::string::npos) << name;
    }
  EXPECT_TRUE(has_text(charts_of(names[0], 5, 2)[0], names[0]));
}

}  // namespace
}  // namespace plateau::charts_extremes_test
