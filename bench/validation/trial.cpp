// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/trial.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "bench/validation/replay.hpp"
#include "plateau/core/error.hpp"
#include "plateau/study/learning_curve.hpp"

namespace plateau::validation {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

constexpr std::uint64_t kDiagnosisSeed = 1, kCurveSeed = std::uint64_t{1} << 40;
constexpr Index kCurveRepeats = 4;

// Figures of a diagnosis by name.
struct Figure {
  std::string name, what;
  Estimate estimate;
};
std::vector<Figure> figures_of(const Diagnosis& diagnosis) {
  std::vector<Figure> figures;
  for (const Effect& effect : diagnosis.effects) figures.push_back({to_string(effect.code), effect.what, effect.gain});
  const DiagnosisEvidence& evidence = diagnosis.evidence;
  if (evidence.reference) figures.push_back({"reference", evidence.reference->what, evidence.reference->gain});
  if (evidence.user)
    figures.push_back({"accuracy", "", {evidence.user->setting.test_accuracy, evidence.user->test_interval}});
  return figures;
}

// What twice the rows gain, by the diagnosis' own way of training on parts, from exactly as many rows as there are.
std::optional<double> gain_at_twice(const Problem& problem, const Run& of_curve, Depth depth, Trainer& trainer,
                                    Index& trainings) {
  Battery battery = battery_of(depth);
  battery.curve_halvings = 1;
  battery.curve_repeats = kCurveRepeats;
  const Index rows = problem.specification().train_rows;
  const Index all = 2 * rows * battery.folds / (battery.folds - 1);
  const Split split = problem.more_train_rows(all);
  Split fresh = problem.more_train_rows(all);
  fresh.test = problem.fresh_rows(kTruthRows).test;
  const auto steps = [&](Index n) { return of_curve.batch == 0 ? 1 : (n + of_curve.batch - 1) / of_curve.batch; };
  Setting setting{"", of_curve};
  setting.run.validation.reset();
  // As many steps as the diagnosis trained.
  setting.run.epochs =
      std::max<Index>(1, std::llround(static_cast<double>(of_curve.epochs * steps(of_curve.rows->count())) /
                                      static_cast<double>(steps(all))));
  const Folds folds(split.train, battery.folds, kCurveSeed);
  RecordingTrainer recording(trainer);
  recording.ask_about(split.test.x(), fresh.test.x());
  try {
    Laboratory laboratory(recording);
    learning_curve(laboratory, split, setting, folds, battery, kCurveSeed);
    trainings += laboratory.trainings();
    ReplayingTrainer replay(recording, trainer);
    Laboratory again(replay);
    return learning_curve(again, fresh, setting, folds, battery, kCurveSeed).evidence.gain.value;
  } catch (const Laboratory::Stopped&) {
    return {};
  }
}

// Then a figure is of the last epoch before that, and the network of the epoch is gone.
bool any_diverged(const DiagnosisEvidence& evidence) {
  const auto diverged = [](const auto& setting) { return setting && setting->diverged > 0; };
  return evidence.user->setting.diverged > 0 || diverged(evidence.optimised) || diverged(evidence.regularised) ||
         diverged(evidence.larger) || diverged(evidence.reference);
}

}  // namespace

std::optional<Trial> try_problem(const Problem& problem, Depth depth, Truths truths, Trainer& trainer) {
  const Specification& s = problem.specification();
  const DiagnoseConfiguration configuration{.run = s.run, .depth = depth, .seed = kDiagnosisSeed};
  Trial trial;
  RecordingTrainer recording(trainer);
  Split fresh;
  std::optional<Split> second_fresh;
  truths = problem.has_fresh_rows() ? truths : Truths::leave_out;
  if (truths == Truths::find) {
    fresh = problem.fresh_rows(kTruthRows);
    second_fresh = problem.second_fresh_rows(kTruthRows);
    recording.ask_about(problem.split().test.x(), fresh.test.x());
    if (second_fresh) recording.ask_about(problem.second()->test.x(), second_fresh->test.x());
  }
  try {
    trial.diagnosis = diagnose(problem.split(), problem.second(), configuration, recording);
  } catch (const InputError& error) {
    trial.refusal = error.what();
    return trial;
  }
  if (!trial.diagnosis) return {};
  if (truths == Truths::leave_out || !trial.diagnosis->evidence.user) return trial;

  const auto start = Clock::now();
  ReplayingTrainer replay(recording, trainer);
  const auto by_fresh = diagnose(fresh, second_fresh ? &*second_fresh : nullptr, configuration, replay);
  if (!by_fresh) return {};
  trial.truth_trainings = replay.trainings();
  const std::vector<Figure> true_figures = figures_of(*by_fresh);
  for (const Figure& figure : figures_of(*trial.diagnosis)) {
    const auto same = std::ranges::find_if(
        true_figures, [&](const Figure& other) { return other.name == figure.name && other.what == figure.what; });
    if (same != true_figures.end() && !any_diverged(trial.diagnosis->evidence) && !any_diverged(by_fresh->evidence))
      trial.intervals.push_back({figure.name, figure.estimate.value, figure.estimate.interval.low,
                                 figure.estimate.interval.high, same->estimate.value});
  }
  const Run* const of_curve = recording.first_of_curve();
  if (trial.diagnosis->evidence.curve && of_curve != nullptr) {
    const auto gain = gain_at_twice(problem, *of_curve, depth, trainer, trial.truth_trainings);
    if (!gain) return {};
    const CurveEvidence& curve = *trial.diagnosis->evidence.curve;
    trial.twice = {curve.at_twice, curve.at_twice_interval.low, curve.at_twice_interval.high, *gain};
  }
  trial.truth_seconds = seconds_since(start);
  return trial;
}

}  // namespace plateau::validation
