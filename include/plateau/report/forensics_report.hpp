// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the files of rounds that were trained elsewhere say: to a person, and as forensics.json (docs/forensics.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/data/dataset.hpp"
#include "plateau/report/environment.hpp"
#include "plateau/study/forensics.hpp"

namespace plateau {

inline constexpr int kForensicsJsonVersion = 2;

// As the user named them; empty: not given.
struct ForensicsFiles {
  std::string rounds, predictions, checkpoints, data;
  ReadOptions reading = {};
  std::optional<Index> test_rows;
};

// How the files were understood.
struct ForensicsReading {
  std::string number_column;  // empty: lines were counted
  std::string accuracy_column;
  bool in_percent = false;
  Index not_evaluated = 0;         // lines of the log without a test accuracy
  std::string predictions_column;  // empty: without a name, or none
  bool predictions_by_id = false;
  std::vector<std::string> passed_over_predictions, passed_over_checkpoints;  // names of files that are of no round
};
// What the record knows of that.
void add_reading(const ForensicsRecord& record, ForensicsReading& reading);

struct Forensics {
  ForensicsFiles files;
  ForensicsReading reading;
  ForensicsEvidence evidence;
  ForensicsDecision decision;
};

std::string forensics_summary(const Forensics& forensics);
// The same files give the same bytes.
std::string forensics_json(const Forensics& forensics, const Environment& environment);

}  // namespace plateau
