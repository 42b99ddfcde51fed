// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Runs side by side: how far the test accuracy of each lies from that of the first.
//
//   the same test rows   where both runs are known to have been tested on the same rows and what they say of each is
//                        known: a difference paired by rows (crossed_difference() of one training a side), with the
//                        exact p of McNemar's test, by Holm over all runs. Its interval is about which rows are drawn
//                        to test on; one training says nothing of the luck of a training
//   otherwise            of two shares that have nothing to do with each other (independent_difference()). As many rows
//                        are not taken for the same rows
//   several seeds        complete runs whose settings are known to be the same but for the seed are a group, once per
//                        seed. A group of at least two is compared with the first such group, where all of them share
//                        their test rows: crossed_difference(), whose interval has both sources of chance
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plateau/study/statistics.hpp"

namespace plateau {

struct ComparedRun {
  std::string name;
  std::vector<std::pair<std::string, std::string>> settings;  // name and value, the seed's not among them; what is not
                                                              // known is not there
  std::optional<std::uint64_t> seed;
  bool complete = true;  // it trained as long as it meant to
  Index test_rows = 0;
  std::optional<double> test_accuracy;              // by the parameters that are kept; none without a complete epoch
  std::optional<std::uint32_t> test_checksum;       // of the test rows: equal for the same rows; none: not known
  std::optional<std::uint32_t> test_text_checksum;  // of their text: equal for the same rows of a table, also where
                                                    // other columns of it are read; none: not known
  std::vector<std::int32_t> labels, predictions;  // [test_rows] ids of the classes, -1: none; both empty: not known
};

// Whether two runs were tested on the same rows; unknown as well where one's predictions are not there.
enum class RowMatch { same, other, unknown };
const char* to_string(RowMatch match);  // "same", ...

struct RunDifference : Estimate {  // of test accuracies, this run - the first, in fractions
  RowMatch rows = RowMatch::unknown;
  // Of the same rows only.
  Index only_first = 0, only_this = 0;   // rows that one of the two gets right
  Index other_class = 0;                 // rows that are given another class
  double mcnemar_p = 1, adjusted_p = 1;  // adjusted: by Holm over the runs
};

enum class GroupMatch { reference, compared, other_rows };
struct RunGroup {
  std::vector<std::size_t> runs;  // their places in the list, a run per seed, ascending seeds
  MeanSpread test_accuracy;       // over them
  GroupMatch match = GroupMatch::other_rows;
  Difference over_first;         // this group - the first one, where it is compared
  bool by_seed = false;          // both have the same seeds, and are paired by them
  double p = 1, adjusted_p = 1;  // two-sided; by Holm over the groups
};

struct RunComparison {
  std::vector<std::string> differing;  // settings of which two runs are known to have different values; "seed" last
  std::vector<std::optional<Estimate>> accuracy;         // by run, with Wilson's interval
  std::vector<std::optional<RunDifference>> over_first;  // by run; none for the first, and where one has no accuracy
  std::vector<RunGroup> groups;                          // in the order of their first runs; all of at least two seeds
};

// At least one run. Throws std::invalid_argument where predictions and labels are not of all test rows, or an accuracy
// is no share of at least one row.
RunComparison compare_runs(const std::vector<ComparedRun>& runs);

// The value of a setting; empty where it is not known. That of "seed" as well.
std::string value_of(const ComparedRun& run, const std::string& setting);

}  // namespace plateau
