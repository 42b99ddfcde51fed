// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How values and names that came out of a file are shown in a sentence: on one line and short, whatever the file holds.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/core/utf8.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

// Whether a terminal takes this character of UTF-8 for an order or a line end rather than for text: U+0000 to U+001F,
// U+007F to U+009F, U+2028 and U+2029.
inline bool is_control(std::string_view character) {
  if (character.size() == 1) return character[0] < ' ' || character[0] == '\x7f';
  return (character.size() == 2 && character[0] == '\xc2' && character[1] < '\xa0') || character == "\u2028" ||
         character == "\u2029";
}

// 'text', its first characters in at most 80 bytes of UTF-8; every byte that is not UTF-8 and every control as '?'. (A
// name apart from std::quoted, which a call with a std::string would find as well.)
inline std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  std::string shown = "'";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t well_formed = utf8_character(text.substr(at)), length = std::max<std::size_t>(well_formed, 1);
    if (at + length > kLongest) return shown + "...'";
    const std::string_view character = text.substr(at, length);
    shown += well_formed == 0 || is_control(character) ? "?" : character;
    at += length;
  }
  return shown + "'";
}

inline constexpr std::size_t kListed = 8;

// "a, b, ...": the first kListed of many.
inline std::string list_of(const std::vector<std::string>& items) {
  std::string shown;
  for (std::size_t i = 0; i < items.size() && i < kListed; ++i) shown += (i == 0 ? "" : ", ") + items[i];
  return shown + (items.size() > kListed ? ", ..." : "");
}

// "'a', 'b', ..."
inline std::string some_in_quotes(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (std::size_t i = 0; i < texts.size() && i <= kListed; ++i) quoted.push_back(in_quotes(texts[i]));
  return list_of(quoted);
}

// The shortest decimal that reads back as `value`; "nan" whatever its sign.
template <class Real>
std::string shortest_decimal(Real value) {
  if (std::isnan(value)) return "nan";
  char digits[64];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

// "2, 3"
inline std::string comma_separated(const std::vector<Index>& sizes) {
  std::string shown;
  for (const Index size : sizes) shown += (shown.empty() ? "" : ", ") + std::to_string(size);
  return shown;
}

}  // namespace plateau
