// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "progress_line.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace plateau::app {

void ProgressLine::write(const std::string& text) {
  fmt::print(stderr, "\r\x1b[K{}", text);  // and erases to the end of the line
  std::fflush(stderr);
}

}  // namespace plateau::app
