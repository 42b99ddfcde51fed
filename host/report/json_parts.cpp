// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "json_parts.hpp"

#include <chrono>
#include <cmath>
#include <ctime>

#include "text.hpp"

namespace plateau {
namespace {

const char* header_name(Header header) {
  switch (header) {
    case Header::detect:
      return "auto";
    case Header::present:
      return "present";
    case Header::absent:
      return "absent";
  }
  return "";
}

Json optimizer_json(const Optimizer& optimizer) {
  if (const auto* adam = std::get_if<AdamParameters>(&optimizer))
    return {{"name", optimizer_name(optimizer)}, {"learning_rate", adam->learning_rate},
            {"beta1", adam->betas.beta1},        {"beta2", adam->betas.beta2},
            {"epsilon", adam->epsilon},          {"weight_decay", adam->weight_decay}};
  const auto& sgd = std::get<SgdParameters>(optimizer);
  return {{"name", optimizer_name(optimizer)},
          {"learning_rate", sgd.learning_rate},
          {"momentum", sgd.momentum},
          {"weight_decay", sgd.weight_decay}};
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

}  // namespace

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json json_interval(Interval interval) { return Json::array({json_number(interval.low), json_number(interval.high)}); }

Json json_estimate(const Estimate& estimate) {
  return {{"value", json_number(estimate.value)}, {"interval_95", json_interval(estimate.interval)}};
}

Json json_difference(const Difference& difference) {
  Json json = json_estimate(difference);
  json["standard_error"] = json_number(difference.standard_error);
  json["p_greater"] = json_number(difference.p_greater);
  json["detectable"] = json_number(difference.detectable);
  return json;
}

Json json_change(const AccuracyChange& change) {
  Json json = json_estimate(change);
  json["gained"] = change.gained;
  json["lost"] = change.lost;
  json["mcnemar_p"] = mcnemar_p(change.gained, change.lost);
  return json;
}

Json json_setting(const SettingEvidence& setting, bool compared) {
  Json json{{"what", setting.what},
            {"architecture", setting.architecture},
            {"trainings", setting.trainings},
            {"diverged", setting.diverged},
            {"test_accuracy", setting.test_accuracy},
            {"seed_deviation", setting.seed_deviation},
            {"train_accuracy", setting.train_accuracy},
            {"balanced_accuracy", setting.balanced_accuracy},
            {"most_predicted", setting.most_predicted},
            {"test_accuracies", setting.test_accuracies},
            {"train_accuracies", setting.train_accuracies}};
  if (compared) json["gain"] = json_difference(setting.gain);
  return json;
}

Json json_curve(const CurveEvidence& curve) {
  Json json{{"points", Json::array()},
            {"from_rows", curve.from_rows},
            {"to_rows", curve.to_rows},
            {"gain", json_difference(curve.gain)},
            {"at_twice", {{"value", curve.at_twice}, {"interval_95", json_interval(curve.at_twice_interval)}}},
            {"back_test_error", curve.back_test_error}};
  for (const CurvePoint& point : curve.points)
    json["points"].push_back({{"rows", point.rows},
                              {"test_accuracy", point.test_accuracy},
                              {"interval_over_trainings_95", json_interval(point.over_trainings)}});
  return json;
}

Json json_cause(const Cause& cause) {
  const auto points = [&](double share) { return json_number(100 * share); };
  return {{"code", to_string(cause.code)},
          {"points", cause.gain ? points(cause.gain->value) : Json(nullptr)},
          {"low", cause.gain ? points(cause.gain->interval.low) : Json(nullptr)},
          {"high", cause.gain ? points(cause.gain->interval.high) : Json(nullptr)},
          {"grade", to_string(cause.grade)},
          {"evidence", cause.evidence}};
}

Json reading_json(const ReadOptions& reading) {
  return {{"target", or_null(reading.target)},
          {"drop", reading.drop},
          {"group", or_null(reading.group)},
          {"header", header_name(reading.header)}};
}

Json files_json(const TrainingFiles& files, const char* train) {
  Json json{{train, files.train}, {"test", or_null(files.test)}, {"test_fraction", or_null(files.test_fraction)}};
  json.update(reading_json(files.reading));
  return json;
}

Json verdict_json(const Verdict& verdict) {
  return {{"code", to_string(verdict.code)},
          {"grade", to_string(verdict.grade)},
          {"sentence", verdict.sentence},
          {"evidence", verdict.evidence},
          {"not_tested", verdict.not_tested}};
}

Json versions_json(const Environment& environment) {
  const Build& build = environment.build;
  Json json{{"plateau", environment.version},
            {"commit", build.commit.empty() ? Json(nullptr) : Json(build.commit)},
            {"dirty", build.dirty},
            {"compiler", environment.compiler},
            {"matrix_products", environment.matrix_library}};
  if (environment.gpu) json["cuda_toolkit"] = environment.gpu->toolkit;
  return json;
}

Json gpu_json(const Environment& environment) {
  return {{"name", environment.device_name},
          {"compute_capability", environment.gpu->compute_capability},
          {"multiprocessors", environment.gpu->multiprocessors}};
}

Json device_json(const Environment& environment) {
  Json json{{"device", environment.device}, {"precision", environment.precision}};
  if (environment.gpu) json["gpu"] = gpu_json(environment);
  return json;
}

void add_configuration(Json& configuration, const Run& run) {
  configuration["architecture"] = run.architecture.widths;
  configuration["optimizer"] = optimizer_json(run.optimizer);
  configuration["epochs"] = run.epochs;
  configuration["batch"] = run.batch == 0 ? Json("full") : Json(run.batch);
  configuration["row_order"] = run.batch == 0 || run.order == RowOrder::as_stored ? "as_stored" : "shuffled_each_epoch";
  configuration["seed"] = run.seed;
}

void add_terms(Json& configuration, const Run& run) {
  configuration["schedule"] = run.schedule == Schedule::cosine ? "cosine" : "constant";
  configuration["scale"] = run.standardise ? "standard" : "none";
  configuration["dropout"] = run.dropout;
  configuration["jitter"] = run.jitter;
  configuration["mixup"] = run.mixup;
  configuration["class_weights"] = run.class_weights.balanced;
}

const char* engine_json(const ExecutionPlan& plan) { return plan.fused ? "fused" : "layered"; }

Index evaluation_rows(const ExecutionPlan& plan, const Environment& environment) {
  return plan.fused ? Index{kFusedRows} : environment.evaluation_rows;
}

void add_choices(Json& json, const ExecutionPlan& plan) {
  if (plan.fused)
    json["kernel"] = {{"threads", plan.fused->threads}, {"groups", plan.fused->groups}, {"tiles", plan.fused->tiles}};
  if (plan.layers.empty()) return;
  json["layers"] = layers_json(plan);
  json["autotuned"] = plan.autotuned;
}

Json plan_json(const ExecutionPlan& plan, const Environment& environment) {
  Json json{{"device", environment.device},
            {"engine", engine_json(plan)},
            {"precision", environment.precision},
            {"evaluation_rows", evaluation_rows(plan, environment)}};
  if (environment.gpu) json["gpu"] = gpu_json(environment);
  add_choices(json, plan);
  return json;
}

void add_machine(Json& measured, const Environment& environment) {
  measured["device_name"] = environment.device_name;
  if (environment.gpu)
    measured["cuda_driver"] = environment.gpu->driver;
  else
    measured["threads"] = environment.workers;
}

Json measured_json(const Environment& environment, Json seconds) {
  Json measured{{"finished_at", utc_now()}};
  add_machine(measured, environment);
  measured["seconds"] = std::move(seconds);
  return measured;
}

std::string text_of(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace plateau
