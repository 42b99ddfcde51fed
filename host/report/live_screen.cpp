// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Widths of text on a terminal, and the control sequences (ECMA-48) that draw a frame in place.
#include "plateau/report/live_screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace plateau {
namespace {

constexpr std::string_view kEraseLine = "\x1b[K", kEraseBelow = "\x1b[J";
constexpr char32_t kNone = 0xFFFFFFFF;

bool has_no_colour(std::string_view term) {
  if (term.ends_with("-m") || term.ends_with("-mono") || term == "unknown") return true;
  return term.size() > 2 && term.starts_with("vt") && '0' <= term[2] && term[2] <= '9';
}

bool says_utf8(std::string_view locale) {
  std::string small(locale);
  std::ranges::transform(small, small.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return small.find("utf-8") != std::string::npos || small.find("utf8") != std::string::npos;
}

// The first character of UTF-8, and how many bytes it takes; kNone and 1 where there is none (RFC 3629).
struct Character {
  char32_t code;
  std::size_t bytes;
};
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const std::size_t bytes = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < bytes) return {kNone, 1};
  char32_t code = byte(0) & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {kNone, 1};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = 0xD800 <= code && code <= 0xDFFF;
  return code < kLeast[bytes] || code > 0x10FFFF || surrogate ? Character{kNone, 1} : Character{code, bytes};
}

// Controls, line and paragraph separators, and what turns the direction of writing (Unicode TR 9).
bool is_control(char32_t c) {
  return c < 0x20 || (0x7F <= c && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
         (0x2028 <= c && c <= 0x202E) || (0x2066 <= c && c <= 0x2069);
}

std::size_t cells_of_character(char32_t c, const TerminalKind& kind) {
  if (c < 0x80) return 1;
  if (c < 0x1100 || (0x2581 <= c && c <= 0x2588)) return kind.ambiguous_wide ? 2 : 1;
  return 2;
}

// The bytes of a colour that the text begins with; 0 where it does not.
std::size_t colour_bytes(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

// As many whole characters from the beginning as fit.
std::string_view head(std::string_view text, std::size_t cells, const TerminalKind& kind) {
  std::size_t end = 0, used = 0;
  while (end < text.size()) {
    const Character next = first_character(text.substr(end));
    used += cells_of_character(next.code, kind);
    if (used > cells) break;
    end += next.bytes;
  }
  return text.substr(0, end);
}

}  // namespace

TerminalKind terminal_kind(const TerminalVariables& variables, std::size_t columns, std::size_t rows) {
  const bool dumb = variables.term.empty() || variables.term == "dumb";
  const std::string_view locale = !variables.lc_all.empty()     ? variables.lc_all
                                  : !variables.lc_ctype.empty() ? variables.lc_ctype
                                                                : variables.lang;
  const bool east_asian = locale.starts_with("zh") || locale.starts_with("ja") || locale.starts_with("ko");
  return {.columns = columns > 0 ? columns : 80,
          .rows = rows > 0 ? rows : 24,
          .moves = !dumb,
          .unicode = says_utf8(locale),
          .ambiguous_wide = east_asian,
          .colour = !dumb && variables.no_color.empty() && !has_no_colour(variables.term)};
}

std::size_t cells_of(std::string_view text, const TerminalKind& kind) {
  std::size_t cells = 0;
  while (!text.empty()) {
    if (const std::size_t colour = colour_bytes(text); colour > 0) {
      text.remove_prefix(colour);
      continue;
    }
    const Character next = first_character(text);
    cells += next.code == kNone ? 1 : cells_of_character(next.code, kind);
    text.remove_prefix(next.bytes);
  }
  return cells;
}

std::string fitted(std::string_view text, std::size_t cells, const TerminalKind& kind) {
  constexpr std::string_view kCut = "...";
  std::string shown;
  while (!text.empty()) {
    const Character next = first_character(text);
    const bool kept = next.code != kNone && !is_control(next.code) && (kind.unicode || next.code < 0x80);
    shown += kept ? text.substr(0, next.bytes) : std::string_view("?");
    text.remove_prefix(next.bytes);
  }
  if (cells_of(shown, kind) <= cells) return shown;
  if (cells < 2 * kCut.size()) return std::string(head(shown, cells, kind));
  return std::string(head(shown, cells - kCut.size(), kind)) + std::string(kCut);
}

// From the beginning of the last line of the frame to that of its first.
std::string LiveScreen::to_the_top(const TerminalKind& kind) const {
  std::size_t rows = 0;
  for (std::size_t i = 0; i + 1 < widths_.size(); ++i)
    rows += widths_[i] <= kind.columns ? 1 : (widths_[i] + kind.columns - 1) / kind.columns;
  return rows > 0 ? fmt::format("\r\x1b[{}A", rows) : "\r";
}

std::string LiveScreen::redraw(const std::vector<std::string>& lines, const TerminalKind& kind) {
  if (lines.empty()) return erase(kind);
  const std::size_t count = kind.moves ? lines.size() : 1;
  std::string bytes = to_the_top(kind);
  if (kind.moves && kind.columns < columns_) bytes += kEraseBelow;
  const std::size_t before = widths_.empty() ? 0 : widths_.front();
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < count; ++i) {
    widths.push_back(cells_of(lines[i], kind));
    bytes += lines[i];
    if (kind.moves)
      bytes += kEraseLine;
    else if (const std::size_t old = std::min(before, kind.width()); old > widths.front())
      bytes += std::string(old - widths.front(), ' ');
    if (i + 1 < count) bytes += "\r\n";
  }
  // The lines that are left over lie below, and are erased from the last new one on; the cursor is behind its text.
  if (kind.moves && count < widths_.size()) bytes += kEraseBelow;
  widths_ = std::move(widths);
  columns_ = kind.columns;
  return bytes + "\r";
}

std::string LiveScreen::erase(const TerminalKind& kind) {
  if (widths_.empty()) return "";
  std::string bytes = to_the_top(kind);
  bytes += kind.moves ? std::string(kEraseBelow) : std::string(std::min(widths_.front(), kind.width()), ' ') + "\r";
  widths_.clear();
  columns_ = 0;
  return bytes;
}

}  // namespace plateau
