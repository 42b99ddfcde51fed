// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A summary's words, wherever its lines are broken: that depends on how long the names of a test's folders are.
#pragma once

#include <cctype>
#include <string>

namespace plateau::test {

// With one blank in the place of all blanks and line ends that stand together.
inline std::string unwrapped(const std::string& text) {
  std::string words;
  for (const char c : text)
    if (std::isspace(static_cast<unsigned char>(c)) == 0)
      words += c;
    else if (!words.ends_with(' '))
      words += ' ';
  return words;
}

}  // namespace plateau::test
