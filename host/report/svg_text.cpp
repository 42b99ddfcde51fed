// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Numbers and text of the charts: as attributes and people need them, and how wide they come out.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "plateau/core/utf8.hpp"
#include "plateau/report/markup.hpp"
#include "svg.hpp"

namespace plateau::drawing {
namespace {

// Advance widths of DejaVu Sans from ' ' to '~', in hundredths of the font size, rounded up.
constexpr std::array<unsigned char, 95> kAsciiWidths = {
    32, 41, 46, 84, 64, 95, 78, 28, 39,  39, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 54, 100, 69, 69, 70, 77, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79,
    61, 79, 70, 64, 62, 74, 69, 99, 69,  62, 69, 39, 34, 39, 84, 50, 50, 62, 64, 55, 64, 62, 36, 64,
    64, 28, 28, 58, 28, 98, 64, 62, 64,  64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84};
constexpr double kOtherLetter = 0.75;  // Latin with accents, Greek, Cyrillic, Hebrew, Arabic
constexpr double kWideLetter = 1.05;   // three bytes and more: Chinese, Korean, symbols, emoji
constexpr double kBold = 1.12;

double character_width(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (first < 0x80) return first < ' ' || first > '~' ? 1 : kAsciiWidths[first - 32u] / 100.0;
  return character.size() == 2 ? kOtherLetter : kWideLetter;
}

double scale_of(TextSize size) { return static_cast<double>(size) * (size == TextSize::title ? kBold : 1); }

// The bytes at the beginning of a visible text that fit into a width.
std::size_t fitting(std::string_view text, TextSize size, double width) {
  std::size_t end = 0;
  double used = 0;
  while (end < text.size()) {
    const std::size_t length = std::max<std::size_t>(utf8_character(text.substr(end)), 1);
    used += character_width(text.substr(end, length)) * scale_of(size);
    if (used > width) break;
    end += length;
  }
  return end;
}

// The bytes at its end that do.
std::size_t fitting_at_end(std::string_view text, TextSize size, double width) {
  std::size_t begin = text.size();
  double used = 0;
  while (begin > 0) {
    std::size_t before = begin - 1;
    while (before > 0 && (text[before] & 0xC0) == 0x80) --before;
    used += character_width(text.substr(before, begin - before)) * scale_of(size);
    if (used > width) break;
    begin = before;
  }
  return text.size() - begin;
}

std::string without_zeros(std::string text) {
  if (text.find('.') != std::string::npos) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

}  // namespace

bool drawable(double value) { return std::isfinite(value) && std::abs(value) <= 1e100; }

std::string number(double value) {
  constexpr double kFarOutside = 100'000;
  if (std::isnan(value)) return "0";
  return without_zeros(fmt::format("{:.2f}", std::clamp(value, -kFarOutside, kFarOutside)));
}

std::string shown(double value, int digits) {
  if (std::isnan(value)) return "not a number";
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  std::string text = fmt::format("{:.{}g}", value, digits);
  // "1e-07" and "2e+06" without what nobody says.
  if (const std::size_t e = text.find('e'); e != std::string::npos) {
    const bool is_negative = text[e + 1] == '-';
    const std::size_t exponent = text.find_first_not_of('0', e + 2);
    text = text.substr(0, e + 1) + (is_negative ? "-" : "") + text.substr(exponent);
  }
  return text == "-0" ? "0" : text;
}

std::string with_sign(const std::string& number) {
  const std::string plain = number.front() == '-' ? number.substr(1) : number;
  const bool is_zero = plain.find_first_not_of("0.") == std::string::npos;
  return is_zero ? plain : number == plain ? '+' + plain : number;
}

double text_width(std::string_view text, TextSize size) {
  double width = 0;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_character(text), 1);
    width += character_width(text.substr(0, length));
    text.remove_prefix(length);
  }
  return width * scale_of(size);
}

std::string fitted(std::string_view text, TextSize size, double width) {
  std::string whole = visible(text);
  if (text_width(whole, size) <= width) return whole;
  const double room = width - text_width("…", size);
  const std::string_view beginning = std::string_view(whole).substr(0, fitting(whole, size, room / 2));
  const std::size_t end = fitting_at_end(whole, size, room - text_width(beginning, size));
  return std::string(beginning) + "…" + whole.substr(whole.size() - end);
}

std::vector<std::string> wrapped(std::string_view text, TextSize size, double width, std::size_t most_lines) {
  const std::string whole = visible(text);
  std::string_view rest = whole;
  std::vector<std::string> lines;
  while (!rest.empty()) {
    if (lines.size() + 1 == most_lines || text_width(rest, size) <= width) {
      lines.push_back(fitted(rest, size, width));
      break;
    }
    std::size_t end = fitting(rest, size, width);
    if (const std::size_t blank = rest.rfind(' ', end); blank != std::string_view::npos && blank > 0) end = blank;
    if (end == 0) end = std::max<std::size_t>(utf8_character(rest), 1);
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(rest.find_first_not_of(' ', end), rest.size()));
  }
  return lines;
}

}  // namespace plateau::drawing
