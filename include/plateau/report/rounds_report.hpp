// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A fine-tuning in rounds: what a person reads, and rounds.json and rounds.csv for machines (docs/finetune.md).
#pragma once

#include <filesystem>
#include <string>

#include "plateau/data/dataset.hpp"
#include "plateau/report/environment.hpp"
#include "plateau/study/rounds.hpp"

namespace plateau {

inline constexpr int kRoundsJsonVersion = 2;

// As the user named them, beside those of the rows, which the result has.
struct RoundsFiles {
  std::string initial;
  ReadOptions reading = {};
};

// "Round: 2, Train Loss: 0.1234, Test Accuracy: 0.4320, Changed: 12 (2.4 %)\n": the last complete one.
std::string round_line(const RoundsResult& result);

std::string rounds_summary(const RoundsResult& result, const RoundsFiles& files, const Environment& environment);
// Equal byte for byte but for what stands under "measured".
std::string rounds_json(const RoundsResult& result, const RoundsFiles& files, const Environment& environment);

// A line for the base, round 0, and one for every complete round; the columns are those of docs/finetune.md. Every
// number reads back as the same double, and what a line does not have is empty.
std::string rounds_csv(const RoundsResult& result);

// Why rounds are missing, in one sentence; empty where all are there.
std::string outcome_sentence(const RoundsResult& result);

}  // namespace plateau
