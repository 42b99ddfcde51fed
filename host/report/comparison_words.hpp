// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How the summary and the page of a comparison word the same things.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "plateau/report/comparison_report.hpp"

namespace plateau {

// "interrupted after 3 of 5 epochs"; empty for a run that was finished.
std::string unfinished_words(const ReadRun& run);

// As many decimals of a percent as tell one test row of the first run apart, one to three.
int decimals_of(const Comparison& comparison);
// Differences to the first whose p is adjusted (Holm): of runs on the same test rows, and of settings.
Index adjusted_runs(const Comparison& comparison);
Index adjusted_settings(const Comparison& comparison);

std::vector<std::string> run_names(const Comparison& comparison);

// Different names, each in at most so many characters, or in as many more as it takes to tell them apart.
std::vector<std::string> short_names(const std::vector<std::string>& names, std::size_t characters);

// The settings in which the runs differ, as this one has them: "network 2-16-2, learning rate 0.1, seed 3"; "-" where
// there are none. Each value in at most so many characters, as short_names() are.
inline constexpr std::size_t kWhole = std::numeric_limits<std::size_t>::max();
std::string differing_words(const Comparison& comparison, const ReadRun& run, std::size_t longest_value = kWhole);
// The same without the seed, of a setting over its seeds; the run's name where there are none.
std::string setting_words(const Comparison& comparison, const ReadRun& run, std::size_t longest_value = kWhole);

// "3, 4, 5"
std::string seeds_of(const Comparison& comparison, const RunGroup& group);

// Whether an interval is so wide that it has to be said why: Student's factor for two trainings is 12.7.
bool says_next_to_nothing(const Interval& of_difference);

// A table's cells: percent and points with as many decimals as the test rows can tell apart.
struct RunCells {
  std::string accuracy, accuracy_interval, difference, difference_interval, rows, gained, lost, p;
};
RunCells cells_of(const Comparison& comparison, std::size_t place);

struct GroupCells {
  std::string seeds, mean, deviation, difference, difference_interval, p;
};
GroupCells cells_of(const Comparison& comparison, const RunGroup& group);

// What is shown, by p adjusted over all differences: of settings, where there are several over their seeds; else of the
// runs on the test rows of the first. Where something is, the one farthest above the first (or, where none is above it,
// farthest below) is named, with the difference and its interval. Values of settings as in differing_words().
std::string comparison_sentence(const Comparison& comparison, std::size_t longest_value = kWhole);

}  // namespace plateau
