// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The lines of the live view: what they say, and that they fit.
#include "plateau/report/live_view.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace plateau::live_view_test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();

TerminalKind wide(std::size_t columns, bool unicode = true, bool colour = false) {
  return {.columns = columns, .unicode = unicode, .colour = colour};
}

CurveReservoir reservoir(const std::vector<double>& values) {
  CurveReservoir curve;
  for (const double value : values) curve.add(value);
  return curve;
}

LiveFrame some_frame() {
  return {.share = 0.25,
          .epoch = 125,
          .epochs = 500,
          .train_loss = reservoir({0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1}),
          .test_accuracy = reservoir({0.5, 0.75, 1, 0.875}),
          .rows_per_second = 25000,
          .seconds = 5,
          .seconds_left = 15};
}

TEST(CurveReservoir, has_every_value_while_there_is_room) {
  const CurveReservoir curve = reservoir({3, 1, 4, 1, 5});
  EXPECT_EQ(curve.cells(60), (std::vector<double>{3, 1, 4, 1, 5}));
  EXPECT_EQ(curve.cells(2), (std::vector<double>{2, 10.0 / 3}));
  EXPECT_EQ(curve.cells(1), (std::vector<double>{2.8}));
  EXPECT_TRUE(curve.cells(0).empty());
  EXPECT_TRUE(CurveReservoir().cells(9).empty());
}

TEST(CurveReservoir, of_ten_million_values_is_bounded_and_keeps_both_ends) {
  constexpr std::size_t kValues = 10'000'000;
  CurveReservoir curve;
  std::size_t most = 0;
  for (std::size_t i = 0; i < kValues; ++i) {
    curve.add(static_cast<double>(i));
    most = std::max(most, curve.points());
  }
  EXPECT_EQ(most, CurveReservoir::kPoints);
  EXPECT_EQ(curve.count(), kValues);
  EXPECT_EQ(curve.stride(), 65536u);  // the least power of two of which 256 reach ten million
  EXPECT_EQ(curve.points(), 153u);
  EXPECT_EQ(curve.first(), 0);
  EXPECT_EQ(curve.last(), kValues - 1);
  const std::vector<double> cells = curve.cells(CurveReservoir::kPoints);
  for (std::size_t i = 0; i + 1 < cells.size(); ++i)  // the mean of so many numbers one after the other
    ASSERT_NEAR(cells[i], static_cast<double>(i) * 65536 + 32767.5, 1e-3) << i;
}

TEST(CurveReservoir, shows_that_a_part_was_not_finite) {
  const std::vector<double> cells = reservoir({1, 2, kInf, 4, kNan, 6}).cells(3);
  EXPECT_EQ(cells[0], 1.5);
  EXPECT_FALSE(std::isfinite(cells[1]));
  EXPECT_FALSE(std::isfinite(cells[2]));
}

TEST(BarLine, tells_share_text_and_time_left) {
  EXPECT_EQ(bar_line(fleet_bar({.finished = 3, .runs = 12, .share = 0.25}, 43.3), wide(80)),
            "[=====>              ] 25 %, 3 of 12 runs, about 2 min 10 s left");
  EXPECT_EQ(bar_line(fleet_bar({.finished = 0, .runs = 1, .share = 0}, 5), wide(80)),
            "[>                   ] 0 %, 0 of 1 run");
  EXPECT_EQ(bar_line(fleet_bar({.finished = 1, .runs = 4000, .share = 0.0005}, 5.6, "controls"), wide(80)),
            "controls [>                   ] 0 %, 1 of 4000 runs, about 3 h 6 min left");
  EXPECT_EQ(bar_line(fleet_bar({.finished = 11, .runs = 12, .share = 0.9999}, 5), wide(80)),
            "[===================>] 99 %, 11 of 12 runs, about 1 s left");
  EXPECT_EQ(bar_line(fleet_bar({.finished = 12, .runs = 12, .share = 1}, 5), wide(80)),
            "[====================] 100 %, 12 of 12 runs");
}

TEST(BarLine, of_a_block_tells_what_is_left_of_it_by_its_own_speed) {
  BlockBars bars;
  EXPECT_EQ(bar_line(bars.bar("rows", 0.5, 1, 61), wide(80)),
            "[==========>         ] 50 %, rows; 1 training before it, 1 min 1 s");  // seen for the first time
  EXPECT_EQ(bar_line(bars.bar("rows", 0.75, 1, 65), wide(120)),
            "[===============>    ] 75 %, rows; 1 training before it, 1 min 5 s, about 4 s of it left");
  EXPECT_FALSE(bars.bar("rows", 0, 21, 70).seconds_left.has_value());  // the next one of the name
  EXPECT_EQ(bars.bar("rows", 0.125, 21, 72).seconds_left, 14);
}

TEST(BarLine, gives_its_room_to_time_text_title_and_bar_in_that_order) {
  const LiveBar bar{.title = "controls", .share = 0.5, .text = "12 of 36 runs", .seconds_left = 130};
  EXPECT_EQ(bar_line(bar, wide(66)), "controls [=====>    ] 50 %, 12 of 36 runs, about 2 min 10 s left");
  EXPECT_EQ(bar_line(bar, wide(64)), "[=====>    ] 50 %, 12 of 36 runs, about 2 min 10 s left");
  EXPECT_EQ(bar_line(bar, wide(50)), "[=====>    ] 50 %, 12 of 36 runs, 2 min 10 s left");
  EXPECT_EQ(bar_line(bar, wide(49)), "controls [=====>    ] 50 %, 2 min 10 s left");
  EXPECT_EQ(bar_line(bar, wide(30)), "controls [=====>    ] 50 %");
  EXPECT_EQ(bar_line(bar, wide(22)), "[=====>    ] 50 %");
  EXPECT_EQ(bar_line(bar, wide(20)), "[=====>    ] 50 %");
  EXPECT_EQ(bar_line(bar, wide(19)), "50 %");
  EXPECT_EQ(bar_line(bar, wide(4)), "50 ");
  EXPECT_EQ(bar_line(bar, wide(1)), "");
}

TEST(BarLine, cuts_a_name_of_a_file_and_keeps_it_on_its_line) {
  EXPECT_EQ(bar_line(reading_bar("a\nb.csv", 0.5, 3), wide(80)),
            "[==========>         ] 50 %, reading a?b.csv, about 3 s left");
  EXPECT_EQ(bar_line(reading_bar("a-name-that-is-long.csv", 0.5, 3), wide(60)),
            "[=====>    ] 50 %, reading a-name-that-i..., about 3 s left");
  EXPECT_EQ(bar_line(reading_bar("日本日本日本日本日本日本", 0.5, 3), wide(60)),
            "[=====>    ] 50 %, reading 日本日本日本..., about 3 s left");
}

TEST(BarLine, of_a_share_that_is_none_has_an_end) {
  EXPECT_EQ(bar_line({.share = kNan}, wide(80)), "[>                   ] 0 %");
  EXPECT_EQ(bar_line({.share = 7}, wide(80)), "[====================] 100 %");
  EXPECT_EQ(bar_line({.share = -1}, wide(80)), "[>                   ] 0 %");
}

TEST(LiveLines, show_the_bar_both_curves_and_the_speed) {
  EXPECT_EQ(live_lines(some_frame(), wide(80)),
            (std::vector<std::string>{"[=====>              ] 25 %, epoch 125 of 500, about 15 s left",
                                      "train loss    0.1000 █▇▆▅▄▃▂▁ (0.1000 to 0.8000)",
                                      "test accuracy 0.8750 ▁▅█▆ (0.5000 to 1.0000)",
                                      "2.5e+04 rows/s, 5 s so far; a column is the mean of its epochs"}));
}

TEST(LiveLines, without_unicode_or_with_cells_of_unsure_width_are_ascii) {
  for (const TerminalKind& kind : {wide(80, false), TerminalKind{.unicode = true, .ambiguous_wide = true}}) {
    const std::vector<std::string> lines = live_lines(some_frame(), kind);
    EXPECT_EQ(lines[1], "train loss    0.1000 #*+==-:. (0.1000 to 0.8000)");
    EXPECT_EQ(lines[2], "test accuracy 0.8750 .=#* (0.5000 to 1.0000)");
  }
}

TEST(LiveLines, say_at_forty_columns_what_had_no_room_beside_the_bar) {
  EXPECT_EQ(live_lines(some_frame(), wide(40)),
            (std::vector<std::string>{"[=====>              ] 25 %, 15 s left", "train loss    0.1000 █▇▆▅▄▃▂▁",
                                      "test accuracy 0.8750 ▁▅█▆", "epoch 125 of 500, 2.5e+04 rows/s"}));
}

TEST(LiveLines, at_twenty_columns_have_short_names_and_below_only_the_share) {
  EXPECT_EQ(live_lines(some_frame(), wide(20)), (std::vector<std::string>{"[==>       ] 25 %", "loss 0.1000 █▇▆▅▄▃▁",
                                                                          "test 0.8750 ▁▅█▆", "epoch 125 of 500"}));
  EXPECT_EQ(live_lines(some_frame(), wide(19)), (std::vector<std::string>{"25 %"}));
}

TEST(LiveLines, fit_every_width_whatever_the_figures_are) {
  LiveFrame hostile{.title = "日本\x1b[31m\n日本\xe2\x80\xae",
                    .share = 0.999,
                    .epoch = 999'999'999,
                    .epochs = 1'000'000'000,
                    .rows_per_second = 1e300,
                    .seconds = 1e15,
                    .seconds_left = 1e15};
  for (int i = 0; i < 1000; ++i) {
    hostile.train_loss.add(i % 7 == 0 ? kInf : -1e308 * (i % 3));
    hostile.test_accuracy.add(std::sin(i) * 1e-9);
  }
  for (const bool unicode : {false, true})
    for (const bool colour : {false, true})
      for (std::size_t columns = 1; columns <= 200; ++columns)
        for (const LiveFrame& frame : {hostile, some_frame(), LiveFrame{}}) {
          const TerminalKind kind = wide(columns, unicode, colour);
          const std::vector<std::string> lines = live_lines(frame, kind);
          EXPECT_EQ(lines.size() > 1, columns >= 20);
          for (const std::string& line : lines) {
            EXPECT_LT(cells_of(line, kind), columns) << line;
            EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
            EXPECT_TRUE(colour || line.find('\x1b') == std::string::npos) << line;
          }
        }
}

TEST(LiveLines, at_two_hundred_columns_draw_a_column_for_several_epochs) {
  LiveFrame frame{.share = 1, .epoch = 120, .epochs = 120};
  for (int i = 0; i < 120; ++i) frame.train_loss.add(i % 2 == 0 ? i : i + 2);  // means of two: 1.5, 3.5, ... 119.5
  const std::string line = live_lines(frame, wide(200))[1];
  EXPECT_EQ(line.find("train loss    121.0000 ▁"), 0u) << line;
  EXPECT_NE(line.find("█ (1.5000 to 119.5000)"), std::string::npos) << line;
  EXPECT_EQ(cells_of(line.substr(0, line.find(" (")), wide(200)), 23u + 60u) << line;
}

TEST(LiveLines, mark_what_is_not_finite_and_scale_by_the_rest) {
  LiveFrame frame;
  for (const double value : {1.0, kInf, 3.0, kNan}) frame.train_loss.add(value);
  EXPECT_EQ(live_lines(frame, wide(80))[1], "train loss    nan    ▁!█! (1.0000 to 3.0000)");
  LiveFrame none;
  none.train_loss.add(kNan);
  EXPECT_EQ(live_lines(none, wide(80))[1], "train loss    nan    !");
}

TEST(LiveLines, of_a_constant_curve_and_of_one_epoch_lie_in_the_middle) {
  LiveFrame frame;
  frame.train_loss.add(0.5);
  for (int i = 0; i < 5; ++i) frame.test_accuracy.add(0.25);
  const std::vector<std::string> lines = live_lines(frame, wide(80));
  EXPECT_EQ(lines[1], "train loss    0.5000 ▅ (0.5000 to 0.5000)");
  EXPECT_EQ(lines[2], "test accuracy 0.2500 ▅▅▅▅▅ (0.2500 to 0.2500)");
}

TEST(LiveLines, of_values_as_far_apart_as_can_be_have_a_scale) {
  LiveFrame frame;
  for (const double value : {-1.5e308, 0.0, 1.5e308}) frame.train_loss.add(value);
  EXPECT_EQ(live_lines(frame, wide(80))[1], "train loss    1.500e+308 ▁▅█ (-1.500e+308 to 1.500e+308)");
}

TEST(LiveLines, have_colours_where_there_are_some_and_the_same_text) {
  const std::vector<std::string> plain = live_lines(some_frame(), wide(80));
  std::vector<std::string> coloured = live_lines(some_frame(), wide(80, true, true));
  EXPECT_EQ(coloured[0].find("\x1b[32m[=====>"), 0u);
  EXPECT_NE(coloured[1].find(" \x1b[33m█▇▆▅▄▃▂▁\x1b[0m ("), std::string::npos);
  for (std::string& line : coloured)
    for (std::size_t at = line.find('\x1b'); at != std::string::npos; at = line.find('\x1b'))
      line.erase(at, line.find('m', at) + 1 - at);
  EXPECT_EQ(coloured, plain);
}

TEST(LiveLines, leave_a_row_of_the_terminal_free) {
  const auto rows = [](std::size_t r) { return live_lines(some_frame(), {.columns = 80, .rows = r}).size(); };
  EXPECT_EQ(rows(24), 4u);
  EXPECT_EQ(rows(4), 3u);
  EXPECT_EQ(rows(2), 1u);
  EXPECT_EQ(rows(1), 1u);
  EXPECT_EQ(live_lines(some_frame(), {.moves = false}).size(), 1u);
}

TEST(LiveFrame, takes_speed_and_time_left_from_the_epochs_since_it_began) {
  LiveFrame frame;
  const ProgressOf run{.rows = 1000, .epochs = 500};
  add_progress(frame, {.epochs = 124, .train_loss = kNan, .test_accuracy = kNan}, run);
  add_progress(frame, {.epochs = 125, .train_loss = 0.5, .test_accuracy = 0.75}, run);
  set_time(frame, run, 5);
  EXPECT_EQ(frame.share, 0.25);
  EXPECT_EQ(frame.rows_per_second, 25000);
  EXPECT_EQ(frame.seconds_left, 15);
  EXPECT_EQ(frame.train_loss.cells(9), std::vector<double>{0.5});
  EXPECT_EQ(frame.test_accuracy.last(), 0.75);

  // A run that goes on from epoch 100 has trained 25 epochs in 5 s; the other 375 take 15 times as long.
  set_time(frame, {.rows = 1000, .epochs = 500, .first_epoch = 100}, 5);
  EXPECT_EQ(frame.rows_per_second, 5000);
  EXPECT_EQ(frame.seconds_left, 75);
  EXPECT_EQ(frame.share, 0.25);

  // The second of three on 1000, 1000 and 3000 rows: 625 of 2500 thousand passes in 5 s.
  const ProgressOf second{.rows = 1000, .epochs = 500, .passes_before = 5e5, .passes_after = 15e5};
  add_progress(frame, {.epochs = 125, .train_loss = 0.5, .test_accuracy = 0.75}, second);
  set_time(frame, second, 5);
  EXPECT_EQ(frame.share, 0.25);
  EXPECT_EQ(frame.rows_per_second, 125000);
  EXPECT_EQ(frame.seconds_left, 15);

  set_time(frame, run, 0.25);  // too soon to tell
  EXPECT_EQ(frame.rows_per_second, 500000);
  EXPECT_FALSE(frame.seconds_left.has_value());
  set_time(frame, run, 0);
  EXPECT_EQ(frame.rows_per_second, 0);
}

}  // namespace
}  // namespace plateau::live_view_test
