// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_json.hpp"

#include <chrono>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

namespace plateau {
namespace {

using Json = nlohmann::ordered_json;

// JSON has no infinity and no NaN; null says that there is no such number.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json interval(Interval interval) { return Json::array({number(interval.low), number(interval.high)}); }

Json estimate(Estimate estimate) {
  return {{"value", number(estimate.value)}, {"interval_95", interval(estimate.interval)}};
}

Json optimizer(const Optimizer& optimizer) {
  if (const auto* adam = std::get_if<AdamParameters>(&optimizer))
    return {{"name", adam->decay_kind == WeightDecay::decoupled ? "adamw" : "adam"},
            {"learning_rate", adam->learning_rate},
            {"beta1", adam->betas.beta1},
            {"beta2", adam->betas.beta2},
            {"epsilon", adam->epsilon},
            {"weight_decay", adam->weight_decay}};
  const auto& sgd = std::get<SgdParameters>(optimizer);
  return {{"name", "sgd"},
          {"learning_rate", sgd.learning_rate},
          {"momentum", sgd.momentum},
          {"weight_decay", sgd.weight_decay}};
}

void add_configuration(Json& configuration, const Run& run) {
  configuration["architecture"] = run.architecture.widths;
  configuration["optimizer"] = optimizer(run.optimizer);
  configuration["epochs"] = run.epochs;
  configuration["batch"] = run.batch == 0 ? Json("full") : Json(run.batch);
  configuration["row_order"] = run.batch == 0 || run.order == RowOrder::as_stored ? "as_stored" : "shuffled_each_epoch";
  configuration["seed"] = run.seed;
}

const char* outcome_name(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::finished:
      return "finished";
    case RunOutcome::diverged:
      return "diverged";
    case RunOutcome::interrupted:
      return "interrupted";
    case RunOutcome::stopped_early:
      return "stopped_early";
  }
  return "";
}

Json result(const RunStudy& study) {
  Json json{{"outcome", outcome_name(study.result.outcome)}, {"epochs", study.result.history.size()}};
  if (study.result.history.empty()) return json;
  const EpochRecord& last = study.result.history.back();
  json["train_loss"] = number(last.train_loss);
  json["train_accuracy"] = last.train_accuracy;
  json["test_loss"] = number(last.test_loss);
  json["test_accuracy"] = last.test_accuracy;
  json["gradient_norm"] = number(last.gradient_norm);
  json["level"] = {{"test_accuracy", study.plateau->level},
                   {"interval_95", interval(study.plateau->interval)},
                   {"epochs", study.plateau->epochs},
                   {"plateau_since_epoch", study.plateau->since ? Json(*study.plateau->since) : Json(nullptr)}};
  json["best_epoch"] = {{"epoch", study.best->epoch}, {"test_accuracy", study.best->test_accuracy}};
  return json;
}

Json history_columns(const std::vector<EpochRecord>& history) {
  Json columns{{"train_loss", Json::array()},
               {"train_accuracy", Json::array()},
               {"test_loss", Json::array()},
               {"test_accuracy", Json::array()},
               {"gradient_norm", Json::array()}};
  for (const EpochRecord& epoch : history) {
    columns["train_loss"].push_back(number(epoch.train_loss));
    columns["train_accuracy"].push_back(epoch.train_accuracy);
    columns["test_loss"].push_back(number(epoch.test_loss));
    columns["test_accuracy"].push_back(epoch.test_accuracy);
    columns["gradient_norm"].push_back(number(epoch.gradient_norm));
  }
  return columns;
}

Json control(const ControlEvidence& control) {
  return {{"trainings", control.trainings},
          {"architecture", control.architecture},
          {"test_accuracy", control.test_accuracy},
          {"train_accuracy", control.train_accuracy},
          {"difference", estimate(control.difference)}};
}

Json evidence_json(const Evidence& evidence) {
  Json json;
  json["test_accuracy"] = estimate(evidence.test_accuracy);
  json["train_accuracy"] = evidence.train_accuracy;
  json["majority_share_test"] = majority_share(evidence.test_class_rows);
  json["permuted_labels"] = evidence.permuted_labels ? control(*evidence.permuted_labels) : Json(nullptr);
  json["wider"] = evidence.wider ? control(*evidence.wider) : Json(nullptr);
  json["wider_over_permuted"] = evidence.wider ? estimate(evidence.wider_over_permuted) : Json(nullptr);
  json["exact_rule"] = evidence.exact_rule ? Json{{"test_accuracy", evidence.exact_rule->test_accuracy},
                                                  {"difference", estimate(evidence.exact_rule->difference)}}
                                           : Json(nullptr);
  return json;
}

Json verdict_json(const Verdict& verdict) {
  return {{"code", to_string(verdict.code)},
          {"grade", to_string(verdict.grade)},
          {"sentence", verdict.sentence},
          {"evidence", verdict.evidence},
          {"not_tested", verdict.not_tested}};
}

Json seed_json(const SeedResult& seed) {
  return {{"seed", seed.seed},
          {"outcome", outcome_name(seed.outcome)},
          {"test_accuracy", seed.test_accuracy},
          {"train_accuracy", seed.train_accuracy},
          {"best_epoch", {{"epoch", seed.best.epoch}, {"test_accuracy", seed.best.test_accuracy}}}};
}

Json part_json(const DatasetStatistics& part) {
  Json features = Json::array();
  for (const FeatureStatistics& feature : part.features)
    features.push_back({{"mean", number(feature.mean)},
                        {"spread", number(feature.spread)},
                        {"minimum", number(feature.minimum)},
                        {"maximum", number(feature.maximum)}});
  return {{"rows", row_count(part)}, {"class_rows", part.class_rows}, {"features", std::move(features)}};
}

const char* fusion_name(Fusion fusion) { return fusion == Fusion::epilogue ? "epilogue" : "kernel"; }

Json layers_json(const ExecutionPlan& plan) {
  Json layers = Json::array();
  for (const LayerPlan& layer : plan.layers)
    layers.push_back({{"activation", fusion_name(layer.activation)},
                      {"input_grad", fusion_name(layer.input_grad)},
                      {"weight_grad", fusion_name(layer.weight_grad)}});
  return layers;
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

// The parts every run.json has, in the order a reader wants them.
Json document(const char* command, Json configuration, const RunStudy& study, const Environment& environment) {
  Json json;
  json["schema"] = "plateau-run";
  json["schema_version"] = kRunJsonVersion;
  json["command"] = command;
  json["configuration"] = std::move(configuration);
  const Build& build = environment.build;
  json["versions"] = {{"plateau", environment.version},
                      {"commit", build.commit.empty() ? Json(nullptr) : Json(build.commit)},
                      {"dirty", build.dirty},
                      {"compiler", environment.compiler},
                      {"matrix_products", environment.matrix_library}};
  if (environment.gpu) json["versions"]["cuda_toolkit"] = environment.gpu->toolkit;
  const ExecutionPlan& plan = study.result.plan;
  json["plan"] = {{"device", environment.device},
                  {"engine", plan.fused ? "fused" : "layered"},
                  {"precision", environment.precision},
                  {"evaluation_rows", plan.fused ? Index{kFusedRows} : environment.evaluation_rows}};
  if (plan.fused)
    json["plan"]["kernel"] = {
        {"threads", plan.fused->threads}, {"groups", plan.fused->groups}, {"tiles", plan.fused->tiles}};
  if (environment.gpu)
    json["plan"]["gpu"] = {{"name", environment.device_name},
                           {"compute_capability", environment.gpu->compute_capability},
                           {"multiprocessors", environment.gpu->multiprocessors}};
  if (!plan.layers.empty()) {
    json["plan"]["layers"] = layers_json(plan);
    json["plan"]["autotuned"] = plan.autotuned;
  }
  json["data"] = {{"train", part_json(study.statistics.train)}, {"test", part_json(study.statistics.test)}};
  json["result"] = result(study);
  return json;
}

std::string finish(Json json, const RunStudy& study, JsonHistory history, Json seconds,
                   const Environment& environment) {
  if (history == JsonHistory::include) json["history"] = history_columns(study.result.history);
  Json measured{{"finished_at", utc_now()}, {"device_name", environment.device_name}};
  if (environment.gpu)
    measured["cuda_driver"] = environment.gpu->driver;
  else
    measured["threads"] = environment.workers;
  measured["seconds"] = std::move(seconds);
  json["measured"] = std::move(measured);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string training_json(const RunStudy& study, const TrainingFiles& files, const Environment& environment,
                          JsonHistory history) {
  Json configuration;
  configuration["train"] = files.train;
  configuration["test"] = files.test;
  configuration["init"] = files.initial.empty() ? Json(nullptr) : Json(files.initial);
  add_configuration(configuration, study.run);
  return finish(document("train", std::move(configuration), study, environment), study, history,
                {{"training", study.seconds}}, environment);
}

std::string scenario_json(const ScenarioOptions& options, const ScenarioResult& result, const Environment& environment,
                          JsonHistory history) {
  Json configuration;
  configuration["scenario"] = result.definition.name;
  configuration["labels"] = to_string(options.reading);
  configuration["controls"] = options.controls == Controls::train;
  configuration["repeat"] = options.repeat;
  add_configuration(configuration, result.first.run);
  Json json = document("scenario", std::move(configuration), result.first, environment);
  json["verdict"] = result.verdict ? verdict_json(*result.verdict) : Json(nullptr);
  json["evidence"] = result.evidence ? evidence_json(*result.evidence) : Json(nullptr);
  json["seeds"] = Json::array();
  for (const SeedResult& seed : result.seeds) json["seeds"].push_back(seed_json(seed));
  return finish(std::move(json), result.first, history,
                {{"training", result.first.seconds},
                 {"controls", result.controls_seconds},
                 {"other_seeds", result.repeat_seconds}},
                environment);
}

}  // namespace plateau
