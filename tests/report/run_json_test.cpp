// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace plateau {
namespace {

using Json = nlohmann::json;

const ScenarioOptions kOptions{.kind = ScenarioKind::underfit, .epochs = 40, .seed = 2, .repeat = 2};

ScenarioResult study(int workers) { return study_scenario(kOptions, {.workers = workers}); }

TEST(RunJson, holds_configuration_plan_result_and_verdict) {
  const ScenarioResult result = study(2);
  const Json json = Json::parse(scenario_json(kOptions, result, cpu_environment(2), JsonHistory::include));
  EXPECT_EQ(json["schema"], "plateau-run");
  EXPECT_EQ(json["schema_version"], kRunJsonVersion);
  EXPECT_EQ(json["command"], "scenario");
  EXPECT_EQ(json["configuration"]["scenario"], "underfit");
  EXPECT_EQ(json["configuration"]["labels"], "described");
  EXPECT_EQ(json["configuration"]["architecture"], Json::array({3, 2}));
  EXPECT_EQ(json["configuration"]["optimizer"]["name"], "adam");
  EXPECT_EQ(json["configuration"]["optimizer"]["learning_rate"], 0.01);
  EXPECT_EQ(json["configuration"]["batch"], "full");
  EXPECT_EQ(json["plan"]["device"], "cpu");
  EXPECT_EQ(json["plan"]["engine"], "layered");
  EXPECT_EQ(json["result"]["outcome"], "finished");
  EXPECT_EQ(json["result"]["level"]["test_accuracy"], result.first.plateau->level);
  EXPECT_EQ(json["verdict"]["code"], to_string(result.verdict->code));
  EXPECT_EQ(json["verdict"]["sentence"], result.verdict->sentence);
  EXPECT_EQ(json["evidence"]["wider"]["trainings"], kWiderTrainings);
  EXPECT_EQ(json["seeds"].size(), 2u);
  EXPECT_EQ(json["data"]["train_class_rows"].size(), 2u);
  ASSERT_EQ(json["history"]["train_loss"].size(), 40u);
  EXPECT_EQ(json["history"]["train_loss"][7], result.first.result.history[7].train_loss);
  EXPECT_EQ(json["measured"]["threads"], 2);
}

TEST(RunJson, differs_between_equal_runs_under_measured_only) {
  Json one = Json::parse(scenario_json(kOptions, study(1), cpu_environment(1), JsonHistory::include));
  Json two = Json::parse(scenario_json(kOptions, study(2), cpu_environment(2), JsonHistory::include));
  EXPECT_NE(one["measured"], two["measured"]);
  one.erase("measured");
  two.erase("measured");
  EXPECT_EQ(one, two);
}

TEST(RunJson, leaves_the_history_to_the_csv_when_asked) {
  EXPECT_FALSE(
      Json::parse(scenario_json(kOptions, study(2), cpu_environment(2), JsonHistory::leave_out)).contains("history"));
}

TEST(RunJson, of_a_diverged_training_is_still_json) {
  RunStudy study{.run = {.architecture = {{2, 2}}, .optimizer = SgdParameters{.learning_rate = 1e30}, .epochs = 9},
                 .train_class_rows = {3, 4},
                 .test_class_rows = {1, 1}};
  study.result.outcome = RunOutcome::diverged;
  const Json json = Json::parse(training_json(study, {"a", "b", ""}, cpu_environment(1), JsonHistory::include));
  EXPECT_EQ(json["result"]["outcome"], "diverged");
  EXPECT_EQ(json["result"]["epochs"], 0);
  EXPECT_EQ(json["configuration"]["optimizer"]["name"], "sgd");
  EXPECT_TRUE(json["configuration"]["init"].is_null());
}

}  // namespace
}  // namespace plateau
