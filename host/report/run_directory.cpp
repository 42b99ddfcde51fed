// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "plateau/core/error.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/begun.hpp"
#include "plateau/report/comparison_report.hpp"
#include "plateau/report/diagnosis_report.hpp"
#include "plateau/report/remedies_report.hpp"
#include "plateau/report/rounds_report.hpp"

namespace plateau {
namespace {

constexpr const char* kRoundsCsv = "rounds.csv";

// `last`: the file that is written last.
void prepare(const std::filesystem::path& directory, const char* last) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error || !std::filesystem::is_directory(directory))
    throw InputError(fmt::format("--out {}: the folder cannot be created{}{}", directory.string(), error ? ": " : "",
                                 error ? error.message() : ""));
  for (const auto& [file, what] : {std::pair{"run.json", "run"},
                                   {"sweep.json", "sweep"},
                                   {"rounds.json", "fine-tuning"},
                                   {"diagnosis.json", "diagnosis"},
                                   {"remedies.json", "study of remedies"},
                                   {"forensics.json", "result of forensics"},
                                   {"compare.json", "comparison"}})
    if (std::filesystem::exists(directory / file))
      throw InputError(
          fmt::format("--out {}: the folder already holds a {}; name another one", directory.string(), what));
  if (std::filesystem::exists(directory / kCheckpointFile))
    throw InputError(
        fmt::format("--out {0}: the folder already holds a checkpoint; go on from it by plateau train --resume {0}, or "
                    "name another one",
                    directory.string()));
  if (std::filesystem::exists(directory / kRoundsCsv))
    throw InputError(fmt::format(
        "--out {0}: the folder already holds {1}, of a fine-tuning that was cut short; go on from its model "
        "by plateau finetune --init {0}/model.safetensors, and name another folder",
        directory.string(), kRoundsCsv));
  for (const char* const file : {"model.safetensors", "history.csv", kTestLabelsFile, kTestPredictionsFile, "sweep.csv",
                                 "suspects.csv", "remedies.csv"})  // of whom is not known
    if (std::filesystem::exists(directory / file))
      throw InputError(fmt::format("--out {}: the folder already holds {}, which is not overwritten; name another one",
                                   directory.string(), file));
  expect_writable(directory / last);
}

void expect_no_rounds(const std::filesystem::path& directory) {
  if (std::filesystem::exists(directory / "rounds.json"))
    throw InputError(fmt::format("--out {}: another fine-tuning was written there meanwhile", directory.string()));
}

// Nothing is left of what an interrupted run had where the one that went on has none.
void write_test_rows(const std::filesystem::path& directory, const RunStudy& study) {
  const auto rows = static_cast<Index>(study.test_predictions.size());
  for (const auto& [file, classes] :
       {std::pair{kTestLabelsFile, &study.test_labels}, {kTestPredictionsFile, &study.test_predictions}}) {
    std::error_code ignored;
    if (rows > 0)
      write_npy_labels(directory / file, {classes->data(), rows});
    else
      std::filesystem::remove(directory / file, ignored);
  }
}

// Nothing where there is no such number.
template <class T>
std::string field(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "";
}

}  // namespace

std::string history_csv(const RunStudy& study, HistoryColumns columns) {
  const bool validated = study.validation_rows() > 0, has_churn = columns == HistoryColumns::metrics_and_churn;
  std::string csv = "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm";
  if (validated) csv += ",validation_loss,validation_accuracy";
  csv += has_churn ? ",test_churn\n" : "\n";
  for (std::size_t epoch = 0; epoch < study.result.history.size(); ++epoch) {
    const EpochRecord& e = study.result.history[epoch];
    fmt::format_to(std::back_inserter(csv), "{},{},{},{},{},{}", epoch, e.train_loss, e.train_accuracy, e.test_loss,
                   e.test_accuracy, e.gradient_norm);
    if (validated) fmt::format_to(std::back_inserter(csv), ",{},{}", e.validation_loss, e.validation_accuracy);
    if (has_churn) csv += ',' + (std::isnan(e.test_churn) ? "" : fmt::format("{}", e.test_churn));
    csv += '\n';
  }
  return csv;
}

std::string sweep_csv(const SweepResult& result) {
  std::string csv =
      "setting,architecture,learning_rate,weight_decay,dropout,seed,outcome,epochs,epoch,train_loss,train_accuracy,"
      "validation_loss,validation_accuracy,test_loss,test_accuracy,best_epoch\n";
  std::vector<const SettingResult*> by_number;
  for (const SettingResult& setting : result.settings) by_number.push_back(&setting);
  std::ranges::sort(by_number, {}, &SettingResult::number);
  for (const SettingResult* setting : by_number)
    for (const SweepRun& run : setting->runs) {
      const auto figure = [&](double EpochRecord::*one, bool there) {
        return field(there && run.epoch ? std::optional(run.figures.*one) : std::nullopt);
      };
      const bool validated = result.validation_rows > 0;
      fmt::format_to(std::back_inserter(csv), "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", setting->number,
                     to_string(setting->architecture), setting->learning_rate, setting->weight_decay, setting->dropout,
                     run.seed, to_string(run.outcome), run.epochs, field(run.epoch),
                     figure(&EpochRecord::train_loss, true), figure(&EpochRecord::train_accuracy, true),
                     figure(&EpochRecord::validation_loss, validated),
                     figure(&EpochRecord::validation_accuracy, validated), figure(&EpochRecord::test_loss, true),
                     figure(&EpochRecord::test_accuracy, true), field(run.best_epoch));
    }
  return csv;
}

void prepare_run_directory(const std::filesystem::path& directory) { prepare(directory, "run.json"); }
void prepare_sweep_directory(const std::filesystem::path& directory) { prepare(directory, "sweep.json"); }
void prepare_rounds_directory(const std::filesystem::path& directory) { prepare(directory, "rounds.json"); }
void prepare_forensics_directory(const std::filesystem::path& directory) { prepare(directory, "forensics.json"); }

void prepare_diagnosis_directory(const std::filesystem::path& directory) { prepare(directory, "diagnosis.json"); }

void prepare_remedies_directory(const std::filesystem::path& directory) { prepare(directory, "remedies.json"); }

void prepare_comparison_directory(const std::filesystem::path& directory) { prepare(directory, "compare.json"); }

Checkpoint resume_run_directory(const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory / kCheckpointFile))
    throw InputError(fmt::format("--resume {}: {}", directory.string(),
                                 std::filesystem::exists(directory / "run.json")
                                     ? "the run in this folder has ended, and there is nothing to go on from"
                                     : fmt::format("the folder holds no {} to go on from", kCheckpointFile)));
  Checkpoint checkpoint = read_checkpoint(directory / kCheckpointFile);
  expect_writable(directory / "run.json");
  remove_unfinished(directory);
  return checkpoint;
}

bool has_model(const RunStudy& study) { return study.result.outcome != RunOutcome::diverged; }

void write_model(const std::filesystem::path& file, const RunStudy& study) { write_model_file(file, model_of(study)); }

void write_run_directory(const std::filesystem::path& directory, const RunStudy& study, const std::string& run_json,
                         Earlier earlier) {
  std::error_code ignored;
  if (earlier == Earlier::replace) std::filesystem::remove(directory / "run.json", ignored);
  if (std::filesystem::exists(directory / "run.json"))
    throw InputError(fmt::format("--out {}: another run was written there meanwhile", directory.string()));
  write_file(directory / "history.csv", history_csv(study, HistoryColumns::metrics_and_churn));
  if (has_model(study))
    write_model(directory / "model.safetensors", study);
  else
    std::filesystem::remove(directory / "model.safetensors", ignored);  // from before it went on
  write_test_rows(directory, study);
  write_file(directory / "run.json", run_json);
  remove_begun(directory);
  if (is_complete(study.result.outcome)) std::filesystem::remove(directory / kCheckpointFile, ignored);
}

void write_sweep_directory(const std::filesystem::path& directory, const SweepResult& result,
                           const std::string& sweep_json) {
  if (std::filesystem::exists(directory / "sweep.json"))
    throw InputError(fmt::format("--out {}: another sweep was written there meanwhile", directory.string()));
  write_file(directory / "sweep.csv", sweep_csv(result));
  write_file(directory / "sweep.json", sweep_json);
  remove_begun(directory);
}

void write_diagnosis_directory(const std::filesystem::path& directory, const Diagnosis& diagnosis,
                               const std::string& diagnosis_json) {
  if (std::filesystem::exists(directory / "diagnosis.json"))
    throw InputError(fmt::format("--out {}: another diagnosis was written there meanwhile", directory.string()));
  write_file(directory / "suspects.csv", suspects_csv(diagnosis));
  write_file(directory / "diagnosis.json", diagnosis_json);
  remove_begun(directory);
}

void write_remedies_directory(const std::filesystem::path& directory, const RemediesResult& result,
                              const std::string& remedies_json) {
  if (std::filesystem::exists(directory / "remedies.json"))
    throw InputError(
        fmt::format("--out {}: another study of remedies was written there meanwhile", directory.string()));
  write_file(directory / "remedies.csv", remedies_csv(result));
  write_file(directory / "remedies.json", remedies_json);
  remove_begun(directory);
}

void write_rounds_so_far(const std::filesystem::path& directory, const RoundsResult& result, const ModelFile& model) {
  expect_no_rounds(directory);
  write_file(directory / kRoundsCsv, rounds_csv(result));
  if (!result.evidence.rounds.empty()) write_model_file(directory / "model.safetensors", model);
}

void write_rounds_directory(const std::filesystem::path& directory, const RoundsResult& result, const ModelFile& model,
                            const std::string& rounds_json) {
  write_rounds_so_far(directory, result, model);
  write_file(directory / "rounds.json", rounds_json);
  remove_begun(directory);
}

void write_forensics_directory(const std::filesystem::path& directory, const std::string& forensics_json) {
  if (std::filesystem::exists(directory / "forensics.json"))
    throw InputError(fmt::format("--out {}: another one was written there meanwhile", directory.string()));
  write_file(directory / "forensics.json", forensics_json);
}

}  // namespace plateau
