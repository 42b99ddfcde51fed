// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Refusals that name a file, and a line of it.
#pragma once

#include <filesystem>
#include <string>

#include "plateau/core/error.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

[[noreturn]] inline void refuse(const std::filesystem::path& file, const std::string& what) {
  throw InputError(file.string() + ": " + what);
}
[[noreturn]] inline void refuse_line(const std::filesystem::path& file, Index line, const std::string& what) {
  refuse(file, "line " + std::to_string(line) + ": " + what);
}

}  // namespace plateau
