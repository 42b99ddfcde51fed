// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "plateau/report/charts.hpp"
#include "plateau/report/markup.hpp"
#include "plateau/report/page.hpp"

namespace plateau {
namespace {

// No colour is the only sign of anything, and every pair of text and ground has a contrast of at least 4.5.
constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --ground: #ffffff; --raised: #f4f5f7; --ink: #1b1f24; --soft: #505a66;
  --line: #d0d5db; --accent: #0b5cad; --alarm: #9a3412; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171b; --raised: #1e2329; --ink: #e8eaed; --soft: #a9b2bd; --line: #3a424c; --accent: #7cb7f2;
    --alarm: #f2a27c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 78rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem; padding-top: .8rem; border-top: 1px solid var(--line); }
p, ul { margin: .5rem 0; max-width: 75ch; }
ul { padding-left: 1.2rem; }
.verdict { background: var(--raised); border-left: .35rem solid var(--accent); padding: .8rem 1rem; }
.verdict .code { font-weight: 700; font-size: 1.15rem; }
.verdict .grade { color: var(--soft); }
.unfinished { border-left: .35rem solid var(--alarm); background: var(--raised); padding: .6rem 1rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: .6rem 1.2rem; margin: 1rem 0; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); gap: 1.2rem; }
figure { margin: 0; }
figure svg { width: 100%; height: auto; display: block; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .3rem 0; }
caption span { display: inline-block; position: sticky; left: 0; max-width: min(75ch, calc(100vw - 2rem)); }
th, td { padding: .25rem .7rem .25rem 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th.name, td.name, th.words, td.words { text-align: left; white-space: normal; min-width: 9rem; }
th.words, td.words { min-width: 15rem; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--ground); }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 40rem) { table { font-size: .82rem; } th, td { padding-right: .5rem; }
  th.name, td.name { min-width: 5.6rem; }
  th:first-child, td:first-child { min-width: 6.2rem; border-right: 1px solid var(--line); }
  th:first-child + *, td:first-child + * { padding-left: .5rem; } }
@media print { body { max-width: none; padding: 0; } figure, .verdict, tr { break-inside: avoid; }
  table { font-size: .72rem; } th, td { white-space: normal; padding-right: .4rem; }
  th.name, td.name { min-width: 4rem; } th.words, td.words { min-width: 9rem; } }
)css";

void element(std::string& out, const char* tag, const std::string& text) {
  out += std::string("<") + tag + ">" + escaped(text) + "</" + tag + ">\n";
}

void html_list(std::string& out, const std::vector<std::string>& points) {
  if (points.empty()) return;
  out += "<ul>\n";
  for (const std::string& point : points) element(out, "li", point);
  out += "</ul>\n";
}

void html_table(std::string& out, const PageTable& table) {
  const auto line = [&](const std::vector<std::string>& cells, const std::string& tag) {
    out += "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool in_words = table.ends_in_words && i + 1 == cells.size();
      const char* const kind = i < table.names ? " class=\"name\">" : in_words ? " class=\"words\">" : ">";
      out += fmt::format("<{0}{1}{2}</{0}>", tag, kind, escaped(cells[i]));
    }
    out += "</tr>\n";
  };
  out += "<div class=\"scroll\" tabindex=\"0\"><table>\n";
  out += "<caption><span>" + escaped(table.caption) + "</span></caption>\n";
  out += "<thead>";
  line(table.head, "th");
  out += "</thead>\n<tbody>\n";
  for (const std::vector<std::string>& cells : table.lines) line(cells, "td");
  out += "</tbody></table></div>\n";
}

void first_screen(std::string& out, const Page& page) {
  if (!page.unfinished.empty()) out += "<p class=\"unfinished\">" + escaped(page.unfinished) + "</p>\n";
  out += "<div class=\"verdict\">\n";
  if (!page.verdict.empty()) {
    out += "<p><span class=\"code\">" + escaped(page.verdict) + "</span>";
    if (!page.grade.empty()) out += " <span class=\"grade\">(" + escaped(page.grade) + ")</span>";
    out += "</p>\n";
  }
  element(out, "p", page.sentence);
  html_list(out, page.to_do);
  out += "</div>\n";
  if (page.facts.empty()) return;
  out += "<dl>\n";
  for (const auto& [name, value] : page.facts)
    out += "<div><dt>" + escaped(name) + "</dt><dd>" + escaped(value) + "</dd></div>\n";
  out += "</dl>\n";
}

void section(std::string& out, const PageSection& section) {
  out += "<section>\n";
  element(out, "h2", section.heading);
  for (const std::string& paragraph : section.paragraphs) element(out, "p", paragraph);
  if (!section.charts.empty()) {
    out += "<div class=\"charts\">\n";
    for (const PageChart& chart : section.charts) out += "<figure>" + chart.svg + "</figure>\n";
    out += "</div>\n";
  }
  html_list(out, section.points);
  for (const PageTable& of : section.tables) html_table(out, of);
  out += "</section>\n";
}

}  // namespace

std::string html(const Page& page) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
  element(out, "title", page.title);
  out += "<style>" + std::string(kStyle) + chart_style() + "</style>\n</head>\n<body>\n<main>\n";
  element(out, "h1", page.title);
  first_screen(out, page);
  for (const PageSection& of : page.sections) section(out, of);
  if (!page.not_tested.empty()) {
    out += "<section>\n<h2>What was not tested</h2>\n";
    html_list(out, page.not_tested);
    out += "</section>\n";
  }
  return out + "</main>\n<footer>" + escaped(page.made_by) + "</footer>\n</body>\n</html>\n";
}

}  // namespace plateau
