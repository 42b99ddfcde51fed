// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Where a function was called, for its error messages: std::source_location for compilers that do not have it yet
// (clang before 16).
#pragma once

namespace plateau {

struct CallSite {
  const char* file = "";
  int line = 0;

  // As a default argument: the caller's place.
  static constexpr CallSite current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace plateau
