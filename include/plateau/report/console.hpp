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

// "[======>             ] 12 of 36 runs, 34 %, about 2 min 10 s left": how far a fleet is after so many seconds. The
// time left is told once there is something to tell it from.
std::string progress_line(const FleetProgress& progress, double seconds);
// Of a diagnosis that is at a block of its trainings.
std::string diagnosis_line(std::string_view block, double share, Index trainings, double seconds);

// "[=====>              ] epoch 120 of 500, train loss 0.1234, test accuracy 0.9512, 1.2e+06 rows/s, about 8 s left",
// so many seconds after the training began; of a run with `rows` training rows that goes to `epochs`, and began (where
// it was resumed) after `first_epoch`.
struct ProgressOf {
  Index rows = 0, epochs = 0, first_epoch = 0;
};
std::string progress_line(const RunProgress& progress, const ProgressOf& run, double seconds);
// "[=====>              ] reading x.csv, about 8 s left"; share in [0, 1].
std::string reading_line(const std::string& file, double share, double seconds);

// What was built in and what the CUDA runtime finds: `plateau info`.
std::string machine_summary(const Environment& cpu, const gpu::Inventory& found, const std::string& gpu_matrix_library);

// Why a run ended before its last epoch, in one sentence; empty for a finished one.
std::string outcome_sentence(const RunStudy& study);
// Why a sweep has no result, or not all of it; empty where there is nothing to say.
std::string outcome_sentence(const SweepResult& result);

}  // namespace plateau
