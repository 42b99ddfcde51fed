// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Legends and the names of rows.
#include <fmt/format.h>

#include <algorithm>

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

// The names of rows in their lines, as much of each as they hold.
std::vector<Rows::Row> named_rows(const std::vector<std::string>& names) {
  constexpr std::size_t kMostLines = 3;
  constexpr double kLine = (kWidestNames - kEdge) / kStrong, kStep = kLine / 20;
  std::vector<Rows::Row> rows;
  std::vector<std::string> long_names;
  std::vector<std::size_t> places;  // of these
  for (const std::string& name : names) {
    Rows::Row row{.lines = wrapped(name, TextSize::label, kLine, kMostLines + 1)};
    row.is_cut = row.lines.size() > kMostLines;
    if (row.is_cut) {
      places.push_back(rows.size());
      long_names.push_back(name);
    }
    rows.push_back(std::move(row));
  }
  // Lines that break at blanks hold less than they are wide together.
  const auto fit = [&] {
    return std::ranges::all_of(places, [&](std::size_t i) { return rows[i].lines.size() <= kMostLines; });
  };
  for (double width = kMostLines * kLine; !fit(); width -= kStep) {
    const std::vector<std::string> texts = fitted_apart(long_names, TextSize::label, width);
    for (std::size_t k = 0; k < places.size(); ++k)
      rows[places[k]].lines = wrapped(texts[k], TextSize::label, kLine, kMostLines + 1);
  }
  return rows;
}

}  // namespace

void legend(Canvas& canvas, const std::vector<LegendEntry>& entries) {
  constexpr double kGap = 14, kBeforeName = kSample + 6;
  double x = kEdge;
  const std::size_t drawn = entries.size() > kMostEntries ? kMostEntries - 1 : entries.size();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < drawn; ++i) names.push_back(entries[i].name);
  const auto place = [&](const std::string& text, const LegendEntry* entry) {
    const double before = entry ? kBeforeName : 0;
    const double width = before + text_width(text, TextSize::label);
    if (x > kEdge && x + width > kWide - kEdge) {
      x = kEdge;
      canvas.advance(kLegendLine);
    }
    if (entry) sample_of(canvas, *entry, x, canvas.y() + 9);
    canvas.text(x + before, canvas.y() + 13.5, text, {.whole = entry ? entry->name : std::string_view()});
    x += width + kGap;
  };
  const auto texts = fitted_apart(names, TextSize::label, kWide - 2 * kEdge - kBeforeName);
  for (std::size_t i = 0; i < drawn; ++i) place(texts[i], &entries[i]);
  if (drawn < entries.size()) place(fmt::format("and {} more", entries.size() - drawn), nullptr);
  if (!entries.empty()) canvas.advance(kLegendLine + 4);
}

Rows lay_rows(const std::vector<std::string>& names, double top, double least_height) {
  Rows out{.rows = {}, .right = kEdge, .bottom = top};
  for (Rows::Row& row : named_rows(names)) {
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
