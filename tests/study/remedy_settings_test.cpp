// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/remedy_settings.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace plateau::remedy_settings_test {
namespace {

const Run kOwn{.architecture = {{3, 8, 2}}, .optimizer = AdamParameters{.learning_rate = 0.01}, .epochs = 50};

std::vector<std::string> words(const std::vector<Setting>& settings) {
  std::vector<std::string> all;
  for (const Setting& setting : settings) all.push_back(setting.what);
  return all;
}

TEST(RemedySettings, of_optimisation_have_a_cosine_schedule_or_none_where_there_is_one) {
  const std::vector<Setting> cosine = schedule_settings(kOwn);
  EXPECT_EQ(words(cosine), (std::vector<std::string>{"cosine schedule from learning rate 0.01",
                                                     "cosine schedule from learning rate 0.03"}));
  for (const Setting& setting : cosine) EXPECT_EQ(setting.run.schedule, Schedule::cosine);
  EXPECT_DOUBLE_EQ(learning_rate(cosine[0].run.optimizer), 0.01);

  plateau::Run falling = kOwn;
  falling.schedule = Schedule::cosine;
  EXPECT_EQ(words(schedule_settings(falling)), std::vector<std::string>{"constant learning rate"});
  EXPECT_EQ(schedule_settings(falling)[0].run.schedule, Schedule::constant);

  const Battery& battery = battery_of(Depth::quick);
  const std::vector<std::string> all = words(remedy_settings(Remedy::optimisation, kOwn, 100, battery));
  EXPECT_EQ(all.size(), optimisation_settings(kOwn, 100, battery).size() + 4);
  EXPECT_EQ(all[all.size() - 3], cosine.back().what);
}

TEST(RemedySettings, of_optimisation_have_three_and_ten_times_the_epochs) {
  const std::vector<Setting> longer = longer_settings(kOwn);
  EXPECT_EQ(words(longer), (std::vector<std::string>{"150 epochs", "500 epochs"}));
  EXPECT_EQ(longer[1].run.epochs, 500);
  EXPECT_EQ(words(remedy_settings(Remedy::optimisation, kOwn, 100, battery_of(Depth::quick))).back(), "500 epochs");
  plateau::Run longest = kOwn;
  longest.epochs = kMaxEpochs / 5;
  EXPECT_EQ(longer_settings(longest).size(), 1u);
}

TEST(RemedySettings, take_away_what_the_training_has) {
  plateau::Run run = kOwn;
  run.dropout = 0.2;
  run.jitter = 0.1;
  run.mixup = 0.4;
  std::get<AdamParameters>(run.optimizer).weight_decay = 0.5;
  const Battery& battery = battery_of(Depth::quick);
  for (const auto& [remedy, none] : {std::pair{Remedy::dropout, "no dropout"},
                                     {Remedy::jitter, "no jitter"},
                                     {Remedy::mixup, "no mixup"},
                                     {Remedy::weight_decay, "no weight decay"}}) {
    EXPECT_EQ(remedy_settings(remedy, run, 100, battery).back().what, none);
    EXPECT_NE(remedy_settings(remedy, kOwn, 100, battery).back().what, none);
  }
  EXPECT_TRUE(remedy_settings(Remedy::ensemble, run, 100, battery).empty());
}

TEST(RemedySettings, free_frozen_layers_and_draw_weights_anew_only_where_there_are_some) {
  plateau::Run run = kOwn;
  run.frozen = 0b1;
  run.initial = FlatParameters{};
  const Battery& battery = battery_of(Depth::quick);
  const std::vector<Setting> unfrozen = remedy_settings(Remedy::unfrozen, run, 100, battery);
  ASSERT_EQ(words(unfrozen), std::vector<std::string>{"no layer frozen"});
  EXPECT_EQ(unfrozen[0].run.frozen, 0u);
  EXPECT_TRUE(unfrozen[0].run.initial);
  EXPECT_EQ(also_changed(run, unfrozen[0]), "");
  const std::vector<Setting> drawn = remedy_settings(Remedy::drawn_weights, run, 100, battery);
  ASSERT_EQ(words(drawn), std::vector<std::string>{"drawn weights"});
  EXPECT_FALSE(drawn[0].run.initial);
  EXPECT_EQ(also_changed(run, drawn[0]), "freezes no layer");
  for (const Remedy remedy : {Remedy::unfrozen, Remedy::drawn_weights}) {
    EXPECT_TRUE(applies(remedy, run));
    EXPECT_FALSE(applies(remedy, kOwn));
    EXPECT_TRUE(remedy_settings(remedy, kOwn, 100, battery).empty());
  }
}

Candidates scored(Remedy remedy, std::vector<FoldScore> scores) {
  Candidates candidates{remedy, {}, std::move(scores)};
  for (std::size_t i = 0; i < candidates.scores.size(); ++i) candidates.settings.push_back({std::to_string(i), kOwn});
  return candidates;
}

TEST(RemedyChoice, is_of_the_lowest_loss_that_the_remedy_ends_with) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<FoldScore> scores{{.validation_loss = 0.5, .best_loss = 0.3, .best_epochs = 9},
                                      {.validation_loss = 0.4, .best_loss = 0.4, .best_epochs = 50},
                                      {.validation_loss = kInfinity, .best_loss = 0.2, .best_epochs = 50},
                                      {.validation_loss = NAN, .best_loss = NAN, .best_epochs = 3}};
  EXPECT_EQ(choice_of(scored(Remedy::dropout, scores)).setting.what, "1");
  EXPECT_EQ(choice_of(scored(Remedy::early_stopping, scores)).setting.what, "0, stopped after 9 epochs");
  EXPECT_FALSE(choice_of(scored(Remedy::dropout, {scores[2], scores[3]})).is_made());
  EXPECT_FALSE(choice_of(scored(Remedy::early_stopping, {scores[1]})).is_made());
  Candidates stops = scored(Remedy::dropout, scores);  // by its best epoch, where the training stops early
  for (Setting& setting : stops.settings) setting.run.patience = 5;
  EXPECT_EQ(choice_of(stops).setting.what, "2");
}

TEST(AlsoChanged, says_what_the_words_of_a_setting_do_not) {
  plateau::Run own = kOwn;
  own.optimizer = SgdParameters{.learning_rate = 0.1, .weight_decay = 0.01};
  own.schedule = Schedule::cosine;
  own.batch = 8;
  own.order = RowOrder::as_stored;
  own.patience = 5;
  own.dropout = 0.1;
  own.jitter = 0.1;
  own.mixup = 0.1;
  own.frozen = 1;
  own.initial = FlatParameters{};
  EXPECT_EQ(also_changed(own, {"", own}), "");
  plateau::Run other = kOwn;
  other.batch = 16;
  EXPECT_EQ(also_changed(own, {"Adam", other}),
            "trains on all rows, starts from drawn weights, freezes no layer, no weight decay, no dropout, no jitter, "
            "no mixup, constant learning rate, shuffled batches");
  EXPECT_EQ(also_changed(kOwn, {"Adam", other}), "");
  plateau::Run without = own;
  without.dropout = 0;
  EXPECT_EQ(also_changed(own, {"no dropout", without}), "");
  EXPECT_EQ(also_changed(own, {"jitter 0.2", without}), "no dropout");
}

}  // namespace
}  // namespace plateau::remedy_settings_test
