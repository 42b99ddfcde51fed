// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the blocks of a diagnosis are made of: folds, settings and their scores, and what is read off predictions.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "plateau/core/error.hpp"
#include "plateau/study/battery.hpp"
#include "plateau/study/comparisons.hpp"
#include "plateau/study/folds.hpp"
#include "plateau/study/laboratory.hpp"
#include "plateau/study/learning_curve.hpp"
#include "plateau/study/signal.hpp"
#include "support/cases.hpp"
#include "support/datasets.hpp"

namespace plateau::test::diagnosis_parts_test {
namespace {

using Ids = std::vector<std::int32_t>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ---- Folds ----------------------------------------------------------------------------------------------------------

// Rows whose only feature is their number.
Dataset numbered(const Ids& labels, const Ids& groups = {}) {
  std::vector<float> x(labels.size());
  std::iota(x.begin(), x.end(), 0.0f);
  Dataset data = labelled(1, x, labels);
  data.groups = groups;
  return data;
}
Dataset hundred_rows() {  // 70, 20 and 10 of three classes, mixed
  Ids labels;
  for (int i = 0; i < 100; ++i) labels.push_back(i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2);
  return numbered(labels);
}
Dataset grouped_rows() {  // 12 groups of 3 to 14 rows
  Ids labels, groups;
  for (std::int32_t group = 0; group < 12; ++group)
    for (std::int32_t i = 0; i < 3 + group; ++i) {
      labels.push_back((group + i) % 2);
      groups.push_back(group);
    }
  return numbered(labels, groups);
}
Index rows_of_class(const Dataset& data, const Ids& rows, std::int32_t label) {
  return std::ranges::count_if(rows, [&](std::int32_t row) { return data.labels[at(row)] == label; });
}
Ids listed(const RowSelection& selection) {
  Ids rows;
  for (Index k = 0; k < selection.count(); ++k) rows.push_back(static_cast<std::int32_t>(selection(k)));
  return rows;
}
std::set<std::int32_t> groups_of(const Dataset& data, const Ids& rows) {
  std::set<std::int32_t> groups;
  for (const std::int32_t row : rows) groups.insert(data.groups[at(row)]);
  return groups;
}

TEST(Folds, have_every_row_once_and_as_many_of_a_class_as_each_other) {
  const Dataset data = hundred_rows();
  const Folds folds(data, 3, 7);
  Ids all;
  for (Index fold = 0; fold < 3; ++fold) {
    const Ids inside = listed(folds.inside(fold)), outside = listed(folds.outside(fold));
    EXPECT_EQ(inside, folds.rows_inside(fold));
    EXPECT_TRUE(std::ranges::is_sorted(inside) && std::ranges::is_sorted(outside));
    EXPECT_GE(inside.size(), 33u);
    EXPECT_LE(inside.size(), 34u);
    for (std::int32_t c = 0; c < 3; ++c) {
      const Index of_all = rows_of_class(data, inside, c) + rows_of_class(data, outside, c);
      EXPECT_LE(std::abs(3 * rows_of_class(data, inside, c) - of_all), 2);
    }
    Ids both;
    std::ranges::set_union(inside, outside, std::back_inserter(both));
    EXPECT_EQ(both.size(), 100u);
    all.insert(all.end(), inside.begin(), inside.end());
  }
  std::ranges::sort(all);
  EXPECT_EQ(all, listed(RowSelection::all(100)));
}

TEST(Folds, follow_the_seed_alone) {
  const Dataset data = hundred_rows();
  EXPECT_EQ(Folds(data, 5, 1).rows_inside(0), Folds(data, 5, 1).rows_inside(0));
  EXPECT_NE(Folds(data, 5, 1).rows_inside(0), Folds(data, 5, 2).rows_inside(0));
}

TEST(Folds, tear_no_group) {
  const Dataset data = grouped_rows();
  const Folds folds(data, 4, 3);
  for (Index fold = 0; fold < 4; ++fold) {
    const std::set<std::int32_t> inside = groups_of(data, folds.rows_inside(fold));
    for (const std::int32_t group : groups_of(data, listed(folds.outside(fold)))) EXPECT_FALSE(inside.contains(group));
    EXPECT_GE(folds.rows_inside(fold).size(), 14u);  // of 102 / 4
    EXPECT_LE(folds.rows_inside(fold).size(), 40u);
  }
  EXPECT_THROW(Folds(data, 13, 3), InputError);
  EXPECT_EQ(Folds::possible(data, 5), 5);
  EXPECT_EQ(Folds::possible(data, 13), 12);
  EXPECT_EQ(Folds::possible(hundred_rows(), 101), 100);
  EXPECT_THROW(Folds::possible(numbered({0, 1, 0, 1}, {7, 7, 7, 7}), 3), InputError);
  EXPECT_EQ(Folds::possible(numbered({0, 1, 0, 1}, {2, 7, 7, 2}), 3),
            2);  // numbers of a file of which these are a part
}

TEST(Folds, deal_out_groups_of_a_rare_class_evenly) {
  Ids labels, groups;
  for (std::int32_t group = 0; group < 30; ++group)
    for (int row = 0; row < 4; ++row) {
      groups.push_back(group);
      labels.push_back(group % 10 == 0 && row > 0);  // three groups are mostly of class 1
    }
  const Dataset data = numbered(labels, groups);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Folds folds(data, 3, seed);
    for (Index fold = 0; fold < 3; ++fold) {
      EXPECT_EQ(rows_of_class(data, folds.rows_inside(fold), 1), 3);
      EXPECT_EQ(folds.rows_inside(fold).size(), 40u);
    }
  }
}

TEST(Folds, parts_of_what_is_outside_lie_within_each_other_and_are_alike_in_their_classes) {
  const Dataset data = hundred_rows();
  const Folds folds(data, 5, 1);
  EXPECT_EQ(folds.part_outside(2, 1, 4), listed(folds.outside(2)));
  Ids larger = folds.part_outside(2, 1, 4);
  for (const double share : {0.5, 0.25, 0.125}) {
    const Ids part = folds.part_outside(2, share, 4);
    EXPECT_EQ(part.size(), static_cast<std::size_t>(80 * share));
    EXPECT_TRUE(std::ranges::is_sorted(part));
    EXPECT_TRUE(std::ranges::includes(larger, part));
    EXPECT_NEAR(static_cast<double>(rows_of_class(data, part, 0)), 56 * share, 1);
    EXPECT_NEAR(static_cast<double>(rows_of_class(data, part, 1)), 16 * share, 1);
    larger = part;
  }
  EXPECT_NE(folds.part_outside(2, 0.5, 4), folds.part_outside(2, 0.5, 5));
  EXPECT_EQ(folds.part_outside(0, 1e-9, 4).size(), 1u);
}

TEST(Folds, parts_of_groups_tear_one_at_the_most) {
  const Dataset data = grouped_rows();
  const Folds folds(data, 3, 1);
  const Ids outside = listed(folds.outside(0)), part = folds.part_outside(0, 0.5, 2);
  int torn = 0;
  for (const std::int32_t group : groups_of(data, part)) {
    const auto rows_in = [&](const Ids& rows) {
      return std::ranges::count_if(rows, [&](std::int32_t row) { return data.groups[at(row)] == group; });
    };
    torn += rows_in(part) < rows_in(outside);
  }
  EXPECT_LE(torn, 1);
  EXPECT_TRUE(std::ranges::includes(outside, part));
}

TEST(Folds, refuse_what_cannot_be_dealt_out) {
  const Dataset data = numbered({0, 1, 0});
  EXPECT_THROW(Folds(data, 1, 0), std::invalid_argument);
  EXPECT_THROW(Folds(data, 4, 0), std::invalid_argument);
  EXPECT_THROW(Folds(labelled(1, {1, 2, 3}, {}), 2, 0), std::invalid_argument);
  const Folds folds(data, 3, 0);
  for (const double share : {0.0, 1.5, kNaN}) EXPECT_THROW(folds.part_outside(0, share, 0), std::invalid_argument);
}

// ---- Scores and judgements ------------------------------------------------------------------------------------------

// Answers what it was given, in turn, and keeps what it was asked.
class AnsweringTrainer final : public Trainer {
 public:
  std::vector<RunResult> answers;
  std::vector<Run> asked;
  bool stopped = false, stops_while_it_trains = false;

  RunResult train(const Run&, const TrainingData&, const Checkpoints&, const RunObserver&) override {
    throw std::logic_error("a fleet is wanted");
  }
  std::vector<RunResult> train_fleet(const TrainingData&, const std::vector<Run>& runs,
                                     const FleetObserver& observer) override {
    asked = runs;
    if (observer) observer({.finished = 1, .runs = static_cast<Index>(runs.size()), .share = 0.5});
    stopped = stopped || stops_while_it_trains;
    return answers;
  }
  void for_each(Index, const std::function<void(Index, Trainer&)>&) override { throw std::logic_error("not wanted"); }
  SplitStatistics statistics(const TrainingData&, Index) override { throw std::logic_error("not wanted"); }
  Predictions predict(const TrainedNetwork&, HostMatrix<const float>) override { throw std::logic_error("not wanted"); }
  Neighbours neighbours(HostMatrix<const float>, HostMatrix<const float>, Index,
                        HostSpan<const std::int32_t>) override {
    throw std::logic_error("not wanted");
  }
  bool stop_requested() const override { return stopped; }
};

EpochRecord epoch(double validation_loss, double accuracy = 0.5) {
  return {.train_loss = validation_loss / 2,
          .train_accuracy = accuracy + 0.25,
          .validation_loss = validation_loss,
          .validation_accuracy = accuracy};
}

TEST(FoldScore, is_the_mean_over_folds_and_its_best_epoch_is_one_of_the_mean) {
  // By itself the first fold is best after one epoch and the second after three; their mean is lowest after two.
  const std::vector<RunResult> folds{{.history = {epoch(1), epoch(1.5), epoch(3, 0.25)}},
                                     {.history = {epoch(4), epoch(2.5), epoch(2, 0.75)}}};
  const FoldScore score = fold_score({}, folds);
  EXPECT_EQ(score.best_epochs, 2);
  EXPECT_EQ(score.best_loss, 2.0);
  EXPECT_EQ(score.validation_loss, 2.5);
  EXPECT_EQ(score.validation_accuracy, 0.5);
  EXPECT_EQ(score.train_loss, 1.25);
  EXPECT_EQ(score.train_accuracy, 0.75);
}

TEST(FoldScore, of_a_fold_that_diverged_is_infinite_and_its_best_epoch_one_that_every_fold_has) {
  const RunResult whole{.history = {epoch(3), epoch(2), epoch(1)}};
  const RunResult diverged{.outcome = RunOutcome::diverged, .history = {epoch(3), epoch(5)}};
  const FoldScore score = fold_score({}, {whole, diverged});
  EXPECT_EQ(score.validation_loss, kInfinity);
  EXPECT_EQ(score.train_loss, kInfinity);
  EXPECT_EQ(score.validation_accuracy, 0);
  EXPECT_EQ(score.best_epochs, 1);
  EXPECT_EQ(score.best_loss, 3.0);

  EXPECT_EQ(fold_score({}, {diverged, whole}).best_epochs, 1);  // in any order of the folds

  const FoldScore none = fold_score({}, {whole, {.outcome = RunOutcome::diverged}});
  EXPECT_EQ(none.best_loss, kInfinity);
  EXPECT_EQ(none.best_epochs, 0);
}

// Its best epoch of each fold is what a training keeps that stops early.
TEST(FoldScore, of_what_stops_early_is_by_the_epochs_that_it_keeps) {
  RunResult one{.history = {epoch(3), epoch(1), epoch(5)}}, other{.history = {epoch(2), epoch(4)}};
  one.best_epoch = 1;
  other.best_epoch = 0;
  EXPECT_EQ(fold_score({.patience = 1}, {one, other}).validation_loss, 1.5);
  EXPECT_EQ(fold_score({}, {one, other}).validation_loss, 4.5);
}

TEST(FoldScore, takes_no_epoch_without_a_finite_loss_for_the_best) {
  const FoldScore score = fold_score({}, {{.history = {epoch(kNaN), epoch(2), epoch(kInfinity), epoch(kNaN)}}});
  EXPECT_EQ(score.best_epochs, 2);
  EXPECT_EQ(score.best_loss, 2.0);
  EXPECT_THROW(fold_score({}, {}), std::invalid_argument);
}

Split four_and_three_rows() { return {.train = numbered({0, 1, 0, 1}), .test = numbered({0, 1, 1})}; }
Setting plain_setting(Index patience = 0) {
  return {"as it is", {.architecture = {{1, 2}}, .epochs = 2, .patience = patience}};
}
// Two epochs: after the first, test row 0 is right; after the second, rows 1 and 2.
RunResult of_two_epochs(RunOutcome outcome = RunOutcome::finished) {
  RunResult result{.outcome = outcome, .history = {epoch(1, 0.125), epoch(2, 0.5)}};
  result.test_correct = CorrectBits({0b001, 0b110}, 2, 3);
  result.best_epoch = 0;
  result.predictions = {{.predicted = {1, 1, 1}, .probability = {}}};
  return result;
}
std::vector<Judged> judged_by(AnsweringTrainer& trainer, const std::vector<Setting>& settings, Index seeds) {
  const Split split = four_and_three_rows();
  Laboratory laboratory(trainer);
  const ValidationRows held_out(split.train, 0.5, 0);
  return judge_settings(laboratory, "test", views(split), settings, held_out, seeds, 40);
}

TEST(JudgeSettings, counts_every_training_by_the_epoch_that_it_keeps) {
  AnsweringTrainer trainer;
  RunResult nothing{.outcome = RunOutcome::diverged};
  nothing.test_correct = CorrectBits({}, 0, 3);
  trainer.answers = {of_two_epochs(), of_two_epochs(RunOutcome::diverged), nothing};
  const std::vector<Judged> judged = judged_by(trainer, {plain_setting()}, 3);
  ASSERT_EQ(judged.size(), 1u);
  EXPECT_EQ(judged[0].right.training_accuracy(), (std::vector<double>{2.0 / 3, 2.0 / 3, 0}));
  EXPECT_EQ(judged[0].right.row_accuracy(), (std::vector<double>{0, 2.0 / 3, 2.0 / 3}));
  EXPECT_NEAR(judged[0].test_accuracy(), 4.0 / 9, 1e-15);
  EXPECT_EQ(judged[0].train_accuracy, (std::vector<double>{0.75, 0.75, 0}));
  EXPECT_EQ(judged[0].diverged, 2);
  EXPECT_EQ(judged[0].predicted[0], (Ids{1, 1, 1}));
  EXPECT_TRUE(judged[0].predicted[1].empty());
  for (std::size_t s = 0; s < 3; ++s) {
    EXPECT_EQ(trainer.asked[s].seed, 40 + s);
    EXPECT_FALSE(trainer.asked[s].rows || trainer.asked[s].validation);
    EXPECT_EQ(trainer.asked[s].outputs.predictions[0].at, ParametersAt::last);
  }
}

TEST(JudgeSettings, of_what_is_inspected_tells_how_many_test_rows_turned) {
  // 35 rows in two words, the bits behind them set: all of them turn, and then rows 0 and 34.
  RunResult result{.history = {epoch(1), epoch(1), epoch(1)}};
  result.test_correct = CorrectBits({0, 0, ~0u, ~0u, ~1u, ~0b100u}, 3, 35);
  result.predictions = {{.predicted = Ids(35, 1), .probability = {}}};
  AnsweringTrainer trainer;
  trainer.answers = {result};
  const Split split{.train = numbered({0, 1}), .test = numbered(Ids(35, 1))};
  Laboratory laboratory(trainer);
  Setting setting = plain_setting();
  setting.inspected = true;
  const Judged judged = judge_settings(laboratory, "test", views(split), {setting}, {}, 1, 0).front();
  ASSERT_EQ(judged.changed.size(), 1u);
  EXPECT_TRUE(std::isnan(judged.changed[0][0]));
  EXPECT_EQ(judged.changed[0][1], 1);
  EXPECT_EQ(judged.changed[0][2], 2.0 / 35);
}

TEST(EpochCurves, are_means_over_trainings_after_the_epochs_that_all_have) {
  AnsweringTrainer trainer;
  trainer.answers = {of_two_epochs(), of_two_epochs()};
  trainer.answers[0].history[0].test_accuracy = 0.25;
  trainer.answers[1].history[0].test_accuracy = 0.5;
  trainer.answers[0].history[1].test_accuracy = trainer.answers[1].history[1].test_accuracy = 0.75;
  trainer.answers[1].test_correct = CorrectBits({0b001, 0b001, 0b111}, 3, 3);
  trainer.answers[1].history.push_back(epoch(3));
  Setting setting = plain_setting();
  setting.inspected = true;
  const EpochCurves curves = epoch_curves(judged_by(trainer, {setting}, 2).front());
  EXPECT_EQ(curves.epoch, (std::vector<Index>{0, 1}));
  EXPECT_EQ(curves.test_accuracy, (std::vector<double>{0.375, 0.75}));
  EXPECT_EQ(curves.lowest, (std::vector<double>{0.25, 0.75}));
  EXPECT_EQ(curves.highest, (std::vector<double>{0.5, 0.75}));
  EXPECT_EQ(curves.train_accuracy, (std::vector<double>{0.375, 0.75}));
  EXPECT_EQ(curves.changed[1], 0.5);  // all three rows of the one, none of the other
}

// The last epoch is there, and of the others every third.
TEST(EpochCurves, of_very_many_epochs_are_some_that_lie_evenly) {
  Judged judged{.setting = plain_setting()};
  RunResult& result = judged.results.emplace_back();
  result.history.assign(1200, epoch(1));
  judged.changed.emplace_back(1200, 0.0);
  const EpochCurves curves = epoch_curves(judged);
  EXPECT_LE(curves.epoch.size(), static_cast<std::size_t>(kMostCurveEpochs));
  EXPECT_EQ(curves.epoch.back(), 1199);
  for (std::size_t i = 1; i < curves.epoch.size(); ++i) EXPECT_EQ(curves.epoch[i] - curves.epoch[i - 1], 3);
  judged.results.emplace_back();  // that completed none
  judged.changed.emplace_back();
  EXPECT_TRUE(epoch_curves(judged).epoch.empty());
}

TEST(Confusion, has_rows_by_class_and_columns_by_what_they_are_given) {
  const Dataset data = numbered({0, 0, 1, 2, 2});
  EXPECT_EQ(confusion({0, 2, 1, 0, -1}, data.label(), 3), (std::vector<Index>{1, 0, 1, 0, 1, 0, 1, 0, 0}));
}

TEST(JudgeSettings, of_what_stops_early_judges_the_best_epoch_and_holds_rows_out) {
  AnsweringTrainer trainer;
  trainer.answers = {of_two_epochs(), of_two_epochs()};
  Setting inspected = plain_setting();
  inspected.inspected = true;
  const std::vector<Judged> judged = judged_by(trainer, {plain_setting(1), inspected}, 1);
  EXPECT_EQ(judged[0].test_accuracy(), 1.0 / 3);
  EXPECT_EQ(judged[0].train_accuracy, (std::vector<double>{0.375}));
  EXPECT_EQ(judged[1].test_accuracy(), 2.0 / 3);
  EXPECT_EQ(trainer.asked[0].validation->count(), 2);
  EXPECT_EQ(trainer.asked[0].outputs.predictions[0].at, ParametersAt::best);
  EXPECT_FALSE(trainer.asked[0].outputs.layers);
  EXPECT_FALSE(trainer.asked[1].validation);
  EXPECT_TRUE(trainer.asked[1].outputs.layers && trainer.asked[1].outputs.dead_units);
}

// So that what is compared with a training that stops early has no more rows than that.
TEST(JudgeSettings, leaves_held_out_rows_alone_where_it_is_to) {
  AnsweringTrainer trainer;
  trainer.answers = {of_two_epochs()};
  Setting setting = plain_setting();
  setting.without_held_out = true;
  judged_by(trainer, {setting}, 1);
  EXPECT_EQ(trainer.asked[0].rows->count(), 2);
  EXPECT_FALSE(trainer.asked[0].validation);
}

TEST(JudgeSettings, of_a_real_training_agrees_with_its_predictions) {
  const Split split{.train = labelled(1, {-3, -2, 2, 3}, {0, 0, 1, 1}),
                    .test = labelled(1, {-1, 1, 4, 5}, {0, 1, 0, 1})};
  CpuTrainer trainer({});
  Laboratory laboratory(trainer);
  const Setting setting{"",
                        {.architecture = {{1, 2}}, .optimizer = AdamParameters{.learning_rate = 0.1}, .epochs = 60}};
  const std::vector<Judged> judged = judge_settings(laboratory, "test", views(split), {setting}, {}, 2, 1);
  for (const Ids& predicted : judged[0].predicted) EXPECT_EQ(predicted, (Ids{0, 1, 1, 1}));
  EXPECT_EQ(judged[0].right.row_accuracy(), (std::vector<double>{1, 1, 0, 1}));
  EXPECT_EQ(judged[0].train_accuracy, (std::vector<double>{1, 1}));
  EXPECT_EQ(laboratory.trainings(), 2);
}

TEST(ScoreSettings, train_outside_of_every_fold_and_are_judged_inside) {
  const Split split = four_and_three_rows();
  const Folds folds(split.train, 2, 0);
  AnsweringTrainer trainer;
  for (const double loss : {1.0, 3.0, 5.0, 9.0}) trainer.answers.push_back({.history = {epoch(loss)}});
  Laboratory laboratory(trainer);
  const std::vector<FoldScore> scores =
      score_settings(laboratory, "test", views(split), {plain_setting(), plain_setting()}, folds, 70);
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_EQ(scores[0].validation_loss, 2);
  EXPECT_EQ(scores[1].validation_loss, 7);
  for (std::size_t r = 0; r < 4; ++r) {
    EXPECT_EQ(listed(*trainer.asked[r].rows), listed(folds.outside(static_cast<Index>(r) % 2)));
    EXPECT_EQ(listed(*trainer.asked[r].validation), listed(folds.inside(static_cast<Index>(r) % 2)));
    EXPECT_EQ(trainer.asked[r].seed, 70 + r % 2);
  }
}

TEST(Laboratory, counts_trainings_tells_them_and_ends_where_the_user_wants_to) {
  const Split split = four_and_three_rows();
  AnsweringTrainer trainer;
  trainer.answers = {of_two_epochs()};
  std::vector<std::pair<double, Index>> told;
  Laboratory laboratory(trainer, [&](std::string_view block, double share, Index trainings) {
    EXPECT_EQ(block, "block");
    told.emplace_back(share, trainings);
  });
  laboratory.train("block", views(split), {plateau::Run{}});
  laboratory.train("block", views(split), {plateau::Run{}});
  EXPECT_EQ(told, (std::vector<std::pair<double, Index>>{{0, 0}, {0.5, 0}, {0, 1}, {0.5, 1}}));
  EXPECT_TRUE(laboratory.train("block", views(split), {}).empty());

  trainer.stops_while_it_trains = true;
  EXPECT_THROW(laboratory.train("block", views(split), {plateau::Run{}}), Laboratory::Stopped);
  EXPECT_EQ(laboratory.trainings(), 2);
  EXPECT_THROW(laboratory.train("block", views(split), {plateau::Run{}}), Laboratory::Stopped);
}

TEST(MajorityVote, is_for_the_smaller_of_equals_and_for_none_without_a_vote) {
  EXPECT_EQ(majority_vote({{0, 2, -1, 1}, {0, 1, -1, 1}, {}, {2, -1, -1, 2}}, 4, 3), (Ids{0, 1, -1, 1}));
}

TEST(BalancedAccuracy, is_the_mean_over_the_classes_that_have_rows) {
  const Ids label{0, 0, 0, 0, 2, 2};
  const HostSpan<const std::int32_t> labels{label.data(), 6};
  EXPECT_EQ(balanced_accuracy({0, 0, 0, 1, 2, -1}, labels, 4), (0.75 + 0.5) / 2);
  EXPECT_EQ(balanced_accuracy({0, 0, 0, 0, 0, 0}, labels, 4), 0.5);
  EXPECT_EQ(most_predicted({0, 0, 1, -1}, 3), 0.5);
  EXPECT_EQ(most_predicted({-1, -1}, 3), 0);
}

TEST(StudySeed, keeps_parts_apart_and_leaves_room_to_count) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (std::uint32_t part = 0; part < 12; ++part) {
      seeds.insert(study_seed(seed, part));
      EXPECT_EQ(study_seed(seed, part) & 0xFFFF'FFFF, 0u);
    }
  EXPECT_EQ(seeds.size(), 240u);
}

// ---- Battery --------------------------------------------------------------------------------------------------------

plateau::Run user_run(std::vector<Index> widths, Optimizer optimizer = AdamParameters{.learning_rate = 0.003}) {
  return {.architecture = {std::move(widths)}, .optimizer = optimizer, .epochs = 20, .batch = 0};
}
// What decides a training, as text: two settings of equal key are the same.
std::string key_of(const Run& run) {
  const AdamParameters* adam = std::get_if<AdamParameters>(&run.optimizer);
  return to_string(run.architecture) +
         (adam == nullptr                              ? " sgd "
          : adam->decay_kind == WeightDecay::decoupled ? " adamw "
                                                       : " adam ") +
         std::to_string(learning_rate(run.optimizer)) + " " + std::to_string(weight_decay(run.optimizer)) + " " +
         std::to_string(run.epochs) + " " + std::to_string(run.batch) + " " + std::to_string(run.standardise) + " " +
         std::to_string(run.dropout);
}

TEST(Battery, settings_are_runs_that_differ_from_the_users_and_from_each_other) {
  const std::vector<float> x(90, 0.5f);
  const Split split{.train = labelled(3, x, random_labels(30, 3, 1)), .test = labelled(3, x, random_labels(30, 3, 2))};
  std::vector<plateau::Run> users{user_run({3, 3}), user_run({3, 16, 3}),
                                  user_run({3, 128, 128, 3}, SgdParameters{.learning_rate = 0.01, .momentum = 0.9}),
                                  user_run({3, 1, 3}, AdamParameters{.learning_rate = 0.01, .weight_decay = 0.1})};
  users.push_back(user_run({3, 1, 3}, AdamParameters{.weight_decay = 0.1, .decay_kind = WeightDecay::decoupled}));
  users.push_back(user_run({3, 8, 3}));
  users.back().standardise = true;
  users.back().dropout = 0.3;
  users.back().frozen = 1;
  users.back().initial.emplace(static_cast<std::size_t>(users.back().architecture.parameters()), 0.1f);
  for (const Depth depth : {Depth::quick, Depth::standard, Depth::thorough}) {
    const Battery& battery = battery_of(depth);
    for (const plateau::Run& user : users) {
      for (const std::vector<Setting>& settings :
           {optimisation_settings(user, 30, battery), regularisation_settings(user, battery),
            capacity_settings(user, 30, battery)}) {
        std::set<std::string> keys{key_of(user)}, words;
        for (const Setting& setting : settings) {
          EXPECT_NO_THROW(expects_run(setting.run, views(split))) << setting.what;
          EXPECT_TRUE(keys.insert(key_of(setting.run)).second) << setting.what << ": " << key_of(setting.run);
          EXPECT_TRUE(words.insert(setting.what).second) << setting.what;
          EXPECT_NE(setting.what, "");
        }
        EXPECT_FALSE(settings.empty());
      }
    }
  }
}

TEST(Battery, optimises_the_users_network_as_it_is) {
  plateau::Run user = user_run({3, 8, 3}, SgdParameters{.learning_rate = 0.07, .momentum = 0.9});
  user.frozen = 2;
  user.dropout = 0.25;
  user.initial.emplace(static_cast<std::size_t>(user.architecture.parameters()), 0.1f);
  const Battery& battery = battery_of(Depth::quick);
  std::set<double> raw, scaled;
  for (const Setting& setting : optimisation_settings(user, 30, battery)) {
    EXPECT_EQ(setting.run.architecture.widths, user.architecture.widths);
    EXPECT_EQ(setting.run.frozen, 2u);
    EXPECT_EQ(setting.run.dropout, 0.25);
    EXPECT_TRUE(setting.run.initial.has_value());
    if (std::holds_alternative<SgdParameters>(setting.run.optimizer))
      (setting.run.standardise ? scaled : raw).insert(learning_rate(setting.run.optimizer));
    else
      EXPECT_TRUE(setting.run.standardise);
  }
  EXPECT_FALSE(raw.contains(0.07));
  EXPECT_TRUE(scaled.contains(0.07));  // standardised alone
  for (const double rate : battery.learning_rates) EXPECT_TRUE(raw.contains(10 * rate) && scaled.contains(10 * rate));
}

TEST(Battery, gives_no_other_network_what_fits_the_users_alone) {
  plateau::Run user = user_run({3, 8, 3});
  user.frozen = 1;
  user.initial.emplace(static_cast<std::size_t>(user.architecture.parameters()), 0.1f);
  bool any_larger = false;
  for (const Setting& setting : capacity_settings(user, 30, battery_of(Depth::quick))) {
    EXPECT_NE(setting.run.architecture.widths, user.architecture.widths);
    EXPECT_FALSE(setting.run.initial.has_value());
    EXPECT_EQ(setting.run.frozen, 0u);
    any_larger = any_larger || is_larger(setting.run.architecture, user.architecture);
  }
  EXPECT_TRUE(any_larger);
}

TEST(Battery, holds_back_by_decay_by_dropout_and_by_smaller_networks) {
  const plateau::Run user = user_run({3, 16, 3});
  int decays = 0, dropouts = 0, smaller = 0;
  for (const Setting& setting : regularisation_settings(user, battery_of(Depth::standard))) {
    decays += weight_decay(setting.run.optimizer) > 0;
    dropouts += setting.run.dropout > 0;
    smaller += is_larger(user.architecture, setting.run.architecture);
  }
  EXPECT_GE(decays, 3);
  EXPECT_GE(dropouts, 1);
  EXPECT_GE(smaller, 2);  // a linear model is one of them
  for (const Setting& setting : regularisation_settings(user_run({3, 3}), battery_of(Depth::standard)))
    EXPECT_GT(weight_decay(setting.run.optimizer), 0) << setting.what;
}

TEST(Battery, is_lengthened_to_ten_times_the_steps) {
  const plateau::Run user = user_run({4, 16, 3});
  for (const Index rows : {60, 900, 8000}) {
    const Battery& battery = battery_of(Depth::quick);
    const Setting usual = recipe_settings(user, rows, battery).front();
    for (const auto& settings :
         {recipe_settings(user, rows, lengthened(battery)), capacity_settings(user, rows, lengthened(battery))}) {
      EXPECT_EQ(settings.size(), 2u);
      for (const Setting& longer : settings) {
        EXPECT_EQ(longer.run.batch, usual.run.batch);
        EXPECT_NEAR(static_cast<double>(longer.run.epochs), 10.0 * static_cast<double>(usual.run.epochs),
                    static_cast<double>(usual.run.epochs))
            << rows;
      }
    }
  }
}

TEST(Battery, compares_networks_by_their_parameters) {
  EXPECT_TRUE(is_larger({{2, 3, 2}}, {{2, 2}}));
  EXPECT_FALSE(is_larger({{2, 2}}, {{2, 3, 2}}));
  EXPECT_FALSE(is_larger({{2, 3, 2}}, {{2, 3, 2}}));
  EXPECT_FALSE(is_larger({{20, 1, 20}}, {{20, 20}}));  // deeper, and smaller
}

TEST(Battery, recipe_takes_about_the_steps_it_is_to_take) {
  for (const Index rows : {12, 200, 3000, 50'000}) {
    const plateau::Run run = recipe({}, {{2, 4, 2}}, 0.01, rows, battery_of(Depth::standard));
    const Index steps = run.epochs * ((rows + run.batch - 1) / run.batch);
    EXPECT_LE(std::abs(static_cast<double>(steps) - 2000), 6000) << rows << ": " << steps;
    EXPECT_TRUE(run.standardise);
    EXPECT_LE(run.batch, std::max<Index>(rows, 16));
  }
}

// ---- Signal ---------------------------------------------------------------------------------------------------------

double skill_of(const Ids& labels, const std::vector<std::vector<float>>& probability) {
  SkillSum sum(static_cast<Index>(probability[0].size()));
  for (std::size_t i = 0; i < labels.size(); ++i) sum.add(labels[i], probability[i].data());
  return sum.skill();
}

TEST(SkillSum, of_certain_predictions_is_accuracy_less_agreement_by_chance) {
  const std::vector<float> first{1, 0}, second{0, 1};
  EXPECT_EQ(skill_of({0, 0, 1, 1}, {first, first, second, second}), 0.5);
  EXPECT_EQ(skill_of({0, 0, 1, 1}, {second, second, first, first}), -0.5);
  // 3 of 4 right; by chance 3/4 of class 0 meets 1/2 said so, and 1/4 of class 1 the other 1/2.
  EXPECT_EQ(skill_of({0, 0, 0, 1}, {first, first, second, second}), 0.75 - (0.375 + 0.125));
}

TEST(SkillSum, is_zero_where_what_is_said_has_nothing_to_do_with_the_labels) {
  const std::vector<float> sure{1, 0, 0}, unsure{0.25f, 0.5f, 0.25f};
  EXPECT_EQ(skill_of({0, 0, 0, 1, 2, 2}, std::vector<std::vector<float>>(6, sure)), 0);  // however frequent a class is
  EXPECT_NEAR(skill_of({0, 0, 0, 1, 2, 2}, std::vector<std::vector<float>>(6, unsure)), 0, 1e-15);
  EXPECT_NEAR(skill_of({0, 0, 1, 1}, {{0.75f, 0.25f}, {0.25f, 0.75f}, {0.75f, 0.25f}, {0.25f, 0.75f}}), 0, 1e-15);
}

TEST(SkillSum, turns_points_into_skill_by_how_sure_predictions_are) {
  const auto sureness_of = [](const Ids& labels, const std::vector<std::vector<float>>& probability) {
    SkillSum sum(2);
    for (std::size_t i = 0; i < labels.size(); ++i) sum.add(labels[i], probability[i].data());
    return sum.sureness();
  };
  const std::vector<float> first{1, 0}, second{0, 1}, rather_first{0.75f, 0.25f}, rather_second{0.25f, 0.75f};
  EXPECT_NEAR(sureness_of({0, 0, 1, 1}, {first, second, first, second}), 1, 1e-12);
  EXPECT_NEAR(sureness_of({0, 0, 1, 1}, {rather_first, rather_second, rather_first, rather_second}), 0.5, 1e-12);
  EXPECT_EQ(sureness_of({0, 0, 1, 1}, std::vector<std::vector<float>>(4, rather_first)), 0);
  EXPECT_EQ(sureness_of({0, 0, 0, 0}, {first, second, first, second}), 0);
  // 3 of 4 right are 25 points above chance; said with half the sureness they have half that skill.
  EXPECT_NEAR(skill_of({0, 0, 1, 1}, {rather_first, rather_first, rather_second, rather_first}) / 0.25, 0.5, 1e-12);
}
TEST(MovableLabels, are_those_that_a_permutation_within_groups_is_expected_to_change) {
  struct Case {
    Ids labels, groups;
    double share;
  };
  const std::vector<Case> cases = {
      {{0, 1, 0, 1}, {}, 1},
      {{0, 1, 0, 1}, {3, 3, 3, 3}, 1},
      {{0, 0, 1, 1}, {0, 0, 1, 1}, 0},                    // labels go with the groups
      {{0, 1, 0, 1}, {0, 0, 1, 1}, 1},                    // every group is like all
      {{0, 0, 0, 1, 1, 1}, {0, 0, 0, 0, 1, 1}, 1.5 / 3},  // 4 - (9 + 1) / 4 rows; of all rows 6 - (9 + 9) / 6
      {{0, 0, 0, 0, 0, 1, 1, 1, 1, 0}, {0, 0, 0, 0, 0, 1, 1, 1, 1, 1}, 1.6 / 4.8},
      {{1, 1, 1}, {0, 0, 1}, 0}};  // nothing could be moved
  for (const Case& c : cases) EXPECT_NEAR(movable_share(c.labels, c.groups), c.share, 1e-12);
  EXPECT_THROW(movable_share({0, 1}, {0}), std::invalid_argument);
}
TEST(DetectableSignal, is_that_of_the_permutations_own_spread) {
  const std::vector<double> null = {-0.01, 0.01, -0.01, 0.01};  // deviation 0.01 sqrt(4 / 3)
  const double skill = 2.486474860 * 0.01 * std::sqrt(4.0 / 3);
  EXPECT_NEAR(detectable_signal(null, 1), skill, 1e-9);
  EXPECT_NEAR(detectable_signal(null, 0.25), 4 * skill, 1e-9);
  std::vector<double> raised;
  for (const double value : null)
    raised.push_back(value + 0.2);  // shuffled labels keep a signal: what it hides is not seen
  EXPECT_NEAR(detectable_signal(raised, 1), 0.2 + skill, 1e-9);
  EXPECT_NEAR(detectable_signal({-0.3, -0.3}, 1), 0, 1e-9);
  EXPECT_EQ(detectable_signal({0.01}, 1), 1);
  EXPECT_EQ(detectable_signal(null, 0), 1);
  EXPECT_EQ(detectable_signal(null, 1e-3), 1);
  EXPECT_THROW(detectable_signal({}, 1), std::invalid_argument);
}
TEST(SkillSum, gives_a_row_without_finite_probabilities_no_class) {
  const std::vector<float> first{1, 0}, second{0, 1}, none{std::numeric_limits<float>::quiet_NaN(), 0};
  // Right 2 of 4; by chance 1/2 of class 0 meets 1/4 said so, twice.
  EXPECT_EQ(skill_of({0, 0, 1, 1}, {first, none, second, none}), 0.5 - 2 * 0.5 * 0.25);
  EXPECT_THROW(SkillSum(2).skill(), std::invalid_argument);
}

// ---- Learning curve -------------------------------------------------------------------------------------------------

Difference gain(double value, double half = 0) {
  Difference gain;
  gain.value = value;
  gain.interval = {value - half, value + half};
  gain.standard_error = half / 1.959963984540054;
  return gain;
}
CurveGains gains(double error, Difference before, Difference last) {  // errors that have nothing to do with each other
  const double half = std::hypot(before.interval.high - before.value, last.interval.high - last.value);
  return {.error = error, .last = last, .before = before, .both = gain(before.value + last.value, half)};
}

TEST(PredictGain, follows_a_power_law) {
  for (const double c : {0.5, 0.8, 1.2}) {
    const auto error = [&](double doublings) { return 0.1 + 0.4 * std::pow(2, -c * doublings); };
    const CurveGains seen = gains(error(2), gain(error(0) - error(1)), gain(error(1) - error(2)));
    EXPECT_NEAR(predict_gain(seen, 0, 1).gain, error(2) - error(3), 1e-12);
    EXPECT_NEAR(predict_gain(seen, 0, 0.5).gain, error(2) - error(2.5), 1e-12);
    EXPECT_NEAR(predict_gain(seen, 0.25, 1.25).gain, error(2.25) - error(3.25), 1e-12);
    EXPECT_NEAR(predict_gain(seen, 0, 1).interval.low, error(2) - error(3), 1e-12);
  }
}

// Rows without an error do not show that there is none.
TEST(PredictGain, is_no_more_than_the_error_may_be) {
  CurveGains seen = gains(0, gain(0.05, 0.2), gain(0.04, 0.2));
  EXPECT_EQ(predict_gain(seen, 0, 1).interval.high, 0);
  seen.most_error = 0.02;
  EXPECT_EQ(predict_gain(seen, 0, 1).interval.high, 0.02);
}

TEST(PredictGain, takes_the_usual_share_where_none_is_measured_and_keeps_it_within_reason) {
  const double usual = std::sqrt(0.5);
  EXPECT_NEAR(predict_gain(gains(0.4, gain(-0.01), gain(0.04)), 0, 1).gain, 0.04 * usual, 1e-12);
  EXPECT_NEAR(predict_gain(gains(0.6, gain(0.04), gain(0.08)), 0, 1).gain, 0.08 * 0.85, 1e-12);
  EXPECT_NEAR(predict_gain(gains(0.4, gain(0.08), gain(0.004)), 0, 1).gain, 0.004 * 0.35, 1e-12);
  EXPECT_NEAR(predict_gain({.error = 0.9, .last = gain(0.04)}, 0, 1).gain, 0.04 * (0.35 + 0.85) / 2, 1e-12);
  EXPECT_THROW(predict_gain({.error = 0.4, .last = gain(0.1)}, 1, 1), std::invalid_argument);
  EXPECT_THROW(predict_gain({.error = kNaN, .last = gain(0.1)}, 0, 1), std::invalid_argument);
}

// Two doublings that gain alike go on to no error at all by any share above 0.2 / 0.3: then the gain is what a power
// law to 0 has.
TEST(PredictGain, leaves_no_error_below_none) {
  EXPECT_NEAR(predict_gain(gains(0.2, gain(0.1), gain(0.1)), 0, 1).gain, 0.1 * 0.2 / 0.3, 1e-12);
  EXPECT_NEAR(predict_gain(gains(0.2, gain(-0.1), gain(0.2)), 0, 1).gain, 0.2 * 0.2 / 0.4, 1e-12);
  EXPECT_NEAR(predict_gain(gains(0.001, gain(0.1), gain(0.3)), 0, 1).gain, 0.001, 1e-12);
}

TEST(PredictGain, is_as_unsure_as_the_gains_and_their_share_are) {
  const auto width = [](const Prediction& prediction) { return prediction.interval.high - prediction.interval.low; };
  const Prediction sure = predict_gain(gains(0.4, gain(0.08), gain(0.04)), 0, 1);
  EXPECT_NEAR(width(sure), 0, 1e-12);
  // Of the last gain alone: proportional to it, were the share known; it is not.
  const Prediction last = predict_gain(gains(0.4, gain(0.08), gain(0.04, 0.01)), 0, 1);
  EXPECT_GT(width(last), 1.8 * 0.5 * 0.02);
  // Of the one before, through the share: 0.04^2 / 0.07 and 0.04^2 / 0.09 are its ends.
  const Prediction before = predict_gain(gains(0.4, gain(0.08, 0.01), gain(0.04)), 0, 1);
  EXPECT_NEAR(before.interval.low, 0.0016 / 0.09, 5e-4);
  EXPECT_NEAR(before.interval.high, 0.0016 / 0.07, 5e-4);
  // The size between both doublings is in both: what it has too much one gains and the other loses.
  CurveGains opposed = gains(0.4, gain(0.08, 0.01), gain(0.04, 0.01));
  const double apart = width(predict_gain(opposed, 0, 1));
  opposed.both = gain(0.12, 0.001);
  EXPECT_GT(width(predict_gain(opposed, 0, 1)), 1.1 * apart);
  const Prediction one = predict_gain({.error = 0.9, .last = gain(0.04)}, 0, 1);
  EXPECT_NEAR(one.interval.low, 0.04 * (0.35 + 0.025 * 0.5), 5e-4);
  EXPECT_NEAR(one.interval.high, 0.04 * (0.85 - 0.025 * 0.5), 5e-4);
}

// ---- What is read off predictions -----------------------------------------------------------------------------------

std::optional<LabelMapEvidence> map_of(const Ids& predicted, const Ids& labels, Index classes) {
  return test_label_map(predicted, {labels.data(), static_cast<Index>(labels.size())}, classes, 5);
}

TEST(LabelMap, finds_classes_that_are_exchanged_and_leaves_others_alone) {
  const Ids labels = random_labels(200, 3, 8);
  Ids predicted;
  for (std::size_t i = 0; i < labels.size(); ++i)
    predicted.push_back(i % 10 == 0 ? 0 : labels[i] == 1 ? 2 : labels[i] == 2 ? 1 : 0);
  const std::optional<LabelMapEvidence> exchanged = map_of(predicted, labels, 3);
  EXPECT_EQ(exchanged->best, (Ids{0, 2, 1}));
  EXPECT_GT(exchanged->gain.interval.low, 0.4);
  EXPECT_LE(exchanged->gain.p_greater, 1e-6);
  EXPECT_NEAR(exchanged->recall.gained, 1.8, 0.15);
  EXPECT_EQ(exchanged->recall.lost, 0);

  const std::optional<LabelMapEvidence> same = map_of(labels, labels, 3);
  EXPECT_EQ(same->best, (Ids{0, 1, 2}));
  EXPECT_EQ(same->gain.value, 0);
}

// A network that knows two of three classes, and gives the rows of the third one of them.
TEST(LabelMap, of_a_class_that_is_not_known_is_no_exchange) {
  const Ids labels = random_labels(600, 3, 8);
  Ids predicted;
  for (std::size_t i = 0; i < labels.size(); ++i)
    predicted.push_back(labels[i] == 0 ? 2 : i % 2 == 0 ? labels[i] : 3 - labels[i]);
  const std::optional<LabelMapEvidence> map = map_of(predicted, labels, 3);
  EXPECT_EQ(map->best[2], 0);
  EXPECT_GT(map->gain.interval.low, 0);
  EXPECT_NEAR(map->recall.gained, 1, 0.1);
  EXPECT_NEAR(map->recall.lost, 0.5, 0.15);
  EXPECT_FALSE(map->recall.is_exchange());
}

TEST(LabelMap, of_noise_shows_no_gain_on_rows_that_had_no_part_in_choosing_it) {
  int shown = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed)
    shown += map_of(random_labels(60, 4, seed), random_labels(60, 4, 100 + seed), 4)->gain.interval.low > 0;
  EXPECT_LE(shown, 3);
}

// A cluster's rows all share an exchange that other clusters do not have.
TEST(LabelMap, is_judged_by_clusters_that_had_no_part_in_choosing_it) {
  Ids labels, predicted, ids;
  for (std::int32_t row = 0; row < 120; ++row) {
    labels.push_back(row % 2);
    ids.push_back(row / 20);
    predicted.push_back(ids.back() < 3 ? 1 - row % 2 : row % 2);
  }
  const HostSpan<const std::int32_t> label{labels.data(), 120};
  const std::optional<LabelMapEvidence> rows = test_label_map(predicted, label, 2, 5);
  const std::optional<LabelMapEvidence> clusters = test_label_map(predicted, label, 2, 5, Clusters(ids));
  const auto width = [](const Interval& interval) { return interval.high - interval.low; };
  EXPECT_GT(width(clusters->gain.interval), 2 * width(rows->gain.interval));
  EXPECT_NEAR(clusters->gain.value * 3, std::round(clusters->gain.value * 3), 1e-12);  // three whole clusters judge
  EXPECT_FALSE(test_label_map(predicted, label, 2, 5, Clusters(Ids(120, 1))).has_value());
}

TEST(LabelMap, takes_a_row_without_a_class_for_wrong_and_too_few_rows_for_nothing) {
  const std::optional<LabelMapEvidence> none = map_of(Ids(20, -1), random_labels(20, 2, 1), 2);
  EXPECT_EQ(none->gain.value, 0);
  EXPECT_FALSE(map_of({0, 1, 0}, {1, 0, 1}, 2).has_value());
  EXPECT_FALSE(map_of(Ids(8, 0), Ids(8, 0), 501).has_value());
}

// Half of the rows with a probability of `surest` for class 1, the others with just over a half.
HeldOut held_out_rows(Index rows, float surest) {
  HeldOut held_out;
  for (std::int32_t row = 0; row < rows; ++row) {
    held_out.row.push_back(row);
    const float p = row % 2 == 0 ? surest : 0.55f;
    held_out.probability.insert(held_out.probability.end(), {1 - p, p});
  }
  return held_out;
}

TEST(LabelNoise, is_as_frequent_where_a_network_is_sure_and_overlap_is_not) {
  Ids flipped(400, 1), overlapping(400, 1);
  for (std::size_t row = 0; row < 400; ++row) {
    if (row % 5 == 0) flipped[row] = 0;                     // a fifth, on either half
    if (row % 2 == 1 && row % 5 < 2) overlapping[row] = 0;  // among the unsure rows alone
  }
  const std::optional<NoiseEvidence> noise = test_label_noise(held_out_rows(400, 0.99f), flipped, 2);
  EXPECT_DOUBLE_EQ(noise->disagreement, 0.2);
  EXPECT_DOUBLE_EQ(noise->confident_disagreement, 0.2);
  EXPECT_DOUBLE_EQ(noise->noise_rate, 0.2);
  EXPECT_EQ(noise->suspects.size(), 50u);
  EXPECT_LT(noise->confident_interval.low, 0.2);
  EXPECT_NEAR(noise->surest_disagreement, 0.2, 0.05);
  for (std::size_t i = 0; i < 40; ++i) {  // the surest of them first
    const SuspectRow& suspect = noise->suspects[i];
    EXPECT_EQ(suspect.row % 10, 0);
    EXPECT_EQ(flipped[at(suspect.row)], 0);
    EXPECT_EQ(suspect.given, 1);
    EXPECT_FLOAT_EQ(static_cast<float>(suspect.probability), 0.99f);
    EXPECT_FLOAT_EQ(static_cast<float>(suspect.label_probability), 1 - 0.99f);
  }

  Ids ids;
  for (std::int32_t row = 0; row < 400; ++row) ids.push_back(row % 5);  // one of them is wrong as a whole
  const Interval clustered = test_label_noise(held_out_rows(400, 0.99f), flipped, 2, Clusters(ids))->confident_interval;
  EXPECT_LT(clustered.low, 0.05);
  EXPECT_GT(noise->confident_interval.low, 0.14);

  const std::optional<NoiseEvidence> overlap = test_label_noise(held_out_rows(400, 0.99f), overlapping, 2);
  EXPECT_DOUBLE_EQ(overlap->disagreement, 0.2);
  EXPECT_EQ(overlap->confident_disagreement, 0);
  EXPECT_FALSE(test_label_noise(held_out_rows(38, 0.9f), Ids(38, 1), 2).has_value());
}

TEST(HeldOut, is_the_mean_over_repeats_of_what_is_finite) {
  const Dataset data = numbered({0, 1, 0, 1});
  const Folds folds(data, 2, 0);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto result = [](std::vector<float> probability, RunOutcome outcome = RunOutcome::finished) {
    return RunResult{.outcome = outcome, .predictions = {{}, {.predicted = {}, .probability = std::move(probability)}}};
  };
  const HeldOut held_out = held_out_probabilities({result({0.25f, 0.75f, 0.5f, 0.5f}),
                                                   result({1, 0, 0, 1}),
                                                   result({0.75f, 0.25f, nan, 0.5f}),
                                                   {.outcome = RunOutcome::diverged}},
                                                  1, folds, 4, 2);
  ASSERT_EQ(held_out.row, (Ids{0, 1, 2, 3}));
  const auto of_row = [&](std::int32_t row) {
    return std::vector<float>{held_out.probability[at(2 * row)], held_out.probability[at(2 * row + 1)]};
  };
  EXPECT_EQ(of_row(folds.rows_inside(0)[0]), (std::vector<float>{0.5f, 0.5f}));
  EXPECT_EQ(of_row(folds.rows_inside(0)[1]), (std::vector<float>{0.5f, 0.5f}));
  EXPECT_EQ(of_row(folds.rows_inside(1)[0]), (std::vector<float>{1, 0}));
  const RunResult diverged{.outcome = RunOutcome::diverged};
  EXPECT_EQ(held_out_probabilities({result({1, 0, 1, 0}), diverged}, 1, folds, 4, 2).row, folds.rows_inside(0));
}

Judged judged_rows(const std::vector<std::vector<std::uint8_t>>& trainings, const Ids& clusters = {}) {
  Judged judged{.setting = {}, .right = RowOutcomes(static_cast<Index>(trainings[0].size()), Clusters(clusters))};
  for (const std::vector<std::uint8_t>& right : trainings) judged.right.add(right);
  return judged;
}

TEST(CompareBalance, is_of_the_mean_recall) {
  Ids label(100, 0);
  std::fill(label.begin() + 80, label.end(), 1);
  std::vector<std::uint8_t> one_class(100, 0), both(100, 1);
  std::fill(one_class.begin(), one_class.begin() + 80, 1);  // always class 0
  std::fill(both.begin(), both.begin() + 20, 0);            // 60 of 80, and all 20
  const HostSpan<const std::int32_t> labels{label.data(), 100};
  const BalanceEvidence found =
      compare_balance(judged_rows({one_class, one_class}), judged_rows({both, both}), labels, 3);
  EXPECT_DOUBLE_EQ(found.balanced_accuracy, (0.75 + 1) / 2);
  EXPECT_DOUBLE_EQ(found.gain.value, (0.75 + 1) / 2 - 0.5);
  EXPECT_GT(found.gain.interval.low, 0.25);
  EXPECT_LT(found.gain.interval.high, 0.5);
  EXPECT_LE(compare_balance(judged_rows({both}), judged_rows({both}), labels, 2).gain.interval.low, 0);

  // Of five clusters one holds the rare class: that recall is one cluster's.
  Ids ids;
  for (std::int32_t row = 0; row < 100; ++row) ids.push_back(row / 20);
  const auto of = [&](const Ids& clusters) {
    return compare_balance(judged_rows({one_class, one_class}, clusters), judged_rows({both, both}, clusters), labels,
                           2);
  };
  EXPECT_EQ(of(ids).gain.value, of({}).gain.value);
  EXPECT_GT(of(ids).gain.standard_error, 2 * of({}).gain.standard_error);
}

}  // namespace
}  // namespace plateau::test::diagnosis_parts_test
