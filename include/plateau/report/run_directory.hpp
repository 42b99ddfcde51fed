// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The files a run leaves: run.json, history.csv, model.safetensors and what its test rows are given; a sweep:
// sweep.json and sweep.csv; a fine-tuning in rounds: rounds.json, rounds.csv and model.safetensors; forensics of
// rounds: forensics.json. Each is complete or not there at all.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plateau/report/checkpoint.hpp"
#include "plateau/study/diagnose.hpp"
#include "plateau/study/remedies.hpp"
#include "plateau/study/rounds.hpp"
#include "plateau/study/sweep.hpp"

namespace plateau {

// "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm", where the run has validation rows also
// ",validation_loss,validation_accuracy", with churn then ",test_churn" (empty in the first epoch), and a line per
// epoch; every number reads back as the same double. A folder's history.csv has churn, the file of --history has not.
enum class HistoryColumns { metrics, metrics_and_churn };
std::string history_csv(const RunStudy& study, HistoryColumns columns = HistoryColumns::metrics);

// A line per run, in the order of the grid; the columns are those of docs/sweep.md. Every number reads back as the same
// double, and what a run does not have is empty.
std::string sweep_csv(const SweepResult& result);

// Makes the folder ready before anything is trained: creates it if need be and throws InputError where it cannot be
// written or already holds a run, a checkpoint, a sweep, a fine-tuning or forensics, also one that was cut short: none
// is ever overwritten.
void prepare_run_directory(const std::filesystem::path& directory);
void prepare_sweep_directory(const std::filesystem::path& directory);
void prepare_rounds_directory(const std::filesystem::path& directory);
void prepare_forensics_directory(const std::filesystem::path& directory);
void prepare_diagnosis_directory(const std::filesystem::path& directory);
void prepare_remedies_directory(const std::filesystem::path& directory);

// The same of a folder whose run goes on from the checkpoint in it (report/checkpoint.hpp), which is returned. Throws
// InputError where the folder holds none. What a run that was interrupted has left stands until it is replaced.
Checkpoint resume_run_directory(const std::filesystem::path& directory);

// A diverged run leaves no model and no predictions: its parameters are of no use to anybody.
bool has_model(const RunStudy& study);

// The ids of the classes of the test rows, '<i4' [rows]: those they have, and those they are given by the parameters
// that are kept (-1: none, for an output was NaN).
inline constexpr const char* kTestLabelsFile = "test_labels.npy";
inline constexpr const char* kTestPredictionsFile = "test_predictions.npy";

// Whether a run that is already there is an error, or what an interrupted run has left and one that goes on replaces.
enum class Earlier { refuse, replace };

// Writes the files; run.json last, so that a folder with a run.json is complete. An interrupted run keeps its
// checkpoint, a complete one has none.
void write_run_directory(const std::filesystem::path& directory, const RunStudy& study, const std::string& run_json,
                         Earlier earlier = Earlier::refuse);
// Likewise, sweep.json last.
void write_sweep_directory(const std::filesystem::path& directory, const SweepResult& result,
                           const std::string& sweep_json);

// Likewise, diagnosis.json last.
void write_diagnosis_directory(const std::filesystem::path& directory, const Diagnosis& diagnosis,
                               const std::string& diagnosis_json);

// Likewise, remedies.json last.
void write_remedies_directory(const std::filesystem::path& directory, const RemediesResult& result,
                              const std::string& remedies_json);

// What a fine-tuning that goes on has so far: rounds.csv, and the model after the last complete round, where there is
// one. Each replaces what is there from the round before.
void write_rounds_so_far(const std::filesystem::path& directory, const RoundsResult& result, const ModelFile& model);
// The same, and rounds.json last.
void write_rounds_directory(const std::filesystem::path& directory, const RoundsResult& result, const ModelFile& model,
                            const std::string& rounds_json);

void write_forensics_directory(const std::filesystem::path& directory, const std::string& forensics_json);

// The parameters that are kept, as a model file (data/model_file.hpp).
void write_model(const std::filesystem::path& file, const RunStudy& study);

}  // namespace plateau
