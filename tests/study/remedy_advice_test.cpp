// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/remedy_advice.hpp"

#include <gtest/gtest.h>

#include "support/remedies.hpp"

namespace plateau::remedy_advice_test {
namespace {

using namespace test;

TEST(RemedyAdvice, names_what_helps_most_what_it_is_level_with_and_the_best_single_change) {
  RemedyTable table = decided({judged(Remedy::dropout, kHelps), judged(Remedy::jitter, kOpen)});
  EXPECT_EQ(advice(table),
            "What helps most is setting of dropout: +5.0 points [+3.0, +7.0], better in 17 of 20 trainings");
  EXPECT_EQ(exit_code_of(table), 0);

  table = decided({held_out(judged(Remedy::model_selection, gain_of(0.06, 0.01, 1e-6)), 0.9),
                   held_out(judged(Remedy::dropout, kHelps), 0.8), judged(Remedy::jitter, kOpen)});
  table.rows[1].behind_top = gain_of(0.01, 0.01);
  table.rows[2].behind_top = gain_of(0.06, 0.01);
  EXPECT_EQ(advice(table),
            "What helps most is setting of model-selection: +6.0 points [+4.0, +8.0], better in 17 of 20 trainings; of "
            "the 2 remedies that help it has the highest accuracy on held-out training rows; the test rows do not tell "
            "it from dropout; of single changes setting of dropout comes first: +5.0 points [+3.0, +7.0]");
}

TEST(RemedyAdvice, names_the_smaller_change_of_two_that_are_level) {
  RemedyTable table = decided({held_out(judged(Remedy::larger_network, gain_of(0.06, 0.01, 1e-6)), 0.9),
                               held_out(judged(Remedy::optimisation, kHelps), 0.89)});
  table.rows[1].level_with_best = true;
  EXPECT_EQ(advice(table),
            "What to try first is setting of optimisation: +5.0 points [+3.0, +7.0], better in 17 of 20 trainings; of "
            "the 2 remedies that help larger-network has the highest accuracy on held-out training rows, but neither "
            "these nor the test rows tell the two apart, and optimisation is the smaller change");
}

TEST(RemedyAdvice, calls_nothing_what_helps_most_where_the_test_rows_show_another_to_be_ahead) {
  RemedyTable table =
      decided({held_out(judged(Remedy::pair, gain_of(0.2, 0.01, 1e-6)), 0.7),
               held_out(judged(Remedy::optimisation, gain_of(0.18, 0.01, 1e-6)), 0.8),
               held_out(judged(Remedy::dropout, kHelps), 0.9),
               held_out(judged(Remedy::jitter, gain_of(0.04, 0.01, 1e-6)), 0.6), judged(Remedy::mixup, kOpen)});
  table.rows[0].behind_top = gain_of(-0.15, 0.01);
  table.rows[1].behind_top = gain_of(-0.13, 0.01);
  table.rows[3].behind_top = gain_of(0.01, 0.01);
  table.rows[4].behind_top = gain_of(-0.1, 0.01);  // it is not shown to help
  EXPECT_EQ(advice(table),
            "By held-out training rows, what to try first is setting of dropout: +5.0 points [+3.0, +7.0], better in "
            "17 of 20 trainings; but the test rows show pair to be ahead of it by +15.0 points [+13.0, +17.0], and "
            "optimisation as well; of the 4 remedies that help it has the highest accuracy on held-out training rows; "
            "the test rows do not tell it from jitter");
  table.rows[0].behind_top = table.rows[1].behind_top = gain_of(-0.01, 0.01);
  EXPECT_EQ(advice(table).find("What helps most is setting of dropout"), 0u) << advice(table);
}

TEST(RemedyAdvice, gives_both_accuracies_of_class_weights) {
  const RemedyRow costly = balanced(gain_of(0.2, 0.01, 1e-9), gain_of(-0.15, 0.01));
  EXPECT_EQ(advice(decided({costly})),
            "Class weights raise the balanced accuracy by +20.0 points [+18.0, +22.0], and cost accuracy: -15.0 points "
            "[-17.0, -13.0]; that trades one for the other and is not counted as help");
  const std::string both = advice(decided({costly, judged(Remedy::dropout, kHelps)}));
  EXPECT_EQ(both.find("What helps most is setting of dropout"), 0u) << both;
  EXPECT_TRUE(says(both, ". Class weights raise the balanced accuracy")) << both;
  EXPECT_TRUE(says(advice(decided({balanced(gain_of(0.2, 0.01, 1e-9), gain_of(0.001, 0.002))})),
                   ", and change the accuracy by +0.1 points [-0.3, +0.5]"));
  EXPECT_TRUE(says(advice(decided({balanced(gain_of(0.2, 0.01, 1e-9), gain_of(0.001, 0.02))})),
                   ", and may cost 1.0 points of accuracy or more: +0.1 points"));
}

TEST(RemedyAdvice, mixes_no_points_of_accuracy_with_points_of_balanced_accuracy) {
  // The balanced one has the larger gain and is open too; it is neither counted nor named as the largest.
  const RemedyTable table = decided(
      {balanced(gain_of(0.05, 0.04, 0.2), gain_of(0, 0.001)), judged(Remedy::dropout, gain_of(0.004, 0.02, 0.4))});
  EXPECT_TRUE(
      says(advice(table), "open whether 1 of them gains 1.0 points; the largest gain is seen of setting of dropout"))
      << advice(table);
  EXPECT_FALSE(says(advice(table), "balanced")) << advice(table);
  // Where all else is decided it is said.
  EXPECT_TRUE(says(advice(decided({balanced(kOpen, gain_of(0, 0.001)), judged(Remedy::dropout, kSmall)})),
                   ". It is open whether class weights raise the balanced accuracy by 1.0 points"));
}

TEST(RemedyAdvice, says_whether_nothing_helps_or_that_is_open) {
  const RemedyTable nothing =
      decided({judged(Remedy::dropout, kSmall), judged(Remedy::mixup, gain_of(-0.05, 0.01, 1)), more_data(kHelps)});
  EXPECT_EQ(
      advice(nothing),
      "Stop tuning: nothing that was tried gains 1.0 points of accuracy; twice the training rows would gain about "
      "+5.0 points [+3.0, +7.0]");
  EXPECT_EQ(exit_code_of(nothing), 0);

  // What was not tried may help, what was not asked for as well, and where nothing was there is nothing to say.
  const RemedyTable some = decided({judged(Remedy::dropout, kSmall), not_tried(Remedy::mixup)});
  EXPECT_EQ(advice(some), "It is ruled out that the one remedy that was tried gains 1.0 points of accuracy");
  RemedyTable asked = decided({judged(Remedy::dropout, kSmall)});
  asked.all_asked = false;
  EXPECT_EQ(advice(asked),
            "It is ruled out that the one remedy that was tried gains 1.0 points of accuracy; other remedies were not "
            "asked for");
  const RemedyTable none = decided({placebo(kSmall), more_data(kHelps), not_tried(Remedy::mixup)});
  EXPECT_TRUE(says(advice(none), "No remedy was judged by the test rows, so nothing is said of tuning"))
      << advice(none);
  EXPECT_EQ(exit_code_of(none), 3);

  const RemedyTable open = decided({judged(Remedy::dropout, gain_of(0.004, 0.02, 0.4)), judged(Remedy::mixup, kSmall)});
  EXPECT_TRUE(says(advice(open),
                   "open whether 1 of them gains 1.0 points; the largest gain is seen of setting of dropout: +0.4"))
      << advice(open);
  EXPECT_TRUE(says(advice(open), "; about 63000 test rows could tell")) << advice(open);
  EXPECT_EQ(exit_code_of(open), 3);
}

TEST(RemedyAdvice, asks_for_what_would_settle_the_largest_gain_that_is_open) {
  RemedyTable table = decided({judged(Remedy::dropout, gain_of(0.005, 0.02, 0.4)), judged(Remedy::mixup, kOpen)});
  table.rows[0].needed = Needed{.test_rows = 2000, .trainings = 20};
  table.rows[1].needed = Needed{.test_rows = 1000, .trainings = 700};
  EXPECT_TRUE(
      says(advice(table), "+0.5 points [-3.4, +4.4]; about 2000 test rows could tell of the largest of these gains"))
      << advice(table);
  table.rows[0].needed.reset();
  EXPECT_FALSE(says(advice(table), "could tell")) << advice(table);
}

TEST(RemedyAdvice, asks_for_groups_where_test_rows_have_some) {
  RemedyTable table = decided({});  // 1000 rows
  EXPECT_EQ(needed_words({.test_rows = 4500, .trainings = 20}, table), "about 4500 test rows");
  table.test_groups = 60;
  EXPECT_EQ(needed_words({.test_rows = 4500, .trainings = 20}, table), "about 270 groups of test rows");
  EXPECT_EQ(needed_words({.test_rows = 4500, .trainings = 40}, table),
            "about 270 groups of test rows and 40 trainings of each");
}

TEST(RemedyAdvice, says_open_where_the_exit_code_does) {
  struct Case {
    Difference gain, accuracy;
    bool open;
  };
  for (const Case& c : std::vector<Case>{{kOpen, gain_of(0, 0.001), true},
                                         {kOpen, gain_of(-0.005, 0.02), true},
                                         {kOpen, gain_of(kNaN, kNaN), true},
                                         {kOpen, gain_of(-0.1, 0.02), false},
                                         {kSmall, gain_of(0, 0.001), false}}) {
    for (const bool alone : {true, false}) {
      std::vector<RemedyRow> rows{balanced(c.gain, c.accuracy)};
      if (!alone) rows.push_back(judged(Remedy::dropout, kSmall));
      const RemedyTable table = decided(rows);
      EXPECT_EQ(exit_code_of(table), c.open ? 3 : 0) << c.accuracy.value;
      EXPECT_EQ(says(advice(table), "t is open whether class weights"), c.open) << advice(table);
    }
  }
  EXPECT_TRUE(says(advice(decided({balanced(kOpen, gain_of(-0.1, 0.02))})),
                   "Class weights cost accuracy: -10.0 points [-13.9, -6.1]; so what they do to the balanced accuracy, "
                   "0.0 points [-3.9, +3.9], is not counted as help"));
}

TEST(RemedyAdvice, warns_where_the_placebo_or_the_baseline_makes_gains_worthless) {
  for (const double sign : {1.0, -1.0}) {
    const RemedyTable lucky = decided({judged(Remedy::dropout, kHelps), placebo(gain_of(sign * 0.03, 0.01))});
    EXPECT_TRUE(placebo_differs(lucky));
    EXPECT_TRUE(says(advice(lucky), "other seeds alone make a difference of")) << advice(lucky);
  }
  const RemedyTable sound = decided({judged(Remedy::dropout, kHelps), placebo(gain_of(0.01, 0.01))});
  EXPECT_FALSE(placebo_differs(sound));
  EXPECT_FALSE(says(advice(sound), "other seeds")) << advice(sound);

  RemedyTable diverged = sound;
  diverged.baseline.diverged = 20;
  EXPECT_TRUE(says(advice(diverged), "Every training of the baseline diverged")) << advice(diverged);
  EXPECT_EQ(exit_code_of(diverged), 1);
  diverged.baseline.diverged = 19;
  EXPECT_EQ(exit_code_of(diverged), 0);
}

}  // namespace
}  // namespace plateau::remedy_advice_test
