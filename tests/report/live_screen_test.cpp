// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a terminal can show, how wide a text is, and the very bytes of frames.
#include "plateau/report/live_screen.hpp"

#include <gtest/gtest.h>

namespace plateau::live_screen_test {
namespace {

constexpr TerminalKind kUnicode{.unicode = true};

TEST(TerminalKind, takes_the_locale_in_the_order_of_posix) {
  const auto unicode = [](std::string_view all, std::string_view ctype, std::string_view lang) {
    return terminal_kind({.term = "xterm", .no_color = "", .lc_all = all, .lc_ctype = ctype, .lang = lang}, 80, 24)
        .unicode;
  };
  EXPECT_TRUE(unicode("", "", "en_GB.UTF-8"));
  EXPECT_TRUE(unicode("", "C.utf8", "C"));
  EXPECT_FALSE(unicode("", "POSIX", "en_GB.UTF-8"));
  EXPECT_FALSE(unicode("C", "C.UTF-8", "C.UTF-8"));
  EXPECT_FALSE(unicode("", "", ""));
  EXPECT_FALSE(unicode("", "", "en_GB.ISO-8859-1"));
}

TEST(TerminalKind, has_colours_where_no_color_is_empty_and_the_terminal_has_them) {
  const auto colour = [](std::string_view term, std::string_view no_color) {
    return terminal_kind({.term = term, .no_color = no_color, .lc_all = "", .lc_ctype = "", .lang = ""}, 80, 24).colour;
  };
  for (const std::string_view term : {"xterm-256color", "linux", "screen", "tmux", "vte", "foot"})
    EXPECT_TRUE(colour(term, "")) << term;
  for (const std::string_view term : {"", "dumb", "vt100", "vt220", "xterm-mono", "linux-m"})
    EXPECT_FALSE(colour(term, "")) << term;
  EXPECT_FALSE(colour("xterm", "1"));
  EXPECT_FALSE(colour("xterm", "0"));
}

TEST(TerminalKind, without_a_name_cannot_move_and_without_a_size_is_of_the_usual_one) {
  const TerminalVariables none{};
  EXPECT_FALSE(terminal_kind(none, 80, 24).moves);
  EXPECT_FALSE(terminal_kind({.term = "dumb", .no_color = "", .lc_all = "", .lc_ctype = "", .lang = ""}, 9, 9).moves);
  const TerminalKind usual =
      terminal_kind({.term = "vt100", .no_color = "", .lc_all = "", .lc_ctype = "", .lang = ""}, 0, 0);
  EXPECT_TRUE(usual.moves);
  EXPECT_EQ(usual.columns, 80u);
  EXPECT_EQ(usual.rows, 24u);
  EXPECT_EQ(usual.width(), 79u);
}

TEST(CellsOf, counts_wide_characters_twice_and_colours_not_at_all) {
  EXPECT_EQ(cells_of("abc", kUnicode), 3u);
  EXPECT_EQ(cells_of("\x1b[32mabc\x1b[0m", kUnicode), 3u);
  EXPECT_EQ(cells_of("é", kUnicode), 1u);
  EXPECT_EQ(cells_of("日本", kUnicode), 4u);
  EXPECT_EQ(cells_of("😀", kUnicode), 2u);
  EXPECT_EQ(cells_of("▁▄█", kUnicode), 3u);
  EXPECT_EQ(cells_of("▁▄█", {.unicode = true, .ambiguous_wide = true}), 6u);
  EXPECT_EQ(cells_of("\xff\xe3", kUnicode), 2u);
}

TEST(Fitted, keeps_whole_characters_within_the_cells) {
  EXPECT_EQ(fitted("abcdefgh", 8, kUnicode), "abcdefgh");
  EXPECT_EQ(fitted("abcdefghi", 8, kUnicode), "abcde...");
  EXPECT_EQ(fitted("abcdefghi", 4, kUnicode), "abcd");
  EXPECT_EQ(fitted("日本日本日本", 8, kUnicode), "日本...");
  EXPECT_EQ(fitted("日本", 3, kUnicode), "日");
  EXPECT_EQ(fitted("abc", 0, kUnicode), "");
}

TEST(Fitted, lets_nothing_through_that_steers_a_terminal) {
  EXPECT_EQ(fitted("a\x1b[2Jb\r\n\t\x7f", 40, kUnicode), "a?[2Jb????");
  EXPECT_EQ(fitted("a\xc2\x9b"
                   "1mb",
                   40, kUnicode),
            "a?1mb");  // the eight-bit CSI
  EXPECT_EQ(fitted("a\xe2\x80\xae"
                   "fdp.csv",
                   40, kUnicode),
            "a?fdp.csv");  // right-to-left override
  EXPECT_EQ(fitted("a\xe2\x80\xa8"
                   "b",
                   40, kUnicode),
            "a?b");                                                         // line separator
  EXPECT_EQ(fitted("a\xff\xc0\x80\xed\xa0\x80", 40, kUnicode), "a??????");  // no UTF-8, overlong, a surrogate: by bytes
  EXPECT_EQ(fitted("é日", 40, {}), "??");
}

TEST(LiveScreen, writes_each_line_over_the_old_one) {
  LiveScreen screen;
  EXPECT_EQ(screen.redraw({"ab", "cd", "ef"}, {}), "\rab\x1b[K\r\ncd\x1b[K\r\nef\x1b[K\r");
  EXPECT_EQ(screen.redraw({"1", "2", "3"}, {}), "\r\x1b[2A1\x1b[K\r\n2\x1b[K\r\n3\x1b[K\r");
  EXPECT_EQ(screen.erase({}), "\r\x1b[2A\x1b[J");
  EXPECT_EQ(screen.erase({}), "");
  EXPECT_EQ(screen.redraw({"x"}, {}), "\rx\x1b[K\r");
}

TEST(LiveScreen, erases_lines_that_are_there_no_more) {
  LiveScreen screen;
  screen.redraw({"ab", "cd", "ef"}, {});
  EXPECT_EQ(screen.redraw({"1", "2"}, {}), "\r\x1b[2A1\x1b[K\r\n2\x1b[K\x1b[J\r");
  EXPECT_EQ(screen.redraw({"1"}, {}), "\r\x1b[1A1\x1b[K\x1b[J\r");
  EXPECT_EQ(screen.redraw({}, {}), "\r\x1b[J");
}

TEST(LiveScreen, counts_old_lines_as_wrapped_where_the_terminal_became_narrower) {
  LiveScreen screen;
  screen.redraw({std::string(30, 'a'), std::string(10, 'b'), std::string(20, 'c'), std::string(39, 'd')},
                {.columns = 40});
  // 30 cells are 3 rows of 10, 10 are 1, 20 are 2; the cursor stands in the first row of the last line.
  EXPECT_EQ(screen.redraw({"1"}, {.columns = 10}), "\r\x1b[6A\x1b[J1\x1b[K\x1b[J\r");
  EXPECT_EQ(screen.redraw({"1"}, {.columns = 90}), "\r1\x1b[K\r");
}

TEST(LiveScreen, that_cannot_move_writes_one_line_over_with_spaces) {
  const TerminalKind dumb{.moves = false};
  LiveScreen screen;
  EXPECT_EQ(screen.redraw({"abcdef", "more"}, dumb), "\rabcdef\r");
  EXPECT_EQ(screen.redraw({"abc"}, dumb), "\rabc   \r");
  EXPECT_EQ(screen.erase(dumb), "\r   \r");
}

}  // namespace
}  // namespace plateau::live_screen_test
