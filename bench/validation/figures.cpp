// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/figures.hpp"

#include <cmath>
#include <utility>

namespace plateau::validation {
namespace {

// In the order in which they are taken.
using Steps = std::vector<std::pair<const char*, const std::optional<StepEvidence>*>>;
Steps steps_of(const DiagnosisEvidence& evidence) {
  return {{"frozen-weights", &evidence.unfrozen},
          {"warm-start", &evidence.from_scratch},
          {"optimisation", &evidence.optimised},
          {"overfit", &evidence.regularised},
          {"capacity", &evidence.larger}};
}

}  // namespace

JudgedSettings settings_of(const DiagnosisEvidence& evidence) {
  JudgedSettings settings;
  const auto add = [&settings](const char* name, const SettingEvidence& setting) {
    settings[name] = {setting.what, setting.architecture, setting.test_accuracy,
                      setting.seed_deviation / std::sqrt(static_cast<double>(setting.trainings)), setting.diverged > 0};
  };
  if (evidence.user) add("user", evidence.user->setting);
  for (const auto& [name, step] : steps_of(evidence))
    if (*step) add(name, **step);
  if (evidence.reference) add("reference", *evidence.reference);
  if (evidence.second_data) add("second", *evidence.second_data);
  if (evidence.with_held_out) {
    add("with held-out rows", *evidence.with_held_out);
    settings["with held-out rows"].what = "";  // its epochs are a mean over seeds
  }
  if (!evidence.families.empty())
    settings["neighbours"] = {evidence.families.front().name, "", evidence.families.front().test_accuracy};
  return settings;
}

std::vector<Figure> figures_of(const DiagnosisEvidence& evidence) {
  std::vector<Figure> figures;
  if (!evidence.user) return figures;
  const auto add = [&figures](const char* name, const Difference& gain, const char* of, const std::string& over) {
    figures.push_back({name, gain, of, over});
  };
  const SettingEvidence& user = evidence.user->setting;
  figures.push_back({"accuracy", {user.test_accuracy, evidence.user->test_interval}, "user", ""});
  const char* base = "user";
  for (const auto& [name, step] : steps_of(evidence)) {
    if (!*step) continue;
    add(name, (*step)->gain, name, base);
    if ((*step)->taken) base = name;
  }
  if (evidence.reference) add("reference", evidence.reference->gain, "reference", "user");
  if (evidence.with_held_out) add("held-out rows", evidence.with_held_out->gain, "with held-out rows", "user");
  // Where the user holds rows out, others are compared with trainings on all of them, which the evidence does not name.
  if (evidence.with_held_out || !evidence.reference) return figures;
  const char* const leader = user.test_accuracy > evidence.reference->test_accuracy ? "user" : "reference";
  if (evidence.second_data) add("embedding-limited", evidence.second_data->gain, "second", leader);
  if (!evidence.families.empty()) add("family-limited", evidence.families.front().gain, "neighbours", leader);
  return figures;
}

std::optional<OtherValue> value_by(const Figure& figure, const JudgedSettings& own, const JudgedSettings& other) {
  const auto same = [&](const std::string& name) -> const JudgedSetting* {
    const auto mine = own.find(name), theirs = other.find(name);
    if (mine == own.end() || theirs == other.end()) return nullptr;
    const JudgedSetting &a = mine->second, &b = theirs->second;
    return a.what == b.what && a.architecture == b.architecture && !a.diverged && !b.diverged ? &b : nullptr;
  };
  const JudgedSetting* const of = same(figure.of);
  if (of == nullptr) return {};
  if (figure.over.empty()) return OtherValue{of->test_accuracy, of->standard_error};
  const JudgedSetting* const over = same(figure.over);
  if (over == nullptr) return {};
  return OtherValue{of->test_accuracy - over->test_accuracy, std::hypot(of->standard_error, over->standard_error)};
}

}  // namespace plateau::validation
