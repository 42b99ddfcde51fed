// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Text that files of other formats can hold as a name.
#pragma once

#include <string_view>

namespace plateau {

// Well-formed UTF-8 (table 3-7 of the Unicode standard) without NUL.
inline bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto is_in = [](unsigned value, unsigned least, unsigned most) { return least <= value && value <= most; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    if (is_in(first, 0x01, 0x7f)) {
      ++i;
      continue;
    }
    const std::size_t following = is_in(first, 0xc2, 0xdf)   ? 1
                                  : is_in(first, 0xe0, 0xef) ? 2
                                  : is_in(first, 0xf0, 0xf4) ? 3
                                                             : 0;
    // Neither longer forms of what is shorter, nor surrogates, nor what is beyond U+10FFFF.
    const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (following == 0 || !is_in(byte(i + 1), least, most)) return false;
    for (std::size_t k = 2; k <= following; ++k)
      if (!is_in(byte(i + k), 0x80, 0xbf)) return false;
    i += following + 1;
  }
  return true;
}

}  // namespace plateau
