// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/markup.hpp"

#include <gtest/gtest.h>

namespace plateau::markup_test {
namespace {

TEST(Markup, what_cannot_be_seen_becomes_visible) {
  EXPECT_EQ(visible("x\ny\tz\r"), "x\\u{A}y\\u{9}z\\u{D}");
  EXPECT_EQ(visible(std::string("a\0b", 3)), "a\\u{0}b");
  EXPECT_EQ(visible("\x7f\u0085\u2028\u2029"), "\\u{7F}\\u{85}\\u{2028}\\u{2029}");
  EXPECT_EQ(visible("exe\u202Egnp\u061C\u200E\u200F\u2066\u2069"),
            "exe\\u{202E}gnp\\u{61C}\\u{200E}\\u{200F}\\u{2066}\\u{2069}");
  EXPECT_EQ(visible("a\u200Bb\u200Dc\u2060d\uFEFF"), "a\\u{200B}b\\u{200D}c\\u{2060}d\\u{FEFF}");
  EXPECT_EQ(visible("\uFFFE\uFFFF"), "\\u{FFFE}\\u{FFFF}");  // no characters of XML
}

TEST(Markup, bytes_that_are_no_text_are_replaced_one_by_one) {
  EXPECT_EQ(visible("a\xff\x80z"), "a\uFFFD\uFFFDz");
  EXPECT_EQ(visible("\xe2\x82"), "\uFFFD\uFFFD");            // cut off
  EXPECT_EQ(visible("\xc0\xaf"), "\uFFFD\uFFFD");            // a longer form of '/'
  EXPECT_EQ(visible("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
}

TEST(Markup, what_people_write_stays_and_twice_is_once) {
  for (const std::string text : {"Zürich, 日本, 😀 – 5 % \\u{x}", "العربية", ""}) EXPECT_EQ(visible(text), text);
  for (const std::string text : {"\n", "\xff", "\u202E", "plain"}) EXPECT_EQ(visible(visible(text)), visible(text));
}

TEST(Markup, html_shows_markup_as_text) {
  EXPECT_EQ(escaped("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
  EXPECT_EQ(escaped("\"><img src=x onerror=alert(1)>"), "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;");
  EXPECT_EQ(escaped("it's &amp;\n"), "it&#39;s &amp;amp;\\u{A}");
}

TEST(Markup, markdown_shows_markup_as_text) {
  EXPECT_EQ(markdown_escaped("a|b"), "a\\|b");
  EXPECT_EQ(markdown_escaped("`x`"), "\\`x\\`");
  EXPECT_EQ(markdown_escaped("<script>alert(1)</script>"), "\\<script\\>alert(1)\\</script\\>");
  EXPECT_EQ(markdown_escaped("[a](b) **c** _d_ ~~e~~ ![f] &lt; $x$"),
            "\\[a\\](b) \\*\\*c\\*\\* \\_d\\_ \\~\\~e\\~\\~ \\!\\[f\\] \\&lt; \\$x\\$");
  EXPECT_EQ(markdown_escaped("https://x.org WWW.x.org"), "https\\://x.org WWW\\.x.org");
  EXPECT_EQ(markdown_escaped("@team me@x.org"), "@<!-- -->team me@<!-- -->x.org");
  EXPECT_EQ(markdown_escaped("x\ny\\"), "x\\\\u\\{A\\}y\\\\");
  EXPECT_EQ(markdown_escaped("1. one"), "1\\. one");
  EXPECT_EQ(markdown_escaped("- one"), "\\- one");
  EXPECT_EQ(markdown_escaped("# one"), "\\# one");
  EXPECT_EQ(markdown_escaped("20-64-3: 0.5"), "20-64-3\\: 0.5");  // as plain as it can be
}

TEST(Markup, shortening_counts_characters_and_leaves_out_the_middle) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abc…fg");
  EXPECT_EQ(shortened("äöü日本", 5), "äöü日本");
  EXPECT_EQ(shortened("äöü日本", 4), "äö…本");
  EXPECT_EQ(shortened("\xff\xff\xff", 2), "\xff…");
  EXPECT_EQ(shortened("ab", 1), "…");
  EXPECT_EQ(shortened("ab", 0), "");
  EXPECT_EQ(shortened("", 3), "");
}

}  // namespace
}  // namespace plateau::markup_test
