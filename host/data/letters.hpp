// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Characters as files have them, whatever the locale.
#pragma once

#include <string>

namespace plateau {

inline bool is_digit(char c) { return '0' <= c && c <= '9'; }

// Of A to Z; other characters stay.
inline std::string lower_case(std::string text) {
  for (char& c : text)
    if ('A' <= c && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace plateau
