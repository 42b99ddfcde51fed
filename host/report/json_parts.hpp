// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the JSON documents of this floor have in common.
#pragma once

#include <nlohmann/json.hpp>

#include "plateau/data/dataset.hpp"
#include "plateau/model/run.hpp"
#include "plateau/report/environment.hpp"
#include "plateau/study/battery.hpp"
#include "plateau/study/diagnosis_evidence.hpp"
#include "plateau/study/rounds_findings.hpp"
#include "plateau/study/run_study.hpp"
#include "plateau/study/verdict.hpp"

namespace plateau {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
inline Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json json_number(double value);  // null where it is not finite: JSON has no infinity and no NaN
Json json_interval(Interval interval);
Json json_estimate(const Estimate& estimate);
Json json_difference(const Difference& difference);                // in fractions, as estimates are
Json json_change(const AccuracyChange& change);                    // paired by test rows, with McNemar's p
Json json_setting(const SettingEvidence& setting, bool compared);  // compared: with its gain
Json json_curve(const CurveEvidence& curve);
Json json_cause(const Cause& cause);  // with its gain in points, of 100

// How tables were read: "target", "drop", "group", "header".
Json reading_json(const ReadOptions& reading);
// Where the rows come from; `train` is what the command calls the option.
Json files_json(const TrainingFiles& files, const char* train);
Json verdict_json(const Verdict& verdict);
Json versions_json(const Environment& environment);
Json gpu_json(const Environment& environment);  // of an environment with a GPU
// The "plan" of what runs on several engines, or on none yet.
Json device_json(const Environment& environment);
// What a run is, and what the options of a training add to that.
void add_configuration(Json& configuration, const Run& run);
void add_terms(Json& configuration, const Run& run);
// What a study of somebody's training was asked for.
template <class Configuration>
Json study_json(const Configuration& asked) {
  Json configuration = files_json(asked.files, "data");
  configuration["init"] = or_null(asked.files.initial);
  add_configuration(configuration, asked.run);
  add_terms(configuration, asked.run);
  configuration["seed"] = asked.seed;
  configuration["early_stopping"] = asked.run.patience;
  configuration["validation"] = asked.validation;
  configuration["delta"] = asked.delta;
  configuration["depth"] = to_string(asked.depth);
  return configuration;
}

// How a run is executed.
const char* engine_json(const ExecutionPlan& plan);
Index evaluation_rows(const ExecutionPlan& plan, const Environment& environment);
void add_choices(Json& json, const ExecutionPlan& plan);  // where the engine has one
Json plan_json(const ExecutionPlan& plan, const Environment& environment);

std::string utc_now();  // "2026-11-29T13:23:43Z"
// What may differ between two executions.
void add_machine(Json& measured, const Environment& environment);
Json measured_json(const Environment& environment, Json seconds);

// With a line end; what is no UTF-8 in it is replaced.
std::string text_of(const Json& json);

}  // namespace plateau
