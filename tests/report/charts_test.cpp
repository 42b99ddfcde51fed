// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/charts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/chart_checks.hpp"

namespace plateau::charts_test {
namespace {

LineChart line_chart() {
  return {.title = "Accuracy",
          .description = "Rises.",
          .x = {"epoch"},
          .y = {.label = "accuracy (%)", .low = 0, .high = 100},
          .series = {{"test", {{0, 10}, {5, 60}, {10, 80}}, LineStyle::line_and_dots, 0}},
          .bands = {{"band", {{0, 5, 15}, {10, 70, 90}}, 1}},
          .levels = {{"majority", 50}, {"near it", 51}, {"ceiling", 100}}};
}
Waterfall waterfall() {
  return {.title = "Budget",
          .description = "Adds up.",
          .value = {"points"},
          .parts = {{"now", 20, true}, {"gain", 30}, {"loss", -10}, {"rest", 5, false, true}, {"then", 45, true}}};
}
DotChart dot_chart() {
  return {.title = "Ladder",
          .description = "Dots.",
          .value = {.label = "accuracy", .low = 0, .high = 10},
          .kinds = {{"test", 0}, {"train", 1}},
          .categories = {{"small", {{1, 3}, {8}}}, {"large", {{2, 4, 9}, {kNan}}, true}}};
}
Histogram histogram() {
  return {.title = "Chance",
          .description = "Counts.",
          .value = {"accuracy"},
          .values = {1, 2, 2, 3, 3, 3, 4, 4, 5, kNan},
          .values_name = "dealt out",
          .observed = 30,
          .observed_name = "as they are"};
}
ForestPlot forest() {
  return {.title = "Remedies",
          .description = "Intervals.",
          .value = {.label = "points", .low = -5, .high = 5},
          .rows = {{"a", 1.2, -0.3, 2.7, "helps", true},
                   {"control", 0, -1, 1, "placebo", false, true},
                   {"wide", 1, -20, kInf, ""},
                   {"none", {}, {}, {}, "not tried"}}};
}
HeatMap heat_map() {
  return {.title = "Confusion",
          .description = "Cells.",
          .rows_label = "true",
          .columns_label = "predicted",
          .rows = {"a", "b"},
          .columns = {"a", "b", "c"},
          .values = {{0, 5, 10}, {10, kNan, 0}},
          .texts = {{"0", "5", "10"}, {"10", "", "0"}},
          .value_label = "rows"};
}
std::vector<std::string> all_charts() {
  return {svg(line_chart()), svg(waterfall()), svg(dot_chart()), svg(histogram()), svg(forest()), svg(heat_map())};
}

TEST(Charts, every_chart_is_sound_has_its_words_and_comes_out_the_same_twice) {
  const auto charts = all_charts();
  for (const std::string& chart : charts) {
    expect_sound(chart);
    const auto all = xml::elements(chart);
    EXPECT_FALSE(all.front().title.empty());
    EXPECT_TRUE(has_text(chart, all.front().title));
    EXPECT_EQ(std::ranges::count(all, "desc", &Element::name), 1);
  }
  EXPECT_EQ(all_charts(), charts);
}

TEST(Charts, the_checker_of_these_tests_refuses_what_is_not_well_formed) {
  for (const std::string bad : {"<a><b></a></b>", "<a>", "<a>&x;</a>", "<a x=\"<\"/>", "<a x=1/>", "<a>]]&</a>",
                                "<a/><b/>", "<a x=\"1\" x=\"2\"/>", "<a>\x01</a>"})
    EXPECT_THROW(xml::elements(bad), std::runtime_error) << bad;
  EXPECT_EQ(xml::elements("<a x=\"&lt;\"><title>t&amp;</title>u</a>").front().title, "t&");
}

TEST(Charts, a_point_and_a_level_lie_where_their_values_are) {
  const std::string chart = svg(line_chart());
  const auto axes = with_class(chart, "axis");
  const auto upright = std::ranges::find_if(axes, [](const Element& e) { return at(e, "y2") - at(e, "y1") > 100; });
  ASSERT_NE(upright, axes.end());
  const double top = at(*upright, "y1"), bottom = at(*upright, "y2"), left = at(*upright, "x1");
  const double right = at(with_class(chart, "level").front(), "x2");

  EXPECT_NEAR(at(marked(chart, "level", "majority: 50").at(0), "y1"), (top + bottom) / 2, kDrawn);
  EXPECT_NEAR(at(marked(chart, "level", "majority: 50").at(0), "y2"), (top + bottom) / 2, kDrawn);
  EXPECT_NEAR(at(marked(chart, "level", "ceiling: 100").at(0), "y1"), top, kDrawn);
  const Element point = marked(chart, "dot", "test: 60 at 5").at(0);
  EXPECT_NEAR(at(point, "cx"), (left + right) / 2, kDrawn);
  EXPECT_NEAR(at(point, "cy"), bottom + 0.6 * (top - bottom), kDrawn);
}

TEST(Charts, labels_of_levels_keep_apart) {
  LineChart in = line_chart();
  for (int i = 0; i < 6; ++i) in.levels.push_back({"level", 99.0 + 0.1 * i});
  std::vector<double> baselines;
  for (const Element& label : with_class(svg(in), "halo")) baselines.push_back(at(label, "y"));
  std::ranges::sort(baselines);
  ASSERT_EQ(baselines.size(), 9u);
  for (std::size_t i = 1; i < baselines.size(); ++i) EXPECT_GE(baselines[i] - baselines[i - 1], 14);
}

TEST(Charts, no_line_of_a_level_strikes_through_a_label) {
  for (const std::vector<double>& levels : {std::vector<double>{100}, {100, 98, 50}, {0, 3, 50, 52}, {0}}) {
    LineChart in = line_chart();
    in.levels.clear();
    for (const double level : levels) in.levels.push_back({"level", level});
    const std::string chart = svg(in);
    const auto labels = with_class(chart, "halo"), lines = with_class(chart, "level");
    ASSERT_EQ(labels.size(), levels.size());
    for (const Element& label : labels)
      for (const Element& line : lines) {
        const double above_baseline = at(label, "y") - at(line, "y1");
        EXPECT_TRUE(above_baseline <= -3 || above_baseline >= 11) << levels.front() << ": " << above_baseline;
      }
  }
}

TEST(Charts, a_level_beyond_the_axis_is_told_not_drawn) {
  LineChart in = line_chart();
  in.levels = {{"beyond", 120}};
  const std::string chart = svg(in);
  EXPECT_TRUE(with_class(chart, "level").empty());
  EXPECT_TRUE(has_text(chart, "beyond: 120 lies outside the drawing"));
}

TEST(Charts, a_curve_that_leaves_the_axis_is_cut_where_it_leaves) {
  LineChart in = line_chart();
  in.bands.clear(), in.levels.clear();
  in.x.low = 0, in.x.high = 10;
  in.series = {{"wild", {{0, 50}, {10, 250}}, LineStyle::line, 0}, {"back", {{0, 1e90}, {5, 50}, {10, 50}}}};
  const std::string chart = svg(in);
  const auto axis = with_class(chart, "axis");
  const Element upright = *std::ranges::find_if(axis, [](const Element& e) { return at(e, "y2") - at(e, "y1") > 100; });
  const double left = at(upright, "x1"), top = at(upright, "y1"), middle = (top + at(upright, "y2")) / 2;

  const auto lines = with_class(chart, "line");
  const auto curve = [&](const std::string& name) {
    for (const Element& e : lines)
      if (e.name == "path" && e.title.starts_with(name)) return e.attributes.at("d");
    return std::string();
  };

  const auto place = [](double x, double y) { return fmt::format("{:.1f} {:.1f}", x, y); };
  const double right = drawing::kWide - 12;
  // 50 to 250 passes 100 after a quarter of the way; 1e90 to 50 comes in just where it ends.
  EXPECT_EQ(curve("wild"), "M" + place(left, middle) + "L" + place(left + (right - left) / 4, top));
  const std::string half = place((left + right) / 2, middle);
  EXPECT_TRUE(curve("back").ends_with("L" + half + "L" + place(right, middle))) << curve("back");
}

TEST(Charts, many_points_are_thinned_and_the_note_says_so) {
  LineChart in = line_chart();
  in.series = {{"long", {}, LineStyle::line, 0}};
  for (int i = 0; i < 20'000; ++i) in.series[0].points.push_back({1.0 * i, i == 12'345 ? 99.0 : 50.0 + i % 7});
  const std::string chart = svg(in);
  expect_sound(chart);
  EXPECT_LT(chart.size(), 40'000u);
  EXPECT_TRUE(has_text(chart, "20000 points, thinned to first, lowest, highest and last of every"));
  EXPECT_TRUE(has_text(chart, "column"));
  EXPECT_TRUE(marked(chart, "hit", "long").empty());
  EXPECT_EQ(svg(line_chart()).find("thinned"), std::string::npos);
}

TEST(Charts, points_of_a_short_curve_answer_a_pointer_with_their_values) {
  LineChart in = line_chart();
  in.series[0].style = LineStyle::line;
  EXPECT_EQ(marked(svg(in), "hit", "test: ").size(), 3u);
  EXPECT_EQ(marked(svg(in), "hit", "test: 80 at 10").size(), 1u);
}

TEST(Charts, a_band_answers_a_pointer_with_its_ends_there_and_a_long_one_with_those_that_say_most) {
  LineChart in = line_chart();
  in.series.clear();
  in.bands = {{"band", {{0, 5, 15}, {5, 20, 60}, {10, 70, 90}}, 1}};
  const std::string chart = svg(in);
  expect_sound(chart);
  const auto hits = with_class(chart, "hit");
  ASSERT_EQ(hits.size(), 3u);
  const char* const ends[] = {"band: 5 to 15 at 0", "band: 20 to 60 at 5", "band: 70 to 90 at 10"};
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(hits[i].title, ends[i]);
  EXPECT_NEAR(at(hits[0], "x") + at(hits[0], "width"), at(hits[1], "x"), 0.02);
  EXPECT_NEAR(at(hits[1], "x") + at(hits[1], "width"), at(hits[2], "x"), 0.02);

  for (int i = 0; i <= 300; ++i) in.bands[0].points.push_back({11.0 + i, 40, i == 7 ? 99.0 : 60});
  const std::string longer = svg(in);
  EXPECT_TRUE(with_class(longer, "hit").empty());
  EXPECT_EQ(marked(longer, "band", "band: 5 to 15 at 0; 40 to 60 at 311; widest 40 to 99 at 18").size(), 1u);
}

TEST(Charts, a_part_of_the_waterfall_begins_where_the_last_ended) {
  const std::string chart = svg(waterfall());
  const auto bar = [&](const std::string& name) { return marked(chart, "bar", name + ": ").at(0); };
  const auto right = [](const Element& e) { return at(e, "x") + at(e, "width"); };
  const double zero = at(with_class(chart, "zero").at(0), "x1"), unit = at(bar("now"), "width") / 20;

  EXPECT_NEAR(at(bar("now"), "x"), zero, kDrawn);
  EXPECT_NEAR(at(bar("gain"), "x"), right(bar("now")), 2 * kDrawn);
  EXPECT_NEAR(at(bar("gain"), "width"), 30 * unit, 3 * kDrawn);
  EXPECT_NEAR(right(bar("loss")), right(bar("gain")), 2 * kDrawn);  // goes back
  EXPECT_NEAR(at(bar("loss"), "width"), 10 * unit, 3 * kDrawn);
  EXPECT_NEAR(at(bar("rest"), "x"), at(bar("loss"), "x"), 2 * kDrawn);
  EXPECT_NEAR(at(bar("then"), "x"), zero, kDrawn);  // a level again
  EXPECT_NEAR(right(bar("then")), right(bar("rest")), 2 * kDrawn);
  EXPECT_TRUE(has_text(chart, "+30") && has_text(chart, "-10") && has_text(chart, "45"));
  EXPECT_EQ(with_class(chart, "pale").size(), 1u);
  EXPECT_EQ(with_class(chart, "connector").size(), 4u);
}

TEST(Charts, steps_between_high_levels_are_drawn_large_and_the_cut_is_told) {
  Waterfall in = waterfall();
  in.parts = {{"now", 90, true}, {"gain", 4}, {"then", 94, true}};
  const std::string chart = svg(in);
  EXPECT_GT(at(marked(chart, "bar", "gain").at(0), "width"), 100);
  EXPECT_EQ(with_class(chart, "cut").size(), 2u);
  EXPECT_TRUE(has_text(chart, "the axis begins at 88: bars with a cut go on to 0"));
  EXPECT_TRUE(with_class(svg(waterfall()), "cut").empty());
}

TEST(Charts, dots_lie_at_their_values_and_means_between_them) {
  const std::string chart = svg(dot_chart());
  const auto dot = [&](const std::string& title) { return at(marked(chart, "dot", title).at(0), "cx"); };
  EXPECT_NEAR(dot("large, test: 9") - dot("small, test: 1"), 4 * (dot("small, test: 3") - dot("small, test: 1")),
              4 * kDrawn);
  EXPECT_NEAR(at(marked(chart, "stroke", "small, test: mean 2 of 2").at(0), "x1"),
              (dot("small, test: 1") + dot("small, test: 3")) / 2, kDrawn);
  EXPECT_TRUE(marked(chart, "stroke", "large, train").empty());  // nothing that is a number
  EXPECT_EQ(with_class(chart, "mine").size(), 1u);
  EXPECT_EQ(marked(chart, "dot", "small, train: 8").at(0).name, "path");  // another shape than the circle of "test"
}

TEST(Charts, a_histogram_counts_every_value_once_and_holds_the_observed_one) {
  const std::string chart = svg(histogram());
  int counted = 0;
  double right = 0;
  for (const Element& bar : marked(chart, "bar", ""))
    if (!bar.title.empty()) {
      counted += std::stoi(bar.title.substr(bar.title.rfind(' ')));
      right = std::max(right, at(bar, "x") + at(bar, "width"));
    }
  EXPECT_EQ(counted, 9);
  const Element observed = marked(chart, "observed", "as they are: 30").at(0);
  EXPECT_GT(at(observed, "x1"), right);
  EXPECT_LT(at(observed, "x1"), drawing::kWide - 12);
  EXPECT_TRUE(has_text(chart, "as they are: 30"));
}

TEST(Charts, a_histogram_has_bins_by_freedman_and_diaconis) {
  Histogram in = histogram();
  in.observed = {};
  in.values.clear();
  for (int i = 0; i < 1'000; ++i) in.values.push_back(i);  // 2 · 499.5 / 10 = 99.9 wide: 10 bins of 999
  std::size_t bins = 0;
  for (const Element& bar : with_class(svg(in), "bar")) bins += !bar.title.empty();
  EXPECT_EQ(bins, 10u);
  in.values.push_back(1e6);  // a far value does not widen the bins beyond what can be drawn
  bins = 0;
  for (const Element& bar : with_class(svg(in), "bar")) bins += !bar.title.empty();
  EXPECT_EQ(bins, 2u);
}

TEST(Charts, a_forest_has_its_line_at_0_and_arrows_where_intervals_go_on) {
  const std::string chart = svg(forest());
  const double zero = at(with_class(chart, "zero").at(0), "x1");
  EXPECT_NEAR(at(marked(chart, "dot", "control").at(0), "cx"), zero, kDrawn);
  EXPECT_NE(marked(chart, "dot", "control").at(0).attributes.at("class").find("hollow"), std::string::npos);
  const Element a = marked(chart, "interval", "a: ").at(0);
  const double unit = (at(a, "x2") - at(a, "x1")) / 3;
  EXPECT_NEAR(at(a, "x1"), zero - 0.3 * unit, 2 * kDrawn);
  EXPECT_EQ(marked(chart, "end", "a: ").size(), 2u);
  EXPECT_EQ(marked(chart, "arrow", "a: ").size(), 0u);
  EXPECT_EQ(marked(chart, "arrow", "wide: ").size(), 2u);
  EXPECT_NEAR(at(marked(chart, "interval", "wide: ").at(0), "x1"), zero - 5 * unit, 5 * kDrawn);
  EXPECT_TRUE(has_text(chart, "+1.2 [-0.3, +2.7]"));
  EXPECT_TRUE(has_text(chart, "+1.0 [-20.0, +∞]"));
  EXPECT_TRUE(has_text(chart, "0.0 [-1.0, +1.0]"));
  EXPECT_TRUE(has_text(chart, "not tried"));
  EXPECT_TRUE(marked(chart, "dot", "none").empty());
}

TEST(Charts, ticks_of_a_forest_have_the_signs_of_differences_and_those_of_values_have_none) {
  const std::string differences = svg(forest()), values = svg(dot_chart());
  for (const char* const tick : {"-4", "0", "+4"}) EXPECT_TRUE(has_text(differences, tick)) << tick;
  EXPECT_FALSE(has_text(differences, "4"));
  EXPECT_TRUE(has_text(values, "4"));
}

TEST(Charts, rows_that_begin_and_end_alike_are_told_apart_by_what_is_left_of_them) {
  const std::string alike = "Adam at learning rate 0.01 in batches of 16 over 142 epochs, features standardised";
  ForestPlot in = forest();
  in.rows = {{"capacity: " + alike + ", 4-8-3 " + alike + ", stopped after 9"},
             {"overfit: " + alike + ", 4-4-3 " + alike + ", stopped after 61"}};
  const std::string chart = svg(in);
  expect_sound(chart);
  const auto all = xml::elements(chart);
  const auto has = [&](const std::string& words) {
    return std::ranges::any_of(
        all, [&](const Element& e) { return e.name == "text" && e.text.find(words) != std::string::npos; });
  };
  for (const char* const words : {"capacity: ", "overfit: ", "after 9", "after 61", "…"})
    EXPECT_TRUE(has(words)) << words;
  EXPECT_EQ(marked(chart, "hit", in.rows[0].name).size(), 1u);  // the whole, for a pointer
}

TEST(Charts, names_that_are_cut_stay_different) {
  using drawing::fitted_apart, drawing::text_width, drawing::TextSize;
  const std::string alike = "a_very_long_name_of_an_experiment_with_adam";
  const std::string lasts = "_and_batches_of_sixty-four_rows_over_a_hundred_epochs";
  std::vector<std::string> rates, classes;
  for (const char* const rate : {"0.01", "0.02", "0.03"}) rates.push_back(alike + "_lr_" + rate + lasts);
  for (int c = 0; c < 60; ++c) classes.push_back(fmt::format("a rather long class name number {:02} of the many", c));
  std::vector<std::string> both;  // differ in two places
  for (const char* const rate : {"1", "2"})
    for (const char* const seed : {"3", "4"}) both.push_back(alike + rate + lasts + alike + seed + lasts);
  for (const std::vector<std::string>& names : {rates, classes, both})
    for (const double width : {130.0, 200.0}) {
      const std::vector<std::string> texts = fitted_apart(names, TextSize::label, width);
      EXPECT_EQ(std::set(texts.begin(), texts.end()).size(), names.size()) << texts.front();
      for (const std::string& text : texts) EXPECT_LE(text_width(text, TextSize::label), width + 1e-9) << text;
    }
  EXPECT_NE(fitted_apart(rates, TextSize::label, 200)[1].find("0.02"), std::string::npos);

  // What fits, what is the same, and what the width has no room for.
  EXPECT_EQ(fitted_apart({"a", "b", "a"}, TextSize::label, 50), (std::vector<std::string>{"a", "b", "a"}));
  const auto same = fitted_apart({alike, alike, alike + "é"}, TextSize::label, 60);
  EXPECT_EQ(same[0], same[1]);
  EXPECT_NE(same[0], same[2]);
  EXPECT_EQ(fitted_apart(rates, TextSize::label, 5), (std::vector<std::string>{"…", "…", "…"}));
}

TEST(Charts, rows_classes_and_entries_of_a_legend_that_are_cut_stay_different_and_their_titles_are_whole) {
  const std::string words = "_of_a_very_long_name_that_goes_on_and_on_without_an_end_and_has_nothing_to_say";
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) names.push_back(words + words + "_lr_0.0" + std::to_string(i) + words + words);
  ForestPlot rows = forest();
  LineChart curves = line_chart();
  HeatMap classes = heat_map();
  rows.rows.clear(), curves.series.clear();
  classes.rows = classes.columns = names;
  classes.values.assign(3, {1, 2, 3}), classes.texts.clear();
  for (const std::string& name : names) {
    rows.rows.push_back({name, 1, 0, 2});
    curves.series.push_back({name, {{0, 1}, {1, 2}}});
  }
  for (const std::string& chart : {svg(rows), svg(curves), svg(classes)}) {
    expect_sound(chart);
    std::set<std::string> told;
    for (const Element& element : xml::elements(chart))
      if (const std::size_t at = element.text.find("0.0"); element.name == "text" && at != std::string::npos)
        told.insert(element.text.substr(at, 4));
    EXPECT_EQ(told, (std::set<std::string>{"0.00", "0.01", "0.02"}));
    for (const std::string& name : names) EXPECT_NE(chart.find("<title>" + name + "</title>"), std::string::npos);
  }
}

TEST(Charts, cells_of_a_heat_map_lie_in_rows_and_columns_and_their_colours_follow_the_values) {
  const std::string chart = svg(heat_map());
  const auto cell = [&](const std::string& title) {
    for (const Element& e : xml::elements(chart))
      if (e.name == "rect" && e.title == title) return e;
    throw std::runtime_error("no cell " + title);
  };
  EXPECT_EQ(cell("a, predicted a: 0").attributes.at("class"), "h0");
  EXPECT_EQ(cell("a, predicted b: 5").attributes.at("class"), "h8");
  EXPECT_EQ(cell("b, predicted a: 10").attributes.at("class"), "h16");
  EXPECT_EQ(cell("b, predicted b: empty").attributes.at("class"), "empty");
  EXPECT_EQ(with_class(chart, "hatch").size(), 1u);
  const double step = at(cell("a, predicted b: 5"), "x") - at(cell("a, predicted a: 0"), "x");
  EXPECT_GT(step, 20);
  EXPECT_NEAR(at(cell("a, predicted c: 10"), "x") - at(cell("a, predicted b: 5"), "x"), step, 2 * kDrawn);
  EXPECT_EQ(at(cell("a, predicted a: 0"), "x"), at(cell("b, predicted a: 10"), "x"));
  EXPECT_GT(at(cell("b, predicted a: 10"), "y"), at(cell("a, predicted a: 0"), "y") + 15);
  EXPECT_EQ(with_class(chart, "on-h8").at(0).text, "5");
  HeatMap in = heat_map();
  in.decimals = 1;  // of the scale's ends
  EXPECT_TRUE(has_text(svg(in), "0.0") && has_text(svg(in), "10.0  rows"));
}

TEST(Charts, columns_beyond_what_can_be_drawn_are_merged_to_means_and_the_note_says_so) {
  HeatMap in = heat_map();
  in.rows.assign(100, "row"), in.values.assign(100, {}), in.columns.clear(), in.texts.clear();
  for (int j = 0; j < 1'000; ++j) in.columns.push_back(std::to_string(j));
  for (auto& row : in.values)
    for (int j = 0; j < 1'000; ++j) row.push_back(j);
  const std::string chart = svg(in);
  expect_sound(chart);
  EXPECT_LT(chart.size(), 800'000u);
  EXPECT_TRUE(has_text(chart, "1000 columns; a cell is the mean of 17 neighbours"));
  std::size_t first = 0;
  for (const Element& e : xml::elements(chart)) first += e.title == "row, predicted 0–16: 8";
  EXPECT_EQ(first, 100u);
}

TEST(Charts, nothing_to_show_is_said) {
  LineChart line = line_chart();
  line.series = {{"test", {{0, kNan}, {kInf, 1}}}}, line.bands.clear();
  Waterfall falls = waterfall();
  falls.parts = {{"x", kNan}};
  DotChart dots = dot_chart();
  dots.categories = {{"x", {{}, {kInf}}}};
  Histogram counts = histogram();
  counts.values = {kNan}, counts.observed = {};
  ForestPlot rows = forest();
  rows.rows.clear();
  HeatMap heat = heat_map();
  heat.values = {{kNan}};
  for (const std::string& chart :
       {svg(line), svg(falls), svg(dots), svg(counts), svg(rows), svg(heat), svg(LineChart{}), svg(Waterfall{}),
        svg(DotChart{}), svg(Histogram{}), svg(ForestPlot{}), svg(HeatMap{})}) {
    expect_sound(chart);
    EXPECT_TRUE(has_text(chart, "nothing to show"));
    // 80 px high where a window of 360 px leaves some 320 to it.
    EXPECT_GE(std::stod(xml::elements(chart).at(0).attributes.at("height")) * 320 / kChartWidth, 80);
  }
}

TEST(Charts, values_of_very_different_sizes_give_a_sound_drawing) {
  LineChart line = line_chart();
  line.y = {"y"}, line.levels.clear(), line.bands.clear();
  line.series[0].points = {{-1e100, -1e100}, {0, 1e-100}, {1e100, 1e100}};
  expect_sound(svg(line));
  line.x.logarithmic = line.y.logarithmic = true;
  expect_sound(svg(line));
  line.series[0].points = {{1e-300, 1}, {1e-90, 1e-90}, {1, 1}, {0, 5}, {-1, 5}};
  expect_sound(svg(line));
  line.y.low = 5, line.y.high = -5;  // no axis
  expect_sound(svg(line));
  line.y.low = 1e50, line.y.high = {};  // above all values
  expect_sound(svg(line));
}

TEST(Charts, standing_alone_a_chart_has_its_namespace_and_style) {
  const std::string chart = standalone(svg(line_chart()));
  EXPECT_TRUE(
      chart.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "));
  const auto all = xml::elements(chart.substr(chart.find("<svg")));
  ASSERT_EQ(all.at(1).name, "style");
  EXPECT_EQ(all[1].text, "\n" + chart_style());
  EXPECT_EQ(all.size(), xml::elements(svg(line_chart())).size() + 1);
}

// Of WCAG 2.1.
double luminance(const std::string& colour) {
  double out = 0;
  const double weights[] = {0.2126, 0.7152, 0.0722};
  for (std::size_t k = 0; k < 3; ++k) {
    const double part = std::stoi(colour.substr(1 + 2 * k, 2), nullptr, 16) / 255.0;
    out += weights[k] * (part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4));
  }
  return out;
}
double contrast(const std::string& a, const std::string& b) {
  const auto [low, high] = std::minmax(luminance(a), luminance(b));
  return (high + 0.05) / (low + 0.05);
}

TEST(Charts, colours_stand_out_in_light_and_dark) {
  const std::string style = chart_style();
  for (const std::string theme :
       {":root[data-theme=light]{", ":root[data-theme=dark]{", "@media print{", "dark){:root{"}) {
    const std::size_t begin = style.find(theme);
    ASSERT_NE(begin, std::string::npos) << theme;
    const auto colour = [&](const std::string& name) {
      return style.substr(style.find("--chart-" + name + ":", begin) + name.size() + 9, 7);
    };
    for (int i = 0; i < 8; ++i) EXPECT_GE(contrast(colour("c" + std::to_string(i)), colour("paper")), 3) << theme << i;
    EXPECT_GE(contrast(colour("text"), colour("paper")), 7);
    EXPECT_GE(contrast(colour("muted"), colour("paper")), 4.5);
    for (int i = 0; i < 17; ++i)
      EXPECT_GE(contrast(colour("h" + std::to_string(i)), colour("on-h" + std::to_string(i))), 4.5) << theme << i;
  }
}

}  // namespace
}  // namespace plateau::charts_test
