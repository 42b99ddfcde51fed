// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/model_search.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

namespace plateau::model_search_test {
namespace {

constexpr Index kRows = 60;

Dataset rows() {
  Dataset data{.columns = 2, .values = HostBuffer<float>(2 * kRows, 1.0f), .classes = numbered_classes(2)};
  for (Index i = 0; i < kRows; ++i) data.labels.push_back(static_cast<std::int32_t>(i % 2));
  return data;
}
const Split kSplit{.train = rows(), .test = rows()};
const Run kUser{.architecture = {{2, 6, 2}}, .epochs = 50};

// Trains nothing: the validation loss is how far the learning rate lies from 0.01, in powers of ten, and lowest after
// ten epochs. With a decay from 1 on it diverges, where that is asked for.
class RateTrainer final : public Trainer {
 public:
  bool decay_diverges = false, all_diverge = false;
  std::vector<std::size_t> fleets;
  std::set<std::uint64_t> seeds;

  RunResult train(const Run&, const TrainingData&, const Checkpoints&, const RunObserver&) override {
    throw std::logic_error("a fleet is wanted");
  }
  std::vector<RunResult> train_fleet(const TrainingData&, const std::vector<Run>& runs, const FleetObserver&) override {
    fleets.push_back(runs.size());
    std::vector<RunResult> results;
    for (const Run& run : runs) {
      seeds.insert(run.seed);
      RunResult& result = results.emplace_back();
      const double loss = std::abs(std::log10(learning_rate(run.optimizer)) + 2);
      for (Index epoch = 0; epoch < run.epochs; ++epoch)
        result.history.push_back({.validation_loss = loss + (epoch == 9 ? 0 : 5)});
      if (all_diverge || (decay_diverges && weight_decay(run.optimizer) >= 1)) result.outcome = RunOutcome::diverged;
    }
    return results;
  }
  void for_each(Index, const std::function<void(Index, Trainer&)>&) override { throw std::logic_error("not wanted"); }
  SplitStatistics statistics(const TrainingData&, Index) override { return {}; }
  Predictions predict(const TrainedNetwork&, HostMatrix<const float>) override { return {}; }
  Neighbours neighbours(HostMatrix<const float>, HostMatrix<const float>, Index,
                        HostSpan<const std::int32_t>) override {
    return {};
  }
  bool stop_requested() const override { return false; }
};

std::optional<SearchResult> search(RateTrainer& trainer, Index budget, std::uint64_t seed = 7) {
  Laboratory laboratory(trainer);
  const Folds folds(kSplit.train, 3, 1);
  const std::optional<SearchResult> found =
      search_settings(laboratory, "search", views(kSplit), kUser, battery_of(Depth::quick), folds, budget, seed);
  EXPECT_EQ(found ? found->trainings : laboratory.trainings(), laboratory.trainings());
  return found;
}

TEST(SearchRungs, take_no_more_than_the_budget_and_nearly_all_of_it) {
  EXPECT_EQ(search_rungs(13, 3), (std::vector<Index>{9, 3, 1}));
  EXPECT_EQ(search_rungs(100, 1), (std::vector<Index>{100}));
  EXPECT_EQ(search_rungs(3, 3), (std::vector<Index>{1, 1, 1}));
  EXPECT_TRUE(search_rungs(2, 3).empty());
  EXPECT_TRUE(search_rungs(0, 3).empty());
  for (Index folds = 1; folds <= 6; ++folds)
    for (Index budget = folds; budget < 120; ++budget) {
      const std::vector<Index> rungs = search_rungs(budget, folds);
      ASSERT_EQ(static_cast<Index>(rungs.size()), folds);
      const Index sum = std::accumulate(rungs.begin(), rungs.end(), Index{0});
      EXPECT_LE(sum, budget);
      EXPECT_GE(sum + folds, budget);  // one setting more takes one training more on every fold, at most
    }
}

TEST(RandomSettings, are_runs_of_the_users_task_that_differ_and_come_again) {
  const Battery& battery = battery_of(Depth::standard);
  std::set<std::string> seen;
  bool user_network = false;
  for (Index number = 0; number < 200; ++number) {
    const Setting setting = random_setting(kUser, kRows, battery, 7, number);
    const plateau::Run run = setting.run;
    ASSERT_NO_THROW(expects_run(run, views(kSplit))) << setting.what;
    const double rate = learning_rate(run.optimizer);
    EXPECT_GE(rate, 1e-4);
    EXPECT_LE(rate, 0.1);
    EXPECT_LE(run.batch, kRows / 2);
    EXPECT_EQ(setting.what, random_setting(kUser, kRows, battery, 7, number).what);
    user_network = user_network || run.architecture.widths == kUser.architecture.widths;
    seen.insert(setting.what);
  }
  EXPECT_GT(seen.size(), 190u);
  EXPECT_TRUE(user_network);
  EXPECT_NE(random_setting(kUser, kRows, battery, 7, 0).what, random_setting(kUser, kRows, battery, 8, 0).what);
}

TEST(SearchSettings, halves_to_the_best_and_stops_it_at_its_best_epoch) {
  RateTrainer trainer;
  const std::optional<SearchResult> found = search(trainer, 60);
  ASSERT_TRUE(found);
  EXPECT_EQ(trainer.fleets, (std::vector<std::size_t>{41, 14, 5}));
  EXPECT_EQ(found->settings, 41);
  EXPECT_EQ(found->trainings, 60);
  EXPECT_EQ(trainer.seeds.size(), 3u);  // one per fold
  double nearest = 10;
  for (Index number = 0; number < 41; ++number) {
    const Setting setting = random_setting(kUser, kRows, battery_of(Depth::quick), 7, number);
    nearest = std::min(nearest, std::abs(std::log10(learning_rate(setting.run.optimizer)) + 2));
  }
  EXPECT_DOUBLE_EQ(std::abs(std::log10(learning_rate(found->best.run.optimizer)) + 2), nearest);
  EXPECT_EQ(found->best.run.epochs, 10);
  EXPECT_NE(found->best.what.find("stopped after 10 epochs"), std::string::npos) << found->best.what;
}

TEST(SearchSettings, passes_over_what_diverges) {
  RateTrainer trainer;
  trainer.decay_diverges = true;
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
    const std::optional<SearchResult> found = search(trainer, 20, seed);
    ASSERT_TRUE(found);
    EXPECT_LT(weight_decay(found->best.run.optimizer), 1);
  }
  trainer.all_diverge = true;
  EXPECT_FALSE(search(trainer, 20));
  EXPECT_FALSE(search(trainer, 2));  // too few for one setting
}

}  // namespace
}  // namespace plateau::model_search_test
