// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/remedy_table.hpp"

#include <gtest/gtest.h>

#include "support/remedies.hpp"

namespace plateau::remedy_table_test {
namespace {

using namespace test;

TEST(Remedies, have_names_that_read_back) {
  for (int i = 0; i < kRemedies; ++i) {
    const auto remedy = static_cast<Remedy>(i);
    EXPECT_EQ(remedy_named(to_string(remedy)), remedy);
  }
  EXPECT_EQ(remedy_named("homeopathy"), std::nullopt);
}

TEST(RemedyState, follows_from_gain_interval_and_adjusted_p) {
  struct Case {
    double value, low, high, p, p_worse;
    RemedyState state;
  };
  for (const Case& c :
       std::vector<Case>{{0.03, 0.01, 0.05, 0.01, 1, RemedyState::helps},
                         {0.01, 0.001, 0.02, 0.05, 1, RemedyState::helps},  // delta, and the level, to the last digit
                         {0.0099, 0.001, 0.02, 0.01, 1, RemedyState::unresolved},  // less than delta is not worth it
                         {0.03, 0.01, 0.05, 0.051, 1, RemedyState::unresolved},    // one of many
                         {0.03, 0, 0.06, 0.01, 1, RemedyState::unresolved},        // the interval must lie above 0
                         {0.005, 0.001, 0.0099, 0.01, 1, RemedyState::no_effect},  // shown, but small
                         {0, -0.02, 0.0099, 1, 1, RemedyState::no_effect},
                         {0, -0.02, 0.01, 1, 1, RemedyState::unresolved},  // delta is not ruled out
                         {-0.03, -0.05, -0.01, 1, 0.01, RemedyState::hurts},
                         {-0.01, -0.02, -0.001, 1, 0.05, RemedyState::hurts},  // held to the same as what helps
                         {-0.0099, -0.02, -0.001, 1, 0.01, RemedyState::no_effect},
                         {-0.03, -0.05, -0.01, 1, 0.051, RemedyState::no_effect},
                         {-0.03, -0.06, 0, 1, 0.01, RemedyState::no_effect},
                         {kNaN, kNaN, kNaN, kNaN, kNaN, RemedyState::unresolved},
                         {0.03, 0.01, 0.05, kNaN, 1, RemedyState::unresolved},
                         {-0.03, -0.05, -0.01, 1, kNaN, RemedyState::no_effect},
                         {0.03, kNaN, 0.05, 0.01, 1, RemedyState::unresolved}})
    EXPECT_EQ(state_of({{c.value, {c.low, c.high}}}, c.p, c.p_worse, 0.01), c.state)
        << c.value << " [" << c.low << ", " << c.high << "] " << c.p << " " << c.p_worse;
}

TEST(NeededRowsAndTrainings, settle_a_gain_as_it_is_seen) {
  // All variance is the rows': half of what is left is theirs. (2.8016 * 0.02 / 0.01)^2 * 2 = 62.79 times the rows.
  Difference gain = gain_of(0.005, 0.02);
  std::optional<Needed> needed = needed_for(gain, 1000, 20, 0.01, 1);
  ASSERT_TRUE(needed);
  EXPECT_NEAR(static_cast<double>(needed->test_rows), 62790, 10);
  EXPECT_EQ(needed->trainings, 20);

  gain.error_of_trainings = 0.02;  // and now none of it
  needed = needed_for(gain, 1000, 20, 0.01, 1);
  ASSERT_TRUE(needed);
  EXPECT_EQ(needed->test_rows, 1000);
  EXPECT_NEAR(static_cast<double>(needed->trainings), 62.79 * 20, 1);

  // A gain of -0.02 is 0.03 below delta; one of 0.04 must be told from 0 at 5 % of ten remedies: z.995 + z.8 = 3.4174.
  EXPECT_NEAR(static_cast<double>(needed_for(gain_of(-0.02, 0.02), 1000, 20, 0.01, 10)->test_rows), 6977, 3);
  EXPECT_NEAR(static_cast<double>(needed_for(gain_of(0.04, 0.02), 1000, 20, 0.01, 10)->test_rows), 5840, 3);

  EXPECT_FALSE(needed_for(gain_of(0.5, 0.01), 1000, 20, 0.01, 10));  // there are enough
  EXPECT_FALSE(needed_for(gain_of(0.005, kNaN), 1000, 20, 0.01, 1));
  EXPECT_FALSE(needed_for({{kNaN, {}}, 0.02}, 1000, 20, 0.01, 1));
}

TEST(DecideRemedies, adjusts_for_the_remedies_alone_and_sorts_by_gain) {
  const RemedyTable table =
      decided({judged(Remedy::dropout, gain_of(0.03, 0.01, 0.02)), not_tried(Remedy::mixup),
               placebo(gain_of(0.01, 0.01, 0.001)), judged(Remedy::weight_decay, gain_of(0.05, 0.01, 0.01)),
               more_data(gain_of(0.02, 0.01, 0.003)), judged(Remedy::ensemble, gain_of(-0.01, 0.01, 0.9))});

  EXPECT_EQ(order(table), (std::vector<Remedy>{Remedy::weight_decay, Remedy::dropout, Remedy::more_data,
                                               Remedy::placebo, Remedy::ensemble, Remedy::mixup}));
  // Holm over three: 3 * 0.01, 2 * 0.02, 0.9.
  EXPECT_DOUBLE_EQ(table.rows[0].adjusted_p, 0.03);
  EXPECT_DOUBLE_EQ(table.rows[1].adjusted_p, 0.04);
  EXPECT_DOUBLE_EQ(table.rows[4].adjusted_p, 0.9);
  EXPECT_EQ(table.rows[0].state, RemedyState::helps);
  EXPECT_EQ(table.rows[1].state, RemedyState::helps);
  EXPECT_EQ(table.rows[2].state, RemedyState::predicted);
  EXPECT_EQ(table.rows[3].state, RemedyState::control);
  EXPECT_EQ(table.rows[4].state, RemedyState::no_effect);
  EXPECT_EQ(table.rows[5].state, RemedyState::not_tried);
}

TEST(DecideRemedies, asks_more_of_each_of_many) {
  std::vector<RemedyRow> rows{judged(Remedy::dropout, gain_of(0.03, 0.01, 0.02))};
  EXPECT_EQ(decided(rows).rows[0].state, RemedyState::helps);
  for (const Remedy remedy : {Remedy::weight_decay, Remedy::jitter, Remedy::mixup})
    rows.push_back(judged(remedy, gain_of(0, 0.02, 0.5)));
  const RemedyTable table = decided(rows);
  EXPECT_EQ(table.rows[0].state, RemedyState::unresolved);  // 4 * 0.02
  EXPECT_TRUE(table.rows[0].needed);
}

// -0.03 of 0.01 is 3 standard errors, whose p-value of 0.002 is not small among 30.
TEST(DecideRemedies, asks_as_much_of_harm_as_of_help) {
  std::vector<RemedyRow> rows{judged(Remedy::dropout, gain_of(-0.03, 0.01, 0.998))};
  EXPECT_EQ(decided(rows).rows[0].state, RemedyState::hurts);
  EXPECT_DOUBLE_EQ(decided(rows).rows[0].adjusted_p_worse, 1 - 0.998);
  for (int i = 0; i < 29; ++i) rows.push_back(judged(Remedy::jitter, gain_of(0, 0.02, 0.5)));
  const RemedyTable table = decided(rows);
  EXPECT_EQ(find(table, Remedy::dropout)->state, RemedyState::no_effect);
  EXPECT_NEAR(find(table, Remedy::dropout)->adjusted_p_worse, 30 * 0.002, 1e-12);
}

TEST(DecideRemedies, puts_what_is_no_number_behind_every_number) {
  const RemedyTable table = decided({judged(Remedy::dropout, gain_of(kNaN, kNaN, kNaN)), not_tried(Remedy::mixup),
                                     judged(Remedy::jitter, gain_of(-0.5, 0.01, 1))});
  EXPECT_EQ(order(table), (std::vector<Remedy>{Remedy::jitter, Remedy::dropout, Remedy::mixup}));
  EXPECT_EQ(table.rows[1].state, RemedyState::unresolved);
}

TEST(DecideRemedies, balanced_accuracy_helps_where_it_costs_no_accuracy_and_stands_behind_what_does) {
  struct Case {
    Difference accuracy;
    RemedyState state;
    int exit_code;
  };
  for (const Case& c : std::vector<Case>{{gain_of(0, 0.002), RemedyState::helps, 0},
                                         {gain_of(-0.005, 0.002), RemedyState::helps, 0},  // shown, but less than delta
                                         {gain_of(-0.005, 0.004), RemedyState::trade_off, 3},  // may be delta
                                         {gain_of(-0.15, 0.01), RemedyState::trade_off, 3},
                                         {gain_of(kNaN, kNaN), RemedyState::trade_off, 3}}) {
    const RemedyTable table =
        decided({balanced(gain_of(0.2, 0.01, 1e-9), c.accuracy), judged(Remedy::mixup, kOpen), placebo(kSmall)});
    EXPECT_EQ(order(table), (std::vector<Remedy>{Remedy::placebo, Remedy::mixup, Remedy::class_weights}));
    EXPECT_EQ(table.rows[2].state, c.state) << c.accuracy.value;
    EXPECT_EQ(exit_code_of(table), c.exit_code) << c.accuracy.value;
    EXPECT_EQ(top_of(table), nullptr);
  }
  // What is open of the balance leaves the exit code alone where it may cost accuracy.
  EXPECT_EQ(exit_code_of(decided({balanced(kOpen, gain_of(0, 0.002)), judged(Remedy::mixup, kSmall)})), 3);
  EXPECT_EQ(exit_code_of(decided({balanced(kOpen, gain_of(-0.1, 0.02)), judged(Remedy::mixup, kSmall)})), 0);
}

TEST(TopRemedy, is_the_best_on_held_out_rows_among_those_that_help) {
  RemedyTable table = decided({held_out(judged(Remedy::pair, gain_of(0.06, 0.01, 1e-6)), 0.90),
                               held_out(judged(Remedy::dropout, gain_of(0.05, 0.01, 1e-6)), 0.91),
                               held_out(judged(Remedy::mixup, gain_of(0.04, 0.01, 1e-6)), 0.89),
                               held_out(judged(Remedy::jitter, kOpen), 0.99)});
  EXPECT_EQ(top_of(table)->remedy, Remedy::dropout);
  table.rows[0].held_out_accuracy = 0.92;
  EXPECT_EQ(top_of(table)->remedy, Remedy::pair);
  EXPECT_EQ(top_of(table, true)->remedy, Remedy::dropout);
  for (RemedyRow& row : table.rows) row.held_out_accuracy.reset();
  EXPECT_EQ(top_of(table)->remedy, Remedy::pair);  // the largest gain
  EXPECT_EQ(top_of(decided({judged(Remedy::jitter, kOpen)})), nullptr);
}

TEST(TopRemedy, is_the_smallest_change_of_those_that_are_level_with_the_best) {
  RemedyTable table = decided({held_out(judged(Remedy::pair, gain_of(0.07, 0.01, 1e-6)), 0.92),
                               held_out(judged(Remedy::larger_network, gain_of(0.06, 0.01, 1e-6)), 0.91),
                               held_out(judged(Remedy::optimisation, gain_of(0.05, 0.01, 1e-6)), 0.90),
                               held_out(judged(Remedy::mixup, gain_of(0.04, 0.01, 1e-6)), 0.89)});
  EXPECT_EQ(top_of(table)->remedy, Remedy::pair);
  EXPECT_EQ(top_of(table, true)->remedy, Remedy::larger_network);
  table.rows[3].level_with_best = true;
  EXPECT_EQ(top_of(table)->remedy, Remedy::mixup);
  EXPECT_EQ(top_of(table, true)->remedy, Remedy::mixup);  // which is level with the pair, as the others are not
  table.rows[1].level_with_best = table.rows[2].level_with_best = true;
  EXPECT_EQ(top_of(table)->remedy, Remedy::optimisation);
  EXPECT_EQ(best_held_out(table)->remedy, Remedy::pair);
  table.rows[2].state = RemedyState::unresolved;
  EXPECT_EQ(top_of(table)->remedy, Remedy::larger_network);
}

TEST(TopRemedy, is_level_with_those_whose_difference_holds_0) {
  RemedyRow row = judged(Remedy::jitter, kHelps);
  EXPECT_FALSE(is_level_with_top(row));
  for (const auto& [behind, level] : {std::pair{gain_of(0.01, 0.01), true},
                                      {gain_of(-0.01, 0.01), true},
                                      {gain_of(0.03, 0.01), false},
                                      {gain_of(-0.03, 0.01), false}}) {
    row.behind_top = behind;
    EXPECT_EQ(is_level_with_top(row), level) << behind.value;
  }
}

TEST(Placebo, would_be_called_helpful_by_the_rule_for_remedies) {
  EXPECT_TRUE(placebo_helps(decided({placebo(gain_of(0.03, 0.01, 0.002))})));
  EXPECT_FALSE(placebo_helps(decided({placebo(gain_of(0.03, 0.02, 0.07))})));
  EXPECT_FALSE(placebo_helps(decided({placebo(gain_of(-0.03, 0.01, 0.99))})));
  EXPECT_FALSE(placebo_helps(decided({placebo(gain_of(0.009, 0.001, 0.001))})));
}

TEST(RowsPerPoint, follow_from_the_predicted_gain) {
  RemedyTable table = decided({});
  EXPECT_FALSE(rows_per_point(table));
  table.curve = CurveEvidence{.at_twice = 0.02, .at_twice_interval = {0.01, 0.03}};
  EXPECT_DOUBLE_EQ(*rows_per_point(table), 150);
  for (const double low : {0.0, -0.054, kNaN}) {
    table.curve->at_twice_interval.low = low;
    EXPECT_FALSE(rows_per_point(table)) << low;
  }
}

}  // namespace
}  // namespace plateau::remedy_table_test
