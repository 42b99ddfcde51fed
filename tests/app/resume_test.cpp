// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Runs that are stopped, by Ctrl-C and by what lets no program say goodbye, and go on. PLATEAU_KILLS: how often the
// second happens.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <random>
#include <set>
#include <system_error>
#include <utility>

#include "data/files.hpp"
#include "plateau/data/output_file.hpp"
#include "support/program.hpp"

namespace plateau::test {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;
using std::chrono::milliseconds;

class Resume : public testing::Test {
 protected:
  const fs::path folder = testing_files::test_folder();

  std::string place(const std::string& name) const { return (folder / name).string(); }

  static Arguments with(Arguments arguments, const Arguments& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  // On the emulated GPU where the program is the emulated one.
  Arguments train(const std::string& out, int epochs, const Arguments& more = {}) const {
    const std::string stem = std::string(PLATEAU_TEST_DATA) + "/torch-parity/sgd_momentum_5_16_3/";
    return with({"train", "--train", stem + "train_x.npy:" + stem + "train_y.npy", "--test",
                 stem + "test_x.npy:" + stem + "test_y.npy", "--epochs", std::to_string(epochs), "--out", place(out)},
                more);
  }

  static std::string program(const char* name) { return std::string(PLATEAU_PROGRAMS) + "/" + name; }
  ProgramResult run(const Arguments& arguments, const std::function<void()>& moment = {}, int signal = 0,
                    const std::string& of = program("plateau")) const {
    return run_program(with({of}, arguments), folder, moment, signal);
  }
  // When `holds` does, and `then` has passed.
  static std::function<void()> once(const std::function<bool()>& holds, std::chrono::microseconds then = {}) {
    return [=] {
      for (int i = 0; i < 100'000 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::microseconds(200));
      std::this_thread::sleep_for(then);
    };
  }
  // Some epochs after a run in `out` has begun.
  std::function<void()> soon_after_the_start_of(const std::string& out) const {
    return once([at = folder / out] { return fs::exists(at); }, kSoon);
  }
  static constexpr std::chrono::milliseconds kSoon{30};
  // When more than so many checkpoints were seen in `out`, or the run in it has ended.
  std::function<void()> after_checkpoints(const std::string& out, int count, std::chrono::microseconds then) const {
    const fs::path at = folder / out;
    return once(
        [=, last = fs::file_time_type()]() mutable {
          std::error_code none;
          const auto written = fs::last_write_time(at / "checkpoint.safetensors", none);
          if (!none && std::exchange(last, written) != written) --count;
          return count < 0 || fs::exists(at / "run.json");
        },
        then);
  }

  // What a run leaves, but for what was measured.
  std::string run_json(const std::string& out) const {
    const std::string text = file_content(folder / out / "run.json");
    return text.substr(0, text.find("\"measured\""));
  }
  std::set<std::string> files(const std::string& out) const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder / out)) names.insert(entry.path().filename());
    return names;
  }
  void expect_same_run(const std::string& a, const std::string& b) const {
    for (const char* const file : {"model.safetensors", "history.csv", "test_labels.npy", "test_predictions.npy"})
      EXPECT_EQ(file_content(folder / a / file), file_content(folder / b / file)) << file;
    EXPECT_EQ(run_json(a), run_json(b));
    EXPECT_EQ(files(a), (std::set<std::string>{"history.csv", "model.safetensors", "run.json", "test_labels.npy",
                                               "test_predictions.npy"}));
  }

  void expect_refused(const Arguments& arguments, const std::string& sentence) const {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "plateau: " + sentence + "\n");
  }
};

TEST_F(Resume, a_run_that_is_killed_again_and_again_ends_as_if_it_had_not_been) {
  const char* const asked = std::getenv("PLATEAU_KILLS");
  const int kills = asked != nullptr ? std::atoi(asked) : 5, epochs = 60 * kills;
  ASSERT_GE(kills, 1);
  const Arguments options{"--hidden",  "16",  "--batch",      "8",   "--device", "cpu",
                          "--dropout", "0.1", "--validation", "0.2", "--scale",  "standard"};
  ASSERT_EQ(run(train("whole", epochs, options)).exit_code, 0);

  std::mt19937 random(20260719);
  const auto some = [&](unsigned most) { return static_cast<int>(random() % most); };
  // A run that ends before is compared as well, and another one begins. What comes after its run.json is no kill.
  int killed = 0;
  for (int begun = 1; killed < kills; ++begun) {
    const std::string out = "killed_" + std::to_string(begun);
    const auto checkpoint = folder / out / "checkpoint.safetensors", last = folder / out / "run.json";
    while (killed < kills && !fs::exists(last)) {
      const ProgramResult stopped =
          run(fs::exists(checkpoint) ? Arguments{"train", "--resume", place(out)}
                                     : train(out, epochs, with(options, {"--checkpoint-every", "1"})),
              after_checkpoints(out, some(15), std::chrono::microseconds(some(8000))), SIGKILL);
      if (stopped.exit_code == 0) break;
      ASSERT_EQ(stopped.exit_code, 128 + SIGKILL) << stopped.err;
      killed += !fs::exists(last);
    }
    if (fs::exists(checkpoint)) {
      const ProgramResult whole = run({"train", "--resume", place(out)});
      EXPECT_EQ(whole.exit_code, 0) << whole.err;
      EXPECT_EQ(whole.err, "");
    }
    expect_same_run(out, "whole");
  }
}

TEST_F(Resume, an_interrupted_run_keeps_what_it_had_and_goes_on_with_its_options) {
  const Arguments options{"train",
                          "--train",
                          std::string(PLATEAU_TEST_DATA) + "/iris.csv",
                          "--target",
                          "species",
                          "--drop",
                          "petal_width",
                          "--drop",
                          "sepal_width",
                          "--test-fraction",
                          "0.3",
                          "--hidden",
                          "",
                          "--optimizer",
                          "sgd",
                          "--lr",
                          "0.0001",
                          "--schedule",
                          "cosine",
                          "--batch",
                          "10",
                          "--no-shuffle",
                          "--class-weights",
                          "--early-stopping",
                          "100000",
                          "--epochs",
                          "40000",
                          "--seed",
                          "9",
                          "--quiet",
                          "--device",
                          "cpu",
                          "--out"};
  const ProgramResult whole = run(with(options, {place("whole")}));
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const ProgramResult interrupted = run(with(options, {place("paused")}), soon_after_the_start_of("paused"), SIGINT);
  ASSERT_EQ(interrupted.exit_code, 130) << interrupted.err;
  EXPECT_NE(interrupted.err.find(" of 40000 epochs; plateau train --resume " + place("paused") + " goes on\n"),
            std::string::npos)
      << interrupted.err;
  EXPECT_NE(run_json("paused").find("\"interrupted\""), std::string::npos);
  EXPECT_EQ(files("paused"), (std::set<std::string>{"checkpoint.safetensors", "history.csv", "model.safetensors",
                                                    "run.json", "test_labels.npy", "test_predictions.npy"}));
  EXPECT_EQ(run({"evaluate", "--model", place("paused/checkpoint.safetensors"), "--data", options[2], "--target",
                 "species", "--drop", "petal_width", "--drop", "sepal_width", "--device", "cpu"})
                .exit_code,
            0);

  const fs::path unfinished = folder / "paused" / ".plateau-0123.tmp";
  write_file(unfinished, "what a process that was killed has left");
  const ProgramResult again =
      run({"train", "--resume", place("paused")}, once([&] { return !fs::exists(unfinished); }, kSoon), SIGINT);
  ASSERT_EQ(again.exit_code, 130) << again.err;
  EXPECT_FALSE(fs::exists(unfinished));
  fs::copy(folder / "paused", folder / "again", fs::copy_options::recursive);
  const ProgramResult last = run({"train", "--resume", place("paused")});
  EXPECT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(last.err, "");
  const auto but_times = [](const std::string& text) { return text.substr(0, text.find("\nMeasured")); };
  EXPECT_EQ(but_times(last.out), but_times(whole.out));
  expect_same_run("paused", "whole");
  const ProgramResult as_json = run({"train", "--resume", place("again"), "--format", "json"});
  EXPECT_EQ(as_json.exit_code, 0) << as_json.err;
  EXPECT_EQ(as_json.out.front(), '{');
  expect_same_run("again", "whole");
  expect_refused(
      {"train", "--resume", place("paused")},
      "--resume " + place("paused") + ": the run in this folder has ended, and there is nothing to go on from");
}

// What was trained on a GPU goes on there, by the engine that began.
TEST_F(Resume, goes_on_on_the_device_it_was_begun_on) {
  for (const std::string engine : {"fused", "layered"}) {
    const Arguments options{"--hidden", "4",       "--device",           "cuda", "--batch", "111", "--engine",
                            engine,     "--quiet", "--checkpoint-every", "1"};
    ASSERT_EQ(run(train("whole_" + engine, 4, options), {}, 0, PLATEAU_EMULATED_PROGRAM).exit_code, 0);
    const std::string out = "killed_" + engine;
    const auto kept = once([at = folder / out / "checkpoint.safetensors"] { return fs::exists(at); });
    ASSERT_EQ(run(train(out, 4, options), kept, SIGKILL, PLATEAU_EMULATED_PROGRAM).exit_code, 128 + SIGKILL);
    const ProgramResult on = run({"train", "--resume", place(out)}, {}, 0, PLATEAU_EMULATED_PROGRAM);
    EXPECT_EQ(on.exit_code, 0) << on.err;
    expect_same_run(out, "whole_" + engine);
  }
}

// Numbers and ids alone do not tell that they mean something else.
TEST_F(Resume, refuses_rows_with_other_names) {
  const auto rows = [&](const char* name, const char* text) {
    write_file(folder / name, text);
    return place(name);
  };
  const std::string a = rows("a.csv", "age,sex,kind\n1,2,cat\n3,4,dog\n"), out = place("run");
  const Arguments start{"train",    "--train", a,          "--test",  rows("b.csv", "age,sex,kind\n2,1,dog\n4,3,cat\n"),
                        "--hidden", "3",       "--epochs", "1000000", "--device",
                        "cpu",      "--out",   out};
  ASSERT_EQ(run(start, soon_after_the_start_of("run"), SIGINT).exit_code, 130);
  const std::string but = " of " + a + " do not have the names that they had when the run began";
  rows("a.csv", "age,sex,kind\n1,2,cat\n3,4,wolf\n");
  rows("b.csv", "age,sex,kind\n2,1,wolf\n4,3,cat\n");
  expect_refused({"train", "--resume", out}, "--resume " + out + ": the classes" + but);
  rows("a.csv", "age,height,kind\n1,2,cat\n3,4,dog\n");
  rows("b.csv", "age,height,kind\n2,1,dog\n4,3,cat\n");
  expect_refused({"train", "--resume", out}, "--resume " + out + ": the columns" + but);
  rows("a.csv", "1,2,cat\n3,4,dog\n");
  expect_refused({"train", "--resume", out}, "--resume " + out + ": the columns" + but);
}

TEST_F(Resume, refuses_what_is_not_the_run) {
  const auto rows = [&](const char* name, const char* text) {
    write_file(folder / name, text);
    return place(name);
  };
  const std::string out = place("run");
  const Arguments start{"train",
                        "--train",
                        rows("a.csv", "1,2,0\n3,4,1\n"),
                        "--test",
                        rows("b.csv", "2,1,1\n4,3,0\n"),
                        "--hidden",
                        "3",
                        "--epochs",
                        "1000000",
                        "--device",
                        "cpu",
                        "--out",
                        out};
  ASSERT_EQ(run(start, soon_after_the_start_of("run"), SIGINT).exit_code, 130);
  const std::string go_on = "--resume " + out + ": ";
  // The run was begun without --quiet, and goes on with it.
  fs::copy(folder / "run", folder / "quiet", fs::copy_options::recursive);
  const ProgramResult quiet =
      run({"train", "--resume", place("quiet"), "--quiet"}, soon_after_the_start_of("quiet"), SIGINT);
  EXPECT_EQ(quiet.exit_code, 130) << quiet.err;
  EXPECT_EQ(quiet.out.find("Epoch:"), std::string::npos);
  expect_refused({"train", "--resume", out, "--quiet", "--lr", "3"},
                 go_on + "every option is that of the run; leave out --lr");
  expect_refused({"train", "--resume", place("none")},
                 "--resume " + place("none") + ": the folder holds no checkpoint.safetensors to go on from");
  rows("a.csv", "1,2,0\n3,5,1\n");
  expect_refused({"train", "--resume", out},
                 go_on + "the training rows of " + place("a.csv") + " are not those that the run began with");
  rows("a.csv", "1,2,0\n3,4,1\n");
  rows("b.csv", "2,1,1\n4,3,1\n");
  expect_refused({"train", "--resume", out},
                 go_on + "the test rows of " + place("b.csv") + " are not those that the run began with");
  fs::remove(folder / "b.csv");
  EXPECT_EQ(run({"train", "--resume", out}).exit_code, 2);

  fs::remove(folder / "run" / "run.json");
  rows("b.csv", "2,1,1\n4,3,0\n");
  expect_refused(start, "--out " + out +
                            ": the folder already holds a checkpoint; go on from it by plateau train "
                            "--resume " +
                            out + ", or name another one");
  expect_refused(
      {"train", "--train", place("a.csv"), "--test", place("b.csv"), "--hidden", "3", "--checkpoint-every", "2"},
      "--checkpoint-every: checkpoints lie in the folder of the run; name it by --out");
}

}  // namespace
}  // namespace plateau::test
