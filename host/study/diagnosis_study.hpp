// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "plateau/study/choice.hpp"
#include "plateau/study/comparisons.hpp"
#include "plateau/study/diagnose.hpp"

namespace plateau {

// Seeds of the parts, which are apart from each other.
enum class DiagnosisPart : std::uint32_t {
  neighbours,
  folds,
  held_out,
  judge,
  score,
  signal,
  curve,
  shift,
  label_map,
  second
};
inline std::uint64_t seed_of(std::uint64_t seed, DiagnosisPart part) {
  return study_seed(seed, static_cast<std::uint32_t>(part));
}

// The trainings of a diagnosis, on rows that have been counted. What goes into the evidence is all that they leave.
class DiagnosisStudy {
 public:
  // `evidence` of the rows as they are.
  DiagnosisStudy(const Split& split, const Split* second, const DiagnoseConfiguration& configuration,
                 Laboratory& laboratory, DiagnosisEvidence& evidence)
      : split_(split),
        second_(second),
        configuration_(configuration),
        battery_(battery_of(configuration.depth)),
        laboratory_(laboratory),
        evidence_(evidence) {
    if (configuration.run.patience > 0)
      held_out_.emplace(split.train, configuration.validation, seed(DiagnosisPart::held_out));
  }

  SettingEvidence judge_user();
  void train();  // everything
  Index test_looks() const { return test_looks_; }

 private:
  std::uint64_t seed(DiagnosisPart part) const { return seed_of(configuration_.seed, part); }
  std::vector<Judged> judge(const char* block, const Split& split, const std::vector<Setting>& settings);
  std::vector<Judged> judge_on_the_users_rows(const char* block, const Split& split, std::vector<Setting> settings);
  SettingEvidence seen(const Judged& judged) const {
    return setting_evidence(judged, split_.test.label(), evidence_.classes);
  }

  UserEvidence look_into_user();
  void better(const Folds& folds, bool longer);
  void judge_chosen();
  std::optional<Judged> judge_on_all_rows(const Judged& stopping);
  void judge_with_held_out();
  const Judged& leader() const;
  bool neighbours_are_ahead() const;
  void compare_with_commonest_class();
  void compare_balance_of_classes();
  void compare_families();
  void judge_second(const Folds& folds);

  const Split& split_;
  const Split* second_;
  const DiagnoseConfiguration& configuration_;
  const Battery& battery_;
  Laboratory& laboratory_;
  DiagnosisEvidence& evidence_;
  std::optional<ValidationRows> held_out_{std::in_place};
  Index seeds_ = 0;  // of every setting that is judged
  Index test_looks_ = 0;

  ChosenSteps choice_;  // what is judged as better than the user's
  std::optional<Judged> user_, reference_judged_;
  std::optional<Judged> optimised_judged_;                          // where that step is taken
  std::optional<Judged> user_on_all_rows_, reference_on_all_rows_;  // where the user's training holds some out
};

}  // namespace plateau
