// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The programs, run as a user runs them. PLATEAU_PROGRAMS is the folder they were built into.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "data/files.hpp"
#include "plateau/data/linear_stack.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/output_file.hpp"
#include "support/program.hpp"

namespace plateau::test {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

class CommandLine : public testing::Test {
 protected:
  const fs::path folder = testing_files::test_folder();

  // Files of the program under test live apart from those that hold its output.
  fs::path file(const std::string& name) const {
    fs::create_directories(folder / "files");
    return folder / "files" / name;
  }

  ProgramResult run(std::vector<std::string> arguments, const std::string& program = "plateau",
                    std::chrono::milliseconds interrupt_after = {}) const {
    arguments.insert(arguments.begin(), std::string(PLATEAU_PROGRAMS) + "/" + program);
    return run_program(arguments, folder, interrupt_after);
  }
  // Interrupted as soon as it holds.
  ProgramResult run_until(std::vector<std::string> arguments, const std::string& program,
                          const std::function<bool()>& holds) const {
    arguments.insert(arguments.begin(), std::string(PLATEAU_PROGRAMS) + "/" + program);
    return run_program(
        arguments, folder, [&] { wait_until(holds); }, SIGINT);
  }

  // Whether `plateau info` lists a GPU, other than an emulated one.
  bool has_gpu() const {
    return !std::regex_search(run({"info"}).out, std::regex("\ngpu       (none|not looked for|emulated)"));
  }

  // Exit code 2, nothing on stdout, and one sentence on stderr that names the culprit.
  void expect_refused(const std::vector<std::string>& arguments, const std::string& culprit) const {
    const ProgramResult result = run(arguments);
    std::string shown;
    for (const std::string& argument : arguments) shown += " " + argument;
    EXPECT_EQ(result.exit_code, 2) << shown << "\n" << result.err;
    EXPECT_EQ(result.out, "") << shown;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << shown << "\n" << result.err;
    EXPECT_NE(result.err.find(culprit), std::string::npos) << shown << "\n" << result.err;
  }

  static std::string parity(const std::string& name, const std::string& part) {
    const std::string stem = std::string(PLATEAU_TEST_DATA) + "/torch-parity/" + name + "/" + part;
    return stem + "_x.npy:" + stem + "_y.npy";
  }
  static std::vector<std::string> train_sgd_case(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{
        "train",    "--train", parity("sgd_momentum_5_16_3", "train"), "--test", parity("sgd_momentum_5_16_3", "test"),
        "--device", "cpu"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  static std::vector<std::string> sweep_case(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{
        "sweep",    "--data", parity("sgd_momentum_5_16_3", "train"), "--test", parity("sgd_momentum_5_16_3", "test"),
        "--device", "cpu"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  static std::vector<std::string> remedies_case(const std::string& learning_rate, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"remedies",
                                       "--data",
                                       std::string(PLATEAU_TEST_DATA) + "/iris.csv",
                                       "--target",
                                       "species",
                                       "--test-fraction",
                                       "0.3",
                                       "--hidden",
                                       "",
                                       "--lr",
                                       learning_rate,
                                       "--quick",
                                       "--only",
                                       "weight-decay,ensemble",
                                       "--device",
                                       "cpu",
                                       "--quiet"};
    for (std::size_t i = 0; i < more.size(); ++i) {  // what is given again replaces what was there
      if (const auto there = std::find(arguments.begin(), arguments.end(), more[i]);
          there != arguments.end() && more[i].starts_with("--") && i + 1 < more.size()) {
        *(there + 1) = more[++i];
        continue;
      }
      arguments.push_back(more[i]);
    }
    return arguments;
  }
  static std::string sgd_init() {
    return std::string(PLATEAU_TEST_DATA) + "/torch-parity/sgd_momentum_5_16_3/init.safetensors";
  }

  // A pair of NPY files with two features a row.
  std::string pair(const std::string& name, const std::vector<float>& x, const std::vector<std::int32_t>& y) const {
    const auto rows = static_cast<Index>(y.size());
    write_npy_features(file(name + "_x.npy"), as_matrix(HostSpan<const float>{x.data(), rows * 2}, rows, 2));
    write_npy_labels(file(name + "_y.npy"), {y.data(), rows});
    return file(name + "_x.npy").string() + ":" + file(name + "_y.npy").string();
  }
};

TEST_F(CommandLine, scenario_prints_an_exact_line_per_epoch_and_a_summary) {
  const ProgramResult result = run({"--epochs", "30", "--no-controls"}, "scenario_overfit");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(std::regex_match(result.err, std::regex("device: (cpu|cuda), .+ \\(.+\\)\n"))) << result.err;
  std::istringstream lines(result.out);
  const std::regex form(R"(Epoch: (\d+), Train Loss: \d+\.\d{4}, Test Accuracy: [01]\.\d{4})");
  std::string line;
  for (int epoch = 0; epoch < 30; ++epoch) {
    std::getline(lines, line);
    std::smatch match;
    ASSERT_TRUE(std::regex_match(line, match, form)) << line;
    EXPECT_EQ(match[1], std::to_string(epoch));
  }
  std::getline(lines, line);
  EXPECT_EQ(line, "");
  EXPECT_NE(result.out.find("\nReason       inconclusive"), std::string::npos);
}

TEST_F(CommandLine, the_three_programs_are_the_scenario_command) {
  const auto without_times = [](const std::string& text) { return text.substr(0, text.find("\nMeasured")); };
  for (const std::string name : {"overfit", "underfit", "ceiling"}) {
    const std::vector<std::string> options{"--epochs", "25", "--no-controls", "--labels", "published", "--seed", "9"};
    std::vector<std::string> arguments{"scenario", name};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ProgramResult command = run(arguments), program = run(options, "scenario_" + name);
    EXPECT_EQ(command.exit_code, 0);
    EXPECT_EQ(without_times(command.out), without_times(program.out));
    EXPECT_NE(command.out.find(name + " (labels as published)"), std::string::npos);
  }
}

TEST_F(CommandLine, quiet_keeps_the_summary_and_an_explicit_device_says_nothing) {
  const ProgramResult result = run({"scenario", "underfit", "--epochs", "25", "--quiet", "--device", "cpu"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out.find("Epoch:"), std::string::npos);
  EXPECT_NE(result.out.find("\nReason "), std::string::npos);
}

TEST_F(CommandLine, json_stands_alone_on_stdout) {
  const ProgramResult result = run({"scenario", "underfit", "--epochs", "25", "--format", "json", "--repeat", "2"});
  EXPECT_EQ(result.exit_code, 0);
  const Json json = Json::parse(result.out);
  EXPECT_EQ(json["command"], "scenario");
  EXPECT_EQ(json["history"]["test_accuracy"].size(), 25u);
  EXPECT_EQ(json["seeds"].size(), 2u);
}

TEST_F(CommandLine, out_leaves_a_run_directory_and_is_never_overwritten) {
  const std::string out = (folder / "files" / "run").string();
  const std::vector<std::string> arguments{"scenario", "underfit", "--epochs", "25", "--no-controls", "--out", out};
  EXPECT_EQ(run(arguments).exit_code, 0);
  EXPECT_EQ(Json::parse(file_content(out + "/run.json"))["result"]["epochs"], 25);
  EXPECT_EQ(read_linear_stack(out + "/model.safetensors").widths, (std::vector<Index>{3, 2}));
  const std::string before = file_content(out + "/run.json");
  const ProgramResult again = run(arguments);
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find("already holds a run"), std::string::npos);
  EXPECT_EQ(file_content(out + "/run.json"), before);
}

TEST_F(CommandLine, train_follows_pytorch_and_its_model_reads_back) {
  const ProgramResult result = run(train_sgd_case({"--hidden",
                                                   "16",
                                                   "--optimizer",
                                                   "sgd",
                                                   "--lr",
                                                   "0.05",
                                                   "--momentum",
                                                   "0.9",
                                                   "--weight-decay",
                                                   "0.001",
                                                   "--batch",
                                                   "32",
                                                   "--epochs",
                                                   "20",
                                                   "--no-shuffle",
                                                   "--init",
                                                   sgd_init(),
                                                   "--history",
                                                   file("h.csv").string(),
                                                   "--save",
                                                   file("m.safetensors").string(),
                                                   "--quiet"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out.find("Epoch:"), std::string::npos);

  const auto column = [](const std::string& csv, int row, int field) {
    std::istringstream lines(csv);
    std::string line, value;
    for (int i = 0; i <= row + 1; ++i) std::getline(lines, line);
    std::istringstream fields(line);
    for (int i = 0; i <= field; ++i) std::getline(fields, value, ',');
    return std::stod(value);
  };
  const std::string got = file_content(file("h.csv"));
  const std::string want =
      file_content(std::string(PLATEAU_TEST_DATA) + "/torch-parity/sgd_momentum_5_16_3/expected.csv");
  for (int epoch = 0; epoch < 20; ++epoch) {
    const double train = column(want, epoch, 1), test = column(want, epoch, 2);
    EXPECT_LE(std::abs(column(got, epoch, 1) - train), 2e-6 + 20 * std::abs(column(want, epoch, 4) - train));
    EXPECT_LE(std::abs(column(got, epoch, 3) - test), 2e-6 + 20 * std::abs(column(want, epoch, 5) - test));
  }
  EXPECT_EQ(read_linear_stack(file("m.safetensors")).widths, (std::vector<Index>{5, 16, 3}));
  // The saved model is a start like any other.
  EXPECT_EQ(run(train_sgd_case({"--init", file("m.safetensors").string(), "--epochs", "1"})).exit_code, 0);
}

TEST_F(CommandLine, hidden_widths_are_read_as_text) {
  const ProgramResult linear = run(train_sgd_case({"--hidden", "", "--epochs", "1"}));
  EXPECT_EQ(linear.exit_code, 0) << linear.err;
  EXPECT_NE(linear.out.find("\n5-3, 333 training rows"), std::string::npos) << linear.out;
  EXPECT_NE(run(train_sgd_case({"--hidden", "7,9", "--epochs", "1"})).out.find("\n5-7-9-3, "), std::string::npos);
  for (const std::string hidden : {"0", "8,,8", "-1", "8,", ",8", "x", "8.5", " 8", "65537", "99999999999999999999"})
    expect_refused(train_sgd_case({"--hidden", hidden}), "--hidden " + hidden + ":");
}

TEST_F(CommandLine, refuses_unknown_commands_options_and_values) {
  expect_refused({}, "a command is missing");
  expect_refused({"frobnicate"}, "frobnicate");
  expect_refused({"scenario"}, "NAME");
  expect_refused({"scenario", "nothing"}, "nothing");
  expect_refused({"scenario", "overfit", "--frobnicate"}, "--frobnicate");
  expect_refused({"scenario", "overfit", "--labels", "wrong"}, "--labels: wrong");
  expect_refused({"scenario", "overfit", "--device", "tpu"}, "--device: tpu");
  expect_refused({"scenario", "overfit", "--format", "xml"}, "--format: xml");
  expect_refused({"scenario", "overfit", "--device", "cpu", "--engine", "fused"}, "--engine fused");
  for (const std::string value : {"0", "-5", "1.5", "ten", "1000001", ""})
    expect_refused({"scenario", "overfit", "--epochs", value}, "--epochs: '" + value + "'");
  for (const std::string value : {"-1", "1e3", "18446744073709551616"})
    expect_refused({"scenario", "overfit", "--seed", value}, "--seed: '" + value + "'");
  expect_refused({"scenario", "overfit", "--repeat", "0"}, "--repeat: '0'");
  expect_refused(train_sgd_case(), "--hidden is missing");
  expect_refused({"train", "--hidden", "8"}, "--train");
}

TEST_F(CommandLine, names_in_its_messages_cannot_command_a_terminal) {
  const std::string name = "no\x1b[31m\a\n\u009b\u202E", shown = "no\\u{1B}[31m\\u{7}\\u{A}\\u{9B}\\u{202E}";
  expect_refused({"report", name}, shown + ": is no folder");
  expect_refused({"report", ".", "--charts", name}, shown);
  expect_refused({"train", "--train", name + ".csv", "--test-fraction", "0.5", "--hidden", ""}, shown + ".csv");
  expect_refused({"compare", (folder / "files").string(), name}, "is no folder");
  expect_refused({"compare", name, "other"}, shown + ": is no folder");
  expect_refused({name}, shown);
  expect_refused({"info", "--" + name}, "--" + shown);
}

TEST_F(CommandLine, refuses_settings_that_train_nothing) {
  for (const std::string value : {"-0.1", "0", "1e-60", "1e60", "nan", "inf", "fast"})
    expect_refused(train_sgd_case({"--hidden", "8", "--lr", value}), "--lr");
  for (const std::string value : {"-0.1", "nan"}) {
    expect_refused(train_sgd_case({"--hidden", "8", "--weight-decay", value}), "--weight-decay");
    expect_refused(train_sgd_case({"--hidden", "8", "--optimizer", "sgd", "--momentum", value}), "--momentum");
  }
  expect_refused(train_sgd_case({"--hidden", "8", "--momentum", "0.9"}), "--momentum: only --optimizer sgd");
  for (const std::string value : {"0", "-1", "half", "1.5"})
    expect_refused(train_sgd_case({"--hidden", "8", "--batch", value}), "--batch " + value);
  expect_refused(train_sgd_case({"--hidden", "8", "--optimizer", "lbfgs"}), "--optimizer: lbfgs");
}

TEST_F(CommandLine, auto_says_which_device_and_why) {
  const ProgramResult result = run({"scenario", "underfit", "--epochs", "5", "--quiet", "--no-controls"});
  const bool gpu = has_gpu();
  std::smatch match;
  ASSERT_TRUE(std::regex_match(result.err, match, std::regex("device: (cpu|cuda), .+ \\((.+)\\)\n"))) << result.err;
  EXPECT_EQ(match[1], gpu ? "cuda" : "cpu");
  EXPECT_NE(result.out.find("\nMeasured     on " + match[1].str() + " ("), std::string::npos) << result.out;
  // The reason against a GPU is the one that `info` gives.
  const std::string info = run({"info"}).out;
  EXPECT_TRUE(gpu || info.find(": " + match[2].str() + "\n") != std::string::npos) << info;
}

#if defined(PLATEAU_EMULATED_PROGRAM)  // `plateau` on the tests' GPU
ProgramResult emulated(std::vector<std::string> arguments, const fs::path& folder) {
  arguments.insert(arguments.begin(), PLATEAU_EMULATED_PROGRAM);
  return run_program(arguments, folder);
}

TEST_F(CommandLine, an_emulated_gpu_is_taken_only_where_it_is_asked_for_and_never_hidden) {
  const std::string info = emulated({"info"}, folder).out;
  EXPECT_NE(info.find("\ngpu       emulated on the cpu, for tests: "), std::string::npos) << info;
  EXPECT_NE(info.find("\nengines   layered, on the cpu and the emulated GPU; fused, on the emulated GPU\n"),
            std::string::npos)
      << info;

  const std::vector<std::string> study{"scenario", "underfit", "--epochs", "3", "--no-controls", "--format", "json"};
  const ProgramResult by_default = emulated(study, folder);
  EXPECT_EQ(by_default.exit_code, 0) << by_default.err;
  EXPECT_NE(by_default.err.find("(an emulated GPU is taken by --device cuda only)\n"), std::string::npos);
  const Json on_cpu = Json::parse(by_default.out);
  EXPECT_EQ(on_cpu["plan"]["device"], "cpu");

  std::vector<std::string> asked = study;
  asked.insert(asked.end(), {"--device", "cuda", "--engine", "layered"});
  const ProgramResult result = emulated(asked, folder);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const Json on_gpu = Json::parse(result.out);
  EXPECT_EQ(on_gpu["plan"]["device"], "emulated");
  EXPECT_FALSE(on_gpu["versions"]["cuda_toolkit"].get<std::string>().empty());
  EXPECT_EQ(on_gpu["result"]["epochs"], 3);
  // The same rows, drawn on either device.
  for (const char* part : {"train", "test"}) {
    EXPECT_EQ(on_gpu["data"][part]["class_rows"], on_cpu["data"][part]["class_rows"]);
    for (std::size_t feature = 0; feature < 3; ++feature)
      for (const char* figure : {"minimum", "maximum"})
        EXPECT_EQ(on_gpu["data"][part]["features"][feature][figure], on_cpu["data"][part]["features"][feature][figure]);
  }
}

// `auto` takes it for what is small, and says so; a network that does not fit a block is refused before it is trained.
TEST_F(CommandLine, the_engine_follows_from_the_run_and_is_recorded) {
  std::map<std::string, Json> result;
  for (const char* engine : {"auto", "fused", "layered"}) {
    const ProgramResult run = emulated({"scenario", "underfit", "--epochs", "3", "--no-controls", "--format", "json",
                                        "--device", "cuda", "--engine", engine},
                                       folder);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    result[engine] = Json::parse(run.out);
    const bool fused = std::string(engine) != "layered";
    EXPECT_EQ(result[engine]["plan"]["engine"], fused ? "fused" : "layered");
    EXPECT_EQ(result[engine]["plan"].contains("kernel"), fused);
  }
  EXPECT_EQ(result["auto"]["result"], result["fused"]["result"]);
  const double fused = result["fused"]["result"]["train_loss"], layered = result["layered"]["result"]["train_loss"];
  EXPECT_LE(std::abs(fused - layered), 1e-5 * layered);

  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{
           {"--device", "cpu"}, {"--device", "cuda", "--autotune"}, {"--device", "cuda", "--precision", "tf32"}}) {
    std::vector<std::string> arguments{"scenario", "underfit", "--engine", "fused"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult run = emulated(arguments, folder);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_NE(run.err.find("--engine fused"), std::string::npos) << run.err;
  }
}

TEST_F(CommandLine, the_precision_of_products_is_chosen_on_a_gpu_and_recorded) {
  std::map<std::string, Json> result;
  for (const char* precision : {"fp32", "tf32"}) {
    const ProgramResult run = emulated({"scenario", "underfit", "--epochs", "3", "--no-controls", "--format", "json",
                                        "--device", "cuda", "--precision", precision},
                                       folder);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    result[precision] = Json::parse(run.out);
    EXPECT_EQ(result[precision]["plan"]["precision"], precision);
  }
  const double fp32 = result["fp32"]["result"]["train_loss"], tf32 = result["tf32"]["result"]["train_loss"];
  EXPECT_NE(fp32, tf32);
  EXPECT_LE(std::abs(tf32 - fp32), 1e-2 * fp32);
}

TEST_F(CommandLine, autotuning_keeps_its_choice_with_the_run) {
  const ProgramResult run = emulated(
      {"scenario", "overfit", "--epochs", "2", "--no-controls", "--format", "json", "--device", "cuda", "--autotune"},
      folder);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const Json plan = Json::parse(run.out)["plan"];
  EXPECT_EQ(plan["autotuned"], true);
  ASSERT_EQ(plan["layers"].size(), 3u);
  for (const Json& layer : plan["layers"])
    for (const char* place : {"activation", "input_grad", "weight_grad"})
      EXPECT_TRUE(layer[place] == "kernel" || layer[place] == "epilogue") << layer;
  expect_refused({"scenario", "overfit", "--device", "cpu", "--autotune"}, "--autotune: only a GPU");
}

TEST_F(CommandLine, a_sweep_trains_its_fleet_on_the_gpu) {
  std::map<std::string, Json> result;
  for (const char* device : {"cpu", "cuda"}) {
    std::vector<std::string> arguments = sweep_case({"--hidden", "", "--hidden", "8", "--lr", "0.01,0.1", "--seeds",
                                                     "2", "--epochs", "3", "--dropout", "0.25", "--format", "json"});
    *std::ranges::find(arguments, "cpu") = device;
    const ProgramResult run = emulated(arguments, folder);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.err, "");
    result[device] = Json::parse(run.out);
  }
  EXPECT_EQ(result["cuda"]["plan"]["device"], "emulated");
  EXPECT_EQ(result["cuda"]["configuration"], result["cpu"]["configuration"]);
  ASSERT_EQ(result["cuda"]["settings"].size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const Json &on_gpu = result["cuda"]["settings"][i], &on_cpu = result["cpu"]["settings"][i];
    EXPECT_EQ(on_gpu["engine"], "fused");
    EXPECT_EQ(on_gpu["setting"], on_cpu["setting"]);
    const double loss = on_cpu["validation_loss"]["mean"];
    EXPECT_LE(std::abs(on_gpu["validation_loss"]["mean"].get<double>() - loss), 1e-4 * loss);
  }
}

TEST_F(CommandLine, a_gpu_without_memory_for_it_exits_with_1_and_names_the_bytes) {
  // All but the last of the parameters that a network may have: they alone leave the emulated GPU no room for the rows.
  const std::vector<std::int32_t> labels(20000, 1);
  const std::string rows = pair("many", std::vector<float>(2 * labels.size(), 0.5f), labels);
  const ProgramResult result = emulated(
      {"train", "--train", rows, "--test", rows, "--hidden", "32764,32764", "--device", "cuda", "--out", file("o")},
      folder);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(std::regex_match(
      result.err, std::regex("plateau: the GPU failed: .*out of device memory: \\d+ bytes asked for, \\d+ of .*\n")))
      << result.err;
}
#endif

TEST_F(CommandLine, refuses_a_precision_that_the_device_does_not_have) {
  expect_refused({"scenario", "overfit", "--device", "cpu", "--precision", "tf32"}, "--precision tf32: the CPU");
  expect_refused({"scenario", "overfit", "--device", "cpu", "--precision", "bf16"}, "--precision: bf16");
}

TEST_F(CommandLine, refuses_cuda_where_there_is_none) {
  if (has_gpu()) GTEST_SKIP() << "there is a GPU here";
  for (const char* command : {"overfit", "ceiling"}) {
    const ProgramResult result = run({"scenario", command, "--device", "cuda"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err.rfind("plateau: --device cuda: ", 0), 0u) << result.err;
  }
}

TEST_F(CommandLine, refuses_data_that_cannot_be_trained_on) {
  const std::string good = pair("good", {0, 0, 1, 1, 0, 1}, {0, 1, 0});
  const auto train_on = [&](const std::string& train, const std::string& test) {
    return std::vector<std::string>{"train", "--train", train, "--test", test, "--hidden", "4", "--device", "cpu"};
  };
  EXPECT_EQ(run(train_on(good, good)).exit_code, 0);
  expect_refused(train_on("missing.npy:gone.npy", good), "missing.npy");
  expect_refused(train_on("one.npy", good), "one.npy");
  expect_refused(train_on(pair("nan", {0, 0, std::nanf(""), 1}, {0, 1}), good), "nan_x.npy");
  expect_refused(train_on(good, pair("inf", {0, 0, 1, INFINITY}, {0, 1})), "inf_x.npy");
  expect_refused(train_on(pair("negative", {0, 0, 1, 1}, {0, -1}), good), "negative_y.npy");
  expect_refused(train_on(pair("large", {0, 0, 1, 1}, {0, 1024}), good), "large_y.npy");
  expect_refused(train_on(pair("none", {}, {}), good), "none_x.npy");
  expect_refused(train_on(parity("sgd_momentum_5_16_3", "train"), good), "has 5");

  write_file(file("cut.npy"), file_content(file("good_x.npy")).substr(0, 140));
  expect_refused(train_on(file("cut.npy").string() + ":" + file("good_y.npy").string(), good), "cut.npy");
  std::string absurd = file_content(file("good_x.npy"));
  absurd.replace(absurd.find("(3, 2)"), 6, "(3e18,");  // not even a shape
  write_file(file("absurd.npy"), absurd);
  expect_refused(train_on(file("absurd.npy").string() + ":" + file("good_y.npy").string(), good), "absurd.npy");
  expect_refused(train_on(file("good_y.npy").string() + ":" + file("good_y.npy").string(), good), "good_y.npy");
  expect_refused(train_on(file("good_x.npy").string() + ":" + file("good_x.npy").string(), good), "good_x.npy");
}

TEST_F(CommandLine, refuses_models_that_do_not_fit) {
  const auto init = [&](const std::string& model) {
    return train_sgd_case({"--init", model, "--history", file("h.csv").string(), "--save", file("m.st").string()});
  };
  expect_refused(init("missing.safetensors"), "missing.safetensors");
  write_linear_stack(file("four.safetensors"), {{4, 3}, std::vector<float>(15)});
  expect_refused(init(file("four.safetensors").string()), "four.safetensors has 4");
  write_linear_stack(file("two.safetensors"), {{5, 2}, std::vector<float>(12)});
  expect_refused(init(file("two.safetensors").string()), "two.safetensors has 2 classes");
  const std::string whole = file_content(sgd_init());
  for (const std::size_t length : {std::size_t{0}, std::size_t{7}, std::size_t{50}, whole.size() - 1}) {
    write_file(file("cut.safetensors"), whole.substr(0, length));
    expect_refused(init(file("cut.safetensors").string()), "cut.safetensors");
  }
  std::string absurd = whole;
  const std::uint64_t length = std::uint64_t{1} << 60;
  std::memcpy(absurd.data(), &length, 8);
  write_file(file("absurd.safetensors"), absurd);
  expect_refused(init(file("absurd.safetensors").string()), "absurd.safetensors");
  std::string unchained = whole;  // fc2 reads 15 features where fc1 writes 16
  unchained.replace(unchained.find("[3, 16]"), 7, "[16, 3]");
  write_file(file("unchained.safetensors"), unchained);
  expect_refused(init(file("unchained.safetensors").string()), "unchained.safetensors");
  auto arguments = init(sgd_init());
  arguments.insert(arguments.end(), {"--hidden", "8"});
  expect_refused(arguments, "5-16-3");
  // None of the refusals wrote anything.
  EXPECT_FALSE(fs::exists(file("h.csv")));
  EXPECT_FALSE(fs::exists(file("m.st")));
}

TEST_F(CommandLine, refuses_places_that_cannot_be_written_before_it_trains) {
  const std::string nowhere = (folder / "files" / "no" / "such").string();
  for (const std::string option : {"--history", "--save"})
    expect_refused(train_sgd_case({"--hidden", "8", "--epochs", "1000000", option, nowhere}), nowhere);
  write_file(file("plain"), "");
  expect_refused(train_sgd_case({"--hidden", "8", "--epochs", "1000000", "--out", file("plain").string() + "/below"}),
                 "--out");
}

TEST_F(CommandLine, divergence_exits_with_1_names_the_epoch_and_keeps_the_history) {
  const ProgramResult result =
      run(train_sgd_case({"--hidden", "16", "--optimizer", "sgd", "--lr", "30", "--epochs", "400", "--history",
                          file("h.csv").string(), "--save", file("m.st").string()}));
  EXPECT_EQ(result.exit_code, 1);
  std::smatch match;
  ASSERT_TRUE(std::regex_search(result.err, match, std::regex("plateau: the training diverged in epoch (\\d+):")))
      << result.err << result.out;
  const std::string history = file_content(file("h.csv"));
  EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 1 + std::stoi(match[1]));
  EXPECT_EQ(history.find("nan"), std::string::npos);
  EXPECT_FALSE(fs::exists(file("m.st")));
}

TEST_F(CommandLine, interruption_exits_with_130_and_keeps_what_was_trained) {
  // After ten epochs.
  const ProgramResult result =
      run_until(train_sgd_case({"--hidden", "64,64", "--epochs", "1000000", "--quiet", "--history",
                                file("h.csv").string(), "--out", file("run").string(), "--checkpoint-every", "10"}),
                "plateau", [&] { return fs::exists(file("run") / "checkpoint.safetensors"); });
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_NE(result.err.find("interrupted after "), std::string::npos) << result.err;
  const Json json = Json::parse(file_content(file("run") / "run.json"));
  EXPECT_EQ(json["result"]["outcome"], "interrupted");
  const std::string history = file_content(file("h.csv"));
  EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 1 + json["result"]["epochs"].get<int>());
  EXPECT_TRUE(fs::exists(file("run") / "model.safetensors"));
}

TEST_F(CommandLine, interruption_during_the_other_seeds_exits_with_130_too) {
  const std::string out = file("seeds").string();
  const ProgramResult result = run_until(
      {"--quiet", "--device", "cpu", "--no-controls", "--repeat", "100000", "--out", out}, "scenario_underfit",
      [&] { return file_content(out + "/begun.json").find("\"other seeds\"") != std::string::npos; });
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_NE(result.err.find("interrupted after the first run"), std::string::npos) << result.err;
}

std::vector<std::vector<std::string>> fields_of(const std::string& csv) {
  std::vector<std::vector<std::string>> lines;
  std::istringstream in(csv);
  for (std::string line; std::getline(in, line);) {
    lines.emplace_back();
    line += ',';
    for (std::size_t begin = 0; begin < line.size();) {
      const std::size_t end = line.find(',', begin);
      lines.back().push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return lines;
}

TEST_F(CommandLine, sweep_ranks_the_grid_and_leaves_a_line_per_run) {
  const std::string out = file("sweep").string();
  const ProgramResult result =
      run(sweep_case({"--hidden", "", "--hidden", "16,8", "--lr", "0.001,0.01", "--dropout", "0,0.1", "--seeds", "2",
                      "--seed", "7", "--epochs", "10", "--out", out}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err, "");  // no progress where there is no terminal
  EXPECT_NE(result.out.find("\nsweep: 8 settings, 2 seeds each, 16 runs\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\nRanked by    mean loss of 67 validation rows"), std::string::npos) << result.out;

  const std::vector<std::vector<std::string>> lines = fields_of(file_content(out + "/sweep.csv"));
  ASSERT_EQ(lines.size(), 17u);
  for (const std::vector<std::string>& line : lines) ASSERT_EQ(line.size(), 16u);
  EXPECT_EQ(lines[0][1], "architecture");
  EXPECT_EQ(lines[0][11], "validation_loss");
  // Widths change slowest, then the learning rate, then dropout, then the seed.
  const auto beginning = [&](std::size_t i) {
    return std::vector<std::string>(lines[i].begin(), lines[i].begin() + 7);
  };
  EXPECT_EQ(beginning(1), (std::vector<std::string>{"0", "5-3", "0.001", "0", "0", "7", "finished"}));
  EXPECT_EQ(beginning(4), (std::vector<std::string>{"1", "5-3", "0.001", "0", "0.1", "8", "finished"}));
  EXPECT_EQ(beginning(5), (std::vector<std::string>{"2", "5-3", "0.01", "0", "0", "7", "finished"}));
  EXPECT_EQ(beginning(9), (std::vector<std::string>{"4", "5-16-8-3", "0.001", "0", "0", "7", "finished"}));

  const Json json = Json::parse(file_content(out + "/sweep.json"));
  ASSERT_EQ(json["settings"].size(), 8u);
  double before = 0;
  for (const Json& setting : json["settings"]) {
    const std::size_t first = 1 + 2 * setting["setting"].get<std::size_t>();
    const double mean = (std::stod(lines[first][11]) + std::stod(lines[first + 1][11])) / 2;
    EXPECT_LE(std::abs(setting["validation_loss"]["mean"].get<double>() - mean), 1e-15);
    EXPECT_GE(mean, before);
    before = mean;
  }
  const ProgramResult again = run(sweep_case({"--hidden", "4", "--out", out}));
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find("already holds a sweep"), std::string::npos) << again.err;
}

TEST_F(CommandLine, sweep_prints_json_alone_and_the_same_at_every_time) {
  std::vector<std::string> arguments = sweep_case({"--hidden",
                                                   "8",
                                                   "--lr",
                                                   "0.01,0.1",
                                                   "--optimizer",
                                                   "sgd",
                                                   "--momentum",
                                                   "0.9",
                                                   "--batch",
                                                   "32",
                                                   "--scale",
                                                   "standard",
                                                   "--class-weights",
                                                   "--early-stopping",
                                                   "2",
                                                   "--schedule",
                                                   "cosine",
                                                   "--epochs",
                                                   "40",
                                                   "--seeds",
                                                   "2",
                                                   "--validation",
                                                   "0.3",
                                                   "--format",
                                                   "json"});
  const ProgramResult first = run(arguments), second = run(arguments);
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(first.err, "");
  Json json = Json::parse(first.out), other = Json::parse(second.out);
  EXPECT_EQ(json["configuration"]["early_stopping"], 2);
  EXPECT_EQ(json["configuration"]["scale"], "standard");
  EXPECT_EQ(json["configuration"]["class_weights"], true);
  EXPECT_EQ(json["data"]["validation_rows"], 100);
  for (const Json& setting : json["settings"])
    for (const Json& run : setting["runs"]) EXPECT_EQ(run["epoch"], run["best_epoch"]);
  json.erase("measured");
  other.erase("measured");
  EXPECT_EQ(json, other);
}

TEST_F(CommandLine, sweep_fails_only_where_every_run_diverged) {
  const std::vector<std::string> sgd{"--hidden", "16", "--optimizer", "sgd", "--epochs", "60", "--seeds", "2"};
  std::vector<std::string> some = sgd, all = sgd;
  some.insert(some.end(), {"--lr", "0.05,1e6"});
  all.insert(all.end(), {"--lr", "1e6,1e7", "--out", file("o").string()});
  const ProgramResult one = run(sweep_case(some));
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_NE(one.out.find("\nDiverged     - 5-16-3, lr 1000000, seed 0: in epoch "), std::string::npos) << one.out;
  const ProgramResult both = run(sweep_case(all));
  EXPECT_EQ(both.exit_code, 1);
  EXPECT_NE(both.err.find("plateau: every run diverged"), std::string::npos) << both.err;
  EXPECT_EQ(fields_of(file_content(file("o") / "sweep.csv"))[4][6], "diverged");
}

TEST_F(CommandLine, sweep_refuses_a_bad_grid_before_anything_starts) {
  const auto with = [](const std::string& option, const std::string& value) {
    return sweep_case({"--hidden", "8", "--epochs", "1000000", option, value});
  };
  for (const std::string value : {"", "0.1,", "fast", "0.1,0", "-1", "nan", "0.1,0.1", "0.1;0.2"})
    expect_refused(with("--lr", value), "--lr");
  for (const std::string value : {"-0.1", "x", "0,0"}) expect_refused(with("--weight-decay", value), "--weight-decay");
  for (const std::string value : {"1", "0,1.5", "-0.5", "nan"}) expect_refused(with("--dropout", value), "--dropout");
  for (const std::string value : {"1", "-0.1", "nan", "half"})
    expect_refused(with("--validation", value), "--validation");
  expect_refused(with("--validation", "0.001"), "a validation fraction of 0.001 is 0 of the 333 training rows");
  for (const std::string value : {"0", "-1", "x"}) expect_refused(with("--seeds", value), "--seeds");
  for (const std::string value : {"8", "0", "8,,8"}) expect_refused(with("--hidden", value), "--hidden " + value + ":");
  expect_refused(with("--momentum", "0.9"), "--momentum: only --optimizer sgd");
  expect_refused(with("--schedule", "step"), "--schedule: step");
  expect_refused(with("--seed", "18446744073709551615"), "--seed 18446744073709551615: --seeds 5");
  write_file(file("plain"), "");
  expect_refused(with("--out", file("plain").string() + "/below"), "--out");
  expect_refused(sweep_case({"--hidden", "8", "--validation", "0", "--early-stopping", "3"}), "--early-stopping");
  expect_refused(sweep_case({"--hidden", "8", "--hidden", "65536,65536"}), "5-65536-65536-3");
  expect_refused(sweep_case({"--hidden", "8", "--seeds", "100000", "--lr", "1,2,3,4,5,6,7,8,9,10,11"}),
                 "the grid has 1100000 runs");
  expect_refused(sweep_case(), "--hidden");
  expect_refused({"sweep", "--data", parity("sgd_momentum_5_16_3", "train"), "--hidden", "8"}, "--test is missing");
  const std::string good = pair("good", {0, 0, 1, 1, 0, 1}, {0, 1, 0});
  expect_refused({"sweep", "--data", good, "--test", parity("sgd_momentum_5_16_3", "test"), "--hidden", "8"}, "has 2");
  expect_refused({"sweep", "--data", "gone.npy:gone.npy", "--test", good, "--hidden", "8"}, "gone.npy");
}

TEST_F(CommandLine, an_interrupted_sweep_exits_with_130_and_keeps_what_is_finished) {
  const std::string out = file("o").string();
  const ProgramResult result = run(sweep_case({"--hidden", "", "--hidden", "64,64", "--epochs", "20", "--seeds",
                                               "20000", "--format", "json", "--out", out}),
                                   "plateau", std::chrono::milliseconds(1000));
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_NE(result.err.find("plateau: interrupted: "), std::string::npos) << result.err;
  const std::vector<std::vector<std::string>> lines = fields_of(file_content(out + "/sweep.csv"));
  ASSERT_EQ(lines.size(), 40001u);
  std::map<std::string, Index> runs;
  for (const std::vector<std::string>& line : lines) ++runs[line[6]];
  EXPECT_GT(runs["finished"], 0);
  EXPECT_GT(runs["interrupted"], 0);
  EXPECT_EQ(runs["finished"] + runs["interrupted"], 40000);
  // The costliest are trained first, and what has not begun has no rank.
  const Json settings = Json::parse(result.out)["settings"];
  EXPECT_EQ(settings[0]["architecture"], Json::parse("[5, 64, 64, 3]"));
  EXPECT_EQ(settings[0]["rank"], 1);
  EXPECT_EQ(settings[0]["finished"], runs["finished"]);
  EXPECT_EQ(settings[1]["rank"], nullptr);
  EXPECT_EQ(settings[1]["interrupted"], 20000);
}

TEST_F(CommandLine, a_terminal_sees_how_far_a_sweep_is_and_quiet_keeps_it_blank) {
  for (const bool quiet : {false, true}) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_TRUE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    const int other_end = open(ptsname(terminal), O_RDWR | O_NOCTTY);  // or what was written goes with the program
    std::vector<std::string> command{"/bin/sh", "-c", std::string("exec \"$0\" \"$@\" 2> ") + ptsname(terminal),
                                     std::string(PLATEAU_PROGRAMS) + "/plateau"};
    for (const std::string& argument : sweep_case({"--hidden", "16", "--epochs", "20", "--seeds", "50"}))
      command.push_back(argument);
    if (quiet) command.push_back("--quiet");
    const ProgramResult result = run_program(command, folder);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(fcntl(terminal, F_SETFL, O_NONBLOCK), 0);
    char text[4096];
    const ssize_t length = read(terminal, text, sizeof text);
    close(other_end);
    close(terminal);
    const std::string seen(text, static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    EXPECT_EQ(seen.empty(), quiet) << seen;
    EXPECT_EQ(seen.find(" of 50 runs") == std::string::npos, quiet) << seen;
    EXPECT_EQ(result.out.find(" of 50 runs"), std::string::npos);
  }
}

TEST_F(CommandLine, a_full_disk_under_stdout_is_an_error) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"info"},
                                                    train_sgd_case({"--hidden", "8", "--epochs", "2"}),
                                                    {"scenario", "underfit", "--epochs", "1000", "--no-controls"}}) {
    std::vector<std::string> command{"/bin/sh", "-c", "exec \"$0\" \"$@\" > /dev/full",
                                     std::string(PLATEAU_PROGRAMS) + "/plateau"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const ProgramResult result = run_program(command, folder);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.err.find("standard output cannot be written: No space left"), std::string::npos) << result.err;
  }
}

TEST_F(CommandLine, a_file_name_that_is_no_utf8_loses_nothing) {
  const std::string good = pair("caf\xe9", {0, 0, 1, 1}, {0, 1});
  const std::string out = file("run").string();
  const ProgramResult result = run({"train", "--train", good, "--test", good, "--hidden", "4", "--out", out});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(Json::parse(file_content(out + "/run.json"))["result"]["outcome"], "finished");
}

TEST_F(CommandLine, seeds_and_names_that_collide_are_refused) {
  expect_refused({"scenario", "overfit", "--seed", "18446744073709551615", "--repeat", "2"}, "--seed");
  expect_refused(train_sgd_case({"--hidden", "8", "--history", file("same").string(), "--save", file("same").string()}),
                 "--save " + file("same").string() + ": --history writes it too");
  expect_refused(train_sgd_case({"--hidden", "8", "--history", file("h.csv").string(), "--save",
                                 (folder / "files" / "." / "h.csv").string()}),
                 "--history writes it too");
  expect_refused(train_sgd_case({"--hidden", "8", "--history", file("o/history.csv").string(), "--out", file("o")}),
                 "--out writes it too");
  expect_refused(train_sgd_case({"--hidden", "8", "--save", file("o/checkpoint.safetensors"), "--out", file("o")}),
                 "--out writes it too");
  // A refused place leaves no folder behind.
  expect_refused(
      train_sgd_case({"--hidden", "8", "--history", (folder / "no" / "x").string(), "--out", file("o").string()}),
      "cannot be written");
  EXPECT_FALSE(fs::exists(file("o")));
}

std::string rows_file(const std::string& name) { return std::string(PLATEAU_TEST_DATA) + "/" + name; }

TEST_F(CommandLine, a_table_is_trained_on_and_its_model_is_evaluated) {
  const std::string model = file("m.safetensors").string(), out = file("run").string();
  const std::vector<std::string> iris{"train",
                                      "--train",
                                      rows_file("iris.csv"),
                                      "--target",
                                      "species",
                                      "--drop",
                                      "sepal_width",
                                      "--test-fraction",
                                      "0.3",
                                      "--hidden",
                                      "16",
                                      "--device",
                                      "cpu"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), iris.begin(), iris.end());
    return more;
  };
  const ProgramResult trained =
      run(with({"--scale", "standard", "--validation", "0.2", "--early-stopping", "20", "--lr", "0.01", "--epochs",
                "2000", "--seed", "3", "--save", model, "--out", out}));
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_NE(trained.out.find("\nClasses      0 setosa, 1 versicolor, 2 virginica\n"), std::string::npos) << trained.out;
  const Json json = Json::parse(file_content(out + "/run.json"));
  EXPECT_EQ(json["data"]["train"]["class_rows"], Json({35, 35, 35}));
  EXPECT_EQ(json["data"]["test"]["class_rows"], Json({15, 15, 15}));
  EXPECT_EQ(json["data"]["validation_rows"], 21);
  EXPECT_EQ(json["data"]["feature_names"], Json({"sepal_length", "petal_length", "petal_width"}));
  EXPECT_EQ(json["result"]["outcome"], "stopped_early");
  EXPECT_EQ(file_content(model), file_content(out + "/model.safetensors"));

  // The parameters that are kept are those of the best epoch, and the scale is applied: the test rows say so.
  const ProgramResult again =
      run(with({"--init", model, "--lr", "1e-30", "--epochs", "1", "--seed", "3", "--format", "json"}));
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const auto kept = json["result"]["kept_epoch"].get<std::size_t>();
  std::istringstream history(file_content(out + "/history.csv"));
  std::string line;
  for (std::size_t i = 0; i <= kept + 1; ++i) std::getline(history, line);
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
  EXPECT_EQ(fields[0], std::to_string(kept));
  EXPECT_EQ(Json::parse(again.out)["history"]["test_loss"][0].get<double>(), std::stod(fields[3]));

  // All rows, in another order of columns.
  std::string turned = "species,petal_width,petal_length,sepal_length\n";
  std::istringstream table(file_content(rows_file("iris.csv")));
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream row(line);
    std::vector<std::string> cells;
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    turned += cells[4] + "," + cells[3] + "," + cells[2] + "," + cells[0] + "\n";
  }
  write_file(file("turned.csv"), turned);
  std::map<std::string, Json> evaluated;
  for (const auto& [data, more] :
       std::map<std::string, std::vector<std::string>>{{rows_file("iris.csv"), {"--drop", "sepal_width"}},
                                                       {file("turned.csv").string(), {"--target", "species"}}}) {
    std::vector<std::string> arguments{"evaluate",
                                       "--model",
                                       model,
                                       "--data",
                                       data,
                                       "--device",
                                       "cpu",
                                       "--format",
                                       "json",
                                       "--out",
                                       file("e.json").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult result = run(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(file_content(file("e.json")).substr(0, 200), result.out.substr(0, 200));
    evaluated[more[0]] = Json::parse(result.out);
  }
  EXPECT_EQ(evaluated["--drop"]["classes"], evaluated["--target"]["classes"]);
  EXPECT_EQ(evaluated["--drop"]["classes"][2]["name"], "virginica");
  EXPECT_GE(evaluated["--drop"]["result"]["accuracy"], 0.9);
}

TEST_F(CommandLine, every_training_option_changes_the_training_and_is_recorded) {
  const std::vector<std::vector<std::string>> options{
      {},
      {"--schedule", "cosine"},
      {"--scale", "standard"},
      {"--dropout", "0.25"},
      {"--jitter", "0.5"},
      {"--mixup", "0.25"},
      {"--class-weights"},
      {"--validation", "0.25"},
      {"--optimizer", "adamw"},
      {"--batch", "32"},
      {"--batch", "32", "--no-shuffle"},
      {"--seed", "1"},
  };
  std::vector<Json> losses, configurations;
  for (std::vector<std::string> more : options) {
    more.insert(more.end(), {"--hidden", "8", "--epochs", "3", "--format", "json"});
    const ProgramResult result = run(train_sgd_case(more));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const Json json = Json::parse(result.out);
    for (const Json& other : losses) EXPECT_NE(json["result"]["train_loss"], other) << more[0];
    for (const Json& other : configurations) EXPECT_NE(json["configuration"], other) << more[0];
    losses.push_back(json["result"]["train_loss"]);
    configurations.push_back(json["configuration"]);
  }
  for (const auto& [option, values] :
       std::map<std::string, std::vector<std::string>>{{"--dropout", {"-0.1", "1", "nan", "0.99999999"}},
                                                       {"--jitter", {"-1", "nan", "inf"}},
                                                       {"--mixup", {"-1", "nan"}},
                                                       {"--validation", {"-0.1", "1", "nan"}},
                                                       {"--early-stopping", {"-1", "x"}},
                                                       {"--test-fraction", {"0.5"}}})
    for (const std::string& value : values) expect_refused(train_sgd_case({"--hidden", "8", option, value}), option);
  expect_refused(train_sgd_case({"--hidden", "8", "--validation", "0.001"}), "a validation fraction of 0.001");
  expect_refused(train_sgd_case({"--hidden", "8", "--validation", "0", "--early-stopping", "3"}), "--early-stopping");
}

TEST_F(CommandLine, rows_of_a_group_stay_together) {
  std::string table = "x,patient,ill\n";
  for (int i = 0; i < 60; ++i)
    table += std::to_string(i) + ",p" + std::to_string(i % 6) + "," + (i / 6 % 2 == 0 ? "no" : "yes") + "\n";
  write_file(file("t.csv"), table);
  const std::vector<std::string> rows{"--test-fraction", "0.17", "--validation", "0.2", "--group",  "patient",
                                      "--hidden",        "4",    "--epochs",     "2",   "--device", "cpu",
                                      "--format",        "json"};
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"train", "--train", file("t.csv").string()}, {"sweep", "--data", file("t.csv").string(), "--seeds", "2"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), rows.begin(), rows.end());
    const ProgramResult result = run(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const Json json = Json::parse(result.out);
    EXPECT_EQ(json["data"]["test"]["rows"], 10);     // one patient of six
    EXPECT_EQ(json["data"]["validation_rows"], 10);  // and one of the other five
    EXPECT_EQ(json["data"]["train"]["features"].size(), 1u);
    EXPECT_EQ(json["data"]["classes"], Json({"no", "yes"}));
    EXPECT_EQ(json["configuration"]["group"], "patient");
  }
}

TEST_F(CommandLine, rows_that_do_not_fit_a_model_are_refused_by_name) {
  const std::string model = file("m.safetensors").string();
  ASSERT_EQ(run({"train", "--train", rows_file("iris.csv"), "--test-fraction", "0.3", "--hidden", "", "--scale",
                 "standard", "--epochs", "1", "--device", "cpu", "--save", model})
                .exit_code,
            0);
  const auto evaluate = [&](const std::string& table, std::vector<std::string> more = {}) {
    write_file(file("t.csv"), table);
    more.insert(more.begin(), {"evaluate", "--model", model, "--data", file("t.csv").string()});
    return more;
  };
  expect_refused(evaluate("sepal_length,sepal_width,petal_length,species\n1,2,3,setosa\n"), "no column 'petal_width'");
  expect_refused(evaluate("sepal_length,sepal_width,petal_length,petal_width,age,species\n1,2,3,4,5,setosa\n"),
                 "column 'age'");
  expect_refused(evaluate("1,2,3,4,setosa\n1,2,3,4,tulip\n"), "row 1 holds class 'tulip'");
  expect_refused(evaluate("1,2,3,4,setosa\n", {"--target", "kind"}), "'kind'");
  expect_refused({"evaluate", "--model", "gone.safetensors", "--data", rows_file("iris.csv")}, "gone.safetensors");
  // Without names in the model, labels are its ids.
  expect_refused({"evaluate", "--model", sgd_init(), "--data", pair("two", {0, 0, 1, 1}, {0, 1})}, "2 features");
  write_linear_stack(file("two.safetensors"), {{2, 2}, std::vector<float>(6)});
  expect_refused({"evaluate", "--model", file("two.safetensors").string(), "--data", pair("far", {0, 0, 1, 1}, {0, 7})},
                 "row 1 holds label 7");
  // A training that begins with the model takes its scale.
  expect_refused(
      {"train", "--train", rows_file("iris.csv"), "--test-fraction", "0.3", "--init", model, "--scale", "standard"},
      "--scale standard: " + model);
  expect_refused({"train", "--train", rows_file("iris.csv"), "--hidden", "4"}, "--test is missing");
  expect_refused({"train", "--train", rows_file("iris.csv"), "--hidden", "4", "--test-fraction", "1.5"},
                 "a test fraction of 1.5");
  expect_refused({"train", "--train", parity("sgd_momentum_5_16_3", "train"), "--target", "kind", "--hidden", "4",
                  "--test-fraction", "0.5"},
                 "'kind'");
}

TEST_F(CommandLine, what_is_read_is_never_overwritten) {
  const std::string table = file("t.csv").string(), model = file("m.safetensors").string(),
                    link = file("link").string();
  write_file(table, file_content(rows_file("iris.csv")));
  ASSERT_EQ(run({"train", "--train", table, "--test-fraction", "0.3", "--hidden", "4", "--epochs", "2", "--device",
                 "cpu", "--save", model})
                .exit_code,
            0);
  fs::create_symlink(table, link);
  const std::string rows = pair("p", {0, 0, 1, 1}, {0, 1});
  const std::string features = file("p_x.npy").string(), labels = file("p_y.npy").string();
  for (const std::string& out : {table, model, link})
    expect_refused({"evaluate", "--model", model, "--data", table, "--out", out}, "--out " + out + ": that is a file");
  for (const char* option : {"--save", "--history"})
    expect_refused({"train", "--train", table, "--test-fraction", "0.3", "--hidden", "4", option, table}, option);
  expect_refused({"train", "--train", table, "--test-fraction", "0.3", "--init", model, "--save", model}, "--save");
  for (const std::string& out : {features, labels})
    expect_refused({"train", "--train", rows, "--test", rows, "--hidden", "4", "--save", out}, "--save");
  expect_refused({"finetune", "--init", model, "--round", table, "--test", table, "--save", link}, "--save " + link);
  EXPECT_EQ(file_content(table), file_content(rows_file("iris.csv")));
}

TEST_F(CommandLine, groups_without_anything_to_draw_are_refused) {
  expect_refused({"train", "--train", rows_file("iris.csv"), "--test", rows_file("iris.csv"), "--hidden", "4", "--drop",
                  "sepal_width", "--group", "species", "--target", "petal_width"},
                 "--group species: neither test nor validation rows are drawn");
}

TEST_F(CommandLine, epochs_are_told_while_they_are_trained_where_there_is_no_terminal) {
  std::vector<std::string> command = train_sgd_case({"--hidden", "64,64", "--epochs", "1000000"});
  command.insert(command.begin(), std::string(PLATEAU_PROGRAMS) + "/plateau");
  const ProgramResult killed = run_program(
      command, folder, [&] { wait_until([&] { return has_lines(folder / "stdout.txt", 5); }); }, SIGKILL);
  EXPECT_EQ(killed.exit_code, 128 + SIGKILL);
  std::istringstream lines(killed.out);
  int epoch = 0;
  for (std::string line; std::getline(lines, line) && !lines.eof(); ++epoch)
    EXPECT_EQ(line.rfind("Epoch: " + std::to_string(epoch) + ", Train Loss: ", 0), 0u) << line;
  EXPECT_GT(epoch, 3);
  // All of them, each once, where the run comes to its end.
  const ProgramResult whole = run(train_sgd_case({"--hidden", "8", "--epochs", "40"}));
  for (int e = 0; e < 40; ++e) {
    const std::string beginning = "Epoch: " + std::to_string(e) + ", ";
    EXPECT_NE(whole.out.find(beginning), std::string::npos);
    EXPECT_EQ(whole.out.find(beginning), whole.out.rfind(beginning));
  }
}

TEST_F(CommandLine, a_reader_that_leaves_does_not_end_a_training) {
  const std::string out = file("run").string();
  std::vector<std::string> command{"/bin/sh", "-c", "\"$0\" \"$@\" | head -n 1",
                                   std::string(PLATEAU_PROGRAMS) + "/plateau"};
  for (const std::string& argument : train_sgd_case({"--hidden", "64,64", "--epochs", "300", "--out", out}))
    command.push_back(argument);
  const ProgramResult result = run_program(command, folder);
  EXPECT_EQ(result.out.rfind("Epoch: 0, ", 0), 0u);
  EXPECT_NE(result.err.find("plateau: standard output cannot be written: "), std::string::npos) << result.err;
  EXPECT_EQ(Json::parse(file_content(out + "/run.json"))["result"]["epochs"], 300);
}

TEST_F(CommandLine, every_command_explains_itself_with_an_example_that_works) {
  // As in a checkout of the repository; what one example leaves, another takes up.
  fs::create_directories(folder / "files" / "tests");
  fs::create_directory_symlink(PLATEAU_TEST_DATA, folder / "files" / "tests" / "data");
  const auto try_example = [&](const std::vector<std::string>& help, const std::string& program) {
    const ProgramResult result = run(help, program);
    EXPECT_EQ(result.exit_code, 0);
    std::smatch example;
    ASSERT_TRUE(std::regex_search(result.out, example, std::regex("Example: (" + program + "[^\n]*)\n"))) << result.out;
    // Whole scenarios are trained in tests of their own.
    const std::string shorter =
        example[1].str().find("scenario") == std::string::npos ? "" : " --epochs 25 --no-controls";
    const ProgramResult tried =
        run_program({"/bin/sh", "-c", "cd \"$0\" && PATH=\"$1\" && " + example[1].str() + shorter,
                     (folder / "files").string(), PLATEAU_PROGRAMS},
                    folder);
    EXPECT_EQ(tried.exit_code, 0) << example[1] << "\n" << tried.err;
    EXPECT_NE(tried.out, "") << example[1];
  };
  for (const std::vector<std::string>& help : std::vector<std::vector<std::string>>{{"--help"},
                                                                                    {"scenario", "--help"},
                                                                                    {"train", "--help"},
                                                                                    {"evaluate", "--help"},
                                                                                    {"finetune", "--help"},
                                                                                    {"forensics", "--help"},
                                                                                    {"predict", "--help"},
                                                                                    {"sweep", "--help"},
                                                                                    {"remedies", "--help"},
                                                                                    {"info", "--help"}})
    try_example(help, "plateau");
  for (const std::string name : {"overfit", "underfit", "ceiling"}) try_example({"--help"}, "scenario_" + name);
}

TEST_F(CommandLine, remedies_say_the_same_in_every_form_and_again) {
  const std::string out = (folder / "files" / "remedies").string();
  const auto with = [](std::vector<std::string> more) { return remedies_case("0.01", std::move(more)); };
  const ProgramResult json = run(with({"--format", "json", "--out", out}));
  ASSERT_EQ(json.err, "");
  Json said = Json::parse(json.out);
  EXPECT_EQ(json.exit_code, said["exit_code"]);
  EXPECT_EQ(json.out, file_content(out + "/remedies.json"));
  EXPECT_EQ(said["remedies"].size(), 3u);
  const std::string csv = file_content(out + "/remedies.csv");
  for (const Json& remedy : said["remedies"])
    EXPECT_NE(csv.find("\n" + remedy["remedy"].get<std::string>() + ","), std::string::npos) << csv;

  Json again = Json::parse(run(with({"--format", "json", "--device", "cpu"})).out);
  said.erase("measured");
  again.erase("measured");
  EXPECT_EQ(said, again);
  const ProgramResult text = run(with({}));
  EXPECT_EQ(text.exit_code, json.exit_code);
  EXPECT_NE(text.out.find("\nAdvice       "), std::string::npos) << text.out;
  EXPECT_EQ(run(with({"--out", out})).exit_code, 2);
}

TEST_F(CommandLine, remedies_end_with_1_where_the_baseline_diverges_and_with_130_after_an_interrupt) {
  const ProgramResult diverged = run(remedies_case("1e30", {"--optimizer", "sgd", "--weight-decay", "1"}));
  EXPECT_EQ(diverged.exit_code, 1) << diverged.err;
  EXPECT_NE(diverged.out.find("Every training of the baseline diverged"), std::string::npos) << diverged.out;

  const ProgramResult interrupted =
      run(remedies_case("0.01", {"--epochs", "1000000"}), "plateau", std::chrono::milliseconds(300));
  EXPECT_EQ(interrupted.exit_code, 130);
  EXPECT_EQ(interrupted.out, "");
}

TEST_F(CommandLine, remedies_refuse_what_cannot_be_tried) {
  for (const auto& [option, value] :
       std::vector<std::pair<std::string, std::string>>{{"--only", "weight-decay,snake-oil"},
                                                        {"--only", "placebo"},
                                                        {"--only", "pair"},
                                                        {"--delta", "0"},
                                                        {"--validation", "0.2"}})
    expect_refused(remedies_case("0.01", {option, value}), option);
  expect_refused(remedies_case("0.01", {"--thorough"}), "--quick and --thorough");
  const std::string rows = pair("one_class", std::vector<float>(40, 1.0f), std::vector<std::int32_t>(20, 1));
  expect_refused({"remedies", "--data", rows, "--test-fraction", "0.5", "--device", "cpu"}, "have one class");
}

TEST_F(CommandLine, info_says_what_there_is) {
  const ProgramResult result = run({"info"});
  EXPECT_EQ(result.exit_code, 0);
  for (const char* part : {"plateau   ", "commit    ", "compiler  ", "cpu       ", "products  Eigen", "cuda      ",
                           "driver    ", "gpu       "})
    EXPECT_NE(result.out.find(part), std::string::npos) << part << "\n" << result.out;
  // Each build says what it can know: without CUDA, nothing about driver and GPU.
  const bool cuda = result.out.find("\ncuda      not built in\n") == std::string::npos;
  EXPECT_EQ(result.out.find("\ndriver    not looked for\n") == std::string::npos, cuda) << result.out;
  EXPECT_EQ(result.out.find("\ngpu       not looked for: ") == std::string::npos, cuda) << result.out;
  EXPECT_EQ(result.out.find("\nengines   layered, on the cpu\n") == std::string::npos, cuda) << result.out;
}

}  // namespace
}  // namespace plateau::test
