// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The files a run leaves: run.json, history.csv and model.safetensors; and a sweep: sweep.json and sweep.csv. Each is
// complete or not there at all.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plateau/study/sweep.hpp"

namespace plateau {

// "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm", where the run has validation rows also
// ",validation_loss,validation_accuracy", and a line per epoch; every number reads back as the same double.
std::string history_csv(const RunStudy& study);

// A line per run, in the order of the grid; the columns are those of docs/sweep.md. Every number reads back as the same
// double, and what a run does not have is empty.
std::string sweep_csv(const SweepResult& result);

// Makes the folder ready before anything is trained: creates it if need be and throws InputError where it cannot be
// written or already holds a run or a sweep, which is never overwritten.
void prepare_run_directory(const std::filesystem::path& directory);
void prepare_sweep_directory(const std::filesystem::path& directory);

// A diverged run leaves no model: its parameters are of no use to anybody.
bool has_model(const RunStudy& study);

// Writes the files; run.json last, so that a folder with a run.json is complete.
void write_run_directory(const std::filesystem::path& directory, const RunStudy& study, const std::string& run_json);
// Likewise, sweep.json last.
void write_sweep_directory(const std::filesystem::path& directory, const SweepResult& result,
                           const std::string& sweep_json);

// The parameters that are kept, as a model file (data/model_file.hpp).
void write_model(const std::filesystem::path& file, const RunStudy& study);

}  // namespace plateau
