// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/trial.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "bench/validation/figures.hpp"
#include "bench/validation/replay.hpp"
#include "plateau/core/error.hpp"
#include "plateau/study/learning_curve.hpp"

namespace plateau::validation {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

constexpr std::uint64_t kDiagnosisSeed = 1, kCurveSeed = std::uint64_t{1} << 40, kSeedsOn = 1'000'000;

// What the last doubling of the rows of `split` gains, by the diagnosis' own way of training on parts, with other
// seeds, judged by the test rows.
std::optional<Difference> gain_of_doubling(const Split& split, const Run& of_curve, Depth depth, Index repeats,
                                           Trainer& trainer, Index& trainings) {
  Battery battery = battery_of(depth);
  battery.curve_halvings = 1;
  battery.curve_repeats = repeats;
  const auto steps = [&](Index n) { return of_curve.batch == 0 ? 1 : (n + of_curve.batch - 1) / of_curve.batch; };
  Setting setting{"", of_curve};
  setting.run.validation.reset();
  // As many steps as the diagnosis trained.
  setting.run.epochs =
      std::max<Index>(1, std::llround(static_cast<double>(of_curve.epochs * steps(of_curve.rows->count())) /
                                      static_cast<double>(steps(split.train.rows()))));
  const Folds folds(split.train, Folds::possible(split.train, battery.curve_folds), kCurveSeed);
  OnceJudgingTrainer once(trainer);
  Laboratory laboratory(once);
  try {
    const LearningCurve curve = learning_curve(laboratory, split, setting, folds, battery, kCurveSeed);
    trainings += laboratory.trainings();
    return curve.evidence.gain;
  } catch (const Laboratory::Stopped&) {
    return {};
  }
}

JudgedInterval judged(const std::string& name, const Estimate& estimate, double truth, double truth_error) {
  return {name, estimate.value, estimate.interval.low, estimate.interval.high, truth, truth_error};
}

// What the diagnosis says of the settings that it compares. False where the user wanted an end.
bool judge_figures(Index trainings, const DiagnoseConfiguration& configuration, const Split& fresh,
                   const std::optional<Split>& second_fresh, const RecordingTrainer& recording, Trainer& trainer,
                   Trial& trial) {
  std::vector<JudgedSettings> others;
  for (Index k = 0; k < trainings; ++k) {
    ReplayingTrainer replay(recording, trainer, static_cast<std::uint64_t>(k + 1) * kSeedsOn);
    const auto by_fresh = diagnose(fresh, second_fresh ? &*second_fresh : nullptr, configuration, replay);
    if (!by_fresh) return false;
    trial.truth_trainings += replay.trainings();
    others.push_back(settings_of(by_fresh->evidence));
  }
  const JudgedSettings own = settings_of(trial.diagnosis->evidence);
  for (const Figure& figure : figures_of(trial.diagnosis->evidence)) {
    OtherValue mean;
    Index told = 0;
    for (const JudgedSettings& other : others) {
      const auto value = value_by(figure, own, other);
      if (!value) break;
      ++told;
      mean.value += value->value / static_cast<double>(trainings);
      mean.standard_error = std::hypot(mean.standard_error, value->standard_error / static_cast<double>(trainings));
    }
    if (told == trainings)
      trial.intervals.push_back(judged(figure.name, figure.estimate, mean.value, mean.standard_error));
    else
      trial.untold.push_back(figure.name);
  }
  return true;
}

// The mean over `curve_draws` tables of as many rows as the problem has, all of other points: a diagnosis speaks of
// rows like these, and not of these alone. Judged by the test rows of `fresh`, whose training rows they replace.
std::optional<OtherValue> gain_over_draws(const Problem& problem, const TruthPlan& truths, const Run& of_curve,
                                          Depth depth, Split& fresh, Trainer& trainer, Index& trainings) {
  OtherValue mean;
  for (Index draw = 1; draw <= truths.curve_draws; ++draw) {
    fresh.train = problem.other_train_rows(draw);
    const auto gain = gain_of_doubling(fresh, of_curve, depth, 1, trainer, trainings);
    if (!gain) return {};
    const auto share = 1 / static_cast<double>(truths.curve_draws);
    mean.value += share * gain->value;
    mean.standard_error = std::hypot(mean.standard_error, share * gain->standard_error);
  }
  return mean;
}

// What it says of the rows. False where the user wanted an end.
bool judge_rows(const Problem& problem, const TruthPlan& truths, const Run& of_curve, Depth depth, Split fresh,
                Trainer& trainer, Trial& trial) {
  const CurveEvidence& curve = *trial.diagnosis->evidence.curve;
  const auto of_draws = gain_over_draws(problem, truths, of_curve, depth, fresh, trainer, trial.truth_trainings);
  if (!of_draws) return false;
  trial.intervals.push_back(judged("data-limited", curve.gain, of_draws->value, of_draws->standard_error));

  // So that as many rows as there are lie outside of a fold after one halving, and twice as many before.
  const Index folds = battery_of(depth).curve_folds;
  Split more = problem.more_train_rows(2 * problem.specification().train_rows * folds / (folds - 1));
  more.test = std::move(fresh.test);
  const auto of_more = gain_of_doubling(more, of_curve, depth, truths.curve_repeats, trainer, trial.truth_trainings);
  if (!of_more) return false;
  trial.twice =
      judged("twice the rows", {curve.at_twice, curve.at_twice_interval}, of_more->value, of_more->standard_error);
  return true;
}

}  // namespace

std::optional<Trial> try_problem(const Problem& problem, Depth depth, const std::optional<TruthPlan>& truths,
                                 Trainer& trainer) {
  const Specification& s = problem.specification();
  const DiagnoseConfiguration configuration{
      .run = s.run, .validation = s.validation, .depth = depth, .seed = kDiagnosisSeed};
  Trial trial;
  RecordingTrainer recording(trainer);
  Split fresh;
  std::optional<Split> second_fresh;
  const bool finds = truths && problem.has_fresh_rows();
  if (finds) {
    fresh = problem.fresh_rows(truths->rows);
    second_fresh = problem.second_fresh_rows(truths->rows);
    recording.replayed_on(problem.split().test.x(), fresh.test.x());
    if (second_fresh) recording.replayed_on(problem.second()->test.x(), second_fresh->test.x());
  }
  try {
    trial.diagnosis = diagnose(problem.split(), problem.second(), configuration, recording);
  } catch (const InputError& error) {
    trial.refusal = error.what();
    return trial;
  }
  if (!trial.diagnosis) return {};
  if (!finds || !trial.diagnosis->evidence.user) return trial;

  const auto start = Clock::now();
  if (!judge_figures(truths->trainings, configuration, fresh, second_fresh, recording, trainer, trial)) return {};
  const Run* const of_curve = recording.first_of_curve();
  if (trial.diagnosis->evidence.curve && of_curve != nullptr &&
      !judge_rows(problem, *truths, *of_curve, depth, std::move(fresh), trainer, trial))
    return {};
  trial.truth_seconds = seconds_since(start);
  return trial;
}

}  // namespace plateau::validation
