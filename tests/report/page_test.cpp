// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/page.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "plateau/report/charts.hpp"

namespace plateau::page_test {
namespace {

constexpr const char* kHostile = "<script>alert(\"1\")</script>|`x`\nline\u202e";

// A page with the text in every place that takes one.
Page page_of(const std::string& text) {
  Page page{.title = text, .verdict = text, .grade = text, .sentence = text, .to_do = {text}, .unfinished = text};
  page.facts = {{text, text}};
  page.sections = {{.heading = text,
                    .paragraphs = {text},
                    .charts = {{"chart", svg(Histogram{.title = text, .value = {.label = text}, .values = {1, 2}})}},
                    .points = {text},
                    .tables = {{.caption = text, .head = {text, text}, .lines = {{text, text}}}}}};
  page.not_tested = {text};
  page.made_by = text;
  return page;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(PageHtml, says_everything_once_and_in_its_order) {
  const std::string out = html({.title = "A title",
                                .verdict = "capacity",
                                .grade = "proved",
                                .sentence = "What was found.",
                                .to_do = {"What to do."},
                                .facts = {{"rows", "100"}},
                                .sections = {{.heading = "First"}, {.heading = "Second"}},
                                .not_tested = {"the weather"},
                                .made_by = "plateau 0"});
  std::size_t last = 0;
  for (const char* part : {"<title>A title</title>", "capacity", "proved", "What was found.", "What to do.", "rows",
                           "100", "First", "Second", "the weather", "plateau 0"}) {
    const std::size_t at = out.find(part, last);
    ASSERT_NE(at, std::string::npos) << part;
    last = at;
  }
  EXPECT_EQ(count(out, "<h1>"), 1u);
}

TEST(PageHtml, has_every_text_escaped) {
  const std::string out = html(page_of(kHostile));
  EXPECT_EQ(out.find("<script"), std::string::npos);
  EXPECT_EQ(out.find("\u202e"), std::string::npos);
  // Title, heading, verdict, grade, sentence, to do, unfinished, 2 of facts, heading, paragraph, point, caption, 2 + 2
  // cells, not tested, made by; and in the chart its title at least.
  EXPECT_GE(count(out, "&lt;script&gt;"), 19u);
}

TEST(PageHtml, asks_for_nothing_from_anywhere) {
  const std::string out = html(page_of("text"));
  for (const char* part : {"http:", "https:", "src=", "<link", "@import", "url("})
    EXPECT_EQ(count(out, part), part == std::string("http:") ? count(out, "http://www.w3.org") : 0u) << part;
  EXPECT_NE(out.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(out.find("<html lang=\"en\">"), std::string::npos);
  EXPECT_NE(out.find("name=\"viewport\""), std::string::npos);
}

TEST(PageHtml, leaves_out_what_is_not_there) {
  const std::string out = html({.title = "t", .sentence = "s"});
  for (const char* part : {"class=\"unfinished\"", "<dl>", "class=\"grade\"", "<section>", "<ul>"})
    EXPECT_EQ(out.find(part), std::string::npos) << part;
}

TEST(PageMarkdown, has_a_table_that_GitHub_reads) {
  const std::string out = markdown(
      {.title = "t",
       .sentence = "s",
       .sections = {{.heading = "h",
                     .tables = {{.caption = "c", .head = {"name", "value"}, .lines = {{"a", "1"}, {"b", "2"}}}}}}});
  EXPECT_NE(out.find("\n| name | value |\n| --- | ---: |\n| a | 1 |\n| b | 2 |\n"), std::string::npos) << out;
}

TEST(Page, sets_names_and_sentences_of_a_table_to_the_left_and_numbers_to_the_right) {
  const Page page{.title = "t",
                  .sentence = "s",
                  .sections = {{.heading = "h",
                                .tables = {{.caption = "c",
                                            .head = {"name", "value", "why"},
                                            .lines = {{"a", "1", "since"}},
                                            .ends_in_words = true}}}}};
  EXPECT_NE(markdown(page).find("\n| --- | ---: | --- |\n"), std::string::npos) << markdown(page);
  EXPECT_NE(html(page).find("<td class=\"name\">a</td><td>1</td><td class=\"words\">since</td>"), std::string::npos);
}

TEST(PageMarkdown, has_every_text_escaped) {
  const std::string out = markdown(page_of(kHostile));
  EXPECT_EQ(count(out, "<script"), count(out, "\\<script"));  // by a backslash
  EXPECT_GE(count(out, "\\<script"), 10u);
  EXPECT_EQ(out.find("\u202e"), std::string::npos);
  EXPECT_EQ(out.find("\nline"), std::string::npos);
  // A table's line has the two cells that it was given, whatever stands in them.
  const std::size_t head = out.find("\n| --- | ---: |\n");
  ASSERT_NE(head, std::string::npos);
  const std::string line = out.substr(head + 16, out.find('\n', head + 16) - head - 16);
  std::size_t bars = 0;
  for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
  EXPECT_EQ(bars, 3u) << line;
}

TEST(PageMarkdown, shortens_a_long_table_and_says_so) {
  PageTable table{.caption = "c", .head = {"n"}, .lines = {}};
  for (int i = 0; i < 100; ++i) table.lines.push_back({std::to_string(i)});
  const std::string out = markdown({.title = "t", .sentence = "s", .sections = {{.heading = "h", .tables = {table}}}});
  EXPECT_NE(out.find("| 29 |"), std::string::npos);
  EXPECT_EQ(out.find("| 30 |"), std::string::npos);
  EXPECT_NE(out.find("70 more in the report"), std::string::npos);
}

}  // namespace
}  // namespace plateau::page_test
