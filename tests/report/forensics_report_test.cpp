// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/forensics_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "data/files.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/run_page.hpp"
#include "support/documented_keys.hpp"

namespace plateau::forensics_report_test {
namespace {

using Json = nlohmann::json;

// Three rounds of which everything is known, over classes with names that would break a line.
Forensics forensics() {
  ForensicsRecord record{.labels = {0, 0, 1, 1, 1}, .classes = {.names = {"c\nat", "dog"}}};
  record.log = {.source = "r.csv",
                .number_column = "epoch",
                .accuracy_column = "val_accuracy",
                .in_percent = true,
                .decimals = 4,
                .not_evaluated = 2};
  for (const auto& [number, accuracy, loss] : {std::tuple{1.0, 0.6, 0.9}, {2.5, 0.8, 0.5}, {3.0, 0.8, 0.25}})
    record.log.rounds.push_back({.number = number, .test_accuracy = accuracy, .train_loss = loss});
  record.log.rounds[1].train_loss.reset();
  record.predictions = RoundPredictions{.classes = record.classes,
                                        .predicted = {{0, 1, 1, 1, 0}, {0, 0, 1, 1, 0}, {0, 0, 1, 1, -1}},
                                        .outputs = {1, 2, 3},
                                        .by_id = true,
                                        .column = "pred"};
  const auto weights = [](float first, float second) {
    return std::vector<Tensor>{{"fc1.weight", {1}, {first}}, {"fc2.weight", {1}, {second}}};
  };
  record.weights.add("1", weights(0, 1));
  record.weights.add("2", weights(0.5f, 1.5f));
  record.weights.add("3", weights(0.5f, 1.5f));
  Forensics forensics{
      .files = {.rounds = "r.csv", .predictions = "p", .checkpoints = "w", .data = "t.csv", .reading = {.target = "k"}},
      .reading = {.passed_over_predictions = {"README.csv"}},
      .evidence = measure_rounds(record),
      .decision = {}};
  add_reading(record, forensics.reading);
  forensics.decision = explain_forensics(forensics.evidence);
  return forensics;
}

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
}

TEST(ForensicsPage, describes_its_classes_by_their_values) {
  const std::filesystem::path folder = testing_files::test_folder();
  write_file(folder / "forensics.json", forensics_json(forensics(), cpu_environment(1)));
  const Page page = read_page(folder);
  EXPECT_EQ(std::ranges::count(
                page.facts, std::pair<std::string, std::string>("logged accuracy, last round", "80.0 % [37.6, 96.4]")),
            1);
  for (const PageSection& section : page.sections)
    for (const PageChart& chart : section.charts)
      if (chart.name == "classes") {
        expect_part(chart.svg, " In round 1 the lowest is 50.0 % (c\\u{A}at), the highest 66.7 % (dog).");
        expect_part(chart.svg, " In round 3 the lowest is 66.7 % (dog), the highest 100.0 % (c\\u{A}at).</desc>");
        return;
      }
  FAIL() << "there is no chart of the classes";
}

TEST(ForensicsPage, has_a_curve_of_train_accuracies_only_where_some_are_logged) {
  const std::filesystem::path folder = testing_files::test_folder();
  const auto accuracy = [&](const Forensics& of) {
    write_file(folder / "forensics.json", forensics_json(of, cpu_environment(1)));
    for (const PageSection& section : read_page(folder).sections)
      for (const PageChart& chart : section.charts)
        if (chart.name == "accuracy") return chart.svg;
    return std::string("no chart");
  };
  Forensics of = forensics();
  const std::string without = accuracy(of);
  expect_part(without, "test, as logged");
  EXPECT_EQ(without.find("train, as logged"), std::string::npos);
  of.evidence.rounds[1].train_accuracy = 0.9;
  expect_part(accuracy(of), "train, as logged");
}

TEST(ForensicsSummary, says_what_was_found_and_what_the_rounds_were) {
  const Forensics of = forensics();
  const std::string text = forensics_summary(of);
  expect_part(text, "\nr.csv: 3 rounds, 5 test rows; nothing was trained\n\nVerdict      frozen-weights (supported). ");
  expect_part(text, "The weights of rounds 2.5 and 3 are the\n             same to the bit");
  expect_part(text, "\nWhat to do   Look at what is saved");
  expect_part(text,
              "\nround  train loss          test accuracy  of predictions   changed\n"
              "    1         0.9  0.6000 [0.231, 0.882]          0.6000\n"
              "  2.5              0.8000 [0.376, 0.964]          0.8000  1 (20 %)\n"
              "    3        0.25  0.8000 [0.376, 0.964]          0.8000  1 (20 %)\n"
              "\nround  right / wrong  fc1   fc2\n"
              "    1\n"
              "  2.5        +1 / -0    -  50 %\n"
              "    3        +0 / -0  0 %   0 %\n\n");
  expect_part(text, "\nRead as      - test accuracies are column 'val_accuracy', in percent\n");
  expect_part(text, "- rounds are numbered by column 'epoch'\n");
  expect_part(text, "- 2 lines of the log without a test accuracy make no rounds\n");
  expect_part(text, "- predicted classes are column 'pred'\n");
  expect_part(text, "- of p one file is passed over, as no round has that number:\n             'README.csv'\n");
  expect_part(text, "predicted numbers are taken for ids of the 2 classes of t.csv,\n             counted from 0");
  expect_part(text, "\nFindings     - frozen-weights (supported): ");
  expect_part(text, "the outputs of 1 of 5 test rows in round 3 are no numbers");
  expect_part(text, "\nNot tested   - ");
  EXPECT_EQ(text.find("c\nat"), std::string::npos);
}

TEST(ForensicsSummary, leaves_out_what_is_not_known) {
  Forensics of{.files = {.rounds = "r.csv"}, .reading = {.accuracy_column = "acc"}};
  of.evidence.rounds.resize(50);
  for (std::size_t r = 0; r < 50; ++r)
    of.evidence.rounds[r] = {.number = static_cast<double>(r) + 1, .test_accuracy = 0.5};
  of.decision = explain_forensics(of.evidence);
  const std::string text = forensics_summary(of);
  expect_part(text, "\nr.csv: 50 rounds; nothing was trained\n");
  expect_part(text, "\nround  test accuracy\n    1         0.5000\n");
  expect_part(text, "\n   20         0.5000\n  ...\n   31         0.5000\n");
  EXPECT_EQ(text.find("Findings"), std::string::npos);
  of.evidence.rounds[0].test_loss = 0.237264537;
  expect_part(forensics_summary(of), "\nround  test loss  test accuracy\n    1   0.237265         0.5000\n    2 ");
}

TEST(ForensicsJson, has_all_that_the_text_says) {
  const Forensics of = forensics();
  const std::string text = forensics_json(of, cpu_environment(1));
  EXPECT_EQ(text, forensics_json(forensics(), cpu_environment(1)));
  const Json json = Json::parse(text);
  EXPECT_EQ(json["schema"], "plateau-forensics");
  EXPECT_EQ(json["schema_version"], kForensicsJsonVersion);
  EXPECT_EQ(json["configuration"]["data"], "t.csv");
  EXPECT_EQ(json["configuration"]["target"], "k");
  EXPECT_FALSE(json["configuration"].contains("group"));  // which is no option of this command
  EXPECT_EQ(json["configuration"]["test_rows"], nullptr);
  EXPECT_EQ(json["configuration"]["delta"], 0.01);
  EXPECT_EQ(json["verdict"]["code"], "frozen-weights");
  EXPECT_EQ(json["verdict"]["grade"], "supported");
  EXPECT_EQ(json["verdict"]["sentence"], of.decision.verdict.sentence);
  EXPECT_EQ(json["advice"], of.decision.advice);
  ASSERT_EQ(json["findings"].size(), of.decision.findings.size());
  EXPECT_EQ(json["findings"][0]["points"], nullptr);
  EXPECT_EQ(json["evidence"], Json(of.decision.verdict.evidence));
  EXPECT_EQ(json["not_tested"], Json(of.decision.verdict.not_tested));
  EXPECT_EQ(json["data"]["classes"], Json({"c\nat", "dog"}));
  EXPECT_EQ(json["data"]["test_class_rows"], Json({2, 3}));
  EXPECT_EQ(json["data"]["majority_share_test"], 0.6);
  EXPECT_EQ(json["data"]["layers"], Json({"fc1", "fc2"}));
  EXPECT_EQ(json["data"]["predictions_column"], "pred");
  EXPECT_EQ(json["data"]["passed_over_predictions"], Json({"README.csv"}));
  const Json& first = json["rounds"][0];
  EXPECT_EQ(first["changed"], nullptr);
  EXPECT_EQ(first["over_before"], nullptr);
  const Json& second = json["rounds"][1];
  EXPECT_EQ(first["round"].dump(), "1");
  EXPECT_EQ(second["round"].dump(), "2.5");
  EXPECT_EQ(second["train_loss"], nullptr);
  EXPECT_EQ(second["predicted_class_rows"], Json({3, 2}));
  EXPECT_EQ(second["changed"], 1);
  EXPECT_EQ(second["same_outputs"], false);
  EXPECT_EQ(second["recomputed"], 0.8);
  EXPECT_EQ(second["over_before"]["gained"], 1);
  EXPECT_EQ(second["layer_change"], Json({nullptr, 0.5}));
  EXPECT_EQ(json["rounds"][2]["weights_hash"], second["weights_hash"]);
  EXPECT_EQ(json["rounds"][2]["without_class"], 1);
  EXPECT_EQ(json["label_map"]["map"].size(), 2u);
  EXPECT_EQ(json["spread"]["paired"], true);
  EXPECT_EQ(json["class_trade"]["earlier_round"], 2.5);
  EXPECT_EQ(json["slope"], nullptr);
}

TEST(ForensicsJson, has_losses_that_are_no_numbers_as_text) {
  Forensics of = forensics();
  of.evidence.rounds[0].train_loss = std::numeric_limits<double>::quiet_NaN();
  of.evidence.rounds[1].train_loss = std::numeric_limits<double>::infinity();
  const Json rounds = Json::parse(forensics_json(of, cpu_environment(1)))["rounds"];
  EXPECT_EQ(rounds[0]["train_loss"], "nan");
  EXPECT_EQ(rounds[1]["train_loss"], "inf");
}

std::set<std::string> keys(const Json& json) {
  std::set<std::string> found;
  for (const auto& [key, value] : json.items()) found.insert(key);
  return found;
}

// The document names every key, in backticks, and no key is there that it does not name.
TEST(ForensicsJson, has_the_keys_that_docs_forensics_md_names) {
  const std::string schema = test::page_from("forensics.md", "## forensics.json");
  Forensics of = forensics();
  of.evidence.slope = RoundsSlope{};
  of.evidence.replay = Replay{};
  of.evidence.guess = ClassGuess{};
  const Json json = Json::parse(forensics_json(of, cpu_environment(1)));
  EXPECT_EQ(keys(json),
            (std::set<std::string>{"schema", "schema_version", "command", "configuration", "versions", "verdict",
                                   "advice", "findings", "evidence", "not_tested", "data", "rounds", "label_map",
                                   "slope", "spread", "replay", "batch_of_mean", "class_guess", "class_trade"}));
  test::expect_documented(json, schema, {"versions", "configuration"});  // of which other pages tell
  for (const char* key : {"test_rows", "delta"}) test::expect_documented_key(key, schema);
}

}  // namespace
}  // namespace plateau::forensics_report_test
