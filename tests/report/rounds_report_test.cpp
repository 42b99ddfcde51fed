// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/rounds_report.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/files.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/run_page.hpp"

namespace plateau::rounds_report_test {
namespace {

Estimate between(double low, double high) { return {(low + high) / 2, {low, high}}; }
// Of so many rows that became right, and wrong.
AccuracyChange change(double low, double high, Index gained, Index lost) { return {between(low, high), gained, lost}; }

// Two sets in two rounds, of which the second forgets the first.
RoundsResult two_rounds() {
  RoundsResult result{.definition = {.run = {.architecture = {}, .epochs = 3, .batch = 8, .seed = 7}},
                      .architecture = {{2, 3, 2}},
                      .sources = {"monday.csv", "tues\nday.csv"},
                      .set_rows = {80, 1},
                      .test_source = "t.csv",
                      .evidence = {.classes = {"cat\x1b", "dog"},
                                   .test_class_rows = {240, 260},
                                   .learning_rate = 0.001,
                                   .base_test_accuracy = between(0.5, 0.6),
                                   .base_predicted_class_rows = {250, 250}}};
  const auto history = [](double loss) {
    return std::vector<EpochRecord>{{}, {.train_loss = loss, .train_accuracy = 0.875, .gradient_norm = 0.25}};
  };
  result.rounds = {{.set = 0, .seed = 7, .history = history(0.1), .seconds = 1},
                   {.set = 1, .seed = 8, .history = history(1.0 / 3), .seconds = 2}};
  result.evidence.rounds = {
      {.set = 0,
       .gradient_norm = 0.25,
       .layer_change = {0.02, 0.5},
       .test_accuracy = between(0.7, 0.8),
       .over_before = change(0.1, 0.3, 80, 10),
       .over_base = change(0.1, 0.3, 80, 10),
       .changed_since_before = 90,
       .changed_since_base = 90,
       .predicted_class_rows = {300, 200},
       .sets = {{.set = 0, .accuracy = between(0.8, 0.9), .right_after = 0.85, .since = {}}}},
      {.set = 1,
       .gradient_norm = 0.25,
       .layer_change = {0, std::numeric_limits<double>::infinity()},
       .test_accuracy = between(0.4, 0.5),
       .over_before = change(-0.4, -0.2, 25, 175),
       .over_base = change(-0.2, 0.0, 3, 1),
       .changed_since_before = 200,
       .changed_since_base = 210,
       .predicted_class_rows = {500, 0},
       .sets = {{.set = 0, .accuracy = between(0.4, 0.5), .right_after = 0.85, .since = change(-0.5, -0.3, 1, 33)},
                {.set = 1, .accuracy = between(0.9, 1), .right_after = 0.95, .since = {}}}}};
  result.findings = explain_rounds(result.evidence);
  return result;
}

TEST(RoundLine, is_of_the_last_round) {
  EXPECT_EQ(round_line(two_rounds()), "Round: 2, Train Loss: 0.3333, Test Accuracy: 0.4500, Changed: 200 (40 %)\n");
}

TEST(RoundsSummary, tells_all_that_was_measured_and_found) {
  RoundsResult result = two_rounds();
  result.definition.run.frozen = 1;
  result.scale.resize(2);
  const std::string text = rounds_summary(result, {.initial = "base.safetensors"}, cpu_environment(2));
  for (const char* const part :
       {"\nbase.safetensors (2-3-2) in 2 rounds, 500 test rows, seed 7\n",
        "Rows         - set 1: monday.csv, 80 rows\n             - set 2: tues?day.csv, 1 row\n"
        "             - test: t.csv, 500 rows, of which class 'dog' has most: 260, a\n"
        "             majority share of 0.520\n",
        "Every round  adam, learning rate 0.001, batches of 8, 3 epochs; the optimizer\n"
        "             begins anew in each round; layer 1 frozen; rows are brought to the\n"
        "             scale that the model was trained with\n",
        "\nround  rows   train          test accuracy    points over before\n"
        " base                0.5500 [0.500, 0.600]\n"
        "    1    80  0.8750  0.7500 [0.700, 0.800]  +20.0 [+10.0, +30.0]\n",
        "\nround      points over base     changed  layer 1  layer 2\n"
        " base\n"
        "    1  +20.0 [+10.0, +30.0]   90 (18 %)      2 %     50 %\n",
        "  200 (40 %)      0 %        -\n", "\nround     set 1     set 2\n    1  * 0.8500\n    2    0.4500  * 0.9500\n",
        "Result       After 2 rounds the test accuracy is 45.0 %, -10.0 points [-20.0,\n"
        "             0.0] over the base\n"
        "Findings     - From round 2 on the network gives every test row class 'cat?'",
        "- Round 2 made the network forget round 1", "training 3.000 s\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_EQ(text.find("Ended"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(RoundsSummary, of_wide_results_stays_readable) {
  RoundsResult result = two_rounds();
  result.architecture = {{2, 3, 3, 3, 3, 3, 3, 2}};
  for (RoundEvidence& round : result.evidence.rounds) round.layer_change = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.25};
  result.sources.resize(11, "more.csv");
  result.set_rows.resize(11, 5);
  const std::string text = rounds_summary(result, {.initial = "m"}, cpu_environment(2));
  EXPECT_NE(text.find("most of a layer\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" 60 %\n"), std::string::npos) << text;
  EXPECT_NE(text.find("accuracy on the rows of 11 sets: in rounds.csv\n"), std::string::npos) << text;
}

TEST(RoundsPage, begins_with_what_all_rounds_came_to_where_no_finding_is_of_something_wrong) {
  const std::filesystem::path folder = testing_files::test_folder();
  const auto page_of = [&](const RoundsResult& result) {
    write_file(folder / "rounds.json", rounds_json(result, {.initial = "base.safetensors"}, cpu_environment(1)));
    return read_page(folder);
  };
  RoundsResult result = two_rounds();
  const Page wrong = page_of(result);
  EXPECT_EQ(wrong.sentence.find("From round 2 on the network gives every test row class 'cat"), 0u) << wrong.sentence;
  ASSERT_EQ(wrong.to_do.size(), 2u);
  EXPECT_EQ(wrong.to_do[0], "Give every round rows of all classes, or a smaller --lr.");
  EXPECT_EQ(wrong.to_do[1].find("Against forgetting: "), 0u);

  RoundEvidence& last = result.evidence.rounds.back();
  last.test_accuracy = between(0.8, 0.9);
  last.over_base = change(0.023, 0.069, 40, 17);
  last.over_before = change(-0.01, 0.03, 20, 15);
  last.predicted_class_rows = {250, 250};
  last.sets.clear();
  result.findings = explain_rounds(result.evidence);
  const Page gained = page_of(result);
  EXPECT_EQ(gained.sentence, "After 2 rounds the test accuracy is 85.0 %, +4.6 points [+2.3, +6.9] over the base.");
  EXPECT_EQ(gained.to_do, std::vector<std::string>{});
  EXPECT_EQ(gained.sections.at(0).points.size(), result.findings.size());
  EXPECT_NE(gained.sections.at(0).charts.at(0).svg.find("from 55.0 % to 85.0 % over the base and 2 rounds.</desc>"),
            std::string::npos);

  last.over_base = change(-0.01, 0.03, 20, 15);
  EXPECT_EQ(page_of(result).to_do.size(), 1u);  // what all rounds changed is not shown
  result.findings.insert(result.findings.begin(), {RoundsFindingCode::weights_still, "No layer's weights moved"});
  const Page still = page_of(result);
  EXPECT_EQ(still.sentence, "No layer's weights moved.");
  EXPECT_EQ(still.to_do.at(0).find("Steps that are lost in rounding change nothing"), 0u);
  result.rounds.back().history.back().gradient_norm = 0;
  EXPECT_EQ(page_of(result).to_do.at(0).find("Steps that"), std::string::npos);  // no step would help

  result.rounds.resize(1), result.evidence.rounds.clear(), result.findings.clear();
  result.rounds[0].outcome = RunOutcome::interrupted;
  EXPECT_EQ(page_of(result).sentence, "No round was completed.");
}

TEST(RoundsCsv, reads_back_and_has_what_there_is) {
  std::istringstream csv(rounds_csv(two_rounds()));
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line,
            "round,set,seed,train_loss,train_accuracy,test_accuracy,test_low,test_high,over_before,over_before_low,"
            "over_before_high,gained_since_before,lost_since_before,over_base,over_base_low,over_base_high,"
            "gained_since_base,lost_since_base,changed_since_before,changed_share_since_before,changed_since_base,"
            "changed_share_since_base,layer1_change,layer2_change,set1_accuracy,set1_since,set2_accuracy,set2_since");
  const auto columns = std::count(line.begin(), line.end(), ',');
  std::getline(csv, line);
  EXPECT_EQ(line, "0,,,,,0.55,0.5,0.6,,,,,,,,,,,,,,,,,,,,");
  EXPECT_EQ(std::count(line.begin(), line.end(), ','), columns);
  std::getline(csv, line);
  EXPECT_EQ(line,
            "1,1,7,0.1,0.875,0.75,0.7,0.8,0.2,0.1,0.3,80,10,0.2,0.1,0.3,80,10,90,0.18,90,0.18,0.02,0.5,"
            "0.8500000000000001,0,,");
  std::getline(csv, line);
  EXPECT_EQ(line.substr(0, 25), "2,2,8,0.3333333333333333,");
  EXPECT_EQ(line.substr(line.find(",200,")), ",200,0.4,210,0.42,0,,0.45,-0.4,0.95,0");
  EXPECT_FALSE(std::getline(csv, line));
}

TEST(RoundsJson, holds_what_docs_finetune_md_says) {
  RoundsResult result = two_rounds();
  result.definition.run.frozen = 2;
  const auto json = nlohmann::json::parse(
      rounds_json(result, {.initial = "base.safetensors", .reading = {.target = "kind"}}, cpu_environment(2)));
  EXPECT_EQ(json["schema"], "plateau-rounds");
  EXPECT_EQ(json["schema_version"], kRoundsJsonVersion);
  const auto& configuration = json["configuration"];
  EXPECT_EQ(configuration["init"], "base.safetensors");
  EXPECT_EQ(configuration["rounds"][0], "monday.csv");
  EXPECT_EQ(configuration["target"], "kind");
  EXPECT_EQ(configuration["passes"], 1);
  EXPECT_EQ(configuration["architecture"], (std::vector<int>{2, 3, 2}));
  EXPECT_EQ(configuration["optimizer"]["name"], "adam");
  EXPECT_EQ(configuration["frozen"], (std::vector<int>{2}));
  EXPECT_EQ(configuration["scale"], "none");
  EXPECT_EQ(json["plan"]["engine"], "layered");
  EXPECT_EQ(json["data"]["test_class_rows"], (std::vector<int>{240, 260}));
  EXPECT_EQ(json["data"]["majority_share_test"], 0.52);
  EXPECT_EQ(json["outcome"], "finished");
  EXPECT_EQ(json["base"]["test_accuracy"]["interval_95"], (std::vector<double>{0.5, 0.6}));
  const auto& second = json["rounds"][1];
  EXPECT_EQ(second["set"], 2);
  EXPECT_EQ(second["seed"], 8);
  EXPECT_EQ(second["epochs"], 2);
  EXPECT_EQ(second["train_loss"], 1.0 / 3);
  EXPECT_EQ(second["changed_since_base"], 210);
  EXPECT_EQ(second["changed_share_since_base"], 0.42);
  EXPECT_EQ(second["changed_share_since_before"], 0.4);
  EXPECT_EQ(second["over_base"]["gained"], 3);
  EXPECT_EQ(second["over_base"]["lost"], 1);
  EXPECT_EQ(second["over_base"]["mcnemar_p"], 0.625);
  EXPECT_EQ(second["over_before"]["lost"], 175);
  EXPECT_EQ(second["layer_change"][0], 0);
  EXPECT_TRUE(second["layer_change"][1].is_null());
  EXPECT_EQ(second["sets"][0]["set"], 1);
  EXPECT_EQ(second["sets"][0]["since"]["value"], -0.4);
  EXPECT_EQ(second["sets"][0]["since"]["lost"], 33);
  EXPECT_EQ(json["findings"][0]["code"], "one-class");
  EXPECT_EQ(json["measured"]["seconds"]["rounds"], (std::vector<double>{1, 2}));

  result.scale.resize(2);
  EXPECT_EQ(nlohmann::json::parse(rounds_json(result, {}, cpu_environment(2)))["configuration"]["scale"],
            "of the model");
}

TEST(RoundsOutcome, says_what_is_missing) {
  RoundsResult result = two_rounds();
  EXPECT_EQ(outcome_sentence(result), "");
  result.evidence.rounds.pop_back();
  result.rounds.back().outcome = RunOutcome::diverged;
  EXPECT_EQ(outcome_sentence(result),
            "round 2 diverged in epoch 2: the loss is not finite; kept is what was there before it");
  const auto json = nlohmann::json::parse(rounds_json(result, {}, cpu_environment(2)));
  EXPECT_EQ(json["rounds"].size(), 2u);
  EXPECT_FALSE(json["rounds"][1].contains("test_accuracy"));
  result.rounds.back().outcome = RunOutcome::interrupted;
  EXPECT_EQ(outcome_sentence(result), "interrupted: 1 of 2 rounds are complete");
  EXPECT_NE(rounds_summary(result, {}, cpu_environment(2)).find("Ended        interrupted"), std::string::npos);
}

}  // namespace
}  // namespace plateau::rounds_report_test
