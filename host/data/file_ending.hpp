// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The format of a file, as its name ends.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace plateau {

// `ending` is in lower case; the file's letters may be in either.
inline bool has_ending(std::string_view file, std::string_view ending) {
  return file.size() >= ending.size() &&
         std::equal(ending.begin(), ending.end(), file.end() - static_cast<std::ptrdiff_t>(ending.size()),
                    [](char e, char t) { return e == ('A' <= t && t <= 'Z' ? t - 'A' + 'a' : t); });
}

}  // namespace plateau
