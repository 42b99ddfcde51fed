// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A file of results, a JSON object on each line, to which a long work is added while it goes on: whatever ends the
// work, every line that was added is there, and a work that is begun again knows what it has.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace plateau::validation {

class ResultFile {
 public:
  // Opens the file, or begins one. What stands behind its last line break was torn off in mid-line and is removed.
  // Throws InputError where the file cannot be written, another process adds to it, or a line is no JSON object.
  explicit ResultFile(std::filesystem::path path);
  ~ResultFile();
  ResultFile(const ResultFile&) = delete;
  ResultFile& operator=(const ResultFile&) = delete;

  const std::vector<nlohmann::ordered_json>& lines() const { return lines_; }
  // The line is on the disk when this returns. Throws InputError where it cannot be written.
  void add(nlohmann::ordered_json line);

 private:
  [[noreturn]] void refuse(const std::string& why) const;

  std::filesystem::path path_;
  int file_ = -1;
  std::vector<nlohmann::ordered_json> lines_;
};

}  // namespace plateau::validation
