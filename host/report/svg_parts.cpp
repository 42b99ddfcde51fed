// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Legends and the names of rows.
#include <fmt/format.h>

#include <algorithm>

#include "plateau/report/markup.hpp"
#include "svg.hpp"

namespace plateau::drawing {
namespace {

constexpr double kLegendLine = 19, kSample = 24, kRowLine = 15;
constexpr std::size_t kMostEntries = 14;
constexpr double kStrong = 1.12;  // as much wider are emphasised names, for which all leave room

void sample_of(Canvas& canvas, const LegendEntry& entry, double x, double y) {
  using Sample = LegendEntry::Sample;
  const std::string colour = colour_class(entry.colour);
  switch (entry.sample) {
    case Sample::band:
      return canvas.rect({x, y - 5, x + kSample, y + 5}, colour + " band");
    case Sample::bar:
      return canvas.rect({x + 5, y - 5, x + 17, y + 5}, colour + " bar");
    case Sample::mark:
      return canvas.mark(x + kSample / 2, y, 4, entry.colour, "dot");
    case Sample::hollow:
      return canvas.circle(x + kSample / 2, y, 4, colour + " dot hollow");
    case Sample::stroke:
      return canvas.line(x + kSample / 2, y - 6, x + kSample / 2, y + 6, "text-colour stroke");
    case Sample::observed:
      return canvas.line(x, y, x + kSample, y, colour + " observed");
    case Sample::dashed:
      return canvas.line(x, y, x + kSample, y, colour + " line dashed");
    case Sample::marked_line:
      canvas.mark(x + kSample / 2, y, 3.5, entry.colour, "dot");
      [[fallthrough]];
    case Sample::line:
      return canvas.line(x, y, x + kSample, y, colour + " line");
  }
}

// The name of a row in its lines, as much of it as they hold.
Rows::Row named_row(std::string_view name) {
  constexpr std::size_t kMostLines = 3, kMostCharacters = 140;  // of those, no three lines hold more
  for (std::size_t kept = kMostCharacters;; --kept) {
    const std::string text = shortened(name, kept);
    std::vector<std::string> lines = wrapped(text, TextSize::label, (kWidestNames - kEdge) / kStrong, kMostLines + 1);
    if (lines.size() <= kMostLines) return {.lines = std::move(lines), .is_cut = text != name};
  }
}

}  // namespace

void legend(Canvas& canvas, const std::vector<LegendEntry>& entries) {
  constexpr double kGap = 14;
  double x = kEdge;
  const std::size_t drawn = entries.size() > kMostEntries ? kMostEntries - 1 : entries.size();
  const auto place = [&](const std::string& name, const LegendEntry* entry) {
    const double before = entry ? kSample + 6 : 0;
    const double room = kWide - 2 * kEdge - before;
    const double width = before + text_width(fitted(name, TextSize::label, room), TextSize::label);
    if (x > kEdge && x + width > kWide - kEdge) {
      x = kEdge;
      canvas.advance(kLegendLine);
    }
    if (entry) sample_of(canvas, *entry, x, canvas.y() + 9);
    canvas.text(x + before, canvas.y() + 13.5, name, {.width = room});
    x += width + kGap;
  };
  for (std::size_t i = 0; i < drawn; ++i) place(entries[i].name, &entries[i]);
  if (drawn < entries.size()) place(fmt::format("and {} more", entries.size() - drawn), nullptr);
  if (!entries.empty()) canvas.advance(kLegendLine + 4);
}

Rows lay_rows(const std::vector<std::string>& names, double top, double least_height) {
  Rows out{.rows = {}, .right = kEdge, .bottom = top};
  for (const std::string& name : names) {
    Rows::Row row = named_row(name);
    row.top = out.bottom;
    row.height = std::max(least_height, static_cast<double>(row.lines.size()) * kRowLine + 5);
    for (const std::string& line : row.lines)
      out.right = std::max(out.right, kEdge + kStrong * text_width(line, TextSize::label));
    out.bottom += row.height;
    out.rows.push_back(std::move(row));
  }
  out.right = std::min(out.right, kWidestNames);
  return out;
}

void row_name(Canvas& canvas, const Rows& rows, std::size_t i, std::string_view name, bool emphasised) {
  const Rows::Row& row = rows.rows[i];
  const double first = row.middle() - static_cast<double>(row.lines.size() - 1) * kRowLine / 2 + 4.5;
  for (std::size_t k = 0; k < row.lines.size(); ++k)
    canvas.text(rows.right, first + static_cast<double>(k) * kRowLine, row.lines[k],
                {.anchor = Anchor::end, .classes = emphasised ? "strong" : ""});
  // The whole name, where its lines are not.
  if (row.is_cut) canvas.rect({kEdge, row.top, rows.right, row.top + row.height}, "hit", name);
}

}  // namespace plateau::drawing
