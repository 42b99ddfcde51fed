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
#include "plateau/data/npy.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/rounds_report.hpp"
#include "support/checkpoints.hpp"

namespace plateau::run_directory_test {
namespace {

using testing_files::test_folder;

RunStudy finished_study() {
  RunStudy study{.run = {.architecture = {{1, 2}}, .epochs = 1}};
  study.result.history = {{.train_loss = 0.5, .train_accuracy = 1, .test_loss = 0.25, .test_accuracy = 0.5}};
  study.result.parameters = {1, 2, 3, 4};
  study.test_labels = {1, 0, 1};
  study.test_predictions = {1, 1, -1};
  return study;
}

TEST(HistoryCsv, reads_back_as_the_same_doubles) {
  const std::vector<EpochRecord> history{{0.1, 1.0 / 3, 2.0 / 3, 0.7, 1e-17},
                                         {1e300, 0, std::numeric_limits<double>::denorm_min(), 1, 12345678.9}};
  RunStudy study = finished_study();
  study.result.history = history;
  std::istringstream csv(history_csv(study));
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

TEST(HistoryCsv, has_validation_columns_where_there_are_validation_rows) {
  RunStudy study = finished_study();
  study.run.validation = RowSelection::part(0, 4, 2);
  study.result.history[0].validation_loss = 0.125;
  study.result.history[0].validation_accuracy = 0.75;
  EXPECT_EQ(
      history_csv(study),
      "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm,validation_loss,validation_accuracy\n"
      "0,0.5,1,0.25,0.5,0,0.125,0.75\n");
}

TEST(HistoryCsv, of_a_folder_has_the_rows_that_changed_their_class) {
  RunStudy study = finished_study();
  study.result.history.push_back(study.result.history.front());
  study.result.history.back().test_churn = 0.375;
  EXPECT_EQ(history_csv(study, HistoryColumns::metrics_and_churn),
            "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm,test_churn\n"
            "0,0.5,1,0.25,0.5,0,\n1,0.5,1,0.25,0.5,0,0.375\n");
  const std::filesystem::path folder = test_folder() / "run";
  prepare_run_directory(folder);
  write_run_directory(folder, study, "{}\n");
  EXPECT_EQ(testing_files::get(folder / "history.csv"), history_csv(study, HistoryColumns::metrics_and_churn));
}

TEST(RunDirectory, holds_its_files) {
  const std::filesystem::path folder = test_folder() / "deep" / "run";
  prepare_run_directory(folder);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  write_run_directory(folder, finished_study(), "{}\n");
  EXPECT_EQ(read_linear_stack(folder / "model.safetensors").parameters, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_TRUE(std::filesystem::exists(folder / "history.csv"));
  EXPECT_TRUE(std::filesystem::exists(folder / "run.json"));
  EXPECT_EQ(read_npy_labels(folder / "test_labels.npy"), (std::vector<std::int32_t>{1, 0, 1}));
  EXPECT_EQ(read_npy_given_classes(folder / "test_predictions.npy"), (std::vector<std::int32_t>{1, 1, -1}));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 5);
}

TEST(RunDirectory, of_a_run_that_goes_on_and_diverges_keeps_nothing_of_what_it_had) {
  const std::filesystem::path folder = test_folder() / "run";
  prepare_run_directory(folder);
  RunStudy study = finished_study();
  study.result.outcome = RunOutcome::interrupted;
  write_run_directory(folder, study, "{}\n");
  EXPECT_TRUE(std::filesystem::exists(folder / "test_predictions.npy"));
  study.result.outcome = RunOutcome::diverged;
  study.test_predictions.clear();
  write_run_directory(folder, study, "{}\n", Earlier::replace);
  for (const char* const file : {"model.safetensors", "test_labels.npy", "test_predictions.npy"})
    EXPECT_FALSE(std::filesystem::exists(folder / file)) << file;
}

TEST(RunDirectory, never_overwrites_a_run) {
  const std::filesystem::path folder = test_folder() / "run";
  prepare_run_directory(folder);
  write_run_directory(folder, finished_study(), "{}\n");
  EXPECT_THROW(prepare_run_directory(folder), InputError);
}

// One epoch of its run, as far as a checkpoint can tell.
Checkpoint interrupted() {
  RunState state = test::state_after(1);
  Checkpoint checkpoint{.architecture = {{1, 2}}, .options = {"--lr", "1"}, .device = "cpu", .computed_by = {}};
  checkpoint.so_far.history.resize(1);
  checkpoint.so_far.state = state;
  return checkpoint;
}

TEST(RunDirectory, with_a_checkpoint_is_for_the_run_that_goes_on) {
  const std::filesystem::path folder = test_folder() / "run";
  EXPECT_NE(testing_files::refusal([&] { resume_run_directory(folder); }).find("holds no checkpoint.safetensors"),
            std::string::npos);
  prepare_run_directory(folder);
  write_checkpoint(folder / kCheckpointFile, interrupted());
  for (const auto prepare : {&prepare_run_directory, &prepare_sweep_directory, &prepare_rounds_directory})
    EXPECT_NE(testing_files::refusal([&] { prepare(folder); }).find("already holds a checkpoint"), std::string::npos);

  RunStudy study = finished_study();
  study.result.outcome = RunOutcome::interrupted;
  write_run_directory(folder, study, "interrupted");
  EXPECT_EQ(resume_run_directory(folder).options, (std::vector<std::string>{"--lr", "1"}));
  EXPECT_THROW(write_run_directory(folder, finished_study(), "finished"), InputError);
  EXPECT_EQ(testing_files::get(folder / "run.json"), "interrupted");

  write_run_directory(folder, finished_study(), "finished", Earlier::replace);
  EXPECT_EQ(testing_files::get(folder / "run.json"), "finished");
  EXPECT_FALSE(std::filesystem::exists(folder / kCheckpointFile));
  EXPECT_NE(testing_files::refusal([&] { resume_run_directory(folder); }).find("has ended"), std::string::npos);
}

TEST(RoundsDirectory, holds_the_three_files_and_is_never_overwritten) {
  const std::filesystem::path folder = test_folder() / "rounds";
  const ModelFile model{.stack = {{1, 2}, {1, 2, 3, 4}}};
  RoundsResult result{.definition = {},
                      .architecture = {{1, 2}},
                      .sources = {"a"},
                      .set_rows = {1},
                      .evidence = {.test_class_rows = {1, 0}}};
  prepare_rounds_directory(folder);
  write_rounds_directory(folder, result, model, "{}\n");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 2);  // no round, no model
  EXPECT_THROW(prepare_rounds_directory(folder), InputError);
  EXPECT_THROW(prepare_run_directory(folder), InputError);
  EXPECT_THROW(write_rounds_directory(folder, result, model, "{}\n"), InputError);

  const std::filesystem::path complete = test_folder() / "complete";
  prepare_rounds_directory(complete);
  result.rounds = {{.set = 0, .history = {{}}}};
  result.evidence.rounds = {{.layer_change = {0.5}}};
  write_rounds_so_far(complete, result, {.stack = {{1, 2}, {0, 0, 0, 0}}});
  EXPECT_EQ(read_linear_stack(complete / "model.safetensors").parameters, (std::vector<float>{0, 0, 0, 0}));
  EXPECT_EQ(testing_files::get(complete / "rounds.csv"), rounds_csv(result));
  for (const auto prepare : {&prepare_run_directory, &prepare_sweep_directory, &prepare_rounds_directory})
    EXPECT_NE(testing_files::refusal([&] { prepare(complete); }).find("of a fine-tuning that was cut short"),
              std::string::npos);
  write_rounds_directory(complete, result, model, "{}\n");
  EXPECT_THROW(write_rounds_so_far(complete, result, model), InputError);
  EXPECT_EQ(read_linear_stack(complete / "model.safetensors").parameters, model.stack.parameters);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(complete), {}), 3);
}

TEST(RunDirectory, never_overwrites_files_of_another_kind) {
  for (const char* const name :
       {"model.safetensors", "history.csv", "test_labels.npy", "test_predictions.npy", "sweep.csv"}) {
    const std::filesystem::path folder = test_folder() / name / "run";
    std::filesystem::create_directories(folder);
    write_file(folder / name, "somebody's");
    EXPECT_THROW(prepare_run_directory(folder), InputError) << name;
    EXPECT_THROW(prepare_sweep_directory(folder), InputError) << name;
    EXPECT_THROW(prepare_rounds_directory(folder), InputError) << name;
  }
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

TEST(SweepCsv, is_in_the_order_of_the_grid_and_reads_back_as_the_same_doubles) {
  SweepResult result{.definition = {.hidden = {{8}, {}}, .learning_rate = {0.1}, .seeds = 2}, .validation_rows = 3};
  SettingResult linear{.number = 1, .architecture = {{2, 2}}, .learning_rate = 0.1, .dropout = 0.25};
  linear.runs = {{.seed = 5, .outcome = RunOutcome::stopped_early, .epochs = 9, .epoch = 6, .best_epoch = 6},
                 {.seed = 6, .outcome = RunOutcome::interrupted}};
  linear.runs[0].figures = {.train_loss = 0.1,
                            .train_accuracy = 1.0 / 3,
                            .test_loss = 2.0 / 3,
                            .test_accuracy = 0.5,
                            .validation_loss = 1e-17,
                            .validation_accuracy = 1};
  SettingResult hidden{.number = 0, .architecture = {{2, 8, 2}}, .learning_rate = 0.1, .weight_decay = 0.5};
  hidden.runs = {{.seed = 5, .outcome = RunOutcome::diverged}, {.seed = 6, .epochs = 1, .epoch = 0}};
  result.settings = {linear, hidden};
  EXPECT_EQ(sweep_csv(result),
            "setting,architecture,learning_rate,weight_decay,dropout,seed,outcome,epochs,epoch,train_loss,"
            "train_accuracy,validation_loss,validation_accuracy,test_loss,test_accuracy,best_epoch\n"
            "0,2-8-2,0.1,0.5,0,5,diverged,0,,,,,,,,\n"
            "0,2-8-2,0.1,0.5,0,6,finished,1,0,0,0,nan,nan,0,0,\n"
            "1,2-2,0.1,0,0.25,5,stopped_early,9,6,0.1,0.3333333333333333,1e-17,1,0.6666666666666666,0.5,6\n"
            "1,2-2,0.1,0,0.25,6,interrupted,0,,,,,,,,\n");
  result.validation_rows = 0;
  EXPECT_NE(sweep_csv(result).find(",6,0.1,0.3333333333333333,,,0.6666666666666666,0.5,6\n"), std::string::npos);
}

TEST(SweepDirectory, holds_the_two_files_and_is_never_overwritten) {
  const std::filesystem::path folder = test_folder() / "sweep";
  prepare_sweep_directory(folder);
  write_sweep_directory(folder, {}, "{}\n");
  EXPECT_TRUE(std::filesystem::exists(folder / "sweep.csv"));
  EXPECT_TRUE(std::filesystem::exists(folder / "sweep.json"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 2);
  EXPECT_THROW(prepare_sweep_directory(folder), InputError);
  EXPECT_THROW(prepare_run_directory(folder), InputError);
  EXPECT_THROW(write_sweep_directory(folder, {}, "{}\n"), InputError);
}

}  // namespace
}  // namespace plateau::run_directory_test
