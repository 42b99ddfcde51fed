// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What is chosen on folds by losses that are made up.
#include "plateau/study/choice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "plateau/model/forwarding_trainer.hpp"
#include "support/datasets.hpp"

namespace plateau::test::choice_test {
namespace {

using Loss = std::function<double(const plateau::Run& run, Index epoch)>;  // after this epoch, from 0

// Trains nothing: a validation loss is what it is told, a training loss half of it.
class TellingTrainer final : public ForwardingTrainer {
 public:
  TellingTrainer(Trainer& trainer, Loss loss) : ForwardingTrainer(trainer), loss_(std::move(loss)) {}
  std::vector<RunResult> train_fleet(const TrainingData&, const std::vector<plateau::Run>& runs,
                                     const FleetObserver&) override {
    std::vector<RunResult> results;
    for (const plateau::Run& run : runs) {
      asked.push_back(run);
      RunResult& result = results.emplace_back();
      for (Index epoch = 0; epoch < run.epochs; ++epoch) {
        const double loss = loss_(run, epoch);
        result.history.push_back(
            {.train_loss = loss / 2, .train_accuracy = 0.5, .validation_loss = loss, .validation_accuracy = loss / 4});
      }
      const auto best = std::ranges::min_element(result.history, {}, &EpochRecord::validation_loss);
      result.best_epoch = best - result.history.begin();
    }
    return results;
  }
  std::vector<plateau::Run> asked;

 private:
  Loss loss_;
};

plateau::Run user_run() {
  return {.architecture = {{2, 8, 2}}, .optimizer = AdamParameters{.learning_rate = 0.002}, .epochs = 5};
}

struct Chosen {
  ChosenSteps choice;
  std::vector<plateau::Run> asked;
};
Chosen chosen(const plateau::Run& own, const Loss& loss, bool longer = false) {
  const std::vector<float> x(40, 0.5f);
  std::vector<std::int32_t> labels(20);
  for (std::size_t row = 0; row < labels.size(); ++row) labels[row] = static_cast<std::int32_t>(row % 2);
  const Split split{.train = labelled(2, x, labels), .test = labelled(2, x, labels)};
  CpuTrainer cpu({});
  TellingTrainer trainer(cpu, loss);
  Laboratory laboratory(trainer);
  const Folds folds(split.train, 2, 0);
  ChosenSteps choice = choose_settings(laboratory, views(split), own, folds, battery_of(Depth::quick), longer, 0);
  return {std::move(choice), std::move(trainer.asked)};
}

// The user's loss is 1; so is that of everything else, unless it is told otherwise.
TEST(ChooseSettings, takes_what_has_a_lower_loss_and_starts_the_next_step_from_it) {
  plateau::Run own = user_run();
  own.frozen = 0b01;
  own.initial = FlatParameters(42, 0.5f);
  const Chosen free = chosen(own, [](const plateau::Run& run, Index) { return run.frozen == 0 ? 0.5 : 1.0; });
  ASSERT_TRUE(free.choice.unfrozen && free.choice.drawn);
  EXPECT_TRUE(free.choice.unfrozen->taken);
  EXPECT_TRUE(free.choice.unfrozen->setting.run.initial.has_value());
  EXPECT_FALSE(free.choice.drawn->taken);  // no better than that
  // Accuracies are a quarter of the losses here.
  EXPECT_DOUBLE_EQ(free.choice.unfrozen->fold_gain, (0.5 - 1.0) / 4);
  EXPECT_DOUBLE_EQ(free.choice.drawn->fold_gain, 0);
  EXPECT_DOUBLE_EQ(free.choice.larger->fold_gain, 0);
  EXPECT_EQ(free.choice.drawn->setting.run.frozen, 0u);
  EXPECT_EQ(free.choice.regularised->setting.run.frozen, 0u);

  const Chosen frozen = chosen(own, [](const plateau::Run& run, Index) { return run.frozen == 0 ? 2.0 : 1.0; });
  EXPECT_FALSE(frozen.choice.unfrozen->taken);
  EXPECT_EQ(frozen.choice.drawn->setting.run.frozen, 0b01u);
  const Chosen plain = chosen(user_run(), [](const plateau::Run&, Index) { return 1.0; });
  EXPECT_FALSE(plain.choice.unfrozen || plain.choice.drawn);
}

TEST(ChooseSettings, takes_a_smaller_network_only_where_it_is_the_best_of_all) {
  const auto by_size = [](double smaller, double larger) {
    return chosen(user_run(),
                  [=](const plateau::Run& run, Index) {
                    const Index parameters = run.architecture.parameters(), own = user_run().architecture.parameters();
                    return parameters < own ? smaller : parameters > own ? larger : 1.0;
                  })
        .choice;
  };
  EXPECT_TRUE(by_size(0.5, 0.6).regularised->taken);  // a smaller one of the user's kind holds it back
  EXPECT_TRUE(by_size(0.7, 0.6).larger->taken);
  EXPECT_FALSE(by_size(0.7, 0.6).smaller.has_value());
  EXPECT_FALSE(by_size(2, 2).larger->taken);
}

// Without looking at the last epoch, which is not the one that is kept.
TEST(ChooseSettings, judges_what_stops_early_by_the_epoch_that_it_keeps) {
  plateau::Run own = user_run();
  own.patience = 2;
  // All are best after their second epoch and worse later, but for what has no patience.
  const Chosen stopping = chosen(
      own, [](const plateau::Run& run, Index epoch) { return run.patience > 0 ? (epoch == 1 ? 0.5 : 3.0) : 1.0; });
  EXPECT_EQ(stopping.choice.regularised->setting.run.patience, 2);
  EXPECT_EQ(stopping.choice.regularised->setting.what.find("stopped after"), std::string::npos);
  EXPECT_FALSE(stopping.choice.larger->taken);
}

// The loss is the learning rate, and so the lowest rate that is tried of a network is its best.
TEST(ChooseSettings, has_every_network_on_a_ladder_by_the_rate_that_is_best_for_it) {
  const auto rate = [](const plateau::Run& run) { return learning_rate(run.optimizer); };
  const Chosen by_rate = chosen(user_run(), [&](const plateau::Run& run, Index) { return rate(run); });
  std::map<std::string, double> lowest;
  std::map<std::string, Index> parameters;
  for (const plateau::Run& run : by_rate.asked) {
    if (learning_rate(run.optimizer) <= 0 || weight_decay(run.optimizer) > 0 || run.dropout > 0) continue;
    const std::string name = to_string(run.architecture);
    const auto known = lowest.emplace(name, rate(run)).first;
    known->second = std::min(known->second, rate(run));
    parameters[name] = run.architecture.parameters();
  }
  const std::vector<LadderRung>& ladder = by_rate.choice.ladder;
  ASSERT_GT(ladder.size(), 3u);
  EXPECT_EQ(ladder.front().architecture, "2-2");
  EXPECT_EQ(std::ranges::count(ladder, true, &LadderRung::users), 1);
  for (std::size_t i = 0; i < ladder.size(); ++i) {
    const LadderRung& rung = ladder[i];
    EXPECT_EQ(rung.users, rung.architecture == "2-8-2");
    EXPECT_EQ(rung.validation_accuracy, std::vector<double>(2, lowest.at(rung.architecture) / 4)) << rung.architecture;
    EXPECT_EQ(rung.train_accuracy, std::vector<double>(2, 0.5));
    if (i > 0) {
      EXPECT_LE(parameters.at(ladder[i - 1].architecture), parameters.at(rung.architecture));
    }
  }
}

TEST(ChooseSettings, of_more_steps_takes_what_needs_them_alone) {
  const Index usual = recipe_settings(user_run(), 20, battery_of(Depth::quick)).front().run.epochs;
  const auto late = [usual](Index best) {
    return [=](const plateau::Run& run, Index epoch) { return run.epochs > usual && epoch == best ? 0.1 : 1.0; };
  };
  const Chosen needs = chosen(user_run(), late(usual + 10), true);
  EXPECT_EQ(needs.choice.larger->setting.run.epochs, usual + 11);
  EXPECT_EQ(chosen(user_run(), late(usual + 10), false).choice.larger->taken, false);
  // The loss of the last epoch is what tells whether it fits the training rows better.
  const auto falling = [usual](const plateau::Run& run, Index epoch) {
    return run.epochs > usual ? 1.0 - 1e-4 * static_cast<double>(epoch) : 1.0;
  };
  const ChosenSteps longer = chosen(user_run(), falling, true).choice;
  EXPECT_GT(longer.optimised->setting.run.epochs, usual);
  EXPECT_FALSE(longer.regularised.has_value());
  EXPECT_FALSE(chosen(user_run(), late(usual - 1), true).choice.optimised.has_value());
}

}  // namespace
}  // namespace plateau::test::choice_test
