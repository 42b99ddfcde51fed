// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_directory.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include "data/files.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/linear_stack.hpp"
#include "plateau/data/output_file.hpp"

namespace plateau {
namespace {

using testing_files::test_folder;

RunStudy finished_study() {
  RunStudy study{.run = {.architecture = {{1, 2}}, .epochs = 1}};
  study.result.history = {{.train_loss = 0.5, .train_accuracy = 1, .test_loss = 0.25, .test_accuracy = 0.5}};
  study.result.parameters = {1, 2, 3, 4};
  return study;
}

TEST(HistoryCsv, reads_back_as_the_same_doubles) {
  const std::vector<EpochRecord> history{{0.1, 1.0 / 3, 2.0 / 3, 0.7, 1e-17},
                                         {1e300, 0, std::numeric_limits<double>::denorm_min(), 1, 12345678.9}};
  std::istringstream csv(history_csv(history));
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm");
  for (std::size_t e = 0; e < history.size(); ++e) {
    ASSERT_TRUE(std::getline(csv, line));
    std::istringstream fields(line);
    std::string field;
    std::getline(fields, field, ',');
    EXPECT_EQ(field, std::to_string(e));
    for (const double want : {history[e].train_loss, history[e].train_accuracy, history[e].test_loss,
                              history[e].test_accuracy, history[e].gradient_norm}) {
      std::getline(fields, field, ',');
      EXPECT_EQ(std::strtod(field.c_str(), nullptr), want);
    }
  }
  EXPECT_FALSE(std::getline(csv, line));
}

TEST(RunDirectory, holds_the_three_files) {
  const std::filesystem::path folder = test_folder() / "deep" / "run";
  prepare_run_directory(folder);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  write_run_directory(folder, finished_study(), "{}\n");
  EXPECT_EQ(read_linear_stack(folder / "model.safetensors").parameters, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_TRUE(std::filesystem::exists(folder / "history.csv"));
  EXPECT_TRUE(std::filesystem::exists(folder / "run.json"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 3);
}

TEST(RunDirectory, never_overwrites_a_run) {
  const std::filesystem::path folder = test_folder() / "run";
  prepare_run_directory(folder);
  write_run_directory(folder, finished_study(), "{}\n");
  EXPECT_THROW(prepare_run_directory(folder), InputError);
}

TEST(RunDirectory, refuses_what_cannot_be_a_folder) {
  const std::filesystem::path file = test_folder() / "file";
  write_file(file, "");
  EXPECT_THROW(prepare_run_directory(file), InputError);
  EXPECT_THROW(prepare_run_directory(file / "below"), InputError);
}

TEST(RunDirectory, of_a_diverged_run_has_no_model) {
  const std::filesystem::path folder = test_folder() / "run";
  RunStudy study = finished_study();
  study.result.outcome = RunOutcome::diverged;
  prepare_run_directory(folder);
  write_run_directory(folder, study, "{}\n");
  EXPECT_FALSE(std::filesystem::exists(folder / "model.safetensors"));
  EXPECT_TRUE(std::filesystem::exists(folder / "history.csv"));
}

}  // namespace
}  // namespace plateau
