// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "plateau/report/markup.hpp"
#include "plateau/report/page.hpp"

namespace plateau {
namespace {

constexpr std::size_t kMostLines = 30;  // of a table: a summary has to fit a pull request

void markdown_list(std::string& out, const std::vector<std::string>& points) {
  for (const std::string& point : points) out += "- " + markdown_escaped(point) + "\n";
  if (!points.empty()) out += '\n';
}

void markdown_table(std::string& out, const PageTable& table) {
  const auto line = [&out](const std::vector<std::string>& cells) {
    for (const std::string& cell : cells) out += "| " + markdown_escaped(cell) + ' ';
    out += "|\n";
  };
  out += markdown_escaped(table.caption) + "\n\n";
  line(table.head);
  for (std::size_t i = 0; i < table.head.size(); ++i) {
    const bool in_words = table.ends_in_words && i + 1 == table.head.size();
    out += i < table.names || in_words ? "| --- " : "| ---: ";
  }
  out += "|\n";
  const std::size_t shown = std::min(table.lines.size(), kMostLines);
  for (std::size_t i = 0; i < shown; ++i) line(table.lines[i]);
  if (shown < table.lines.size()) out += "\n" + std::to_string(table.lines.size() - shown) + " more in the report\n";
  out += '\n';
}

}  // namespace

std::string markdown(const Page& page) {
  std::string out = "## " + markdown_escaped(page.title) + "\n\n";
  if (!page.unfinished.empty()) out += "**" + markdown_escaped(page.unfinished) + "**\n\n";
  if (!page.verdict.empty())
    out += "**" + markdown_escaped(page.verdict) + "**" +
           (page.grade.empty() ? "" : " (" + markdown_escaped(page.grade) + ")") + ": ";
  out += markdown_escaped(page.sentence) + "\n\n";
  markdown_list(out, page.to_do);
  if (!page.facts.empty()) {
    out += "| | |\n| --- | --- |\n";
    for (const auto& [name, value] : page.facts)
      out += "| " + markdown_escaped(name) + " | " + markdown_escaped(value) + " |\n";
    out += '\n';
  }
  for (const PageSection& section : page.sections) {
    if (section.points.empty() && section.tables.empty()) continue;
    out += "### " + markdown_escaped(section.heading) + "\n\n";
    markdown_list(out, section.points);
    for (const PageTable& of : section.tables) markdown_table(out, of);
  }
  if (!page.not_tested.empty()) {
    out += "### What was not tested\n\n";
    markdown_list(out, page.not_tested);
  }
  return out + markdown_escaped(page.made_by) + "\n";
}

}  // namespace plateau
