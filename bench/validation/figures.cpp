// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/figures.hpp"

#include <cmath>
#include <utility>

namespace plateau::validation {

JudgedSettings settings_of(const DiagnosisEvidence& evidence) {
  JudgedSettings settings;
  const auto add = [&settings](const char* name, const SettingEvidence& setting) {
    settings[name] = {setting.what, setting.architecture, setting.test_accuracy,
                      setting.seed_deviation / std::sqrt(static_cast<double>(setting.trainings)), setting.diverged > 0};
  };
  if (evidence.user) add("user", evidence.user->setting);
  for (const auto& [name, setting] : {std::pair{"optimised", &evidence.optimised},
                                      {"regularised", &evidence.regularised},
                                      {"larger", &evidence.larger},
                                      {"from scratch", &evidence.from_scratch},
                                      {"reference", &evidence.reference},
                                      {"second", &evidence.second_data}})
    if (*setting) add(name, **setting);
  if (!evidence.families.empty())
    settings["neighbours"] = {evidence.families.front().name, "", evidence.families.front().test_accuracy};
  return settings;
}

std::vector<Figure> figures_of(const DiagnosisEvidence& evidence) {
  std::vector<Figure> figures;
  const auto add = [&figures](const char* name, const Difference& gain, const char* of, const char* over) {
    figures.push_back({name, gain, of, over});
  };
  if (evidence.user)
    figures.push_back({"accuracy", {evidence.user->setting.test_accuracy, evidence.user->test_interval}, "user", ""});
  const char* base = "user";  // each is compared with the best of what stands before it
  if (evidence.optimised) add("optimisation", evidence.optimised->gain, "optimised", base);
  if (evidence.takes_optimised) base = "optimised";
  if (evidence.regularised) add("overfit", evidence.regularised->gain, "regularised", base);
  if (evidence.takes_regularised) base = "regularised";
  if (evidence.larger) add("capacity", evidence.larger->gain, "larger", base);
  if (evidence.from_scratch) add("warm-start", evidence.from_scratch->gain, "from scratch", "user");
  if (evidence.reference) add("reference", evidence.reference->gain, "reference", "user");
  if (evidence.second_data) add("embedding-limited", evidence.second_data->gain, "second", "reference");
  if (!evidence.families.empty()) add("family-limited", evidence.families.front().gain, "neighbours", "reference");
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
