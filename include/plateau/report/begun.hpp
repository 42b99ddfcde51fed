// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// begun.json: what a command leaves in its folder before it trains, and removes once its result stands there. Where it
// is killed or ended before, the folder still says what was begun, with which options, and how far it came.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/core/view.hpp"
#include "plateau/report/environment.hpp"

namespace plateau {

inline constexpr int kBegunJsonVersion = 1;
inline constexpr const char* kBegunFile = "begun.json";

struct Begun {
  std::string command;               // "plateau diagnose"
  std::vector<std::string> options;  // as they would be given again: "--lr", "0.1", ...
  std::optional<Index> train_rows, test_rows;
  std::optional<Index> epochs;  // that a training was asked for
};

class BegunFile {
 public:
  // Writes the file, and replaces one of an earlier command, which has left no result. An empty folder: nothing is ever
  // written. Throws InputError where it cannot be written.
  BegunFile(std::filesystem::path folder, Begun begun, Environment environment);

  // What goes on now ("capacity ladder"; empty: no name) after so many trainings. Writes the file again where that has
  // another name than before, or after kSecondsBetween. Not for two threads at a time.
  void reached(std::string_view what, Index trainings);

  static constexpr int kSecondsBetween = 10;

 private:
  void write();

  std::filesystem::path folder_;
  Begun begun_;
  Environment environment_;
  std::string begun_at_, what_;
  Index trainings_ = 0;
  std::chrono::steady_clock::time_point written_;
};

// Once the result stands: removes the file, and the report that was made meanwhile, for it says that there is none.
// Nothing where there is no such file.
void remove_begun(const std::filesystem::path& folder);

}  // namespace plateau
