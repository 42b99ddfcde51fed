// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How a study of remedies judges: the baseline, and settings beside it, by the same test rows and the same seeds; then
// which of those that help is named first, by training rows that were held out.
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "plateau/study/battery.hpp"
#include "plateau/study/remedies.hpp"

namespace plateau {

// Seeds of the parts of a study, which are apart from each other and from those of a diagnosis.
enum class RemedyPart : std::uint32_t { folds = 100, held_out, judge, score, search, curve, placebo, ranking };
inline std::uint64_t seed_of(std::uint64_t study, RemedyPart part) {
  return study_seed(study, static_cast<std::uint32_t>(part));
}

// Adds to a cost what is trained, and the time it takes, while it lives.
class Meter {
 public:
  Meter(const Laboratory& laboratory, RemedyCost& cost)
      : laboratory_(laboratory), cost_(cost), before_(laboratory.trainings()) {}
  ~Meter() {
    cost_.trainings += laboratory_.trainings() - before_;
    cost_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

 private:
  const Laboratory& laboratory_;
  RemedyCost& cost_;
  Index before_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class RemedyJudge {
 public:
  RemedyJudge(const Split& split, const RemediesConfiguration& configuration, Laboratory& laboratory,
              RemedyTable& table);

  // First of all. A training that comes out otherwise with every seed takes more of them, and so does all that follows.
  void judge_baseline();
  Index seeds() const { return seeds_; }  // of whatever is judged

  // Each fills in what the test rows say of a setting beside the baseline.
  void judge(RemedyRow& row, const Setting& setting);
  void judge_balance(RemedyRow& row, const Setting& setting);  // by balanced accuracy
  void judge_votes(RemedyRow& row);                            // of the baseline's own trainings
  void judge_placebo(RemedyRow& row);                          // by other seeds

  // Of a table that is decided: fills in held-out accuracies where several remedies help, and how far the others are
  // behind the one that is named then.
  void rank();

  Index test_looks() const { return test_looks_; }  // settings that the test rows have judged

 private:
  Judged judged(Remedy remedy, const Setting& setting, RemedyPart seeds);
  void compare(RemedyRow& row, const Judged& judged);
  void hold_out();  // trains what helps outside folds, and compares it there
  Pairing pairing(Remedy one, Remedy other) const;
  Difference behind(Remedy one, Remedy other) const;  // test accuracy of the other less that of the one

  const Split& split_;
  const TrainingData data_;
  const Run& own_;
  const std::uint64_t seed_;
  Laboratory& laboratory_;
  RemedyTable& table_;
  Index seeds_, folds_;
  std::optional<ValidationRows> held_out_{std::in_place};
  std::optional<Judged> baseline_;
  struct Shown {
    RowOutcomes right;
    Setting setting;  // of a vote, that of its members
    bool paired;      // with the baseline's seeds
  };
  std::map<Remedy, Shown> shown_;  // what was judged by accuracy
  Index test_looks_ = 0;
};

}  // namespace plateau
