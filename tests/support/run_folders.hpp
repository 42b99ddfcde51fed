// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Run directories of runs that nobody trained.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "data/files.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/environment.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/report/run_json.hpp"

namespace plateau::test {

struct PlantedRun {
  Index right = 24;  // of 40 test rows of two classes by turns, the first ones
  std::uint64_t seed = 0;
  Index hidden = 4;
  Index epochs = 3, asked = 3;
  RunOutcome outcome = RunOutcome::finished;
  std::uint32_t checksum = 77;
  std::uint32_t train_checksum = 66;
  std::string train = "rows.csv";
};

inline constexpr Index kPlantedRows = 40;

inline RunStudy study_of(const PlantedRun& planted) {
  RunStudy study{.run = {.architecture = {{1, planted.hidden, 2}}, .epochs = planted.asked, .seed = planted.seed}};
  const double last = static_cast<double>(planted.right) / static_cast<double>(kPlantedRows);
  for (Index epoch = 0; epoch < planted.epochs; ++epoch)
    study.result.history.push_back({.train_loss = 1.0 / static_cast<double>(epoch + 1),
                                    .train_accuracy = last,
                                    .test_loss = 0.5,
                                    .test_accuracy = epoch + 1 == planted.epochs ? last : 0.5});
  study.result.outcome = planted.outcome;
  study.result.parameters = FlatParameters(static_cast<std::size_t>(study.run.architecture.parameters()), 0.5f);
  study.statistics.train = {.class_rows = {50, 50}, .features = {{}}};
  study.statistics.test = {.class_rows = {20, 20}, .features = {{}}};
  if (planted.epochs > 0) {
    study.plateau = PlateauLevel{.level = last, .interval = {last, last}, .epochs = 1};
    study.best = best_epoch(study.result.history);
  }
  study.train_checksum = planted.train_checksum;
  study.test_checksum = planted.checksum;
  for (std::int32_t row = 0; row < kPlantedRows; ++row) {
    study.test_labels.push_back(row % 2);
    study.test_predictions.push_back(row < planted.right ? row % 2 : 1 - row % 2);
  }
  if (planted.outcome == RunOutcome::diverged || planted.epochs == 0) study.test_predictions.clear();
  return study;
}

// The folder `name` of the test, with the run.
inline std::filesystem::path plant(const std::string& name, const PlantedRun& planted = {}) {
  const std::filesystem::path folder = testing_files::test_folder() / name;
  std::filesystem::create_directories(folder);
  const RunStudy study = study_of(planted);
  write_run_directory(folder, study,
                      training_json(study, {.train = planted.train, .test = "test.csv"}, 0, cpu_environment(1),
                                    JsonHistory::leave_out));
  return folder;
}

// The document of the folder, changed.
inline void change_run(const std::filesystem::path& folder,
                       const std::function<void(nlohmann::ordered_json&)>& change) {
  std::ifstream in(folder / "run.json");
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(in);
  change(json);
  write_file(folder / "run.json", json.dump());
}

}  // namespace plateau::test
