// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "plateau/model/gpu_trainer.hpp"
#include "support/documented_keys.hpp"

namespace plateau::run_json_test {
namespace {

using Json = nlohmann::json;

const ScenarioOptions kOptions{.kind = ScenarioKind::underfit, .epochs = 40, .seed = 2, .repeat = 2};

ScenarioResult study(int workers) {
  CpuTrainer trainer({.workers = workers});
  return study_scenario(kOptions, trainer);
}

std::vector<std::string> keys(const Json& json) {
  std::vector<std::string> found;
  for (const auto& [key, value] : json.items()) found.push_back(key);
  return found;
}

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
  EXPECT_EQ(json["plan"]["evaluation_rows"], kCpuEvaluationRows);
  EXPECT_EQ(json["result"]["outcome"], "finished");
  EXPECT_EQ(json["result"]["level"]["test_accuracy"], result.first.plateau->level);
  EXPECT_EQ(json["verdict"]["code"], to_string(result.verdict->code));
  EXPECT_EQ(json["verdict"]["sentence"], result.verdict->sentence);
  EXPECT_EQ(json["evidence"]["wider"]["trainings"], kWiderTrainings);
  const Json& permuted = json["evidence"]["permuted_labels"]["test_accuracy_by_epoch"];
  EXPECT_EQ(permuted["lowest"], Json(result.evidence->permuted_labels->lowest));
  EXPECT_EQ(permuted["highest"], Json(result.evidence->permuted_labels->highest));
  EXPECT_EQ(permuted["lowest"].size(), 40u);
  EXPECT_EQ(json["seeds"].size(), 2u);
  ASSERT_EQ(json["history"]["train_loss"].size(), 40u);
  EXPECT_EQ(json["history"]["train_loss"][7], result.first.result.history[7].train_loss);
  EXPECT_EQ(json["measured"]["threads"], 2);
}

TEST(RunJson, has_no_key_that_the_page_does_not_name) {
  const std::string page = test::page_from("run-json.md", "# run.json");
  test::expect_documented(Json::parse(scenario_json(kOptions, study(1), cpu_environment(1), JsonHistory::include)),
                          page, {"history"});
}

TEST(RunJson, differs_between_equal_runs_under_measured_only) {
  Json one = Json::parse(scenario_json(kOptions, study(1), cpu_environment(1), JsonHistory::include));
  Json two = Json::parse(scenario_json(kOptions, study(2), cpu_environment(2), JsonHistory::include));
  EXPECT_NE(one["measured"], two["measured"]);
  one.erase("measured");
  two.erase("measured");
  EXPECT_EQ(one, two);
}

TEST(RunJson, describes_the_rows) {
  const ScenarioResult result = study(1);
  const Json json = Json::parse(scenario_json(kOptions, result, cpu_environment(1), JsonHistory::leave_out));
  EXPECT_EQ(keys(json["data"]),
            (std::vector<std::string>{"classes", "feature_names", "test", "test_checksum", "test_text_checksum",
                                      "train", "train_checksum", "validation_rows"}));
  EXPECT_EQ(json["data"]["test_text_checksum"], nullptr);  // a scenario's rows come from no table
  EXPECT_EQ(json["data"]["classes"], nullptr);
  const Split split = scenario_split(kOptions.kind, kOptions.reading, kOptions.seed);
  EXPECT_EQ(json["data"]["test_checksum"], checksum(split.test));
  EXPECT_EQ(json["data"]["train_checksum"], checksum(split.train));
  const Json& train = json["data"]["train"];
  EXPECT_EQ(train["rows"], 1000);
  EXPECT_EQ(train["class_rows"], Json(result.first.statistics.train.class_rows));
  ASSERT_EQ(train["features"].size(), 3u);
  const FeatureStatistics& feature = result.first.statistics.train.features[2];
  EXPECT_EQ(train["features"][2], Json({{"mean", feature.mean},
                                        {"spread", feature.spread},
                                        {"minimum", feature.minimum},
                                        {"maximum", feature.maximum}}));
  EXPECT_EQ(json["data"]["test"]["rows"], 500);
  EXPECT_EQ(json["data"]["test"]["features"].size(), 3u);
}

// What decides the bits on a GPU stands in versions and plan, what does not under measured.
TEST(RunJson, of_a_gpu_names_it_in_the_plan) {
  const gpu::Inventory found{.toolkit_version = 13000,
                             .driver_version = 13010,
                             .devices = {{.name = "Some GPU", .compute_major = 9, .multiprocessors = 132}}};
  const Environment environment = gpu_environment(found, "cuBLAS 13.0.2");
  const Json json = Json::parse(scenario_json(kOptions, study(1), environment, JsonHistory::leave_out));
  EXPECT_EQ(json["versions"]["matrix_products"], "cuBLAS 13.0.2");
  EXPECT_EQ(json["versions"]["cuda_toolkit"], "13.0");
  EXPECT_EQ(json["plan"],
            Json({{"device", "cuda"},
                  {"engine", "layered"},
                  {"precision", "fp32"},
                  {"evaluation_rows", kGpuEvaluationRows},
                  {"gpu", {{"name", "Some GPU"}, {"compute_capability", "9.0"}, {"multiprocessors", 132}}}}));
  EXPECT_EQ(keys(json["measured"]), (std::vector<std::string>{"cuda_driver", "device_name", "finished_at", "seconds"}));
  EXPECT_EQ(json["measured"]["cuda_driver"], "13.1");
}

TEST(RunJson, names_the_commit_it_was_built_from_or_none) {
  const auto versions = [result = study(1)](const Build& build) {
    Environment environment = cpu_environment(1);
    environment.build = build;
    return Json::parse(scenario_json(kOptions, result, environment, JsonHistory::leave_out))["versions"];
  };
  const Json known = versions({.commit = "0123abc", .dirty = true}), unknown = versions({});
  EXPECT_EQ(known["commit"], "0123abc");
  EXPECT_EQ(known["dirty"], true);
  EXPECT_TRUE(unknown["commit"].is_null());
  EXPECT_EQ(unknown["dirty"], false);
}

TEST(RunJson, leaves_the_history_to_the_csv_when_asked) {
  EXPECT_FALSE(
      Json::parse(scenario_json(kOptions, study(2), cpu_environment(2), JsonHistory::leave_out)).contains("history"));
}

TEST(RunJson, of_a_diverged_training_is_still_json) {
  RunStudy study{.run = {.architecture = {{2, 2}}, .optimizer = SgdParameters{.learning_rate = 1e30}, .epochs = 9},
                 .statistics = {.train = {.class_rows = {3, 4}, .features = {{.mean = 1.5, .spread = INFINITY}}},
                                .test = {.class_rows = {1, 1}, .features = {{.mean = 1.5}}}}};
  study.result.outcome = RunOutcome::diverged;
  const Json json =
      Json::parse(training_json(study, {.train = "a", .test = "b"}, 0, cpu_environment(1), JsonHistory::include));
  EXPECT_EQ(json["result"]["outcome"], "diverged");
  EXPECT_EQ(json["result"]["epochs"], 0);
  EXPECT_EQ(json["configuration"]["optimizer"]["name"], "sgd");
  EXPECT_TRUE(json["configuration"]["init"].is_null());
  EXPECT_TRUE(json["data"]["train"]["features"][0]["spread"].is_null());
}

TEST(RunJson, of_a_training_has_all_that_was_asked_for_and_what_the_labels_mean) {
  RunStudy study{.run = {.architecture = {{2, 2}},
                         .schedule = Schedule::cosine,
                         .epochs = 9,
                         .patience = 3,
                         .standardise = true,
                         .dropout = 0.25,
                         .jitter = 0.5,
                         .mixup = 0.125,
                         .class_weights = {.balanced = true}}};
  study.run.validation = RowSelection::part(0, 8, 2);
  study.schema.classes.names = {"cat", "dog"};
  study.schema.feature_names = {"age", "mass"};
  study.result.history = {{.validation_loss = 0.5, .validation_accuracy = 1},
                          {.validation_loss = 0.75, .validation_accuracy = 0.5}};
  study.result.best_epoch = 0;
  study.result.test_correct = CorrectBits({1, 1}, 2, 2);
  study.plateau = plateau_level(study.result.test_correct);
  study.best = best_epoch(study.result.history);
  study.test_checksum = 4294967295u;
  study.test_text_checksum = 4294967294u;
  study.test_labels = {0, 1, 1};
  study.test_predictions = {0, 0, -1};
  TrainingFiles files{.train = "a.csv", .test_fraction = 0.25};
  files.reading = {.target = "kind", .drop = {"id"}, .group = "owner", .header = Header::present};
  const Json json = Json::parse(training_json(study, files, 0.2, cpu_environment(1), JsonHistory::include));
  const Json& configuration = json["configuration"];
  const Json want = Json{{"train", "a.csv"},      {"test", nullptr},   {"test_fraction", 0.25}, {"target", "kind"},
                         {"drop", {"id"}},        {"group", "owner"},  {"header", "present"},   {"schedule", "cosine"},
                         {"scale", "standard"},   {"dropout", 0.25},   {"jitter", 0.5},         {"mixup", 0.125},
                         {"class_weights", true}, {"validation", 0.2}, {"early_stopping", 3}};
  for (const auto& [key, value] : want.items()) EXPECT_EQ(configuration[key], value) << key;
  EXPECT_EQ(json["data"]["test_checksum"], 4294967295u);
  EXPECT_EQ(json["data"]["test_text_checksum"], 4294967294u);
  EXPECT_EQ(json["result"]["confusion"], Json({1, 0, 1, 0}));
  EXPECT_EQ(json["data"]["classes"], Json({"cat", "dog"}));
  EXPECT_EQ(json["data"]["feature_names"], Json({"age", "mass"}));
  EXPECT_EQ(json["data"]["validation_rows"], 2);
  EXPECT_EQ(json["result"]["validation_loss"], 0.75);
  EXPECT_EQ(json["result"]["best_validation_epoch"], 0);
  EXPECT_EQ(json["result"]["kept_epoch"], 0);
  EXPECT_EQ(json["history"]["validation_accuracy"], Json({1.0, 0.5}));
}

// Two networks on the rows of a scenario; the second learning rate diverges.
SweepResult small_sweep(int workers) {
  const SweepDefinition sweep{.files = {.train = "x.npy:y.npy", .test = "tx.npy:ty.npy"},
                              .hidden = {{}, {4}},
                              .learning_rate = {0.01, 1e30},
                              .optimizer = SweepOptimizer::sgd,
                              .epochs = 5,
                              .seed = 3,
                              .seeds = 2,
                              .validation = 0.25};
  CpuTrainer trainer({.workers = workers});
  return study_sweep(sweep, scenario_split(ScenarioKind::underfit, LabelReading::described, 1), trainer);
}

TEST(SweepJson, holds_configuration_ranking_and_runs) {
  const SweepResult result = small_sweep(2);
  const Json json = Json::parse(sweep_json(result, cpu_environment(2)));
  EXPECT_EQ(json["schema"], "plateau-sweep");
  EXPECT_EQ(json["schema_version"], kSweepJsonVersion);
  EXPECT_EQ(json["configuration"]["data"], "x.npy:y.npy");
  EXPECT_EQ(json["configuration"]["hidden"], Json::parse("[[], [4]]"));
  EXPECT_EQ(json["configuration"]["optimizer"], "sgd");
  EXPECT_EQ(json["configuration"]["batch"], "full");
  EXPECT_EQ(json["configuration"]["validation"], 0.25);
  EXPECT_EQ(json["plan"]["device"], "cpu");
  EXPECT_EQ(json["data"]["train"]["rows"], 1000);
  EXPECT_EQ(json["data"]["trained_rows"], 750);
  EXPECT_EQ(json["data"]["validation_rows"], 250);
  EXPECT_EQ(json["ranked_by"], "validation_loss");
  ASSERT_EQ(json["settings"].size(), 4u);
  const Json& best = json["settings"][0];
  EXPECT_EQ(best["rank"], 1);
  EXPECT_EQ(best["engine"], "layered");
  EXPECT_EQ(best["finished"], 2);
  EXPECT_EQ(best["validation_loss"]["mean"], result.settings[0].validation_loss->mean);
  EXPECT_EQ(best["validation_loss"]["interval_95"][0], result.settings[0].validation_loss->interval.low);
  EXPECT_EQ(best["over_best"], nullptr);
  EXPECT_EQ(json["settings"][1]["over_best"]["value"], result.settings[1].over_best->value);
  EXPECT_EQ(best["runs"][1]["seed"], 4);
  EXPECT_EQ(best["runs"][1]["epoch"], 4);
  EXPECT_EQ(best["runs"][1]["validation_loss"], result.settings[0].runs[1].figures.validation_loss);
  const Json& last = json["settings"][3];
  EXPECT_EQ(last["rank"], nullptr);
  EXPECT_EQ(last["diverged"], 2);
  EXPECT_EQ(last["validation_loss"], nullptr);
  EXPECT_EQ(last["runs"][0]["outcome"], "diverged");
}

TEST(SweepJson, differs_between_equal_sweeps_under_measured_only) {
  Json one = Json::parse(sweep_json(small_sweep(1), cpu_environment(1)));
  Json two = Json::parse(sweep_json(small_sweep(2), cpu_environment(2)));
  EXPECT_NE(one["measured"], two["measured"]);
  one.erase("measured");
  two.erase("measured");
  EXPECT_EQ(one, two);
}

}  // namespace
}  // namespace plateau::run_json_test
