// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Runs that are stopped, by Ctrl-C and by what lets no program say goodbye, and go on. PLATEAU_KILLS: how often the
// second happens.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <set>

#include "data/files.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/data/safetensors.hpp"
#include "support/program.hpp"

namespace plateau::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class Resume : public testing::Test {
 protected:
  const fs::path folder = testing_files::test_folder();

  ProgramResult run(std::vector<std::string> arguments, milliseconds after = {}, int signal = SIGINT) const {
    arguments.insert(arguments.begin(), std::string(PLATEAU_PROGRAMS) + "/plateau");
    return run_program(arguments, folder, after, signal);
  }

  std::vector<std::string> train(const std::string& out, int epochs, std::vector<std::string> more = {}) const {
    const std::string stem = std::string(PLATEAU_TEST_DATA) + "/torch-parity/sgd_momentum_5_16_3/";
    std::vector<std::string> arguments{"train",
                                       "--train",
                                       stem + "train_x.npy:" + stem + "train_y.npy",
                                       "--test",
                                       stem + "test_x.npy:" + stem + "test_y.npy",
                                       "--hidden",
                                       "16",
                                       "--batch",
                                       "64",
                                       "--epochs",
                                       std::to_string(epochs),
                                       "--device",
                                       "cpu",
                                       "--out",
                                       place(out),
                                       "--dropout",
                                       "0.1",
                                       "--validation",
                                       "0.2",
                                       "--scale",
                                       "standard"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string place(const std::string& name) const { return (folder / name).string(); }

  // What a run leaves, but for what was measured.
  static std::string run_json(const fs::path& out) {
    const std::string text = file_content(out / "run.json");
    return text.substr(0, text.find("\"measured\""));
  }
  static std::set<std::string> files(const fs::path& out) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(out)) names.insert(entry.path().filename());
    return names;
  }
  void expect_same_run(const std::string& a, const std::string& b) const {
    for (const char* const file : {"model.safetensors", "history.csv"})
      EXPECT_EQ(file_content(folder / a / file), file_content(folder / b / file)) << file;
    EXPECT_EQ(run_json(folder / a), run_json(folder / b));
    EXPECT_EQ(files(folder / a), (std::set<std::string>{"history.csv", "model.safetensors", "run.json"}));
  }

  void expect_refused(const std::vector<std::string>& arguments, const std::string& sentence) const {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "plateau: " + sentence + "\n");
  }
};

TEST_F(Resume, a_run_that_is_killed_again_and_again_ends_as_if_it_had_not_been) {
  const char* const asked = std::getenv("PLATEAU_KILLS");
  const int kills = asked != nullptr ? std::atoi(asked) : 5, epochs = 40 * kills;
  ASSERT_GE(kills, 1);
  ASSERT_EQ(run(train("whole", epochs)).exit_code, 0);

  std::mt19937 random(20260719);
  int killed = 0;
  ProgramResult last;
  while (killed < kills) {
    const bool goes_on = fs::exists(folder / "killed" / "checkpoint.safetensors");
    last = run(goes_on ? std::vector<std::string>{"train", "--resume", place("killed")}
                       : train("killed", epochs, {"--checkpoint-every", "1"}),
               milliseconds(30 + random() % 120), SIGKILL);
    if (last.exit_code == 0) break;
    ASSERT_EQ(last.exit_code, 128 + SIGKILL) << last.err;
    ++killed;
  }
  EXPECT_GE(killed, std::min(kills, 3));
  if (last.exit_code != 0) last = run({"train", "--resume", place("killed")});
  EXPECT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(last.err, "");
  expect_same_run("killed", "whole");
}

}  // namespace
}  // namespace plateau::test
