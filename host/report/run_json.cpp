// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_json.hpp"

#include "json_parts.hpp"

namespace plateau {
namespace {

Json result(const RunStudy& study) {
  Json json{{"outcome", to_string(study.result.outcome)}, {"epochs", study.result.history.size()}};
  if (study.result.history.empty()) return json;
  const EpochRecord& last = study.result.history.back();
  json["train_loss"] = json_number(last.train_loss);
  json["train_accuracy"] = last.train_accuracy;
  json["test_loss"] = json_number(last.test_loss);
  json["test_accuracy"] = last.test_accuracy;
  json["gradient_norm"] = json_number(last.gradient_norm);
  json["level"] = {{"test_accuracy", study.plateau->level},
                   {"interval_95", json_interval(study.plateau->interval)},
                   {"epochs", study.plateau->epochs},
                   {"plateau_since_epoch", study.plateau->since ? Json(*study.plateau->since) : Json(nullptr)}};
  json["best_epoch"] = {{"epoch", study.best->epoch}, {"test_accuracy", study.best->test_accuracy}};
  if (study.validation_rows() > 0) {
    json["validation_loss"] = json_number(last.validation_loss);
    json["validation_accuracy"] = last.validation_accuracy;
    json["best_validation_epoch"] = or_null(study.result.best_epoch);
  }
  json["kept_epoch"] = or_null(study.kept_epoch());
  json["confusion"] = study.confusion();
  return json;
}

Json history_columns(const std::vector<EpochRecord>& history, bool validated) {
  Json columns{{"train_loss", Json::array()},
               {"train_accuracy", Json::array()},
               {"test_loss", Json::array()},
               {"test_accuracy", Json::array()},
               {"gradient_norm", Json::array()}};
  for (const EpochRecord& epoch : history) {
    columns["train_loss"].push_back(json_number(epoch.train_loss));
    columns["train_accuracy"].push_back(epoch.train_accuracy);
    columns["test_loss"].push_back(json_number(epoch.test_loss));
    columns["test_accuracy"].push_back(epoch.test_accuracy);
    columns["gradient_norm"].push_back(json_number(epoch.gradient_norm));
    if (!validated) continue;
    columns["validation_loss"].push_back(json_number(epoch.validation_loss));
    columns["validation_accuracy"].push_back(epoch.validation_accuracy);
  }
  return columns;
}

Json control(const ControlEvidence& control) {
  return {{"trainings", control.trainings},
          {"architecture", control.architecture},
          {"test_accuracy", control.test_accuracy},
          {"train_accuracy", control.train_accuracy},
          {"difference", json_estimate(control.difference)},
          {"test_accuracy_by_epoch", {{"lowest", control.lowest}, {"highest", control.highest}}}};
}

Json evidence_json(const Evidence& evidence) {
  Json json;
  json["test_accuracy"] = json_estimate(evidence.test_accuracy);
  json["train_accuracy"] = evidence.train_accuracy;
  json["majority_share_test"] = majority_share(evidence.test_class_rows);
  json["permuted_labels"] = evidence.permuted_labels ? control(*evidence.permuted_labels) : Json(nullptr);
  json["wider"] = evidence.wider ? control(*evidence.wider) : Json(nullptr);
  json["wider_over_permuted"] = evidence.wider ? json_estimate(evidence.wider_over_permuted) : Json(nullptr);
  json["exact_rule"] = evidence.exact_rule ? Json{{"test_accuracy", evidence.exact_rule->test_accuracy},
                                                  {"difference", json_estimate(evidence.exact_rule->difference)}}
                                           : Json(nullptr);
  return json;
}

// What a training that did not finish has is no level.
Json seed_json(const SeedResult& seed) {
  Json json{{"seed", seed.seed},
            {"outcome", to_string(seed.outcome)},
            {"test_accuracy", nullptr},
            {"train_accuracy", nullptr},
            {"best_epoch", nullptr}};
  if (!is_complete(seed.outcome)) return json;
  json["test_accuracy"] = seed.test_accuracy;
  json["train_accuracy"] = seed.train_accuracy;
  json["best_epoch"] = {{"epoch", seed.best.epoch}, {"test_accuracy", seed.best.test_accuracy}};
  return json;
}

Json part_json(const DatasetStatistics& part) {
  Json features = Json::array();
  for (const FeatureStatistics& feature : part.features)
    features.push_back({{"mean", json_number(feature.mean)},
                        {"spread", json_number(feature.spread)},
                        {"minimum", json_number(feature.minimum)},
                        {"maximum", json_number(feature.maximum)}});
  return {{"rows", row_count(part)}, {"class_rows", part.class_rows}, {"features", std::move(features)}};
}

Json names_or_null(const std::vector<std::string>& names) { return names.empty() ? Json(nullptr) : Json(names); }
// By id; null where the labels are the ids.
Json names_json(const ClassMap& classes) { return classes.numbered ? Json(nullptr) : names_or_null(classes.names); }

// The parts every run.json has, in the order a reader wants them.
Json document(const char* command, Json configuration, const RunStudy& study, const Environment& environment) {
  Json json;
  json["schema"] = "plateau-run";
  json["schema_version"] = kRunJsonVersion;
  json["command"] = command;
  json["configuration"] = std::move(configuration);
  json["versions"] = versions_json(environment);
  json["plan"] = plan_json(study.result.plan, environment);
  json["data"] = {{"train", part_json(study.statistics.train)},
                  {"test", part_json(study.statistics.test)},
                  {"train_checksum", study.train_checksum},
                  {"test_checksum", study.test_checksum},
                  {"test_text_checksum", or_null(study.test_text_checksum)},
                  {"validation_rows", study.validation_rows()},
                  {"classes", names_json(study.schema.classes)},
                  {"feature_names", names_or_null(study.schema.feature_names)}};
  json["result"] = result(study);
  return json;
}

std::string finish(Json json, const RunStudy& study, JsonHistory history, Json seconds,
                   const Environment& environment) {
  if (history == JsonHistory::include)
    json["history"] = history_columns(study.result.history, study.validation_rows() > 0);
  json["measured"] = measured_json(environment, std::move(seconds));
  return text_of(json);
}

// Of a mean over seeds.
Json spread_json(const std::optional<MeanSpread>& spread) {
  if (!spread) return nullptr;
  return {{"mean", json_number(spread->mean)},
          {"deviation", json_number(spread->deviation)},
          {"interval_95", json_interval(spread->interval)}};
}

Json sweep_run_json(const SweepRun& run, bool validated) {
  Json json{{"seed", run.seed}, {"outcome", to_string(run.outcome)}, {"epochs", run.epochs}};
  json["epoch"] = or_null(run.epoch);
  if (!run.epoch) return json;
  json["train_loss"] = json_number(run.figures.train_loss);
  json["train_accuracy"] = run.figures.train_accuracy;
  if (validated) {
    json["validation_loss"] = json_number(run.figures.validation_loss);
    json["validation_accuracy"] = run.figures.validation_accuracy;
    json["best_epoch"] = or_null(run.best_epoch);
  }
  json["test_loss"] = json_number(run.figures.test_loss);
  json["test_accuracy"] = run.figures.test_accuracy;
  return json;
}

Json setting_json(const SettingResult& setting, bool validated, const Environment& environment) {
  Json json{{"rank", or_null(setting.rank)},
            {"setting", setting.number},
            {"architecture", setting.architecture.widths},
            {"learning_rate", setting.learning_rate},
            {"weight_decay", setting.weight_decay},
            {"dropout", setting.dropout},
            {"engine", engine_json(setting.plan)},
            {"evaluation_rows", evaluation_rows(setting.plan, environment)}};
  add_choices(json, setting.plan);
  for (const RunOutcome outcome :
       {RunOutcome::finished, RunOutcome::stopped_early, RunOutcome::diverged, RunOutcome::interrupted})
    json[to_string(outcome)] = setting.count(outcome);
  json["train_loss"] = spread_json(setting.train_loss);
  json["train_accuracy"] = spread_json(setting.train_accuracy);
  if (validated) {
    json["validation_loss"] = spread_json(setting.validation_loss);
    json["validation_accuracy"] = spread_json(setting.validation_accuracy);
    json["best_epoch"] = spread_json(setting.best_epoch);
  }
  json["test_loss"] = spread_json(setting.test_loss);
  json["test_accuracy"] = spread_json(setting.test_accuracy);
  json["over_best"] = setting.over_best ? json_estimate(*setting.over_best) : Json(nullptr);
  json["within_noise_of_best"] = setting.within_noise;
  json["runs"] = Json::array();
  for (const SweepRun& run : setting.runs) json["runs"].push_back(sweep_run_json(run, validated));
  return json;
}

Json sweep_configuration(const SweepDefinition& sweep) {
  Json json = files_json(sweep.files, "data");
  json["hidden"] = sweep.hidden;
  json["learning_rate"] = sweep.learning_rate;
  json["weight_decay"] = sweep.weight_decay;
  json["dropout"] = sweep.dropout;
  json["optimizer"] = to_string(sweep.optimizer);
  json["momentum"] = sweep.momentum;
  json["schedule"] = sweep.schedule == Schedule::cosine ? "cosine" : "constant";
  json["epochs"] = sweep.epochs;
  json["batch"] = sweep.batch == 0 ? Json("full") : Json(sweep.batch);
  json["row_order"] = sweep.batch == 0 || sweep.order == RowOrder::as_stored ? "as_stored" : "shuffled_each_epoch";
  json["early_stopping"] = sweep.patience;
  json["scale"] = sweep.standardise ? "standard" : "none";
  json["class_weights"] = sweep.balanced_classes;
  json["seed"] = sweep.seed;
  json["seeds"] = sweep.seeds;
  json["validation"] = sweep.validation;
  return json;
}

}  // namespace

std::string training_json(const RunStudy& study, const TrainingFiles& files, double validation,
                          const Environment& environment, JsonHistory history) {
  Json configuration = files_json(files, "train");
  configuration["init"] = or_null(files.initial);
  add_configuration(configuration, study.run);
  add_terms(configuration, study.run);
  configuration["validation"] = validation;
  configuration["early_stopping"] = study.run.patience;
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
  json["controls_outcome"] = options.controls == Controls::train ? Json(to_string(result.controls)) : Json(nullptr);
  json["seeds"] = Json::array();
  for (const SeedResult& seed : result.seeds) json["seeds"].push_back(seed_json(seed));
  return finish(std::move(json), result.first, history,
                {{"training", result.first.seconds},
                 {"controls", result.controls_seconds},
                 {"other_seeds", result.repeat_seconds}},
                environment);
}

std::string sweep_json(const SweepResult& result, const Environment& environment) {
  const bool validated = result.validation_rows > 0;
  Json json;
  json["schema"] = "plateau-sweep";
  json["schema_version"] = kSweepJsonVersion;
  json["command"] = "sweep";
  json["configuration"] = sweep_configuration(result.definition);
  json["versions"] = versions_json(environment);
  json["plan"] = device_json(environment);
  json["data"] = {{"train", part_json(result.statistics.train)},
                  {"test", part_json(result.statistics.test)},
                  {"classes", names_json(result.schema.classes)},
                  {"trained_rows", result.trained_rows},
                  {"validation_rows", result.validation_rows}};
  json["ranked_by"] = validated ? "validation_loss" : "test_accuracy";
  json["settings"] = Json::array();
  for (const SettingResult& setting : result.settings)
    json["settings"].push_back(setting_json(setting, validated, environment));
  json["measured"] = measured_json(environment, {{"training", result.seconds}});
  return text_of(json);
}

}  // namespace plateau
