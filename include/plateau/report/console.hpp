// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a person reads: the line of each epoch, the summary after the last one, and what this machine has.
#pragma once

#include <string>
#include <vector>

#include "plateau/report/environment.hpp"
#include "plateau/study/scenario.hpp"
#include "plateau/study/sweep.hpp"

namespace plateau {

// "Epoch: 0, Train Loss: 0.6993, Test Accuracy: 0.4320\n".
std::string epoch_line(std::size_t epoch, double train_loss, double test_accuracy);
// The same for every epoch from `first` on.
std::string epoch_lines(const std::vector<EpochRecord>& history, std::size_t first = 0);

std::string training_summary(const RunStudy& study, const Environment& environment);
std::string scenario_summary(const ScenarioOptions& options, const ScenarioResult& result,
                             const Environment& environment);
std::string sweep_summary(const SweepResult& result, const Environment& environment);

// What was built in and what the CUDA runtime finds: `plateau info`.
std::string machine_summary(const Environment& cpu, const gpu::Inventory& found, const std::string& gpu_matrix_library);

// Why a run ended before its last epoch, in one sentence; empty for a finished one.
std::string outcome_sentence(const RunStudy& study);
// Why a sweep has no result, or not all of it; empty where there is nothing to say.
std::string outcome_sentence(const SweepResult& result);

}  // namespace plateau
