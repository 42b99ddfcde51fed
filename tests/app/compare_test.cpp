// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// `plateau compare`, run as a user runs it on what `train`, `scenario` and others have left.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/files.hpp"
#include "plateau/data/npy.hpp"
#include "support/program.hpp"
#include "support/unwrapped.hpp"

namespace plateau::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Arguments = std::vector<std::string>;
using Classes = std::vector<std::int32_t>;

class Compare : public testing::Test {
 protected:
  const fs::path folder = testing_files::test_folder();

  std::string place(const std::string& name) const { return (folder / name).string(); }

  ProgramResult run(Arguments arguments) const {
    arguments.insert(arguments.begin(), std::string(PLATEAU_PROGRAMS) + "/plateau");
    return run_program(arguments, folder);
  }
  // On rows of three classes; the file of test rows is the same for all.
  void train(const std::string& out, const Arguments& more) const {
    const std::string stem = std::string(PLATEAU_TEST_DATA) + "/torch-parity/sgd_momentum_5_16_3/";
    Arguments arguments{"train",
                        "--train",
                        stem + "train_x.npy:" + stem + "train_y.npy",
                        "--test",
                        stem + "test_x.npy:" + stem + "test_y.npy",
                        "--out",
                        place(out),
                        "--device",
                        "cpu",
                        "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult result = run(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  ProgramResult compare(const Arguments& names, const Arguments& more = {}) const {
    Arguments arguments{"compare"};
    for (const std::string& name : names) arguments.push_back(place(name));
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  Json json_of(const Arguments& names) const {
    const ProgramResult result = compare(names, {"--format", "json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out);
  }
  void expect_refused(const ProgramResult& result, const std::string& sentence) const {
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find(sentence), std::string::npos) << result.err;
  }

  Classes labels(const std::string& out) const { return read_npy_labels(folder / out / "test_labels.npy"); }
  Classes given(const std::string& out) const { return read_npy_given_classes(folder / out / "test_predictions.npy"); }
};

TEST_F(Compare, the_classes_that_a_run_leaves_are_those_its_model_predicts) {
  const std::string stem = std::string(PLATEAU_TEST_DATA) + "/torch-parity/sgd_momentum_5_16_3/";
  train("plain", {"--hidden", "8", "--epochs", "30"});
  train("stopped", {"--hidden", "64,64", "--lr", "0.03", "--epochs", "200", "--scale", "standard", "--early-stopping",
                    "5", "--batch", "16"});
  const Json stopped = Json::parse(file_content(folder / "stopped" / "run.json"));
  ASSERT_LT(stopped["result"]["kept_epoch"], stopped["result"]["epochs"].get<Index>() - 1);
  for (const std::string out : {"plain", "stopped"}) {
    const ProgramResult predicted =
        run({"predict", "--model", place(out) + "/model.safetensors", "--data", stem + "test_x.npy", "--out",
             place(out + ".npy"), "--no-probabilities", "--device", "cpu"});
    ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
    EXPECT_EQ(given(out), read_npy_labels(place(out + ".npy"))) << out;
    EXPECT_EQ(labels(out), read_npy_labels(stem + "test_y.npy")) << out;
    const Json confusion = Json::parse(file_content(folder / out / "run.json"))["result"]["confusion"];
    std::vector<Index> counts(9);
    for (std::size_t row = 0; row < labels(out).size(); ++row)
      ++counts[static_cast<std::size_t>(3 * labels(out)[row] + given(out)[row])];
    EXPECT_EQ(confusion, Json(counts)) << out;
  }
}

TEST_F(Compare, pairs_runs_by_their_test_rows_and_settings_by_their_seeds) {
  Arguments names;
  for (const std::string seed : {"1", "2"}) {
    train("slow" + seed, {"--hidden", "4", "--epochs", "10", "--seed", seed});
    train("good" + seed, {"--hidden", "32", "--epochs", "60", "--lr", "0.01", "--seed", seed});
    names.insert(names.end(), {"slow" + seed, "good" + seed});
  }
  const Json json = json_of(names);
  EXPECT_EQ(json["differing"], Json({"network", "learning rate", "epochs", "seed"}));
  const Json& good = json["runs"][1]["over_first"];
  EXPECT_EQ(good["rows"], "same");
  Index only_good = 0, only_slow = 0;
  const Classes label = labels("slow1"), slow = given("slow1"), fast = given("good1");
  for (std::size_t row = 0; row < label.size(); ++row) {
    only_good += fast[row] == label[row] && slow[row] != label[row];
    only_slow += fast[row] != label[row] && slow[row] == label[row];
  }
  EXPECT_EQ(good["only_this"], only_good);
  EXPECT_EQ(good["only_first"], only_slow);
  EXPECT_NEAR(good["value"].get<double>(),
              static_cast<double>(only_good - only_slow) / static_cast<double>(label.size()), 1e-12);
  EXPECT_GT(good["interval_95"][0].get<double>(), 0);
  ASSERT_EQ(json["groups"].size(), 2u);
  EXPECT_EQ(json["groups"][1]["over_first"]["by_seed"], true);

  const ProgramResult text = compare(names);
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_EQ(text.err, "");
  EXPECT_NE(text.out.find("network 5-32-3, learning rate 0.01, epochs 60"), std::string::npos) << text.out;
  EXPECT_NE(test::unwrapped(text.out).find("says nothing of the luck of a training"), std::string::npos) << text.out;
}

TEST_F(Compare, a_run_and_its_repetition_are_no_difference) {
  for (const char* const name : {"a", "again"}) train(name, {"--hidden", "4", "--epochs", "5"});
  const Json json = json_of({"a", "again"});
  EXPECT_EQ(json["runs"][1]["over_first"]["value"], 0);
  EXPECT_EQ(json["runs"][1]["over_first"]["other_class"], 0);
  EXPECT_EQ(json["differing"], Json::array());
  EXPECT_NE(compare({"a", "again"}).out.find("again gives every test row the class that a gives it."),
            std::string::npos);
}

// Rows that a seed draws are other rows; those of a scenario as well.
TEST_F(Compare, runs_on_other_rows_are_not_paired) {
  const std::string iris = std::string(PLATEAU_TEST_DATA) + "/iris.csv";
  for (const std::string seed : {"1", "2"}) {
    ASSERT_EQ(run({"train", "--train", iris, "--target", "species", "--test-fraction", "0.3", "--hidden", "4",
                   "--epochs", "20", "--seed", seed, "--out", place("iris" + seed), "--device", "cpu"})
                  .exit_code,
              0);
    ASSERT_EQ(run({"scenario", "underfit", "--epochs", "20", "--no-controls", "--seed", seed, "--out",
                   place("scenario" + seed), "--device", "cpu"})
                  .exit_code,
              0);
  }
  ASSERT_EQ(run({"train", "--train", iris, "--target", "species", "--test-fraction", "0.3", "--hidden", "16",
                 "--epochs", "20", "--seed", "1", "--out", place("wide1"), "--device", "cpu"})
                .exit_code,
            0);
  const Json json = json_of({"iris1", "iris2", "wide1", "scenario1", "scenario2"});
  const auto rows = [&](std::size_t place) { return json["runs"][place]["over_first"]["rows"]; };
  EXPECT_EQ(rows(1), "other");
  EXPECT_EQ(rows(2), "same");
  EXPECT_EQ(rows(3), "other");
  EXPECT_NE(json["runs"][3]["test_checksum"], json["runs"][4]["test_checksum"]);
  EXPECT_EQ(json["runs"][3]["has_predictions"], true);
}

TEST_F(Compare, runs_on_other_columns_of_the_same_rows_are_paired) {
  const std::string iris = std::string(PLATEAU_TEST_DATA) + "/iris.csv";
  const auto train_on = [&](const std::string& out, const Arguments& more) {
    Arguments arguments{"train",    "--train", iris,    "--target", "species",  "--hidden", "4",
                        "--epochs", "20",      "--out", place(out), "--device", "cpu",      "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult result = run(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
  };
  const Arguments drawn{"--test-fraction", "0.3", "--seed", "1"}, drop{"--drop", "petal_width"};
  const auto with = [](Arguments arguments, const Arguments& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  train_on("all", drawn);
  train_on("fewer", with(drawn, drop));
  train_on("elsewhere", with({"--test-fraction", "0.3", "--seed", "2"}, drop));
  fs::copy_file(iris, folder / "test.csv");
  train_on("file", {"--test", place("test.csv")});
  train_on("file-fewer", with({"--test", place("test.csv")}, drop));
  Json json = json_of({"all", "fewer", "elsewhere"});
  EXPECT_NE(json["runs"][0]["test_checksum"], json["runs"][1]["test_checksum"]);
  EXPECT_EQ(json["runs"][1]["over_first"]["rows"], "same");
  EXPECT_EQ(json["runs"][2]["over_first"]["rows"], "other");
  EXPECT_EQ(labels("all"), labels("fewer"));
  json = json_of({"file", "file-fewer", "all"});
  EXPECT_EQ(json["runs"][1]["over_first"]["rows"], "same");
  EXPECT_EQ(json["runs"][2]["over_first"]["rows"], "other");
}

// What begins with a model on a scale of its own is tested on the rows as they are in the file.
TEST_F(Compare, rows_are_the_same_whatever_scale_an_initial_model_brings) {
  train("first", {"--hidden", "4", "--epochs", "5", "--scale", "standard"});
  train("second", {"--init", place("first") + "/model.safetensors", "--epochs", "5"});
  EXPECT_EQ(json_of({"first", "second"})["runs"][1]["over_first"]["rows"], "same");
}

TEST_F(Compare, leaves_a_page_and_never_writes_over_one) {
  train("a", {"--hidden", "4", "--epochs", "5"});
  train("b", {"--hidden", "8", "--epochs", "5"});
  const ProgramResult written = compare({"a", "b"}, {"--out", place("out"), "--charts", "svg", "--format", "json"});
  EXPECT_EQ(written.exit_code, 0) << written.err;
  for (const char* const file : {"report.html", "report.md", "accuracy.svg", "loss.svg", "differences.svg"})
    EXPECT_TRUE(fs::exists(folder / "out" / file)) << file;
  Json file = Json::parse(file_content(folder / "out" / "compare.json")), printed = Json::parse(written.out);
  file.erase("measured");
  printed.erase("measured");
  EXPECT_EQ(file, printed);
  expect_refused(compare({"a", "b"}, {"--out", place("out")}), "the folder already holds a comparison");
  expect_refused(compare({"a", "b"}, {"--out", place("a")}), "the folder already holds a run");
  EXPECT_EQ(file_content(folder / "out" / "report.md").find("plateau compare\\: 2 runs"), 3u);
  expect_refused(compare({"a", "out"}), "out: holds a comparison");
  EXPECT_FALSE(fs::exists(folder / "a" / "report.html"));
}

TEST_F(Compare, names_what_it_cannot_compare) {
  train("a", {"--hidden", "4", "--epochs", "5"});
  expect_refused(compare({"a"}), "compare takes the folders of 2 to 100 runs, and 1 is named");
  expect_refused(compare({}), "DIR is required");
  expect_refused(compare(Arguments(101, "a")), "and 101 are named");
  expect_refused(compare({"a", "nowhere"}), "nowhere: is no folder");
  expect_refused(compare({"a", "./a"}), "a: is the same folder as ");
  expect_refused(compare({"a", "b"}, {"--quiet"}), "--quiet");  // there is no progress to leave out
  expect_refused(compare({"a", "b"}, {"--charts", "svg"}), "--charts: they are written beside the report");
  ASSERT_EQ(run({"sweep",    "--data",       std::string(PLATEAU_TEST_DATA) + "/iris.csv",
                 "--target", "species",      "--test-fraction",
                 "0.3",      "--hidden",     "4",
                 "--lr",     "0.01",         "--seeds",
                 "1",        "--epochs",     "3",
                 "--out",    place("sweep"), "--device",
                 "cpu",      "--quiet"})
                .exit_code,
            0);
  expect_refused(compare({"a", "sweep"}), "sweep: holds a sweep; what is compared are the runs");
  EXPECT_NE(run({"--help"}).out.find("compare"), std::string::npos);
  EXPECT_NE(run({"compare", "--help"}).out.find("Example: plateau compare"), std::string::npos);
}

}  // namespace
}  // namespace plateau::test
