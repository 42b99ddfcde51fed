// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/compared_runs.hpp"

#include <gtest/gtest.h>

#include <tuple>

#include "data/files.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/report/begun.hpp"
#include "plateau/report/checkpoint.hpp"
#include "support/run_folders.hpp"

namespace plateau::compared_runs_test {
namespace {

namespace fs = std::filesystem;
using test::change_run;
using test::plant;
using test::PlantedRun;
using testing_files::refusal;
using testing_files::test_folder;
using Json = nlohmann::ordered_json;

ReadRun read_one(const fs::path& folder) { return read_compared_runs({folder}).front(); }

std::string refused(const fs::path& folder) {
  const std::string sentence = refusal([&] { read_compared_runs({folder}); });
  EXPECT_EQ(sentence.find(folder.string()), 0u) << sentence;
  return sentence;
}

TEST(ComparedRuns, are_read_with_their_rows_curves_and_settings) {
  const ReadRun read = read_one(plant("a", {.right = 30, .seed = 5, .hidden = 16}));
  EXPECT_EQ(read.run.name, "a");
  EXPECT_EQ(read.schema_version, kRunJsonVersion);
  EXPECT_EQ(read.outcome, "finished");
  EXPECT_TRUE(read.run.complete);
  EXPECT_EQ(read.epochs, 3);
  EXPECT_EQ(read.epochs_asked, 3);
  EXPECT_EQ(read.run.test_rows, 40);
  EXPECT_EQ(read.run.test_checksum, 77u);
  EXPECT_FALSE(read.run.test_text_checksum.has_value());
  EXPECT_EQ(read.run.test_accuracy, 0.75);
  EXPECT_EQ(read.run.seed, 5u);
  ASSERT_EQ(read.run.predictions.size(), 40u);
  EXPECT_EQ(read.run.predictions[29], 1);
  EXPECT_EQ(read.run.predictions[30], 1);  // whose class is 0
  EXPECT_EQ(read.curves.epoch, (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(read.curves.train_loss, (std::vector<double>{1, 0.5, 1.0 / 3}));
  EXPECT_EQ(read.curves.test_accuracy, (std::vector<double>{0.5, 0.5, 0.75}));
  for (const auto& [name, value] : {std::pair{"network", "1-16-2"},
                                    {"optimizer", "adam"},
                                    {"learning rate", "0.001"},
                                    {"train", "rows.csv"},
                                    {"train rows", "100 (00000042)"},
                                    {"test", "test.csv"},
                                    {"test fraction", "none"},
                                    {"early stopping", "0"},
                                    {"class weights", "no"},
                                    {"device", "cpu"}})
    EXPECT_EQ(value_of(read.run, name), value) << name;
  EXPECT_EQ(read.has_groups, false);
}

TEST(ComparedRuns, are_read_with_the_checksum_of_their_test_rows_text) {
  const fs::path folder = plant("a");
  change_run(folder, [](Json& json) { json["data"]["test_text_checksum"] = 4294967295u; });
  EXPECT_EQ(read_one(folder).run.test_text_checksum, 4294967295u);
  change_run(folder, [](Json& json) { json["data"].erase("test_text_checksum"); });  // of an earlier program
  EXPECT_FALSE(read_one(folder).run.test_text_checksum.has_value());
}

TEST(ComparedRuns, of_an_earlier_version_are_read_without_predictions) {
  const fs::path folder = plant("old", {.right = 30});
  fs::remove(folder / "test_predictions.npy");
  const auto older = [&](int version) {
    change_run(folder, [&](Json& json) {
      json["schema_version"] = version;
      json["data"].erase("test_checksum");
      json["result"].erase("confusion");
      if (version < 3) json["result"].erase("kept_epoch");
      if (version < 2) {
        json["data"]["test_class_rows"] = {20, 20};
        json["data"].erase("test");
      }
    });
    const ReadRun read = read_one(folder);
    EXPECT_EQ(read.schema_version, version);
    EXPECT_EQ(read.run.test_rows, 40);
    EXPECT_FALSE(read.run.test_checksum.has_value());
    EXPECT_EQ(read.run.test_accuracy, 0.75);
    EXPECT_TRUE(read.run.predictions.empty() && read.run.labels.empty());
  };
  for (const int version : {3, 2, 1}) older(version);
}

TEST(ComparedRuns, without_predictions_are_judged_by_the_epoch_whose_parameters_are_kept) {
  const fs::path folder = plant("kept", {.right = 30});
  fs::remove(folder / "test_labels.npy");
  change_run(folder, [](Json& json) { json["result"]["kept_epoch"] = 1; });
  EXPECT_EQ(read_one(folder).run.test_accuracy, 0.5);
  change_run(folder, [](Json& json) { json["result"]["kept_epoch"] = 3; });
  EXPECT_NE(refused(folder).find("history.csv: is damaged: it has 3 epochs, and epoch 3 is kept"), std::string::npos);
}

TEST(ComparedRuns, that_were_not_finished_are_read_as_far_as_they_came) {
  const ReadRun interrupted = read_one(plant("i", {.epochs = 2, .asked = 9, .outcome = RunOutcome::interrupted}));
  EXPECT_FALSE(interrupted.run.complete);
  EXPECT_EQ(interrupted.epochs, 2);
  EXPECT_EQ(interrupted.epochs_asked, 9);
  EXPECT_EQ(interrupted.run.predictions.size(), 40u);
  const ReadRun diverged = read_one(plant("d", {.right = 10, .epochs = 2, .outcome = RunOutcome::diverged}));
  EXPECT_EQ(diverged.run.test_accuracy, 0.25);
  EXPECT_TRUE(diverged.run.predictions.empty());
  const ReadRun none = read_one(plant("n", {.epochs = 0, .outcome = RunOutcome::interrupted}));
  EXPECT_FALSE(none.run.test_accuracy.has_value());
}

TEST(ComparedRuns, that_were_killed_are_read_from_their_checkpoint) {
  const fs::path folder = test_folder() / "killed";
  fs::create_directories(folder);
  const RunStudy study = test::study_of({.right = 30, .epochs = 2, .asked = 5});
  Checkpoint checkpoint{.architecture = study.run.architecture, .device = "cpu", .computed_by = "plateau x"};
  checkpoint.so_far.history = study.result.history;
  const FlatParameters zeros(study.result.parameters.size());
  checkpoint.so_far.state = RunState{.epoch = 2,
                                     .step = 2,
                                     .parameters = study.result.parameters,
                                     .first_moment = zeros,
                                     .second_moment = zeros,
                                     .best_parameters = {},
                                     .predicted = study.test_predictions,
                                     .plan = {}};
  write_checkpoint(folder / kCheckpointFile, checkpoint);
  const ReadRun read = read_one(folder);
  EXPECT_EQ(read.outcome, "unfinished");
  EXPECT_EQ(read.schema_version, 0);
  EXPECT_EQ(read.epochs, 2);
  EXPECT_FALSE(read.epochs_asked.has_value());
  EXPECT_EQ(read.run.test_rows, 40);
  EXPECT_EQ(read.run.test_accuracy, 0.75);
  EXPECT_EQ(value_of(read.run, "network"), "1-4-2");
  EXPECT_TRUE(read.run.predictions.empty());
  EXPECT_FALSE(read.run.seed.has_value());
}

TEST(ComparedRuns, are_refused_by_name_where_the_folder_holds_no_run) {
  const fs::path folder = test_folder() / "other";
  EXPECT_NE(refused(folder).find("is no folder"), std::string::npos);
  fs::create_directories(folder);
  EXPECT_NE(refused(folder).find("holds nothing: "), std::string::npos);
  write_file(folder / kBegunFile, "{}");
  EXPECT_NE(refused(folder).find("holds a run that was begun, and no result of it yet"), std::string::npos);
  std::filesystem::remove(folder / kBegunFile);
  write_file(folder / "notes.txt", "");
  EXPECT_NE(refused(folder).find("holds no run"), std::string::npos);
  for (const auto& [file, what] : {std::pair{"rounds.csv", "a fine-tuning that was cut short"},
                                   {"compare.json", "a comparison"},
                                   {"forensics.json", "a result of forensics"},
                                   {"remedies.json", "a study of remedies"},
                                   {"diagnosis.json", "a diagnosis"},
                                   {"rounds.json", "a fine-tuning"},
                                   {"sweep.json", "a sweep"}}) {
    for (const auto& entry : fs::directory_iterator(folder)) fs::remove(entry);
    write_file(folder / file, "{}");
    EXPECT_EQ(refused(folder),
              folder.string() + ": holds " + what + "; what is compared are the runs that train and scenario leave");
  }
}

TEST(ComparedRuns, are_refused_by_name_where_a_file_is_damaged_or_newer) {
  const fs::path folder = plant("damaged");
  const auto changed = [&](const std::function<void(Json&)>& change) {
    fs::remove_all(folder);
    plant("damaged");
    change_run(folder, change);
    return refused(folder);
  };
  EXPECT_NE(changed([](Json& json) {
              json["schema_version"] = kRunJsonVersion + 1;
            }).find("run.json: was written by a newer Plateau"),
            std::string::npos);
  EXPECT_NE(changed([](Json& json) { json["result"].erase("outcome"); }).find("is damaged: key 'outcome' not found"),
            std::string::npos);
  EXPECT_NE(changed([](Json& json) { json["configuration"]["seed"] = "five"; }).find("run.json: is damaged"),
            std::string::npos);
  EXPECT_NE(changed([](Json& json) {
              json["data"]["test"]["rows"] = 41;
            }).find("test_labels.npy: is damaged: it has 40 rows, and run.json has 41 test rows"),
            std::string::npos);
  EXPECT_NE(changed([](Json& json) {
              json["result"]["confusion"][0] = 1;
            }).find("test_predictions.npy: is damaged: it and test_labels.npy do not give the confusion"),
            std::string::npos);
  changed([](Json& json) { json["result"]["confusion"] = {40}; });
  // Numbers that can be read as another one, and words that mean nothing.
  for (const auto& [key, value, sentence] : std::vector<std::tuple<std::string, Json, std::string>>{
           {"/configuration/seed", -1, "seed under configuration is no seed, a whole number from 0 to"},
           {"/configuration/seed", 1.5, "seed under configuration is no seed"},
           {"/configuration/epochs", -3, "epochs under configuration is no whole number from 0"},
           {"/configuration/architecture", {1, -4, 2}, "architecture under configuration is no list"},
           {"/data/test_checksum", (std::int64_t{1} << 32) + 77, "test_checksum under data is no CRC-32"},
           {"/data/train_checksum", -66, "train_checksum under data is no CRC-32"},
           {"/data/train/rows", -100, "rows under train is no whole number from 0"},
           {"/data/test/rows", 40.5, "rows under test is no whole number from 0"},
           {"/data/test/class_rows", {60, -20}, "class_rows under test is no list of whole numbers from 0"},
           {"/result/outcome", "bogus", "outcome under result is no outcome that a run can have"},
           {"/result/epochs", -3, "epochs under result is no whole number from 0"},
           {"/result/kept_epoch", "2", "kept_epoch under result is no whole number from 0"},
           {"/result/test_accuracy", 1.5, "test_accuracy under result is no share from 0 to 1"},
           {"/result/confusion", {20.5, 0, 0, 20}, "confusion under result is no list of whole numbers from 0"}})
    EXPECT_NE(
        changed([&](Json& json) { json[Json::json_pointer(key)] = value; }).find("run.json: is damaged: " + sentence),
        std::string::npos)
        << key << " = " << value;
  for (const char* const section : {"configuration", "data", "result", "versions"})
    EXPECT_EQ(changed([&](Json& json) { json[section] = "?"; }),
              (folder / "run.json").string() + ": is damaged: " + section + " is no JSON object");
  EXPECT_EQ(changed([](Json& json) { json["data"]["train"] = "?"; }),
            (folder / "run.json").string() + ": is damaged: a value in it is none that Plateau writes there");
  fs::remove_all(folder);
  plant("damaged");
  write_file(folder / "run.json", "{");
  EXPECT_NE(refused(folder).find("run.json: is damaged"), std::string::npos);
  fs::remove_all(folder);
  plant("damaged");
  fs::remove(folder / "history.csv");
  EXPECT_NE(refused(folder).find("history.csv: cannot be read"), std::string::npos);
  write_file(folder / "history.csv", "epoch,train_loss,test_accuracy\n0,0.5,1.5\n");
  change_run(folder, [](Json& json) { json["result"].erase("kept_epoch"); });
  EXPECT_NE(refused(folder).find("the test accuracy of epoch 0 is no share"), std::string::npos);
  fs::remove_all(folder);
  plant("damaged");
  write_file(folder / "test_predictions.npy", "no array");
  EXPECT_NE(refused(folder).find("test_predictions.npy"), std::string::npos);
}

TEST(ComparedRuns, are_different_folders_however_they_are_spelt) {
  const fs::path a = plant("a"), b = plant("b"), link = test_folder() / "link";
  fs::create_directory_symlink(a, link);
  const auto sentence = [&](const fs::path& again) { return refusal([&] { read_compared_runs({a, b, again}); }); };
  EXPECT_EQ(sentence(a), a.string() + ": is named twice; a run is compared with other runs");
  for (const fs::path& again : {a / "", b / ".." / "a" / ".", link, fs::relative(a)})
    EXPECT_EQ(sentence(again),
              again.string() + ": is the same folder as " + a.string() + "; a run is compared with other runs");
  fs::copy(a, test_folder() / "copy");
  EXPECT_EQ(sentence(test_folder() / "copy"), "");
}

// Whose files are spelt differently.
TEST(ComparedRuns, on_equal_rows_call_them_alike) {
  const auto spelt = [](const std::string& name, const PlantedRun& planted, const Json& test) {
    const fs::path folder = plant(name, planted);
    change_run(folder, [&](Json& json) { json["configuration"]["test"] = test; });
    return folder;
  };
  const std::vector<ReadRun> runs =
      read_compared_runs({spelt("first", {.train = "rows.csv"}, "test.csv"),
                          spelt("dot", {.seed = 1, .train = "./rows.csv"}, "../x/test.csv"),
                          spelt("other", {.checksum = 78, .train_checksum = 67, .train = "/x/rows.csv"}, "/x/test.csv"),
                          spelt("drawn", {.train = "/x/rows.csv"}, nullptr)});
  const auto called = [&](std::size_t place) {
    return value_of(runs[place].run, "train") + " " + value_of(runs[place].run, "test");
  };
  EXPECT_EQ(called(1), "rows.csv test.csv");
  EXPECT_EQ(runs[0].run.settings, runs[1].run.settings);
  EXPECT_EQ(called(2), "/x/rows.csv /x/test.csv");
  EXPECT_EQ(called(3), "rows.csv none");
  // Where it is not known whether the rows are the same, only equal paths are.
  change_run(test_folder() / "dot", [](Json& json) {
    json["data"].erase("train_checksum");
    json["data"].erase("test_checksum");
  });
  const ReadRun dot = read_compared_runs({test_folder() / "first", test_folder() / "dot"})[1];
  EXPECT_EQ(value_of(dot.run, "train") + " " + value_of(dot.run, "test"), "./rows.csv ../x/test.csv");
}

TEST(DistinctNames, follow_a_link_before_they_go_up) {
  fs::create_directories(test_folder() / "far" / "down");
  fs::create_directories(test_folder() / "far" / "run");
  fs::create_directories(test_folder() / "run");
  fs::create_directory_symlink(test_folder() / "far" / "down", test_folder() / "link");
  EXPECT_EQ(distinct_names({test_folder() / "link" / ".." / "run", test_folder() / "run"}).front(), "far/run");
}

TEST(DistinctNames, take_as_little_of_the_way_as_tells_them_apart) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(distinct_names({"/x/runs/a", "/x/runs/b/"}), (Names{"a", "b"}));
  EXPECT_EQ(distinct_names({"/x/one/run", "/x/two/run", "/x/two/other"}), (Names{"one/run", "two/run", "other"}));
  EXPECT_EQ(distinct_names({"/run", "/x/run"}), (Names{"run", "x/run"}));
  EXPECT_EQ(distinct_names({"/x/one/../two/run/.", "/x/one/run/"}), (Names{"two/run", "one/run"}));
  EXPECT_EQ(distinct_names({".", "other"}).front(), fs::current_path().filename().string());
}

}  // namespace
}  // namespace plateau::compared_runs_test
