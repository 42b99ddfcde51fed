// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A run for machines: the content of run.json, documented in docs/run-json.md, and of sweep.json (docs/sweep.md).
//
// Everything that may differ between two executions of the same run on the same kind of device stands under the one key
// "measured"; the rest is equal byte for byte.
#pragma once

#include <string>

#include "plateau/report/environment.hpp"
#include "plateau/study/scenario.hpp"
#include "plateau/study/sweep.hpp"

namespace plateau {

inline constexpr int kRunJsonVersion = 4;
inline constexpr int kSweepJsonVersion = 2;

enum class JsonHistory { leave_out, include };  // `--format json` includes it; run.json stands beside history.csv

// `validation`: the share of the training rows that was asked for.
std::string training_json(const RunStudy& study, const TrainingFiles& files, double validation,
                          const Environment& environment, JsonHistory history);
std::string scenario_json(const ScenarioOptions& options, const ScenarioResult& result, const Environment& environment,
                          JsonHistory history);
std::string sweep_json(const SweepResult& result, const Environment& environment);

}  // namespace plateau
