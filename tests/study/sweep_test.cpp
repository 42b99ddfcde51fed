// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/sweep.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "plateau/core/error.hpp"

namespace plateau::sweep_test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Dataset rows(Index count, Index columns = 2) {
  Dataset data{.columns = columns, .values = HostBuffer<float>(columns * count, 0.0f)};
  for (Index i = 0; i < count; ++i) {
    data.labels.push_back(static_cast<std::int32_t>(i % 2));
    for (Index j = 0; j < columns; ++j)
      data.values.view()[i * columns + j] = static_cast<float>(i % 7) + 3.0f * static_cast<float>(i % 2);
  }
  return data;
}

// Notes what it is asked, and answers what it was given.
class NotingTrainer final : public Trainer {
 public:
  std::vector<RunResult> answers;
  std::vector<plateau::Run> asked;
  bool observed = false;

  RunResult train(const plateau::Run&, const TrainingData&, const Checkpoints&, const RunObserver&) override {
    throw std::logic_error("a fleet is wanted");
  }
  std::vector<RunResult> train_fleet(const TrainingData&, const std::vector<plateau::Run>& runs,
                                     const FleetObserver& observer) override {
    asked = runs;
    if (observer) observer({.finished = 0, .runs = static_cast<Index>(runs.size())});
    return answers;
  }
  void for_each(Index, const std::function<void(Index, Trainer&)>&) override { throw std::logic_error("not wanted"); }
  SplitStatistics statistics(const TrainingData& data, Index classes) override {
    return {.train = {.class_rows = {data.train_x.rows, classes}, .features = {}}, .test = {}};
  }
  Predictions predict(const TrainedNetwork&, HostMatrix<const float>) override { return {}; }
  Neighbours neighbours(HostMatrix<const float>, HostMatrix<const float>, Index,
                        HostSpan<const std::int32_t>) override {
    return {};
  }
  bool stop_requested() const override { return false; }
};

struct Figures {
  double validation_loss = 0, validation_accuracy = 0, test_accuracy = 0, train_accuracy = 0;
};
RunResult trained(const Figures& last, RunOutcome outcome = RunOutcome::finished, Index best = 1) {
  RunResult result{.outcome = outcome};
  result.history = {{.train_loss = 9, .test_accuracy = 0.125, .validation_loss = 9},
                    {.train_loss = 0.5,
                     .train_accuracy = last.train_accuracy,
                     .test_accuracy = last.test_accuracy,
                     .validation_loss = last.validation_loss,
                     .validation_accuracy = last.validation_accuracy}};
  result.best_epoch = best;
  return result;
}
RunResult with_loss(double validation_loss) { return trained({.validation_loss = validation_loss}); }
RunResult ended(RunOutcome outcome) { return {.outcome = outcome}; }

// As many settings as learning rates: 1, 2, ...
SweepDefinition by_learning_rate(Index settings, Index seeds) {
  SweepDefinition sweep{.hidden = {{4}}, .epochs = 2, .seed = 40, .seeds = seeds};
  for (Index i = 1; i <= settings; ++i) sweep.learning_rate.push_back(static_cast<double>(i));
  return sweep;
}
SweepResult study(const SweepDefinition& sweep, std::vector<RunResult> answers) {
  NotingTrainer trainer;
  trainer.answers = std::move(answers);
  return study_sweep(sweep, {rows(10), rows(4)}, trainer);
}
std::vector<Index> numbers(const SweepResult& result) {
  std::vector<Index> found;
  for (const SettingResult& setting : result.settings) found.push_back(setting.number);
  return found;
}

const Split kSplit{rows(10), rows(4)};
std::vector<plateau::Run> runs_of(const SweepDefinition& sweep) { return sweep_runs(sweep, kSplit, {}); }

std::vector<Index> rows_of(const RowSelection& selection) {
  std::vector<Index> found;
  for (Index k = 0; k < selection.count(); ++k) found.push_back(selection(k));
  return found;
}

TEST(SweepRuns, follow_the_nested_loops_with_the_seed_innermost) {
  const SweepDefinition sweep{.hidden = {{}, {8, 4}},
                              .learning_rate = {0.1, 0.01},
                              .weight_decay = {0, 0.5},
                              .dropout = {0, 0.25},
                              .seed = 7,
                              .seeds = 3};
  const std::vector<plateau::Run> runs = runs_of(sweep);
  ASSERT_EQ(setting_count(sweep), 16);
  ASSERT_EQ(runs.size(), 48u);
  std::size_t r = 0;
  for (const std::vector<Index>& widths : {std::vector<Index>{2, 2}, {2, 8, 4, 2}})
    for (const double learning_rate : {0.1, 0.01})
      for (const double weight_decay : {0.0, 0.5})
        for (const double dropout : {0.0, 0.25})
          for (const std::uint64_t seed : {7u, 8u, 9u}) {
            const plateau::Run& run = runs[r++];
            EXPECT_EQ(run.architecture.widths, widths);
            EXPECT_EQ(std::get<AdamParameters>(run.optimizer).learning_rate, learning_rate);
            EXPECT_EQ(std::get<AdamParameters>(run.optimizer).weight_decay, weight_decay);
            EXPECT_EQ(run.dropout, dropout);
            EXPECT_EQ(run.seed, seed);
          }
}

TEST(SweepRuns, train_on_the_same_rows_and_never_on_those_held_out) {
  const SweepDefinition sweep = by_learning_rate(2, 2);
  const ValidationRows three(kSplit.train, 0.3, 40);
  const std::vector<plateau::Run> runs = sweep_runs(sweep, kSplit, three);
  const std::vector<Index> held_out = rows_of(*runs[0].validation), trained_on = rows_of(*runs[0].rows);
  EXPECT_EQ(held_out.size(), 3u);
  EXPECT_EQ(trained_on.size(), 7u);
  for (const Index row : held_out) EXPECT_EQ(std::ranges::count(trained_on, row), 0);
  for (const plateau::Run& run : runs) {
    EXPECT_EQ(rows_of(*run.validation), held_out);
    EXPECT_EQ(rows_of(*run.rows), trained_on);
  }
  EXPECT_FALSE(runs_of(sweep)[0].validation.has_value());
  EXPECT_FALSE(runs_of(sweep)[0].rows.has_value());
}

TEST(SweepRuns, carry_what_is_the_same_for_all) {
  SweepDefinition sweep = by_learning_rate(1, 1);
  sweep.schedule = Schedule::cosine;
  sweep.epochs = 9;
  sweep.batch = 5;
  sweep.order = RowOrder::as_stored;
  sweep.patience = 3;
  sweep.standardise = true;
  sweep.balanced_classes = true;
  const plateau::Run run = runs_of(sweep).front();
  EXPECT_EQ(run.schedule, Schedule::cosine);
  EXPECT_EQ(run.epochs, 9);
  EXPECT_EQ(run.batch, 5);
  EXPECT_EQ(run.order, RowOrder::as_stored);
  EXPECT_EQ(run.patience, 3);
  EXPECT_TRUE(run.standardise);
  EXPECT_TRUE(run.class_weights.balanced);
  sweep.optimizer = SweepOptimizer::adamw;
  EXPECT_EQ(std::get<AdamParameters>(runs_of(sweep)[0].optimizer).decay_kind, WeightDecay::decoupled);
  sweep.optimizer = SweepOptimizer::sgd;
  sweep.momentum = 0.9;
  sweep.weight_decay = {0.125};
  const auto sgd = std::get<SgdParameters>(runs_of(sweep)[0].optimizer);
  EXPECT_EQ(sgd.learning_rate, 1);
  EXPECT_EQ(sgd.momentum, 0.9);
  EXPECT_EQ(sgd.weight_decay, 0.125);
}

TEST(SweepRuns, refuse_what_is_no_grid) {
  const auto refuses = [&](auto spoil) {
    SweepDefinition sweep = by_learning_rate(1, 1);
    spoil(sweep);
    EXPECT_THROW(runs_of(sweep), std::invalid_argument);
  };
  refuses([](SweepDefinition& sweep) { sweep.learning_rate.clear(); });
  refuses([](SweepDefinition& sweep) { sweep.hidden.clear(); });
  refuses([](SweepDefinition& sweep) { sweep.seeds = 0; });
  SweepDefinition large = by_learning_rate(1, 1);
  large.hidden = {{4}, {kMaxWidth + 1}};
  EXPECT_THROW(runs_of(large), InputError);
  for (const double validation : {1.0, kNaN, 0.96, 0.04}) {  // of ten rows: all, or none
    SweepDefinition sweep = by_learning_rate(1, 1);
    sweep.validation = validation;
    EXPECT_THROW(study(sweep, {}), InputError);
  }
}

TEST(StudySweep, trains_the_grid_as_one_fleet_that_leaves_figures_only) {
  NotingTrainer trainer;
  trainer.answers.assign(6, with_loss(1));
  bool observed = false;
  const SweepResult result = study_sweep(by_learning_rate(3, 2), {rows(10), rows(4)}, trainer,
                                         [&](const FleetProgress& progress) { observed = progress.runs == 6; });
  EXPECT_TRUE(observed);
  ASSERT_EQ(trainer.asked.size(), 6u);
  EXPECT_EQ(trainer.asked[3].seed, 41u);
  EXPECT_EQ(std::get<AdamParameters>(trainer.asked[3].optimizer).learning_rate, 2);
  for (const plateau::Run& run : trainer.asked) {
    EXPECT_FALSE(run.outputs.parameters);
    EXPECT_FALSE(run.outputs.best_parameters);
    EXPECT_FALSE(run.outputs.test_correct);
  }
  EXPECT_EQ(result.statistics.train.class_rows, (std::vector<Index>{10, 2}));
  EXPECT_EQ(result.trained_rows, 8);
  EXPECT_EQ(result.validation_rows, 2);
  EXPECT_EQ(result.runs(), 6);
  EXPECT_EQ(result.definition.seed, 40u);
}

TEST(StudySweep, summarises_a_setting_by_mean_and_interval) {
  const SweepResult result =
      study(by_learning_rate(1, 3), {trained({1, 0.5, 0.25, 1}), trained({2, 0.5, 0.5, 0.5}, RunOutcome::finished, 0),
                                     trained({3, 0.5, 0.75, 0}, RunOutcome::finished, 0)});
  const SettingResult& setting = result.settings.front();
  EXPECT_EQ(setting.complete(), 3);
  EXPECT_EQ(setting.validation_loss->mean, 2);
  EXPECT_EQ(setting.validation_loss->deviation, 1);
  EXPECT_NEAR(setting.validation_loss->interval.high, 2 + 4.302653 / std::sqrt(3.0), 1e-6);  // t of 2 degrees
  EXPECT_EQ(setting.validation_accuracy->mean, 0.5);
  EXPECT_EQ(setting.validation_accuracy->interval.low, 0.5);
  EXPECT_EQ(setting.test_accuracy->mean, 0.5);
  EXPECT_NEAR(setting.test_accuracy->interval.low, 0.5 - 4.302653 * 0.25 / std::sqrt(3.0), 1e-6);
  EXPECT_EQ(setting.train_accuracy->mean, 0.5);
  EXPECT_EQ(setting.train_loss->mean, 0.5);
  EXPECT_NEAR(setting.best_epoch->mean, 1.0 / 3, 1e-15);
  EXPECT_EQ(setting.runs[1].seed, 41u);
  EXPECT_EQ(setting.runs[1].epochs, 2);
  EXPECT_EQ(*setting.runs[1].epoch, 1);  // the last, whichever was best
  EXPECT_EQ(*setting.runs[1].best_epoch, 0);
}

TEST(StudySweep, judges_a_run_by_its_best_epoch_where_it_may_stop_early) {
  SweepDefinition sweep = by_learning_rate(1, 1);
  sweep.patience = 1;
  const SweepResult result = study(sweep, {trained({.validation_loss = 10}, RunOutcome::stopped_early, 0)});
  const SettingResult& setting = result.settings.front();
  EXPECT_EQ(*setting.runs[0].epoch, 0);
  EXPECT_EQ(setting.validation_loss->mean, 9);
  EXPECT_EQ(setting.test_accuracy->mean, 0.125);
  EXPECT_EQ(setting.count(RunOutcome::stopped_early), 1);
  EXPECT_EQ(*setting.rank, 1);
}

TEST(StudySweep, ranks_by_the_mean_validation_loss_and_ties_share_a_rank) {
  const SweepResult result = study(by_learning_rate(4, 2), {with_loss(3), with_loss(5), with_loss(1), with_loss(3),
                                                            with_loss(3), with_loss(1), with_loss(2), with_loss(4)});
  EXPECT_EQ(result.ranked_by, RankedBy::validation_loss);
  EXPECT_EQ(numbers(result), (std::vector<Index>{1, 2, 3, 0}));
  std::vector<Index> ranks;
  for (const SettingResult& setting : result.settings) ranks.push_back(*setting.rank);
  EXPECT_EQ(ranks, (std::vector<Index>{1, 1, 3, 4}));
  EXPECT_EQ(result.settings[2].learning_rate, 4);
}

TEST(StudySweep, without_validation_rows_ranks_by_the_test_accuracy) {
  SweepDefinition sweep = by_learning_rate(2, 1);
  sweep.validation = 0;
  const SweepResult result =
      study(sweep, {trained({.validation_loss = kNaN, .test_accuracy = 0.25}), trained({.test_accuracy = 0.75})});
  EXPECT_EQ(result.ranked_by, RankedBy::test_accuracy);
  EXPECT_EQ(result.validation_rows, 0);
  EXPECT_EQ(numbers(result), (std::vector<Index>{1, 0}));
  EXPECT_FALSE(result.settings[0].validation_loss.has_value());
  EXPECT_FALSE(result.settings[0].best_epoch.has_value());
}

// Seed by seed the second setting loses by nearly the same, though the seeds lie far apart; the third does not.
TEST(StudySweep, noise_is_of_the_differences_by_seed) {
  const SweepResult result =
      study(by_learning_rate(3, 3), {with_loss(1), with_loss(5), with_loss(9), with_loss(1.25), with_loss(5.25),
                                     with_loss(9.375), with_loss(3), with_loss(4), with_loss(9)});
  EXPECT_EQ(numbers(result), (std::vector<Index>{0, 1, 2}));
  EXPECT_FALSE(result.settings[0].over_best.has_value());
  const Estimate over = *result.settings[1].over_best;  // differences 1/4, 1/4, 3/8: deviation 1/(8 sqrt(3))
  EXPECT_NEAR(over.value, 7.0 / 24, 1e-15);
  EXPECT_NEAR(over.interval.low, 7.0 / 24 - 4.302653 / 24, 1e-7);
  EXPECT_FALSE(result.settings[1].within_noise);
  EXPECT_NEAR(result.settings[2].over_best->value, 1.0 / 3, 1e-15);  // differences 2, -1, 0
  EXPECT_TRUE(result.settings[2].within_noise);
}

TEST(StudySweep, equal_settings_are_within_noise_of_each_other_and_one_seed_says_nothing) {
  EXPECT_TRUE(
      study(by_learning_rate(2, 2), {with_loss(1), with_loss(2), with_loss(1), with_loss(2)}).settings[1].within_noise);
  const SweepResult one = study(by_learning_rate(2, 1), {with_loss(1), with_loss(1)});
  EXPECT_FALSE(one.settings[1].over_best.has_value());
  EXPECT_FALSE(one.settings[1].within_noise);
}

TEST(StudySweep, diverged_and_interrupted_runs_count_nowhere_and_their_settings_come_last) {
  const RunResult diverged = trained({.validation_loss = 1e-9}, RunOutcome::diverged);
  const SweepResult result =
      study(by_learning_rate(4, 3),
            {diverged, ended(RunOutcome::diverged), diverged,                                 // all diverged
             ended(RunOutcome::interrupted), diverged, trained({}, RunOutcome::interrupted),  // none complete
             with_loss(4), with_loss(2), diverged,                                            //
             with_loss(2), trained({.validation_loss = 1}, RunOutcome::stopped_early), with_loss(1.5)});  //
  EXPECT_EQ(numbers(result), (std::vector<Index>{3, 2, 1, 0}));
  EXPECT_EQ(result.settings[0].complete(), 3);
  EXPECT_EQ(result.settings[1].complete(), 2);
  EXPECT_EQ(result.settings[1].validation_loss->mean, 3);
  EXPECT_EQ(result.settings[1].over_best->value, 1.5);  // over the seeds that both completed
  EXPECT_FALSE(result.settings[2].rank.has_value());
  EXPECT_FALSE(result.settings[2].validation_loss.has_value());
  EXPECT_FALSE(result.settings[3].rank.has_value());
  EXPECT_FALSE(result.settings[3].runs[1].epoch.has_value());
  EXPECT_EQ(result.count(RunOutcome::diverged), 5);
  EXPECT_EQ(result.count(RunOutcome::interrupted), 2);
  EXPECT_EQ(result.count(RunOutcome::stopped_early), 1);
  EXPECT_EQ(result.count(RunOutcome::finished), 4);
}

TEST(StudySweep, a_loss_that_is_no_number_is_worse_than_any) {
  const SweepResult result = study(by_learning_rate(3, 2), {with_loss(kNaN), with_loss(1), with_loss(1e300),
                                                            with_loss(1e300), with_loss(INFINITY), with_loss(1)});
  EXPECT_EQ(numbers(result), (std::vector<Index>{1, 0, 2}));
  EXPECT_EQ(*result.settings[2].rank, 2);
  EXPECT_FALSE(result.settings[1].within_noise);
}

TEST(StudySweep, gives_every_run_the_figures_it_has_alone) {
  const Split split{rows(40), rows(20)};
  SweepDefinition sweep{.hidden = {{}, {8}}, .learning_rate = {0.01, 0.1}, .epochs = 12, .seeds = 2};
  CpuTrainer trainer({.workers = 2});
  const SweepResult result = study_sweep(sweep, split, trainer);
  const ValidationRows held_out(split.train, sweep.validation, sweep.seed);
  const std::vector<plateau::Run> runs = sweep_runs(sweep, split, held_out);
  for (const SettingResult& setting : result.settings)
    for (Index s = 0; s < 2; ++s) {
      const RunResult alone = trainer.train(runs[static_cast<std::size_t>(setting.number * 2 + s)], views(split));
      const SweepRun& run = setting.runs[static_cast<std::size_t>(s)];
      EXPECT_EQ(run.figures.validation_loss, alone.history.back().validation_loss);
      EXPECT_EQ(run.figures.test_accuracy, alone.history.back().test_accuracy);
      EXPECT_EQ(run.best_epoch, alone.best_epoch);
    }
  for (std::size_t i = 1; i < result.settings.size(); ++i)
    EXPECT_LE(result.settings[i - 1].validation_loss->mean, result.settings[i].validation_loss->mean);
  EXPECT_GT(result.seconds, 0);
}

}  // namespace
}  // namespace plateau::sweep_test
