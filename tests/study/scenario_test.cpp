// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What must be seen in the three scenarios, over seeds 0 to 19 and as intervals of the mean; and what a study asks of
// the device it trains on.
#include "plateau/study/scenario.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "plateau/model/work_crew.hpp"

namespace plateau::scenario_test {
namespace {

constexpr Index kSeeds = 20;

ScenarioResult on_cpu(const ScenarioOptions& options, const std::atomic<bool>* stop = nullptr,
                      const std::function<void(const RunStudy&)>& when_run = {}) {
  CpuTrainer trainer({.workers = available_workers(), .stop = stop});
  return study_scenario(options, trainer, when_run);
}

ScenarioResult over_seeds(ScenarioKind kind, LabelReading reading) {
  return on_cpu({.kind = kind, .reading = reading, .repeat = kSeeds, .controls = Controls::leave_out});
}

// The mean over the seeds lies within target +- tolerance, and its 95 % interval is narrow enough for that to say
// something.
void expect_mean(const ScenarioResult& study, const char* what, double target, double tolerance,
                 const std::function<double(const SeedResult&)>& figure) {
  std::vector<double> values;
  for (const SeedResult& seed : study.seeds) {
    EXPECT_EQ(seed.outcome, RunOutcome::finished);
    values.push_back(figure(seed));
  }
  ASSERT_EQ(static_cast<Index>(values.size()), kSeeds);
  const MeanSpread spread = mean_spread(values);
  std::printf("%-9s %-28s %.4f [%.4f, %.4f]\n", study.definition.name.data(), what, spread.mean, spread.interval.low,
              spread.interval.high);
  EXPECT_LE(std::abs(spread.mean - target), tolerance) << what;
  EXPECT_LE(spread.interval.high - spread.interval.low, 4 * tolerance) << what << ": too uncertain to say";
}

const auto kTest = [](const SeedResult& seed) { return seed.test_accuracy; };
const auto kTrain = [](const SeedResult& seed) { return seed.train_accuracy; };
const auto kBest = [](const SeedResult& seed) { return seed.best.test_accuracy; };

TEST(Scenario, overfit_memorises_coin_flips) {
  const ScenarioResult study = over_seeds(ScenarioKind::overfit, LabelReading::described);
  expect_mean(study, "test accuracy", 0.50, 0.02, kTest);
  expect_mean(study, "train accuracy", 0.885, 0.04, kTrain);
  expect_mean(study, "best epoch, picked on test", 0.54, 0.015, kBest);
}

TEST(Scenario, underfit_stands_below_the_best_plane) {
  const ScenarioResult study = over_seeds(ScenarioKind::underfit, LabelReading::described);
  expect_mean(study, "test accuracy", 0.911, 0.012, kTest);
}

TEST(Scenario, underfit_as_published_has_one_class) {
  const ScenarioResult study = over_seeds(ScenarioKind::underfit, LabelReading::published);
  for (const SeedResult& seed : study.seeds) EXPECT_EQ(seed.test_accuracy, 1.0);
  ASSERT_TRUE(study.verdict.has_value());
  EXPECT_EQ(study.verdict->code, VerdictCode::single_class);
}

TEST(Scenario, ceiling_stands_below_the_bayes_accuracy) {
  const ScenarioResult study = over_seeds(ScenarioKind::ceiling, LabelReading::described);
  expect_mean(study, "test accuracy", 0.776, 0.012, kTest);
  // Never significantly above 0.80: the most a single seed may show is Wilson's bound at 500 rows, three deviations up.
  for (const SeedResult& seed : study.seeds)
    EXPECT_LE(wilson_interval(seed.test_accuracy, kScenarioTestRows).low, 0.80);
}

TEST(Scenario, ceiling_as_published_has_no_signal) {
  const ScenarioResult study = over_seeds(ScenarioKind::ceiling, LabelReading::published);
  expect_mean(study, "test accuracy", 0.50, 0.02, kTest);
  expect_mean(study, "train accuracy", 0.56, 0.02, kTrain);
}

// The reasons, with controls, of the runs people see first.
TEST(Scenario, reasons_are_those_of_the_measurements) {
  const auto study = [](ScenarioKind kind, LabelReading reading) {
    ScenarioResult result = on_cpu({.kind = kind, .reading = reading});
    EXPECT_TRUE(result.verdict.has_value());
    EXPECT_TRUE(result.evidence->permuted_labels.has_value() && result.evidence->wider.has_value());
    return result;
  };
  using enum ScenarioKind;
  using enum LabelReading;
  EXPECT_EQ(study(overfit, described).verdict->code, VerdictCode::no_signal);
  EXPECT_EQ(study(underfit, published).verdict->code, VerdictCode::single_class);
  EXPECT_EQ(study(ceiling, described).verdict->code, VerdictCode::ceiling);
  EXPECT_EQ(study(ceiling, published).verdict->code, VerdictCode::no_signal);
  const ScenarioResult capacity = study(underfit, described);
  // The range by epoch is that of the trainings: around the level of all in the end, and of chance in every epoch.
  const ControlEvidence& permuted = *capacity.evidence->permuted_labels;
  ASSERT_EQ(permuted.lowest.size(), capacity.first.result.history.size());
  for (std::size_t e = 0; e < permuted.lowest.size(); ++e) EXPECT_LE(permuted.lowest[e], permuted.highest[e]);
  EXPECT_LT(permuted.lowest.back(), permuted.test_accuracy);
  EXPECT_GT(permuted.highest.back(), permuted.test_accuracy);
  EXPECT_EQ(capacity.verdict->code, VerdictCode::capacity);
  EXPECT_GE(capacity.evidence->wider->test_accuracy, 0.95);
}

// The plane x + y + z > 15.43, the best of `underfit` by symmetry, against the figure that the README names.
TEST(Scenario, the_best_plane_of_underfit_scores_less_than_a_ball) {
  constexpr Index kRows = 400000;
  std::vector<float> x(3 * kRows);
  std::vector<std::int32_t> label(kRows);
  cpu::scenario_data<float>({.kind = ScenarioKind::underfit, .seed = 1},
                            as_matrix(HostSpan<float>{x.data(), 3 * kRows}, kRows, 3), {label.data(), kRows});
  Index right = 0;
  for (std::size_t r = 0; r < label.size(); ++r)
    right += (x[3 * r] + x[3 * r + 1] + x[3 * r + 2] > 15.43f) == (label[r] == 1);
  const double accuracy = static_cast<double>(right) / kRows;
  EXPECT_NEAR(accuracy, 0.9194, 4 * std::sqrt(0.9194 * 0.0806 / kRows));
}

TEST(Scenario, first_seed_of_a_repeat_is_the_single_run) {
  const ScenarioOptions one{.kind = ScenarioKind::underfit, .epochs = 30, .seed = 5, .controls = Controls::leave_out};
  ScenarioOptions two = one;
  two.seed = 4;
  two.repeat = 2;
  const ScenarioResult alone = on_cpu(one);
  const ScenarioResult repeated = on_cpu(two);
  ASSERT_EQ(repeated.seeds.size(), 2u);
  EXPECT_EQ(repeated.seeds[1].seed, 5u);
  EXPECT_EQ(repeated.seeds[1].test_accuracy, alone.seeds[0].test_accuracy);
  EXPECT_EQ(repeated.seeds[1].best.test_accuracy, alone.seeds[0].best.test_accuracy);
}

TEST(Scenario, test_rows_do_not_overlap_the_training_rows) {
  const Split split = scenario_split(ScenarioKind::ceiling, LabelReading::described, 3);
  EXPECT_EQ(split.train.rows(), 2000);
  EXPECT_EQ(split.test.rows(), kScenarioTestRows);
  for (Index t = 0; t < split.test.rows(); ++t)
    for (Index r = 0; r < split.train.rows(); ++r)
      ASSERT_FALSE(split.test.x().row(t)[0] == split.train.x().row(r)[0] &&
                   split.test.x().row(t)[1] == split.train.x().row(r)[1]);
}

TEST(Scenario, a_training_cut_short_of_its_plateau_gets_no_reason) {
  for (const Index epochs : {3, 10})
    EXPECT_EQ(on_cpu({.kind = ScenarioKind::ceiling, .epochs = epochs}).verdict->code, VerdictCode::inconclusive);
}

TEST(Scenario, a_stop_during_the_controls_is_told) {
  std::atomic<bool> stop{false};
  const ScenarioResult study = on_cpu({.kind = ScenarioKind::underfit, .repeat = 3}, &stop, [&](const RunStudy& run) {
    EXPECT_EQ(run.result.outcome, RunOutcome::finished);
    stop = true;
  });
  EXPECT_EQ(study.first.result.outcome, RunOutcome::finished);
  EXPECT_EQ(study.controls, RunOutcome::interrupted);
  EXPECT_FALSE(study.verdict.has_value());
  ASSERT_EQ(study.seeds.size(), 3u);
  EXPECT_EQ(study.seeds[2].outcome, RunOutcome::interrupted);
}

TEST(Scenario, interrupted_run_has_no_verdict) {
  const std::atomic<bool> stop{true};
  const ScenarioResult study = on_cpu({.kind = ScenarioKind::underfit}, &stop);
  EXPECT_EQ(study.first.result.outcome, RunOutcome::interrupted);
  EXPECT_FALSE(study.verdict.has_value());
  EXPECT_EQ(study.seeds.size(), 1u);
}

// A device that trains nothing: it notes what it is asked for and hands out made-up results of the right shape.
class NotingTrainer final : public Trainer {
 public:
  struct Request {
    Run run;
    TrainingData data;
  };
  struct Notes {
    std::vector<Request> alone, together, for_each;  // their views are of no use any more
    Index described = 0, calls_of_for_each = 0;
    bool stop = false;
  };
  NotingTrainer(Notes& notes, std::vector<Request>& trained) : notes_(notes), trained_(trained) {}

  RunResult train(const Run& run, const TrainingData& data, const Checkpoints&, const RunObserver&) override {
    trained_.push_back({run, data});
    return made_up(run, data);
  }
  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver&) override {
    std::vector<RunResult> results;
    for (const Run& run : runs) {
      results.push_back(made_up(run, data));
      notes_.together.push_back({run, data});
    }
    return results;
  }
  void for_each(Index count, const std::function<void(Index, Trainer&)>& body) override {
    ++notes_.calls_of_for_each;
    NotingTrainer own(notes_, notes_.for_each);
    for (Index i = 0; i < count; ++i) body(i, own);
  }
  SplitStatistics statistics(const TrainingData&, Index) override {
    ++notes_.described;
    return {.train = {.class_rows = {70, 50}, .features = {}}, .test = {.class_rows = {3, 20}, .features = {}}};
  }
  Predictions predict(const TrainedNetwork&, HostMatrix<const float>) override { return {}; }
  Neighbours neighbours(HostMatrix<const float>, HostMatrix<const float>, Index,
                        HostSpan<const std::int32_t>) override {
    return {};
  }
  bool stop_requested() const override { return notes_.stop; }

 private:
  RunResult made_up(const Run& run, const TrainingData& data) const {
    const Index epochs = notes_.stop ? 0 : run.epochs, words = correct_words(data.test_x.rows);
    return {.outcome = notes_.stop ? RunOutcome::interrupted : RunOutcome::finished,
            .history = std::vector<EpochRecord>(static_cast<std::size_t>(epochs), {.train_accuracy = 0.5}),
            .test_correct = CorrectBits(std::vector<std::uint32_t>(static_cast<std::size_t>(epochs * words), 0x0f0fu),
                                        epochs, data.test_x.rows)};
  }

  Notes& notes_;
  std::vector<Request>& trained_;
};

TEST(Scenario, asks_the_trainer_it_is_given_for_everything) {
  NotingTrainer::Notes notes;
  NotingTrainer trainer(notes, notes.alone);
  const ScenarioResult study =
      study_scenario({.kind = ScenarioKind::ceiling, .epochs = 40, .seed = 7, .repeat = 4}, trainer);
  EXPECT_EQ(notes.described, 1);
  ASSERT_EQ(notes.alone.size(), 1u);
  ASSERT_EQ(notes.together.size(), static_cast<std::size_t>(kWiderTrainings + kPermutedTrainings));
  EXPECT_EQ(notes.calls_of_for_each, 1);
  ASSERT_EQ(notes.for_each.size(), 3u);

  const NotingTrainer::Request& first = notes.alone[0];
  EXPECT_EQ(first.run.seed, 7u);
  EXPECT_EQ(first.data.drawn->train.seed, 7u);
  EXPECT_EQ(first.data.drawn->train.first_row, 0);
  EXPECT_EQ(first.data.drawn->test.first_row, kScenarioFirstTestRow);
  EXPECT_EQ(first.data.drawn->test.kind, ScenarioKind::ceiling);
  Index wider = 0, permuted = 0;
  for (const NotingTrainer::Request& control : notes.together) {  // on the run's own rows, so a device holds them once
    EXPECT_EQ(control.data.train_x.data, first.data.train_x.data);
    EXPECT_EQ(control.data.drawn->train.seed, 7u);
    wider += control.run.architecture.widths == study.definition.wider.widths;
    permuted += control.run.labels == LabelTreatment{.permuted = true, .permutation_seed = control.run.seed};
  }
  EXPECT_EQ(wider, kWiderTrainings);
  EXPECT_EQ(permuted, kPermutedTrainings);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(notes.for_each[i].run.seed, 8 + i);
    EXPECT_EQ(notes.for_each[i].data.drawn->train.seed, 8 + i);
  }

  // What the study says comes from there too.
  EXPECT_EQ(study.evidence->train_class_rows, (std::vector<Index>{70, 50}));
  EXPECT_EQ(study.evidence->test_class_rows, (std::vector<Index>{3, 20}));
  EXPECT_NEAR(study.first.plateau->level, 0.25, 0.01);
  EXPECT_EQ(study.evidence->wider->train_accuracy, 0.5);
  EXPECT_EQ(study.seeds[3].test_accuracy, study.first.plateau->level);
}

TEST(Scenario, a_trainer_that_is_to_stop_begins_no_other_seed) {
  NotingTrainer::Notes notes;
  NotingTrainer trainer(notes, notes.alone);
  const ScenarioResult study = study_scenario({.kind = ScenarioKind::overfit, .epochs = 40, .repeat = 3}, trainer,
                                              [&](const RunStudy&) { notes.stop = true; });
  EXPECT_EQ(study.controls, RunOutcome::interrupted);
  EXPECT_FALSE(study.verdict.has_value());
  EXPECT_TRUE(notes.for_each.empty());
  ASSERT_EQ(study.seeds.size(), 3u);
  EXPECT_EQ(study.seeds[2].outcome, RunOutcome::interrupted);
}

TEST(Scenario, tells_of_the_run_its_controls_and_the_other_seeds) {
  std::vector<Index> epochs, seeds;
  FleetProgress controls;
  bool run_has_ended = false;
  CpuTrainer trainer({.workers = 2});
  const ScenarioOptions options{.kind = ScenarioKind::underfit, .epochs = 5, .repeat = 4};
  study_scenario(options, trainer, [&](const RunStudy&) { run_has_ended = true; },
                 {.run =
                      [&](const RunProgress& progress) {
                        EXPECT_FALSE(run_has_ended);
                        epochs.push_back(progress.epochs);
                      },
                  .controls =
                      [&](const FleetProgress& progress) {
                        EXPECT_TRUE(run_has_ended);
                        EXPECT_TRUE(seeds.empty());
                        controls = progress;
                      },
                  .seeds =
                      [&](const FleetProgress& progress) {
                        EXPECT_EQ(progress.runs, 3);
                        EXPECT_EQ(progress.share, static_cast<double>(progress.finished) / 3);
                        seeds.push_back(progress.finished);
                      }});
  EXPECT_EQ(epochs, (std::vector<Index>{1, 2, 3, 4, 5}));
  EXPECT_EQ(controls.finished, kWiderTrainings + kPermutedTrainings);
  EXPECT_EQ(controls.share, 1);
  EXPECT_EQ(seeds, (std::vector<Index>{0, 1, 2, 3}));
}

TEST(Scenario, without_controls_trains_no_others) {
  NotingTrainer::Notes notes;
  NotingTrainer trainer(notes, notes.alone);
  study_scenario({.kind = ScenarioKind::underfit, .epochs = 20, .controls = Controls::leave_out}, trainer);
  EXPECT_EQ(notes.alone.size(), 1u);
  EXPECT_TRUE(notes.together.empty());
  EXPECT_TRUE(notes.for_each.empty());
}

}  // namespace
}  // namespace plateau::scenario_test
