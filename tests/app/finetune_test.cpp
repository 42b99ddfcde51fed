// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// `plateau finetune`, run as a user runs it.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/files.hpp"
#include "plateau/data/dataset.hpp"
#include "plateau/data/model_file.hpp"
#include "plateau/data/output_file.hpp"
#include "support/program.hpp"

namespace plateau::test {
namespace {

using Json = nlohmann::json;
using Arguments = std::vector<std::string>;

class Finetune : public testing::Test {
 protected:
  const std::filesystem::path folder = testing_files::test_folder();

  std::string place(const std::string& name) const { return (folder / name).string(); }
  std::string file(const std::string& name, const std::string& text) const {
    write_file(folder / name, text);
    return place(name);
  }

  ProgramResult run(Arguments arguments, const Arguments& more = {}) const {
    arguments.insert(arguments.begin(), std::string(PLATEAU_PROGRAMS) + "/plateau");
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments, folder);
  }

  // A model of the three flowers, on the scale of its training rows.
  std::string flowers() const {
    EXPECT_EQ(run({"train", "--train", std::string(PLATEAU_TEST_DATA) + "/iris.csv", "--target", "species",
                   "--test-fraction", "0.3", "--scale", "standard", "--hidden", "8", "--lr", "0.03", "--device", "cpu",
                   "--save", place("base.safetensors")})
                  .exit_code,
              0);
    return place("base.safetensors");
  }
  // The flowers of these kinds, with columns in another order than the model's.
  std::string rows_of(const std::string& name, const std::vector<std::string>& kinds) const {
    std::istringstream all(file_content(std::string(PLATEAU_TEST_DATA) + "/iris.csv"));
    std::string text = "species,petal_width,petal_length,sepal_width,sepal_length\n", line;
    while (std::getline(all, line)) {
      std::vector<std::string> fields;
      std::istringstream parts(line);
      for (std::string field; std::getline(parts, field, ',');) fields.push_back(field);
      if (std::ranges::count(kinds, fields.at(4)) == 0) continue;
      std::ranges::reverse(fields);
      for (std::size_t i = 0; i < fields.size(); ++i) text += (i == 0 ? "" : ",") + fields[i];
      text += '\n';
    }
    return file(name, text);
  }
};

TEST_F(Finetune, of_five_digits_and_then_the_other_five_tells_what_was_forgotten) {
  const std::string digits = std::string(PLATEAU_TEST_DATA) + "/digits.csv.gz";
  const Dataset all = read_dataset(digits);
  std::string low, high;
  for (Index row = 0; row < all.rows(); ++row) {
    const std::int32_t digit = all.label()[row];
    std::string& text = digit < 5 ? low : high;
    for (Index j = 0; j < all.features(); ++j) text += std::to_string(static_cast<int>(all.x().row(row)[j])) + ",";
    text += std::to_string(digit) + "\n";
  }
  const Arguments steps{"--batch", "100", "--lr", "0.003", "--device", "cpu"};
  ASSERT_EQ(run({"train", "--train", digits, "--test-fraction", "0.3", "--scale", "standard", "--hidden", "32",
                 "--epochs", "3", "--save", place("base.safetensors")},
                steps)
                .exit_code,
            0);
  const ProgramResult result = run({"finetune", "--init", place("base.safetensors"), "--round", file("low.csv", low),
                                    "--round", file("high.csv", high), "--test", digits},
                                   steps);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("Round 2 made the network forget round 1: on the rows of round 1"), std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("The test accuracy fell in round 1"), std::string::npos) << result.out;
}

TEST_F(Finetune, rounds_of_other_flowers_forget_the_first_and_it_says_so) {
  const std::string base = flowers();
  const Arguments command{"finetune",
                          "--init",
                          base,
                          "--round",
                          rows_of("ab.csv", {"setosa", "versicolor"}),
                          "--round",
                          rows_of("c.csv", {"virginica"}),
                          "--test",
                          rows_of("t.csv", {"setosa", "versicolor", "virginica"}),
                          "--target",
                          "species",
                          "--lr",
                          "0.02",
                          "--epochs",
                          "60",
                          "--device",
                          "cpu"};
  const ProgramResult text = run(command);
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_EQ(text.err, "");
  EXPECT_EQ(text.out.find("Round: 1, Train Loss: "), 0u) << text.out;
  EXPECT_NE(text.out.find("\nRound: 2, Train Loss: "), std::string::npos);
  EXPECT_NE(text.out.find("- Round 2 made the network forget round 1"), std::string::npos) << text.out;

  const ProgramResult json =
      run(command, {"--format", "json", "--out", place("out"), "--save", place("m.safetensors"), "--freeze", "fc1"});
  EXPECT_EQ(json.exit_code, 0) << json.err;
  const Json rounds = Json::parse(json.out);
  EXPECT_EQ(rounds["rounds"].size(), 2u);
  EXPECT_EQ(rounds["configuration"]["frozen"], (std::vector<int>{1}));
  EXPECT_EQ(rounds["rounds"][0]["layer_change"][0], 0);
  EXPECT_EQ(rounds["data"]["classes"], (Arguments{"setosa", "versicolor", "virginica"}));
  EXPECT_EQ(Json::parse(file_content(folder / "out" / "rounds.json"))["rounds"], rounds["rounds"]);
  EXPECT_EQ(file_content(folder / "out" / "model.safetensors"), file_content(place("m.safetensors")));
  EXPECT_EQ(std::ranges::count(file_content(folder / "out" / "rounds.csv"), '\n'), 4);

  const ModelFile before = read_model_file(base), after = read_model_file(place("m.safetensors"));
  EXPECT_EQ(after.classes, before.classes);
  EXPECT_EQ(after.features, before.features);
  EXPECT_EQ(after.scale_mean, before.scale_mean);
  const auto first_layer = 4 * 8 + 8;
  EXPECT_TRUE(std::equal(before.stack.parameters.begin(), before.stack.parameters.begin() + first_layer,
                         after.stack.parameters.begin()));
  EXPECT_NE(before.stack.parameters, after.stack.parameters);

  const ProgramResult again = run(command, {"--out", place("out")});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find("the folder already holds a fine-tuning"), std::string::npos) << again.err;
}

// The base does on the test rows what `evaluate` says of it, and a round is what `train --init` does.
TEST_F(Finetune, agrees_with_the_other_commands) {
  const std::string base = flowers(), rows = rows_of("a.csv", {"setosa", "versicolor", "virginica"}),
                    test = rows_of("t.csv", {"versicolor", "virginica"});
  const Arguments options{"--init",   base, "--test",   test,  "--target", "species", "--lr",   "0.01", "--batch", "16",
                          "--epochs", "4",  "--device", "cpu", "--seed",   "3",       "--quiet"};
  Arguments finetune{"finetune", "--round", rows, "--repeat-round", "2", "--save", place("m2.safetensors"),
                     "--format", "json"};
  const ProgramResult twice = run(finetune, options);
  EXPECT_EQ(twice.exit_code, 0) << twice.err;
  const Json rounds = Json::parse(twice.out);
  const Json evaluation = Json::parse(
      run({"evaluate", "--model", base, "--data", test, "--target", "species", "--device", "cpu", "--format", "json"})
          .out);
  EXPECT_EQ(rounds["base"]["test_accuracy"]["value"], evaluation["result"]["accuracy"]);

  EXPECT_EQ(run({"train", "--train", rows, "--save", place("m1.safetensors")}, options).exit_code, 0);
  Arguments second = options;
  second[1] = place("m1.safetensors");
  second[15] = "4";
  EXPECT_EQ(second[14], "--seed");
  EXPECT_EQ(run({"train", "--train", rows, "--save", place("by_hand.safetensors")}, second).exit_code, 0);
  EXPECT_EQ(file_content(place("m2.safetensors")), file_content(place("by_hand.safetensors")));
}

TEST_F(Finetune, a_round_that_diverges_ends_it_and_keeps_what_was_there) {
  const std::string base = flowers(), rows = rows_of("a.csv", {"setosa", "virginica"});
  const ProgramResult result =
      run({"finetune", "--init", base, "--round", rows, "--test", rows, "--target", "species", "--optimizer", "sgd",
           "--lr", "1e30", "--device", "cpu", "--out", place("out"), "--save", place("m.safetensors")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err.find("plateau: round 1 diverged in epoch "), 0u) << result.err;
  EXPECT_EQ(Json::parse(file_content(folder / "out" / "rounds.json"))["outcome"], "diverged");
  EXPECT_FALSE(std::filesystem::exists(folder / "out" / "model.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(place("m.safetensors")));
}

// Whenever it happens, what the complete rounds have left is there, and nobody writes over it.
TEST_F(Finetune, that_is_killed_keeps_its_rounds) {
  const std::string base = flowers(), rows = rows_of("a.csv", {"setosa", "virginica"});
  const Arguments command{"finetune", "--init",   base,      "--round", rows,        "--test",
                          rows,       "--target", "species", "--lr",    "0.001",     "--epochs",
                          "20",       "--device", "cpu",     "--out",   place("out")};
  Arguments whole = command;
  whole.insert(whole.begin(), std::string(PLATEAU_PROGRAMS) + "/plateau");
  whole.insert(whole.end(), {"--repeat-round", "10000"});
  const auto lines = [&] { return std::ranges::count(file_content(folder / "out" / "rounds.csv"), '\n'); };
  const ProgramResult killed = run_program(
      whole, folder,
      [&] {
        for (int i = 0; i < 100'000 && lines() < 5; ++i) std::this_thread::sleep_for(std::chrono::microseconds(200));
      },
      SIGKILL);
  ASSERT_EQ(killed.exit_code, 128 + SIGKILL) << killed.err;
  EXPECT_FALSE(std::filesystem::exists(folder / "out" / "rounds.json"));

  // The model is that of the last line, or of the line before where the process ended between the two files.
  const std::string csv = file_content(folder / "out" / "rounds.csv");
  const auto complete = lines() - 2;
  ASSERT_GE(complete, 3);
  Arguments again{"finetune", "--init", base,    "--round",  rows, "--test",   rows,  "--target",
                  "species",  "--lr",   "0.001", "--epochs", "20", "--device", "cpu", "--quiet"};
  bool same = false;
  for (const auto rounds : {complete, complete - 1}) {
    const std::string out = place("whole" + std::to_string(rounds));
    ASSERT_EQ(run(again, {"--out", out, "--repeat-round", std::to_string(rounds)}).exit_code, 0);
    EXPECT_EQ(csv.find(file_content(std::filesystem::path(out) / "rounds.csv")), 0u);
    same = same || file_content(std::filesystem::path(out) / "model.safetensors") ==
                       file_content(folder / "out" / "model.safetensors");
  }
  EXPECT_TRUE(same);

  const ProgramResult refused = run(command);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(refused.err,
            "plateau: --out " + place("out") +
                ": the folder already holds rounds.csv, of a fine-tuning that was cut short; go on from its "
                "model by plateau finetune --init " +
                place("out") + "/model.safetensors, and name another folder\n");
}

TEST_F(Finetune, refuses_by_name_what_does_not_fit) {
  const std::string base = flowers(), rows = rows_of("a.csv", {"setosa", "virginica"});
  const auto refused = [&](const Arguments& more, const std::string& culprit) {
    const ProgramResult result = run({"finetune", "--init", base, "--target", "species", "--device", "cpu"}, more);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1);
    EXPECT_NE(result.err.find(culprit), std::string::npos) << result.err;
  };
  refused({"--round", rows}, "--test");
  refused({"--test", rows}, "--round");
  refused({"--round", rows, "--test", rows, "--freeze", "3"}, "--freeze 3: ");
  refused({"--round", rows, "--test", rows, "--freeze", "1,2"}, "--freeze 1,2: these are all layers");
  refused({"--round", rows, "--test", rows, "--freeze", "fc1,2"}, "--freeze 1,2: these are all layers");
  for (const std::string layer : {"fc", "fcfc1", "fc0", "fc+1", "fc1;2", "FC1"})
    refused({"--round", rows, "--test", rows, "--freeze", layer}, "--freeze");
  refused({"--round", rows, "--test", rows, "--repeat-round", "0"}, "--repeat-round");
  refused({"--round", rows, "--test", rows, "--drop", "petal_width"}, "has no column 'petal_width'");
  const std::string rose =
      file("rose.csv", "species,petal_width,petal_length,sepal_width,sepal_length\nrose,1,2,3,4\nsetosa,1,2,3,4\n");
  refused({"--round", rows, "--round", rose, "--test", rows}, "rose.csv: row 0 holds class 'rose'");
  refused({"--round", rows, "--test", rose}, "rose.csv: row 0 holds class 'rose'");
  refused({"--round", place("none.csv"), "--test", rows}, "none.csv");
}

}  // namespace
}  // namespace plateau::test
