// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Numbers and text of the charts: as attributes and people need them, and how wide they come out.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

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

// The bytes with which all of several visible texts begin, in whole characters.
std::size_t common_beginning(const std::vector<std::string>& texts) {
  std::size_t end = 0;
  const std::string& first = texts.front();
  while (end < first.size()) {
    const std::string_view character = std::string_view(first).substr(end, utf8_character(first.substr(end, 4)));
    if (!std::ranges::all_of(
            texts, [&](const std::string& text) { return text.compare(end, character.size(), character) == 0; }))
      break;
    end += character.size();
  }
  return end;
}

// The bytes with which all of them end.
std::size_t common_end(const std::vector<std::string>& texts) {
  std::size_t length = 0;
  const std::string& first = texts.front();
  while (length < first.size()) {
    std::size_t longer = length + 1;
    while (longer < first.size() && (first[first.size() - longer] & 0xC0) == 0x80) ++longer;
    const std::string_view end = std::string_view(first).substr(first.size() - longer);
    if (!std::ranges::all_of(texts, [&](const std::string& text) { return text.ends_with(end); })) break;
    length = longer;
  }
  return length;
}

// Different texts that are the same when they are cut in their middle: cut in what they have in common.
std::vector<std::string> cut_in_common(std::vector<std::string> texts, TextSize size, double width) {
  const std::string beginning = texts.front().substr(0, common_beginning(texts));
  for (std::string& text : texts) text.erase(0, beginning.size());
  const std::string end = texts.front().substr(texts.front().size() - common_end(texts));
  double widest = 0;
  for (std::string& text : texts) {
    text.resize(text.size() - end.size());
    widest = std::max(widest, text_width(text, size));
  }
  // Beside what differs there is at least room for the signs that stand for what is cut.
  const auto least = [&](const std::string& text) { return std::min(text_width(text, size), text_width("…", size)); };
  const double room = std::min(widest, width - least(beginning) - least(end)), rest = width - room;
  // The rest is halved, unless one of the two needs less.
  const double of_end = std::min(text_width(end, size), std::max(rest / 2, rest - text_width(beginning, size)));
  const std::string before = fitted(beginning, size, rest - of_end), after = fitted(end, size, of_end);
  texts = fitted_apart(texts, size, room);
  for (std::string& text : texts) text = fmt::format("{}{}{}", before, text, after);
  return texts;
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

std::vector<std::string> fitted_apart(const std::vector<std::string>& names, TextSize size, double width) {
  std::vector<std::string> texts;
  std::map<std::string, std::set<std::string>> cut_to;  // the names that become a text
  for (const std::string& name : names) {
    texts.push_back(fitted(name, size, width));
    cut_to[texts.back()].insert(visible(name));
  }
  std::map<std::string, std::string> apart;  // by names
  for (const auto& [text, same] : cut_to) {
    const std::vector<std::string> alike(same.begin(), same.end());
    // Without a beginning or end in common nothing else could be cut.
    const bool has_room = width >= 3 * text_width("…", size);
    if (alike.size() == 1 || !has_room || common_beginning(alike) + common_end(alike) == 0) continue;
    const std::vector<std::string> told = cut_in_common(alike, size, width);
    for (std::size_t i = 0; i < alike.size(); ++i) apart[alike[i]] = told[i];
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const auto found = apart.find(visible(names[i])); found != apart.end()) texts[i] = found->second;
  return texts;
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
