// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How values and names that came out of a file are shown in a sentence: on one line and short, whatever the file holds.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/core/view.hpp"

namespace plateau {

// 'text', every byte outside printable ASCII as '?', at most 80 bytes of it. (A name apart from std::quoted, which a
// call with a std::string would find as well.)
inline std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  std::string shown = "'";
  for (const char c : text.substr(0, kLongest)) shown += ' ' <= c && c <= '~' ? c : '?';
  return shown + (text.size() > kLongest ? "...'" : "'");
}

// "'a', 'b', ...": the first of many.
inline std::string some_in_quotes(const std::vector<std::string>& texts) {
  constexpr std::size_t kShown = 8;
  std::string shown;
  for (std::size_t i = 0; i < texts.size() && i < kShown; ++i) shown += (i == 0 ? "" : ", ") + in_quotes(texts[i]);
  return shown + (texts.size() > kShown ? ", ..." : "");
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

// "'a', 'b', 'c'", and of many the first few: "'a', 'b' and 70 more".
inline std::string list_of(const std::vector<std::string>& items) {
  constexpr std::size_t kMost = 10;
  std::string list;
  for (std::size_t k = 0; k < items.size() && k < kMost; ++k) list += (k == 0 ? "" : ", ") + items[k];
  if (items.size() > kMost) list += " and " + std::to_string(items.size() - kMost) + " more";
  return list;
}

}  // namespace plateau
