// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_events.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "data/files.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/checkpoint.hpp"
#include "plateau/report/diagnosis_report.hpp"
#include "plateau/report/event_file.hpp"
#include "plateau/report/rounds_report.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/report/run_json.hpp"
#include "support/checkpoints.hpp"
#include "support/diagnoses.hpp"

namespace plateau::run_events_test {
namespace {

namespace fs = std::filesystem;
using testing_files::refusal;
using testing_files::test_folder;

fs::path run_folder(RunOutcome outcome) {
  const fs::path folder = test_folder() / "run";
  fs::create_directories(folder);
  RunStudy study{.run = {.architecture = {{3, 8, 2}}, .epochs = 2}};
  study.result.history = {{.train_loss = 0.5, .train_accuracy = 0.75, .test_loss = 0.625, .test_accuracy = 0.5},
                          {.train_loss = 0.25, .train_accuracy = 1, .test_loss = 0.375, .test_accuracy = 0.875}};
  study.result.outcome = outcome;
  study.result.parameters.assign(3 * 8 + 8 + 8 * 2 + 2, 0.5f);
  study.statistics.train = {.class_rows = {5, 5}, .features = {{}, {}, {}}};
  study.statistics.test = {.class_rows = {4, 4}, .features = {{}, {}, {}}};
  write_run_directory(folder, study,
                      training_json(study, {.train = "rows.csv"}, 0, cpu_environment(1), JsonHistory::leave_out));
  return folder;
}

std::vector<std::pair<std::int64_t, double>> series(const EventFile& file, const std::string& tag) {
  std::vector<std::pair<std::int64_t, double>> points;
  for (const EventScalar& scalar : file.scalars)
    if (scalar.tag == tag) points.emplace_back(scalar.step, scalar.value);
  return points;
}

TEST(RunEvents, have_every_epoch_the_hyper_parameters_and_the_summary) {
  const fs::path folder = run_folder(RunOutcome::finished);
  const EventFile file = read_event_file(write_events(folder, test_folder() / "board").at(0));
  using Points = std::vector<std::pair<std::int64_t, double>>;
  EXPECT_EQ(series(file, "loss/train"), (Points{{0, 0.5}, {1, 0.25}}));
  EXPECT_EQ(series(file, "accuracy/test"), (Points{{0, 0.5}, {1, 0.875}}));
  EXPECT_EQ(series(file, "loss/validation"), Points{});
  ASSERT_TRUE(file.session_start && file.session_end);
  const auto& parameters = file.session_start->hyper_parameters;
  EXPECT_EQ(parameters.at("architecture"), HyperParameter("3-8-2"));
  EXPECT_EQ(parameters.at("optimizer"), HyperParameter("adam"));
  EXPECT_EQ(parameters.at("epochs"), HyperParameter(2.0));
  EXPECT_EQ(file.session_end->status, SessionStatus::success);
  EXPECT_GT(file.wall_time, 1.7e9);  // of the run's end
  ASSERT_EQ(file.texts.size(), 1u);
  EXPECT_NE(file.texts[0].markdown.find("87.5 %"), std::string::npos) << file.texts[0].markdown;
}

TEST(RunEvents, are_the_same_bytes_again_and_replace_nothing) {
  const fs::path folder = run_folder(RunOutcome::diverged);
  const auto bytes = [](const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  };
  const fs::path one = write_events(folder, test_folder() / "one").at(0),
                 two = write_events(folder, test_folder() / "two").at(0);
  EXPECT_EQ(bytes(one), bytes(two));
  EXPECT_EQ(read_event_file(one).session_end->status, SessionStatus::failure);
  EXPECT_NE(refusal([&] { write_events(folder, test_folder() / "one"); }), "");
}

// Two rounds on 8 test rows, of which the first changes 4.
RoundsResult two_rounds() {
  RoundsResult result{.definition = {.run = {.epochs = 1}},
                      .architecture = {{1, 2}},
                      .sources = {"one.csv", "two.csv"},
                      .set_rows = {4, 4},
                      .test_source = "t.csv",
                      .evidence = {.classes = {"cat", "dog"},
                                   .test_class_rows = {4, 4},
                                   .learning_rate = 0.001,
                                   .base_test_accuracy = {0.5, {0.25, 0.75}},
                                   .base_predicted_class_rows = {4, 4},
                                   .base_class_right = {2, 2}}};
  for (const Index set : {0, 1}) {
    const double loss = set == 0 ? 0.5 : 0.125;
    result.rounds.push_back({.set = set, .history = {{.train_loss = loss, .train_accuracy = 1 - loss}}});
    result.evidence.rounds.push_back({.set = set,
                                      .layer_change = {0.25},
                                      .test_accuracy = {set == 0 ? 0.625 : 0.875, {0.5, 1}},
                                      .changed_since_before = set == 0 ? 4 : 2,
                                      .predicted_class_rows = {4, 4},
                                      .class_right = {3, 2}});
  }
  return result;
}

TEST(RunEvents, of_rounds_begin_at_the_base_whether_they_were_finished_or_cut_short) {
  using Points = std::vector<std::pair<std::int64_t, double>>;
  const RoundsResult result = two_rounds();
  const fs::path whole = test_folder() / "whole", cut = test_folder() / "cut";
  for (const fs::path& folder : {whole, cut}) {
    fs::create_directories(folder);
    write_file(folder / "rounds.csv", rounds_csv(result));
  }
  write_file(whole / "rounds.json", rounds_json(result, {.initial = "base.safetensors"}, cpu_environment(1)));
  for (const fs::path& folder : {whole, cut}) {
    const EventFile file = read_event_file(write_events(folder, folder / "board").at(0));
    EXPECT_EQ(series(file, "accuracy/test"), (Points{{0, 0.5}, {1, 0.625}, {2, 0.875}})) << folder;
    EXPECT_EQ(series(file, "accuracy/train"), (Points{{1, 0.5}, {2, 0.875}})) << folder;
    EXPECT_EQ(series(file, "loss/train"), (Points{{1, 0.5}, {2, 0.125}})) << folder;
    EXPECT_EQ(series(file, "changed/share"), (Points{{1, 0.5}, {2, 0.25}})) << folder;
    EXPECT_EQ(file.scalars.size(), 9u) << folder;
    EXPECT_EQ(file.session_start.has_value(), folder == whole);
  }
}

TEST(RunEvents, of_a_run_that_was_killed_have_every_epoch_of_its_checkpoint) {
  const fs::path folder = test_folder() / "killed";
  fs::create_directories(folder);
  Checkpoint checkpoint{.architecture = {{1, 2}}, .device = "cpu", .computed_by = "plateau x"};
  checkpoint.so_far.history = {
      {.train_loss = 0.5, .test_accuracy = 0.5, .gradient_norm = 2, .test_churn = std::nan("")},
      {.train_loss = 0.25, .test_accuracy = 0.875, .gradient_norm = 1, .test_churn = 0.125}};
  checkpoint.so_far.state = test::state_after(2);
  write_checkpoint(folder / kCheckpointFile, checkpoint);
  const EventFile file = read_event_file(write_events(folder, test_folder() / "board").at(0));
  using Points = std::vector<std::pair<std::int64_t, double>>;
  EXPECT_EQ(series(file, "loss/train"), (Points{{0, 0.5}, {1, 0.25}}));
  EXPECT_EQ(series(file, "accuracy/test"), (Points{{0, 0.5}, {1, 0.875}}));
  EXPECT_EQ(series(file, "gradient/norm"), (Points{{0, 2}, {1, 1}}));
  EXPECT_EQ(series(file, "changed/share"), (Points{{1, 0.125}}));  // none before the first
  EXPECT_EQ(series(file, "accuracy/validation"), Points{});
}

TEST(RunEvents, of_a_diagnosis_have_its_epochs_learning_curve_and_ladder) {
  const fs::path folder = test_folder() / "diagnosis";
  fs::create_directories(folder);
  write_file(folder / "suspects.csv", suspects_csv(test::hand_made_diagnosis()));
  const std::string json = diagnosis_json(test::hand_made_diagnosis(), cpu_environment(1));
  write_file(folder / "diagnosis.json", json);
  const auto read = [&](const std::string& board) {
    return read_event_file(write_events(folder, test_folder() / board).at(0));
  };
  using Points = std::vector<std::pair<std::int64_t, double>>;
  const auto floats = [](Points points) {
    for (auto& [step, value] : points) value = static_cast<float>(value);
    return points;
  };
  const EventFile file = read("board");
  EXPECT_EQ(series(file, "accuracy/user"), (Points{{0, 0.75}}));
  EXPECT_EQ(series(file, "accuracy/reference"), (Points{{0, 0.75}}));
  EXPECT_EQ(series(file, "accuracy/test"), (Points{{0, 0.5}, {1, 0.75}}));
  EXPECT_EQ(series(file, "accuracy/train"), floats({{0, 0.5}, {1, 0.8}}));
  EXPECT_EQ(series(file, "changed/share"), (Points{{1, 0.25}}));
  EXPECT_EQ(series(file, "learning_curve/test_accuracy"), floats({{100, 0.7}, {200, 0.75}}));
  EXPECT_EQ(series(file, "learning_curve/predicted_test_accuracy"), floats({{400, 0.785}}));
  // 2-2 has 3 * 2 parameters, 2-4-2 has 3 * 4 + 5 * 2.
  EXPECT_EQ(series(file, "ladder/held_out_accuracy"), floats({{6, 0.61}, {22, 0.71}}));
  EXPECT_EQ(series(file, "ladder/train_accuracy"), floats({{6, 0.655}, {22, 0.755}}));
  EXPECT_TRUE(file.session_start);

  // Version 1 had neither epochs nor a ladder.
  nlohmann::json first = nlohmann::json::parse(json);
  first["schema_version"] = 1;
  first["evidence"].erase("ladder");
  for (const char* const key : {"epochs", "confusion", "test_accuracies", "train_accuracies"})
    first["evidence"]["user"].erase(key);
  write_file(folder / "diagnosis.json", first.dump());
  const EventFile earlier = read("earlier");
  EXPECT_EQ(series(earlier, "learning_curve/test_accuracy"), series(file, "learning_curve/test_accuracy"));
  EXPECT_EQ(series(earlier, "accuracy/test"), Points{});

  first["evidence"]["reference"].erase("test_accuracy");
  write_file(folder / "diagnosis.json", first.dump());
  EXPECT_NE(refusal([&] { read("damaged"); }).find("diagnosis.json: is damaged: "), std::string::npos);
}

TEST(RunEvents, of_a_sweep_have_the_setting_and_the_figures_of_every_run) {
  SweepResult sweep{.definition = {.hidden = {{8}, {}}, .learning_rate = {0.1, 0.25}, .epochs = 9, .seeds = 2},
                    .validation_rows = 3};
  SettingResult setting{.number = 1, .architecture = {{2, 8, 2}}, .learning_rate = 0.25, .dropout = 0.5};
  setting.runs = {{.seed = 5, .outcome = RunOutcome::stopped_early, .epochs = 9, .epoch = 6, .best_epoch = 6},
                  {.seed = 6, .outcome = RunOutcome::diverged}};
  setting.runs[0].figures = {.train_loss = 0.5, .test_accuracy = 0.75, .validation_loss = 0.625};
  sweep.settings = {setting};
  const fs::path folder = test_folder() / "sweep", board = test_folder() / "board";
  prepare_sweep_directory(folder);
  write_sweep_directory(folder, sweep, sweep_json(sweep, cpu_environment(1)));
  const std::vector<fs::path> written = write_events(folder, board);

  ASSERT_EQ(written.size(), 3u);
  EXPECT_EQ(written[0].parent_path(), board);
  const EventFile all = read_event_file(written[0]);
  EXPECT_FALSE(all.session_start);  // it is no run
  EXPECT_EQ(all.texts.size(), 1u);

  EXPECT_EQ(written[1].parent_path(), board / "setting-1-seed-5");
  const EventFile first = read_event_file(written[1]);
  using Points = std::vector<std::pair<std::int64_t, double>>;
  EXPECT_EQ(series(first, "accuracy/test"), (Points{{6, 0.75}}));
  EXPECT_EQ(series(first, "loss/validation"), (Points{{6, 0.625}}));
  ASSERT_TRUE(first.session_start && first.session_end);
  const auto& parameters = first.session_start->hyper_parameters;
  EXPECT_EQ(parameters.at("architecture"), HyperParameter("2-8-2"));
  EXPECT_EQ(parameters.at("learning_rate"), HyperParameter(0.25));
  EXPECT_EQ(parameters.at("dropout"), HyperParameter(0.5));
  EXPECT_EQ(parameters.at("seed"), HyperParameter(5.0));
  EXPECT_EQ(parameters.at("optimizer"), HyperParameter("adam"));
  EXPECT_FALSE(parameters.contains("seeds"));
  EXPECT_EQ(first.session_end->status, SessionStatus::success);

  const EventFile second = read_event_file(written[2]);
  EXPECT_TRUE(second.scalars.empty());
  EXPECT_EQ(second.session_end->status, SessionStatus::failure);
}

}  // namespace
}  // namespace plateau::run_events_test
