// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/remedies.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>

#include "plateau/core/error.hpp"
#include "plateau/model/forwarding_trainer.hpp"
#include "plateau/study/comparisons.hpp"
#include "support/cases.hpp"
#include "support/datasets.hpp"

namespace plateau::remedies_test {
namespace {

using test::random_values;

// Two features in [-1, 1), of which the sign of the first is the class, flipped with a probability; then shown as
// scale * x + offset.
Dataset rows(Index count, double flips, std::uint64_t seed, double scale = 1, double offset = 0) {
  const std::vector<double> place = random_values(count * 2, -1.0f, 1.0f, seed);
  const std::vector<double> chance = random_values(count, 0.0f, 1.0f, seed + 1000);
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < count; ++i) {
    const double first = place[static_cast<std::size_t>(2 * i)], second = place[static_cast<std::size_t>(2 * i + 1)];
    labels.push_back((first > 0) != (chance[static_cast<std::size_t>(i)] < flips));
    x.push_back(static_cast<float>(scale * first + offset));
    x.push_back(static_cast<float>(scale * second + offset));
  }
  return test::labelled(2, x, labels);
}

// Memorises flipped labels.
RemediesConfiguration memorising(std::vector<Remedy> only) {
  return {.run = {.architecture = {{2, 64, 2}}, .optimizer = AdamParameters{.learning_rate = 0.03}, .epochs = 300},
          .depth = Depth::quick,
          .seed = 3,
          .only = std::move(only)};
}
const Split kFlipped{.train = rows(60, 0.2, 1), .test = rows(500, 0.2, 2)};

std::optional<RemediesResult> study(const Split& split, const RemediesConfiguration& configuration) {
  CpuTrainer trainer({.workers = 2});
  return remedies(split, configuration, trainer);
}
const RemedyRow& row(const RemediesResult& result, Remedy remedy) {
  return *std::ranges::find(result.table.rows, remedy, &RemedyRow::remedy);
}

TEST(RemediesStudy, finds_that_holding_back_helps_a_network_that_memorises) {
  const auto result = study(kFlipped, memorising({Remedy::larger_network, Remedy::early_stopping, Remedy::jitter}));
  ASSERT_TRUE(result);
  EXPECT_GT(result->table.baseline.train_accuracy, 0.95);
  EXPECT_EQ(row(*result, Remedy::early_stopping).state, RemedyState::helps) << result->advice;
  EXPECT_NE(row(*result, Remedy::larger_network).state, RemedyState::helps);
  EXPECT_EQ(result->table.rows.front().remedy, Remedy::early_stopping);
  EXPECT_NE(result->advice.find("What helps most is stopped after"), std::string::npos) << result->advice;
  EXPECT_EQ(exit_code_of(result->table), 0);
  EXPECT_EQ(row(*result, Remedy::placebo).state, RemedyState::control);
  EXPECT_EQ(result->table.rows.size(), 4u);
}

TEST(RemediesStudy, finds_that_scaling_alone_helps_where_the_scale_is_the_fault) {
  const Split split{.train = rows(100, 0.05, 1, 0.5, 300), .test = rows(500, 0.05, 2, 0.5, 300)};
  RemediesConfiguration configuration{.run = {.architecture = {{2, 8, 2}}, .epochs = 40},
                                      .depth = Depth::quick,
                                      .seed = 3,
                                      .only = {Remedy::optimisation, Remedy::weight_decay, Remedy::dropout}};
  const auto result = study(split, configuration);
  ASSERT_TRUE(result);
  for (const RemedyRow& of : result->table.rows)
    EXPECT_EQ(of.state == RemedyState::helps, of.remedy == Remedy::optimisation) << to_string(of.remedy);
  EXPECT_NE(row(*result, Remedy::optimisation).chosen.find("standardised"), std::string::npos);
}

TEST(RemediesStudy, counts_its_trainings_and_gives_the_search_as_many) {
  const std::vector<Remedy> only{Remedy::weight_decay, Remedy::dropout, Remedy::ensemble, Remedy::pair,
                                 Remedy::model_selection};
  const auto result = study(kFlipped, memorising(only));
  ASSERT_TRUE(result);
  const Battery& battery = battery_of(Depth::quick);
  Index others = 0, all = result->table.baseline_cost.trainings;
  for (const RemedyRow& of : result->table.rows) {
    all += of.cost.trainings;
    if (of.remedy != Remedy::model_selection && of.remedy != Remedy::placebo) others += of.cost.trainings;
  }
  EXPECT_EQ(all + result->table.ranking_cost.trainings, result->trainings);
  EXPECT_EQ(row(*result, Remedy::weight_decay).cost.trainings, 2 * battery.folds + battery.seeds);
  EXPECT_EQ(row(*result, Remedy::ensemble).cost.trainings, 0);
  EXPECT_LE(row(*result, Remedy::model_selection).cost.trainings, others);
  EXPECT_GE(row(*result, Remedy::model_selection).cost.trainings + battery.folds, others);
  EXPECT_EQ(result->test_looks, 1 + 2 + 1 + 1 + 1 + 1);  // baseline, two remedies, vote, pair, search, placebo
  const RemedyRow& pair = row(*result, Remedy::pair);
  EXPECT_NE(pair.chosen.find("weight decay"), std::string::npos) << pair.chosen;
  EXPECT_NE(pair.chosen.find("dropout"), std::string::npos) << pair.chosen;
}

TEST(RemediesStudy, comes_out_the_same_again) {
  const RemediesConfiguration configuration =
      memorising({Remedy::smaller_network, Remedy::early_stopping, Remedy::mixup, Remedy::pair, Remedy::more_data});
  CpuTrainer one({.workers = 1});
  const auto first = remedies(kFlipped, configuration, one), second = study(kFlipped, configuration);
  ASSERT_TRUE(first && second);
  ASSERT_EQ(first->table.rows.size(), second->table.rows.size());
  EXPECT_EQ(first->advice, second->advice);
  for (std::size_t i = 0; i < first->table.rows.size(); ++i) {
    const RemedyRow &a = first->table.rows[i], &b = second->table.rows[i];
    EXPECT_EQ(a.chosen, b.chosen);
    EXPECT_EQ(a.gain().value, b.gain().value);
    EXPECT_EQ(a.gain().interval.low, b.gain().interval.low);
    EXPECT_EQ(a.adjusted_p, b.adjusted_p);
  }
  EXPECT_EQ(first->table.curve->at_twice, second->table.curve->at_twice);
  EXPECT_EQ(row(*first, Remedy::more_data).gain().value, first->table.curve->at_twice);
}

// Trains as the CPU does, and notes the seeds of what is judged and of what trains outside a fold.
class NotingTrainer final : public ForwardingTrainer {
 public:
  NotingTrainer() : ForwardingTrainer(cpu_) {}
  std::vector<std::set<std::uint64_t>> judged;  // of every fleet of judged trainings
  std::set<std::uint64_t> chosen_by;
  std::vector<double> validated;     // of every fleet outside folds: mean validation accuracy after the last epochs
  std::optional<double> best_decay;  // where there is one, the validation loss is how far the weight decay is from it

  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<plateau::Run>& runs,
                                     const FleetObserver& observer) override {
    if (!runs.front().validation) judged.emplace_back();
    for (const plateau::Run& run : runs) (run.validation ? chosen_by : judged.back()).insert(run.seed);
    std::vector<RunResult> results = cpu_.train_fleet(data, runs, observer);
    for (std::size_t r = 0; best_decay && r < runs.size(); ++r)
      for (EpochRecord& epoch : results[r].history)
        epoch.validation_loss = std::abs(weight_decay(runs[r].optimizer) - *best_decay);
    if (runs.front().validation) validated.push_back(mean_validation_accuracy(results));
    return results;
  }

 private:
  static double mean_validation_accuracy(const std::vector<RunResult>& results) {
    double sum = 0;
    for (const RunResult& result : results) sum += result.history.back().validation_accuracy;
    return sum / static_cast<double>(results.size());
  }

  CpuTrainer cpu_{{.workers = 2}};
};

RemediesConfiguration steady(std::vector<Remedy> only) {
  return {.run = {.architecture = {{2, 4, 2}}, .optimizer = AdamParameters{.learning_rate = 0.03}, .epochs = 60},
          .depth = Depth::quick,
          .seed = 5,
          .only = std::move(only)};
}

TEST(RemediesStudy, judges_by_fresh_seeds_which_remedies_share_with_the_baseline_and_the_placebo_does_not) {
  NotingTrainer trainer;
  const auto result = remedies(kFlipped, steady({Remedy::weight_decay, Remedy::pair, Remedy::mixup}), trainer);
  ASSERT_TRUE(result);
  const std::size_t fleets = trainer.judged.size();
  ASSERT_GE(fleets, 5u);  // the baseline, perhaps again with more seeds; three remedies; the placebo
  const std::set<std::uint64_t>&seeds = trainer.judged[fleets - 2], &others = trainer.judged.back();
  EXPECT_EQ(static_cast<Index>(seeds.size()), result->table.baseline.trainings);
  EXPECT_EQ(others.size(), seeds.size());
  for (std::size_t fleet = fleets - 5; fleet + 1 < fleets; ++fleet) EXPECT_EQ(trainer.judged[fleet], seeds);
  for (const std::uint64_t seed : seeds) {
    EXPECT_FALSE(trainer.chosen_by.contains(seed));
    EXPECT_FALSE(others.contains(seed));
  }
}

TEST(RemediesStudy, chooses_by_the_lowest_validation_loss) {
  for (const char* const decay : {"0.1", "1"}) {  // the first and the last of the quick battery
    NotingTrainer trainer;
    trainer.best_decay = std::stod(decay);
    const auto result = remedies(kFlipped, steady({Remedy::weight_decay}), trainer);
    ASSERT_TRUE(result);
    EXPECT_EQ(row(*result, Remedy::weight_decay).chosen, std::string("weight decay ") + decay + ", decoupled");
    EXPECT_EQ(row(*result, Remedy::weight_decay).settings, 2);
  }
}

TEST(RemediesStudy, pairs_what_has_the_lowest_validation_loss_together) {
  NotingTrainer trainer;
  trainer.best_decay = 1;  // so that of three pairs the one without weight decay is the worst, and comes last
  const auto result =
      remedies(kFlipped, steady({Remedy::weight_decay, Remedy::dropout, Remedy::mixup, Remedy::pair}), trainer);
  ASSERT_TRUE(result);
  EXPECT_EQ(row(*result, Remedy::pair).chosen, "weight decay 1, decoupled, dropout 0.3");
  EXPECT_EQ(row(*result, Remedy::pair).settings, 1 + 3 + 3);
}

TEST(RemediesStudy, chooses_nothing_by_test_rows) {
  const RemediesConfiguration configuration =
      steady({Remedy::weight_decay, Remedy::early_stopping, Remedy::pair, Remedy::model_selection});
  const Split others{.train = rows(60, 0.2, 1), .test = rows(200, 0.45, 77)};
  const auto one = study(kFlipped, configuration), other = study(others, configuration);
  ASSERT_TRUE(one && other);
  for (const Remedy remedy : configuration.only)
    EXPECT_EQ(row(*one, remedy).chosen, row(*other, remedy).chosen) << to_string(remedy);
  EXPECT_NE(one->table.baseline.test_accuracy, other->table.baseline.test_accuracy);
}

// Of several that help: by folds and seeds that nothing has been chosen by, and as far as the test rows tell.
TEST(RemediesStudy, names_first_of_those_that_help_what_held_out_rows_favour) {
  NotingTrainer trainer;
  const auto result = remedies(kFlipped, memorising({Remedy::early_stopping, Remedy::smaller_network}), trainer);
  ASSERT_TRUE(result);
  const RemedyRow &stopped = row(*result, Remedy::early_stopping), &smaller = row(*result, Remedy::smaller_network);
  ASSERT_TRUE(stopped.helps_accuracy() && smaller.helps_accuracy()) << result->advice;
  ASSERT_TRUE(stopped.held_out_accuracy && smaller.held_out_accuracy);
  const RemedyRow* const top = top_of(result->table);
  std::vector<double> held_out;  // of folds that have as many rows each
  for (const RemedyRow& of : result->table.rows)
    if (of.held_out_accuracy) held_out.push_back(*of.held_out_accuracy);
  ASSERT_EQ(held_out.size(), 2u);
  EXPECT_NEAR(held_out[0], trainer.validated.end()[-2], 1e-9);
  EXPECT_NEAR(held_out[1], trainer.validated.end()[-1], 1e-9);
  const RemedyRow& best = *stopped.held_out_accuracy > *smaller.held_out_accuracy ? stopped : smaller;
  const RemedyRow& second = &best == &stopped ? smaller : stopped;
  EXPECT_EQ(best_held_out(result->table), &best);
  ASSERT_TRUE(second.behind_best);
  EXPECT_FALSE(best.behind_best || best.level_with_best);
  EXPECT_NEAR(second.behind_best->value, *best.held_out_accuracy - *second.held_out_accuracy, 1e-12);
  EXPECT_GT(second.behind_best->interval.high, second.behind_best->value);
  EXPECT_EQ(top, second.level_with_best ? &smaller : &best);  // which is the smaller change
  const RemedyRow& other = top == &stopped ? smaller : stopped;
  EXPECT_FALSE(top->behind_top);
  ASSERT_TRUE(other.behind_top);
  EXPECT_EQ(second.level_with_best, holds_zero(*second.behind_best) && holds_zero(*other.behind_top));
  EXPECT_NEAR(other.behind_top->value, top->gain().value - other.gain().value, 1e-12);
  const Battery& battery = battery_of(Depth::quick);
  EXPECT_EQ(result->table.ranking_cost.trainings, 2 * 5 * battery.folds);
  // Ten seeds of their own: neither a choice nor the test rows have them.
  EXPECT_EQ(trainer.chosen_by.size(), static_cast<std::size_t>(battery.folds + 5 * battery.folds));
  for (const std::set<std::uint64_t>& fleet : trainer.judged)
    for (const std::uint64_t seed : fleet) EXPECT_FALSE(trainer.chosen_by.contains(seed));
}

TEST(RemediesStudy, says_which_rows_and_weights_a_remedy_has_that_the_training_has_not) {
  RemediesConfiguration configuration = steady({Remedy::optimisation, Remedy::larger_network});
  configuration.run.epochs = 3;
  configuration.run.patience = 1;
  configuration.run.optimizer = AdamParameters{.learning_rate = 1e-6};
  configuration.run.initial =
      FlatParameters(static_cast<std::size_t>(configuration.run.architecture.parameters()), 0.1f);
  const auto result = study(kFlipped, configuration);
  ASSERT_TRUE(result);
  const std::string recipe = row(*result, Remedy::optimisation).chosen;
  EXPECT_NE(recipe.find("in batches of 16"), std::string::npos) << recipe;  // at 1e-6 nothing else trains in 3 epochs
  EXPECT_NE(recipe.find(" (also: trains on all rows)"), std::string::npos) << recipe;
  const std::string larger = row(*result, Remedy::larger_network).chosen;
  EXPECT_NE(larger.find(" (also: starts from drawn weights)"), std::string::npos) << larger;
}

TEST(RemediesStudy, tries_to_free_and_to_draw_anew_what_a_training_freezes_and_starts_from) {
  RemediesConfiguration configuration = steady({Remedy::unfrozen, Remedy::drawn_weights, Remedy::jitter, Remedy::pair});
  configuration.run.initial =
      FlatParameters(static_cast<std::size_t>(configuration.run.architecture.parameters()), 0.1f);
  configuration.run.frozen = 0b1;  // of which all units are alike
  const auto result = study(kFlipped, configuration);
  ASSERT_TRUE(result);
  EXPECT_EQ(row(*result, Remedy::unfrozen).chosen, "no layer frozen");
  EXPECT_EQ(row(*result, Remedy::drawn_weights).chosen, "drawn weights (also: freezes no layer)");
  for (const Remedy remedy : {Remedy::unfrozen, Remedy::drawn_weights})
    EXPECT_EQ(row(*result, remedy).state, RemedyState::helps);
  EXPECT_EQ(row(*result, Remedy::pair).settings, 3 + 3);  // of jitter on top of each; these two are one
}

TEST(RemediesStudy, says_why_a_remedy_is_not_tried) {
  RemediesConfiguration linear{
      .run = {.architecture = {{2, 2}}, .optimizer = AdamParameters{.learning_rate = 1e-4}, .epochs = 5},
      .depth = Depth::quick,
      .only = {Remedy::dropout, Remedy::smaller_network, Remedy::early_stopping, Remedy::pair, Remedy::model_selection,
               Remedy::class_weights}};
  linear.run.class_weights = {.balanced = true};
  auto result = study(kFlipped, linear);
  ASSERT_TRUE(result);
  for (const RemedyRow& of : result->table.rows) {
    if (of.remedy == Remedy::placebo || of.remedy == Remedy::model_selection) continue;
    EXPECT_EQ(of.state, RemedyState::not_tried) << to_string(of.remedy);
    EXPECT_FALSE(of.chosen.empty()) << to_string(of.remedy);
  }
  linear.run.patience = 2;
  linear.only = {Remedy::early_stopping};
  result = study(kFlipped, linear);
  EXPECT_EQ(row(*result, Remedy::early_stopping).chosen, "the training stops early as it is");
}

TEST(RemediesStudy, judges_class_weights_by_balanced_accuracy) {
  Split split{.train = rows(120, 0.3, 1), .test = rows(400, 0.3, 2)};
  for (Dataset* part : {&split.train, &split.test})  // nine of ten rows become one class
    for (std::size_t i = 0; i < part->labels.size(); ++i)
      if (i % 5 != 0) part->labels[i] = 0;
  RemediesConfiguration configuration{
      .run = {.architecture = {{2, 2}}, .optimizer = AdamParameters{.learning_rate = 0.01}, .epochs = 100},
      .depth = Depth::quick,
      .only = {Remedy::class_weights}};
  const auto result = study(split, configuration);
  ASSERT_TRUE(result);
  const RemedyRow& weights = row(*result, Remedy::class_weights);
  EXPECT_TRUE(weights.balanced);
  EXPECT_EQ(weights.state, RemedyState::trade_off);
  EXPECT_NEAR(weights.accuracy_gain.value, weights.setting.test_accuracy - result->table.baseline.test_accuracy, 1e-12);
  EXPECT_LT(weights.accuracy_gain.interval.high, 0);
  EXPECT_EQ(exit_code_of(result->table), 0);  // nothing is open, and nothing helps
  EXPECT_NEAR(result->table.baseline.balanced_accuracy, 0.5, 0.01);
}

TEST(RemediesStudy, ends_where_the_user_wants_an_end) {
  const std::atomic<bool> stop{true};
  CpuTrainer trainer({.workers = 1, .stop = &stop});
  EXPECT_FALSE(remedies(kFlipped, memorising({}), trainer));
}

TEST(RemediesStudy, refuses_rows_that_leave_nothing_to_compare) {
  const auto refused = [](const Split& split) {
    try {
      study(split, steady({Remedy::ensemble}));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const Split few{.train = rows(9, 0, 1), .test = rows(50, 0, 2)};
  EXPECT_EQ(refused(few),
            "rows: 9 rows are too few to compare anything; bring at least 10 to train on and 10 to test with");
  Split one{.train = rows(30, 0, 1), .test = rows(50, 0, 2)};
  std::ranges::fill(one.test.labels, 1);
  EXPECT_EQ(refused(one).find("rows: all 50 test rows have one class"), 0u) << refused(one);
  Split constant{.train = rows(30, 0, 1), .test = rows(50, 0, 2)};
  std::fill_n(constant.train.values.view().data, constant.train.values.size(), 2.5f);
  EXPECT_EQ(refused(constant),
            "rows: no feature varies over the 30 training rows, so there is nothing to learn from them");
  constant.train.values.view().data[59] = 3;
  EXPECT_EQ(refused(constant), "");
}

TEST(RemediesStudy, refuses_a_pair_and_a_search_without_what_they_are_made_from) {
  NotingTrainer trainer;
  const auto refused = [&](std::vector<Remedy> only) {
    try {
      remedies(kFlipped, steady(std::move(only)), trainer);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const std::vector<Remedy>& only :
       {std::vector{Remedy::pair}, std::vector{Remedy::pair, Remedy::dropout, Remedy::ensemble},
        std::vector{Remedy::pair, Remedy::larger_network, Remedy::smaller_network, Remedy::unfrozen}})
    EXPECT_EQ(refused(only).find("--only pair: a pair is made from two other remedies"), 0u) << refused(only);
  for (const std::vector<Remedy>& only :
       {std::vector{Remedy::model_selection}, std::vector{Remedy::model_selection, Remedy::class_weights}}) {
    EXPECT_EQ(refused(only).find("--only model-selection: the search takes"), 0u) << refused(only);
    EXPECT_TRUE(refused(only).ends_with("early-stopping,jitter,mixup")) << refused(only);
  }
  EXPECT_TRUE(trainer.judged.empty());
}

// Three trainings on two rows with classes 0 and 1.
Judged three_votes() {
  Judged judged{.right = RowOutcomes(2)};
  for (const std::vector<float>& p :
       std::vector<std::vector<float>>{{0.9f, 0.1f, 0.6f, 0.4f}, {0.4f, 0.6f, 0.1f, 0.9f}, {0.2f, 0.8f, NAN, NAN}})
    judged.results.push_back({.predictions = {{.predicted = {}, .probability = p}}});
  return judged;
}

TEST(VoteOutcomes, follow_from_mean_probabilities) {
  const std::vector<std::int32_t> label{0, 1};
  const HostSpan<const std::int32_t> labels{label.data(), 2};
  RowOutcomes votes = vote_outcomes(three_votes(), 2, labels, 2);  // the third is left over
  ASSERT_EQ(votes.trainings(), 1);
  EXPECT_TRUE(votes(0, 0));  // 1.3 against 0.7, though each class has one vote
  EXPECT_TRUE(votes(0, 1));

  votes = vote_outcomes(three_votes(), 1, labels, 2);
  ASSERT_EQ(votes.trainings(), 3);
  EXPECT_EQ(votes.training_accuracy(), (std::vector<double>{0.5, 0.5, 0}));  // no numbers: no class

  Judged judged = three_votes();
  judged.results[0].outcome = RunOutcome::diverged;
  votes = vote_outcomes(judged, 3, labels, 2);
  EXPECT_FALSE(votes(0, 0));
  EXPECT_TRUE(votes(0, 1));
}

}  // namespace
}  // namespace plateau::remedies_test
