// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// UTF-8 of any bytes: text that files of other formats can hold as a name, and such text made of what is none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plateau {

// The bytes of the character that `text` begins with: 1 to 4, or 0 where that is NUL or not well-formed (table 3-7 of
// the Unicode standard).
inline std::size_t utf8_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto is_in = [](unsigned value, unsigned least, unsigned most) { return least <= value && value <= most; };
  const unsigned first = byte(0);
  if (is_in(first, 0x01, 0x7f)) return 1;
  const std::size_t following = is_in(first, 0xc2, 0xdf)   ? 1
                                : is_in(first, 0xe0, 0xef) ? 2
                                : is_in(first, 0xf0, 0xf4) ? 3
                                                           : 0;
  // Neither longer forms of what is shorter, nor surrogates, nor what is beyond U+10FFFF.
  const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (following == 0 || !is_in(byte(1), least, most)) return 0;
  for (std::size_t k = 2; k <= following; ++k)
    if (!is_in(byte(k), 0x80, 0xbf)) return 0;
  return following + 1;
}

// Well-formed UTF-8 without NUL.
inline bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// `text` with U+FFFD for every byte that is not of a well-formed character; NUL stays.
inline std::string well_formed_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = text.front() == '\0' ? 1 : utf8_character(text);
    out += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace plateau
