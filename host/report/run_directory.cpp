// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_directory.hpp"

#include <fmt/format.h>

#include <iterator>
#include <system_error>

#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"

namespace plateau {

std::string history_csv(const std::vector<EpochRecord>& history) {
  std::string csv = "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm\n";
  for (std::size_t epoch = 0; epoch < history.size(); ++epoch) {
    const EpochRecord& e = history[epoch];
    fmt::format_to(std::back_inserter(csv), "{},{},{},{},{},{}\n", epoch, e.train_loss, e.train_accuracy, e.test_loss,
                   e.test_accuracy, e.gradient_norm);
  }
  return csv;
}

void prepare_run_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error || !std::filesystem::is_directory(directory))
    throw InputError(fmt::format("--out {}: the folder cannot be created{}{}", directory.string(), error ? ": " : "",
                                 error ? error.message() : ""));
  if (std::filesystem::exists(directory / "run.json"))
    throw InputError(fmt::format("--out {}: the folder already holds a run; name another one", directory.string()));
  expect_writable(directory / "run.json");
}

bool has_model(const RunStudy& study) { return study.result.outcome != RunOutcome::diverged; }

void write_model(const std::filesystem::path& file, const RunStudy& study) {
  write_linear_stack(file, {study.run.architecture.widths, study.result.parameters});
}

void write_run_directory(const std::filesystem::path& directory, const RunStudy& study, const std::string& run_json) {
  if (std::filesystem::exists(directory / "run.json"))
    throw InputError(fmt::format("--out {}: another run was written there meanwhile", directory.string()));
  write_file(directory / "history.csv", history_csv(study.result.history));
  if (has_model(study)) write_model(directory / "model.safetensors", study);
  write_file(directory / "run.json", run_json);
}

}  // namespace plateau
