// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// `plateau forensics`, run as a user runs it, on rounds that somebody else has trained.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/files.hpp"
#include "plateau/data/model_file.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/data/safetensors.hpp"
#include "support/program.hpp"
#include "support/unwrapped.hpp"

namespace plateau::test {
namespace {

using Json = nlohmann::json;
using Arguments = std::vector<std::string>;

// Eight rounds on 240 rows of three kinds, among tests/data.
const std::string kExample = std::string(PLATEAU_TEST_DATA) + "/forensics";
constexpr std::size_t kRounds = 8, kRows = 240;

class Forensics : public testing::Test {
 protected:
  const std::filesystem::path folder = testing_files::test_folder();

  std::string place(const std::string& name) const { return (folder / name).string(); }
  std::string file(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder / name).parent_path());
    write_file(folder / name, text);
    return place(name);
  }

  ProgramResult run(Arguments arguments, const Arguments& more = {}) const {
    arguments.insert(arguments.begin(), {std::string(PLATEAU_PROGRAMS) + "/plateau", "forensics"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments, folder);
  }
  // The verdict's code, with what the program exits with.
  std::string verdict(const Arguments& arguments) const {
    const ProgramResult result = run(arguments, {"--format", "json"});
    EXPECT_EQ(result.err, "");
    if (result.out.empty()) return "none";
    const Json verdict = Json::parse(result.out)["verdict"];
    return verdict["code"].get<std::string>() + " " + verdict["grade"].get<std::string>() + " " +
           std::to_string(result.exit_code);
  }

  static std::vector<std::string> lines(const std::string& file) {
    std::istringstream text(file_content(file));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
  // The example's predictions, changed: `change` is handed the round, counted from 1, and the lines of its file.
  template <class Change>
  std::string predictions(const std::string& name, Change change) const {
    for (std::size_t round = 1; round <= kRounds; ++round) {
      std::vector<std::string> rows = lines(kExample + "/predictions/round_" + std::to_string(round) + ".csv");
      change(round, rows);
      std::string text;
      for (const std::string& row : rows) text += row + "\n";
      file(name + "/round_" + std::to_string(round) + ".csv", text);
    }
    return place(name);
  }
  // A file of weights for every round: value(round, layer) are all weights of a layer.
  template <class Value>
  std::string checkpoints(const std::string& name, Value value) const {
    std::filesystem::create_directories(folder / name);
    for (std::size_t round = 1; round <= kRounds; ++round) {
      std::vector<Tensor> tensors;
      for (const int layer : {1, 2})
        tensors.push_back(
            {"fc" + std::to_string(layer) + ".weight", {2, 2}, std::vector<float>(4, value(round, layer))});
      write_safetensors(folder / name / ("epoch-" + std::to_string(round) + ".safetensors"), tensors);
    }
    return place(name);
  }

  const Arguments log{"--rounds", kExample + "/rounds.csv"};
  const Arguments labels{"--data", kExample + "/test.csv", "--target", "kind"};
  Arguments with(Arguments first, const Arguments& second) const {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }
};

// The blocks of docs/forensics.md without their fences: a command, and how its output begins.
std::vector<std::string> blocks_of_the_document() {
  const std::string text = file_content(std::string(PLATEAU_TEST_DATA) + "/../../docs/forensics.md");
  std::vector<std::string> blocks;
  const std::string fence = "```\n";
  for (std::size_t at = 0; (at = text.find(fence, at)) != std::string::npos;) {
    const std::size_t begin = at + fence.size(), end = text.find(fence, begin);
    blocks.push_back(text.substr(begin, end - begin));
    at = end + fence.size();
  }
  return blocks;
}

TEST_F(Forensics, of_the_example_says_what_the_document_says_it_does) {
  const std::vector<std::string> blocks = blocks_of_the_document();
  ASSERT_EQ(blocks.size(), 2u);
  std::filesystem::create_directories(folder / "tests");
  std::filesystem::create_directory_symlink(PLATEAU_TEST_DATA, folder / "tests" / "data");
  const ProgramResult shown = run_program(
      {"/bin/sh", "-c", "cd \"$0\" && PATH=\"$1\" && " + blocks[0], folder.string(), PLATEAU_PROGRAMS}, folder);
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_EQ(shown.err, "");
  EXPECT_EQ(shown.out.substr(0, blocks[1].size() + 1), "\n" + blocks[1]);

  const Arguments command = with(with(log, labels), {"--predictions", kExample + "/predictions"});
  const ProgramResult json = run(command, {"--format", "json", "--out", place("out")});
  EXPECT_EQ(json.exit_code, 0);
  EXPECT_EQ(file_content(place("out") + "/forensics.json"), json.out);
  const Json rounds = Json::parse(json.out)["rounds"];
  ASSERT_EQ(rounds.size(), kRounds);
  for (const Json& round : rounds)
    EXPECT_NEAR(round["recomputed"].get<double>(), round["test_accuracy"].get<double>(), 5e-5);
  const ProgramResult again = run(command, {"--out", place("out")});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_EQ(again.err,
            "plateau: --out " + place("out") + ": the folder already holds a result of forensics; name another one\n");
}

TEST_F(Forensics, needs_no_more_of_the_rows_than_their_labels) {
  std::string text = "kind,what was said\n";
  for (const std::string& line : lines(kExample + "/test.csv"))
    if (!line.ends_with(",kind")) text += line.substr(line.rfind(',') + 1) + ",\"hello, \"\"you\"\"\"\n";
  const Arguments predictions{"--predictions", kExample + "/predictions"};
  const std::string as_rows = run(with(with(log, labels), predictions)).out;
  const std::string as_labels =
      run(with(with(log, {"--data", file("text.csv", text), "--target", "kind"}), predictions)).out;
  const auto from_verdict = [](const std::string& out) {
    return out.substr(out.find("\nVerdict"), out.find("\nRead as") - out.find("\nVerdict"));
  };
  EXPECT_EQ(from_verdict(as_labels), from_verdict(as_rows));
}

TEST_F(Forensics, of_a_log_alone_says_what_is_missing) {
  EXPECT_EQ(verdict(log), "inconclusive unresolved 3");
  EXPECT_EQ(verdict(with(log, {"--test-rows", "240"})), "small-test supported 0");
  EXPECT_EQ(verdict(with(log, {"--test-rows", "240", "--delta", "50"})), "inconclusive unresolved 3");
}

TEST_F(Forensics, finds_every_fault_that_was_planted) {
  const Arguments known = with(log, labels);
  const auto of_predictions = [&](const std::string& name) { return with(known, {"--predictions", place(name)}); };

  const std::vector<std::string> first = lines(kExample + "/predictions/round_4.csv");
  predictions("stale", [&](std::size_t round, std::vector<std::string>& rows) {
    if (round >= 4) rows = first;
  });
  std::string moving = "round,train_loss,train_accuracy,test_accuracy\n";
  for (std::size_t r = 1; r <= kRounds; ++r) {
    std::vector<std::string> fields = lines(kExample + "/rounds.csv");
    const std::string of_round = fields[std::min<std::size_t>(r, 4)];
    moving += std::to_string(r) + "," + std::to_string(1.0 / static_cast<double>(r)) + "," +
              std::to_string(0.5 + 0.05 * static_cast<double>(r)) + of_round.substr(of_round.rfind(',')) + "\n";
  }
  EXPECT_EQ(verdict(with(with({"--rounds", file("moving.csv", moving)}, labels), {"--predictions", place("stale")})),
            "stale-evaluation supported 0");  // nothing says that the weights moved

  predictions("exchanged", [](std::size_t, std::vector<std::string>& rows) {
    for (std::string& row : rows) row = row == "cat" ? "dog" : row == "dog" ? "fox" : row == "fox" ? "cat" : row;
  });
  EXPECT_EQ(verdict(of_predictions("exchanged")), "evaluation-mismatch proved 4");  // the log is right, not these
  std::string low = "round,test_accuracy\n";
  for (std::size_t r = 1; r <= kRounds; ++r) {
    const std::vector<std::string> rows = lines(place("exchanged/round_" + std::to_string(r) + ".csv"));
    const std::vector<std::string> truth = lines(kExample + "/test.csv");
    double right = 0;
    for (std::size_t i = 1; i <= kRows; ++i) right += truth[i].ends_with("," + rows[i]);
    low += std::to_string(r) + "," + std::to_string(100 * right / kRows) + "\n";
  }
  EXPECT_EQ(verdict(with(with({"--rounds", file("low.csv", low)}, labels), {"--predictions", place("exchanged")})),
            "label-map proved 4");

  predictions("shifted", [](std::size_t, std::vector<std::string>& rows) {
    std::rotate(rows.begin() + 1, rows.begin() + 2, rows.end());
  });
  EXPECT_EQ(verdict(of_predictions("shifted")), "evaluation-mismatch proved 4");

  checkpoints("frozen", [](std::size_t, int layer) { return static_cast<float>(layer); });
  EXPECT_EQ(verdict(with(log, {"--checkpoints", place("frozen")})), "frozen-weights proved 4");
  checkpoints("head", [](std::size_t round, int layer) { return layer == 1 ? 1 : static_cast<float>(round); });
  EXPECT_EQ(verdict(with(log, {"--checkpoints", place("head")})), "frozen-weights supported 0");
  checkpoints("moving",
              [](std::size_t round, int layer) { return static_cast<float>(layer) + static_cast<float>(round); });
  EXPECT_EQ(verdict(with(log, {"--checkpoints", place("moving")})), "inconclusive unresolved 3");

  std::string cats = "x,kind\n";
  for (std::size_t i = 0; i < kRows; ++i) cats += "1,cat\n";
  EXPECT_EQ(verdict(with(log, {"--data", file("cats.csv", cats)})), "single-class proved 4");
}

TEST_F(Forensics, reads_outputs_as_arrays_with_ids_for_names) {
  std::filesystem::create_directories(folder / "outputs");
  std::vector<float> outputs(3 * kRows);
  for (std::size_t round = 1; round <= kRounds; ++round) {
    for (std::size_t i = 0; i < outputs.size(); ++i)  // the same from the second round on
      outputs[i] = static_cast<float>((i * 7 + (round == 1 ? 3 : 5)) % 11);
    write_npy_features(folder / "outputs" / (std::to_string(round) + ".npy"), {outputs.data(), kRows, 3, 3});
  }
  const ProgramResult result = run(with(log, labels), {"--predictions", place("outputs"), "--format", "json"});
  const Json json = Json::parse(result.out);
  EXPECT_EQ(json["data"]["predictions_by_id"], true);
  EXPECT_EQ(json["rounds"][1]["same_outputs"], false);
  EXPECT_EQ(json["rounds"][2]["same_outputs"], true);
  EXPECT_EQ(json["verdict"]["code"], "stale-evaluation");
  EXPECT_EQ(result.exit_code, 0);
  checkpoints("moving",
              [](std::size_t round, int layer) { return static_cast<float>(layer) + static_cast<float>(round); });
  EXPECT_EQ(verdict(with(with(log, labels), {"--predictions", place("outputs"), "--checkpoints", place("moving")})),
            "stale-evaluation proved 4");
}

TEST_F(Forensics, networks_that_were_saved_predict_themselves) {
  std::string rows = "x,kind\n", log_text = "round,acc\n";
  for (int x = 0; x < 200; ++x) rows += std::to_string(x) + (x < 100 ? ",high\n" : ",low\n");
  for (const char* name : {"w", "bare"}) std::filesystem::create_directories(folder / name);
  for (int round = 1; round <= 4; ++round) {
    const float above = 100.5f + 20 * static_cast<float>(4 - round);  // says "low" above, and is wrong from 100 on
    const std::string name = "r" + std::to_string(round) + ".safetensors";
    ModelFile model{.stack = {.widths = {1, 2}, .parameters = {-1, 1, above, -above}}};
    write_model_file(folder / "bare" / name, model);
    model.classes = {"high", "low"};
    write_model_file(folder / "w" / name, model);
    log_text += std::to_string(round) + ",0.695\n";  // as in the first round
  }
  const Arguments command{"--rounds", file("log.csv", log_text), "--data", file("rows.csv", rows), "--checkpoints",
                          place("w")};
  EXPECT_EQ(verdict(command), "stale-evaluation proved 4");
  const ProgramResult text = run(command);
  EXPECT_NE(text.out.find("predictions are those of the saved networks"), std::string::npos) << text.out;
  // Of networks that do not say that they are Plateau's, one round that agrees shows nothing.
  EXPECT_EQ(verdict({"--rounds", place("log.csv"), "--data", place("rows.csv"), "--checkpoints", place("bare")}),
            "small-test supported 0");
  // Without a network that fits the rows, the weights are still looked at, and it says why no more is.
  const ProgramResult none = run({"--rounds", place("log.csv"), "--data", kExample + "/test.csv", "--target", "kind",
                                  "--checkpoints", place("w")});
  EXPECT_EQ(none.exit_code, 0);  // its rows are too few
  EXPECT_NE(none.out.find("- what the saved networks say of the test rows:"), std::string::npos) << none.out;
}

TEST_F(Forensics, reads_what_finetune_leaves) {
  const std::string rows = std::string(PLATEAU_TEST_DATA) + "/iris.csv";
  const auto plateau = [&](Arguments arguments) {
    arguments.insert(arguments.begin(), std::string(PLATEAU_PROGRAMS) + "/plateau");
    return run_program(arguments, folder).exit_code;
  };
  ASSERT_EQ(plateau({"train", "--train", rows, "--test", rows, "--hidden", "", "--epochs", "3", "--device", "cpu",
                     "--save", place("m.safetensors")}),
            0);
  ASSERT_EQ(plateau({"finetune", "--init", place("m.safetensors"), "--round", rows, "--repeat-round", "3", "--test",
                     rows, "--device", "cpu", "--out", place("tuned")}),
            0);
  const ProgramResult result = run({"--rounds", place("tuned") + "/rounds.csv", "--data", rows});
  EXPECT_EQ(result.err, "");
  EXPECT_NE(test::unwrapped(result.out).find(": 4 rounds, 150 test rows; nothing was trained Verdict "),
            std::string::npos)
      << result.out;
}

TEST_F(Forensics, refuses_by_name_what_does_not_fit) {
  const auto refused = [&](const Arguments& arguments, const std::string& culprit) {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
    EXPECT_NE(result.err.find(culprit), std::string::npos) << result.err;
  };
  refused({}, "--rounds");
  refused({"--rounds", place("nowhere.csv")}, "nowhere.csv: ");
  refused({"--rounds", file("twice.csv", "round,acc\n1,0.5\n1,0.5\n")}, "line 3: round 1 is there twice");
  refused(with(log, {"--predictions", place("nowhere")}), "nowhere: ");
  file("few/round_1.csv", "class\ncat\n");
  refused(with(log, {"--predictions", place("few")}),
          "few: there is 1 file with a number in the name and 8 rounds in ");
  refused(with(log, {"--checkpoints", place("few")}), "there is no file that ends in .safetensors");
  refused(with(log, {"--predictions", kExample + "/predictions", "--test-rows", "100"}), "--test-rows 100: ");
  refused(with(with(log, labels), {"--test-rows", "100"}), "test.csv has 240 rows");
  refused(with(log, {"--test-rows", "0"}), "--test-rows");
  for (const char* delta : {"0", "-1", "100", "200"})
    refused(with(log, {"--delta", delta}),
            "--delta " + std::string(delta) + ": expected points, above 0 and below 100");
  refused(with(log, {"--delta", "nan"}), "--delta");
  refused(
      with(log, {"--data", file("short.csv", "x,kind\n1,cat\n2,dog\n"), "--predictions", kExample + "/predictions"}),
      "there are predictions of 240 rows, and 2 rows in ");
  checkpoints("other", [](std::size_t, int) { return 1.0f; });
  write_safetensors(folder / "other" / "epoch-3.safetensors", std::vector<Tensor>{{"fc1.weight", {1}, {1}}});
  refused(with(log, {"--checkpoints", place("other")}), "epoch-3.safetensors: its tensors are not those of ");
  refused(with(log, {"--out", file("a_file", "")}), "--out ");
}

}  // namespace
}  // namespace plateau::test
