// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a comparison of runs says: to a person, as JSON (docs/compare.md), and as a page.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plateau/report/compared_runs.hpp"
#include "plateau/report/environment.hpp"
#include "plateau/report/page.hpp"

namespace plateau {

inline constexpr int kComparisonJsonVersion = 1;

struct Comparison {
  std::vector<ReadRun> runs;
  RunComparison found;  // of them
};
// Of at least two folders. Throws InputError as read_compared_runs() does.
Comparison compare_directories(const std::vector<std::filesystem::path>& directories);

// What is to be known of the numbers, in sentences: what their intervals are about, which runs were not finished, which
// are not known to share their test rows, which say the same. Names out of files are in them as they are.
std::vector<std::string> comparison_notes(const Comparison& comparison);

std::string comparison_summary(const Comparison& comparison);
// Equal byte for byte but for what stands under "measured".
std::string comparison_json(const Comparison& comparison, const Environment& environment);
Page comparison_page(const Comparison& comparison, const Environment& environment);

// Makes the folder ready as those of the other commands are (run_directory.hpp), before anything is read.
void prepare_comparison_directory(const std::filesystem::path& directory);
// report.html, report.md, with `charts` each chart as an .svg file, and compare.json last.
void write_comparison_directory(const std::filesystem::path& directory, const Comparison& comparison,
                                const Environment& environment, bool charts);

}  // namespace plateau
