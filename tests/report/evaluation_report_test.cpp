// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/evaluation_report.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace plateau::evaluation_report_test {
namespace {

using Json = nlohmann::json;

Environment somewhere() {
  Environment environment = cpu_environment(1);
  environment.device_name = "Some Processor";
  return environment;
}

const EvaluatedFiles kFiles{
    .model = "m.safetensors", .data = "rows.csv", .reading = {.target = "kind", .drop = {"id"}}};

// Six rows of three classes, of which the last has none: four right, a cat for a dog, and a row without a class.
ModelEvaluation evaluation() {
  const std::vector<std::int32_t> label{0, 0, 0, 0, 1, 1};
  Predictions predictions{.predicted = {0, 0, 0, -1, 1, 0}, .probability = {}};
  for (const std::int32_t given : predictions.predicted)
    for (std::int32_t id = 0; id < 3; ++id)
      predictions.probability.push_back(given < 0 ? std::nanf("") : given == id ? 0.5f : 0.25f);
  return {.network = {{4, 3}},
          .classes = {.names = {"cat", "d\nog", "n\xc3\xa9"}, .numbered = false},
          .figures = evaluate_predictions(predictions, {label.data(), 6}, 3)};
}

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
}

TEST(EvaluationSummary, has_every_figure_with_its_interval) {
  const std::string text = evaluation_summary(evaluation(), kFiles, somewhere());
  expect_part(text, "\nm.safetensors, 4-3, on rows.csv, 6 rows\n\n");
  expect_part(text,
              "\nAccuracy     0.6667, 4 of 6 (95 % interval 0.300 to 0.903); always saying the\n"
              "             commonest class would score 0.6667, which lies in the interval:\n"
              "             that the model does better is not shown\n");
  expect_part(text, "\nBalanced     0.6250, mean recall of the classes that have rows\n");
  expect_part(text, "\nLog-loss     none: an output is not finite\n");
  expect_part(text, "\nNote         1 row without a class, for an output is not finite\n");
  expect_part(text,
              "\nclass  rows  recall   95 % interval  precision   95 % interval  predicted\n"
              "  cat     4  0.7500  0.301 to 0.954     0.7500  0.301 to 0.954          4\n"
              " d?og     2  0.5000  0.095 to 0.905     1.0000  0.207 to 1.000          1\n"
              "   n\xc3\xa9     0       -               -          -               -          0\n");
  expect_part(text,
              "\n        0  1  2\n"
              " 0 cat  3  0  0\n"
              "1 d?og  1  1  0\n"
              "  2 n\xc3\xa9  0  0  0\n");
  expect_part(text, "\nMistakes     - 1 row of class d?og given cat\n");
  expect_part(text, "\nMeasured     on cpu (Some Processor, 1 thread)\n");

  const std::vector<std::int32_t> label{0};
  const float nan = std::nanf("");
  ModelEvaluation without = evaluation();
  without.figures = evaluate_predictions({.predicted = {0}, .probability = {nan, nan, nan}}, {label.data(), 1}, 3);
  expect_part(evaluation_summary(without, kFiles, somewhere()), "\nCalibration  none: no row is given a class\n");
}

TEST(EvaluationSummary, compares_with_always_saying_the_commonest_class) {
  ModelEvaluation one = evaluation();
  one.figures.interval = {0.7, 0.9};
  EXPECT_EQ(evaluation_summary(one, kFiles, somewhere()).find("is not shown"), std::string::npos);
  one.figures.interval = {0.2, 0.4};
  expect_part(evaluation_summary(one, kFiles, somewhere()), "the model does worse");
}

TEST(EvaluationSummary, of_many_classes_stays_short) {
  ModelEvaluation many{.network = {{4, 30}}, .classes = numbered_classes(30), .figures = {}};
  many.figures.rows = 1;
  many.figures.classes.resize(30);
  many.figures.confusion.resize(900);
  const std::string text = evaluation_summary(many, kFiles, somewhere());
  expect_part(text, "and 10 more classes\n");
  EXPECT_EQ(text.find("Confusion"), std::string::npos);
}

TEST(EvaluationJson, holds_all_figures_and_no_number_that_is_none) {
  const ModelEvaluation one = evaluation();
  const Json json = Json::parse(evaluation_json(one, kFiles, somewhere()));
  EXPECT_EQ(json["schema"], "plateau-evaluation");
  EXPECT_EQ(json["schema_version"], kEvaluationJsonVersion);
  EXPECT_EQ(json["configuration"]["model"], "m.safetensors");
  EXPECT_EQ(json["configuration"]["target"], "kind");
  EXPECT_EQ(json["configuration"]["drop"], Json({"id"}));
  EXPECT_EQ(json["result"]["right"], 4);
  EXPECT_EQ(json["result"]["without_class"], 1);
  EXPECT_EQ(json["result"]["interval_95"][0], one.figures.interval.low);
  EXPECT_EQ(json["result"]["log_loss"], nullptr);
  ASSERT_EQ(json["classes"].size(), 3u);
  EXPECT_EQ(json["classes"][1]["name"], "d\nog");
  EXPECT_EQ(json["classes"][1]["given"], Json({1, 1, 0}));
  EXPECT_EQ(json["classes"][1]["recall"], 0.5);
  EXPECT_EQ(json["classes"][2]["recall"], nullptr);
  EXPECT_EQ(json["classes"][2]["recall_interval_95"], Json({nullptr, nullptr}));
  ASSERT_EQ(json["calibration"].size(), static_cast<std::size_t>(kCalibrationBins));
  EXPECT_EQ(json["calibration"][7]["rows"], 5);
  EXPECT_EQ(json["calibration"][7]["accuracy"], 0.8);
}

}  // namespace
}  // namespace plateau::evaluation_report_test
