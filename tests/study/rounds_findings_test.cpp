// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/rounds_findings.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace plateau::rounds_findings_test {
namespace {

Estimate between(double low, double high) { return {(low + high) / 2, {low, high}}; }
// Of so many rows that became right, and wrong.
AccuracyChange change(double low, double high, Index gained, Index lost) { return {between(low, high), gained, lost}; }

// A round that gained little, as its rows are much like those before.
RoundEvidence quiet_round(Index set) {
  return {.set = set,
          .gradient_norm = 0.1,
          .layer_change = {0.02, 0.001},
          .test_accuracy = between(0.7, 0.8),
          .over_before = change(-0.01, 0.014, 5, 4),
          .over_base = change(-0.01, 0.02, 7, 5),
          .changed_since_before = 9,
          .changed_since_base = 12,
          .predicted_class_rows = {260, 240},
          .sets = {{.set = set, .accuracy = between(0.8, 0.9), .right_after = 0.85, .since = {}}}};
}
RoundsEvidence quiet_rounds(Index rounds) {
  RoundsEvidence evidence{.classes = {"cat", "dog"},
                          .test_class_rows = {240, 260},
                          .learning_rate = 0.001,
                          .base_test_accuracy = between(0.7, 0.8),
                          .base_predicted_class_rows = {250, 250}};
  for (Index r = 0; r < rounds; ++r) evidence.rounds.push_back(quiet_round(r));
  return evidence;
}

std::vector<std::string> told(const RoundsEvidence& evidence) {
  std::vector<std::string> told;
  for (const RoundsFinding& finding : explain_rounds(evidence))
    told.push_back(std::string(to_string(finding.code)) + ": " + finding.sentence);
  return told;
}
using Told = std::vector<std::string>;

TEST(RoundsFindings, of_nothing_are_none) { EXPECT_EQ(told(quiet_rounds(0)), Told{}); }

TEST(RoundsFindings, begin_with_what_all_rounds_came_to) {
  EXPECT_EQ(rounds_result(60, 0.877, {0.046, {0.023, 0.069}}),
            "After 60 rounds the test accuracy is 87.7 %, +4.6 points [+2.3, +6.9] over the base");
  // What is written as 0 has no sign, on either side of it.
  EXPECT_EQ(rounds_result(1, 0.5, {0.0004, {-0.0004, 0.0006}}),
            "After 1 round the test accuracy is 50.0 %, 0.0 points [0.0, +0.1] over the base");
}

TEST(RoundsFindings, noise_is_called_noise) {
  RoundsEvidence evidence = quiet_rounds(3);
  evidence.rounds[1].over_before = change(-0.03, 0.01, 2, 7);
  EXPECT_EQ(
      told(evidence),
      (Told{"within-noise: What all 3 rounds changed in the test accuracy is within the noise of 500 test rows: at "
            "most -1.0 points [-3.0, +1.0], in round 2, where 2 became right and 7 wrong (exact paired test: p = "
            "0.18); all rounds together changed it by +0.5 points [-1.0, "
            "+2.0], within noise as well"}));
  EXPECT_EQ(
      told(quiet_rounds(1)),
      (Told{"within-noise: What round 1 changed in the test accuracy, +0.2 points [-1.0, +1.4], is within the noise of "
            "500 test rows: 5 became right and 4 wrong (exact paired test: p = 1)"}));
}

// Four rows that all gained: Student's interval lies above 0, and a fair coin does so one time in eight.
TEST(RoundsFindings, few_rows_that_changed_are_noise_whatever_the_interval_says) {
  RoundsEvidence evidence = quiet_rounds(1);
  RoundEvidence& round = evidence.rounds[0];
  round.over_before = round.over_base = change(0.001, 0.015, 4, 0);
  EXPECT_EQ(told(evidence),
            (Told{"within-noise: What round 1 changed in the test accuracy, +0.8 points [+0.1, +1.5], is "
                  "within the noise of 500 test rows: 4 became right and 0 wrong (exact paired test: p = "
                  "0.12)"}));
  round.over_before = change(-0.015, -0.001, 0, 5);
  EXPECT_EQ(told(evidence).front().find("within-noise: "), 0u);
  round.over_before = change(0.001, 0.02, 6, 0);  // p = 0.03
  EXPECT_EQ(told(evidence).front().find("gained: "), 0u);
  round.over_before = change(-0.001, 0.02, 60, 0);  // neither alone
  EXPECT_EQ(told(evidence).front().find("within-noise: "), 0u);

  evidence = quiet_rounds(2);
  evidence.rounds[1].over_base = change(0.001, 0.015, 4, 0);
  EXPECT_NE(told(evidence).front().find("+0.8 points [+0.1, +1.5], within noise as well"), std::string::npos);
  evidence.rounds[1].sets = {
      {.set = 0, .accuracy = between(0.8, 0.9), .right_after = 0.9, .since = change(-0.1, -0.01, 0, 4)}};
  EXPECT_EQ(told(evidence).front().find("within-noise: "), 0u);
  evidence.rounds[1].sets[0].since.lost = 40;
  EXPECT_EQ(told(evidence).front().find("forgotten: "), 0u);
}

TEST(RoundsFindings, gains_and_losses_are_not) {
  RoundsEvidence evidence = quiet_rounds(4);
  evidence.rounds[0].over_before = change(0.10, 0.16, 70, 5);
  evidence.rounds[2].over_before = change(-0.08, -0.02, 5, 30);
  evidence.rounds[3].over_before = change(0.001, 0.003, 11, 1);
  evidence.rounds[3].over_base = change(0.02, 0.04, 20, 5);
  EXPECT_EQ(
      told(evidence),
      (Told{"gained: The test accuracy rose in round 1 (+13.0 points [+10.0, +16.0]), round 4 (+0.2 points "
            "[+0.1, +0.3])",
            "lost: The test accuracy fell in round 3 (-5.0 points [-8.0, -2.0])",
            "within-noise: What round 2 changed in the test accuracy, +0.2 points [-1.0, +1.4], is within the noise of "
            "500 test rows: 5 became right and 4 wrong (exact paired test: p = 1); all rounds together changed it by "
            "+3.0 points [+2.0, +4.0]"}));
}

TEST(RoundsFindings, weights_that_lie_still_have_a_cause) {
  RoundsEvidence evidence = quiet_rounds(2);
  evidence.learning_rate = 1e-12;
  evidence.frozen = 0b01;
  for (RoundEvidence& round : evidence.rounds) {
    round.layer_change = {0, 1e-9};
    round.changed_since_before = round.changed_since_base = 0;
    round.over_before = round.over_base = {};
  }
  const std::string same =
      "same-predictions: After both rounds each of the 500 test rows is given the class that it had before, so an "
      "equal "
      "accuracy is no coincidence";
  EXPECT_EQ(told(evidence), (Told{"weights-still: No layer's weights moved in both rounds by as much as a float can "
                                  "tell: steps of the learning rate 1e-12 are lost in rounding; layer 1 is frozen",
                                  same}));
  for (RoundEvidence& round : evidence.rounds) round.gradient_norm = 0;
  evidence.frozen = 0b1001;
  EXPECT_EQ(told(evidence), (Told{"weights-still: No layer's weights moved in both rounds by as much as a float can "
                                  "tell: the last gradient is zero; layers 1, 4 are frozen",
                                  same}));
  for (RoundEvidence& round : evidence.rounds) round.layer_change = {0, 0.004};
  EXPECT_EQ(told(evidence),
            (Told{same + ": the weights moved, a layer's by 0.4 % at most, but carried no test row over "
                         "a boundary between classes"}));
  evidence.rounds[0].layer_change[1] = std::numeric_limits<double>::infinity();  // from zeros
  EXPECT_EQ(told(evidence),
            (Told{same + ": the weights moved but carried no test row over a boundary between classes"}));
  evidence.rounds[0].layer_change[1] = std::numeric_limits<double>::quiet_NaN();  // is not still
  EXPECT_EQ(told(evidence).size(), 1u);
}

TEST(RoundsFindings, some_rounds_may_differ_from_others) {
  RoundsEvidence evidence = quiet_rounds(12);
  for (std::size_t r = 1; r < 12; ++r) {
    evidence.rounds[r].changed_since_before = 0;
    evidence.rounds[r].over_before = {};
  }
  EXPECT_EQ(
      told(evidence).front(),
      "same-predictions: After rounds 2, 3, 4, 5, 6, 7, 8, 9 and 3 more each of the 500 test rows is given the class "
      "that it had before, so an equal accuracy is no coincidence: the weights moved, a layer's by 2 % at most, but "
      "carried no test row over a boundary between classes");
}

TEST(RoundsFindings, a_network_that_says_one_class_is_told_which) {
  RoundsEvidence evidence = quiet_rounds(3);
  evidence.rounds[1].predicted_class_rows = evidence.rounds[2].predicted_class_rows = {0, 500};
  evidence.rounds[2].test_accuracy = between(0.48, 0.56);
  EXPECT_EQ(told(evidence).size(), 2u);  // and that alone says what the level is worth
  EXPECT_EQ(told(evidence).front(),
            "one-class: From round 2 on the network gives every test row class 'dog': its accuracy of 0.520 [0.480, "
            "0.560] is the share "
            "of that class, 260 of 500 test rows, the commonest, and says nothing about learning");
  for (RoundEvidence& round : evidence.rounds) round.predicted_class_rows = {500, 0};
  evidence.base_predicted_class_rows = {500, 0};
  evidence.rounds[2].test_accuracy = {0.48, {0.437, 0.524}};
  EXPECT_EQ(told(evidence).front(),
            "one-class: From the base on the network gives every test row class 'cat': its accuracy of 0.480 [0.437, "
            "0.524] is the share "
            "of that class, 240 of 500 test rows, and says nothing about learning");
  evidence.rounds[2].predicted_class_rows = {499, 0};  // one row is given none
  EXPECT_EQ(told(evidence).front().find("one-class"), std::string::npos);
}

TEST(RoundsFindings, a_level_that_always_saying_one_class_would_reach_is_called_so) {
  RoundsEvidence evidence = quiet_rounds(3);
  evidence.rounds[2].test_accuracy = between(0.48, 0.56);
  EXPECT_EQ(
      told(evidence).front(),
      "majority-level: The test accuracy after round 3, 0.520 [0.480, 0.560], is not told apart from the majority "
      "share: always saying 'dog' would score 0.520, for 260 of 500 test rows have that class and none has more");
  evidence.rounds[2].test_accuracy = {.value = 0.48, .interval = {0.4, 0.52}};  // covers it just so
  evidence.test_class_rows = {260, 240};
  EXPECT_NE(told(evidence).front().find("always saying 'cat'"), std::string::npos);
  evidence.rounds[2].test_accuracy = between(0.53, 0.6);
  EXPECT_EQ(told(evidence).front().find("within-noise"), 0u);
  evidence.rounds[2].test_accuracy = between(0.4, 0.5);
  EXPECT_EQ(told(evidence).front().find("within-noise"), 0u);
  evidence.rounds[2].test_accuracy = between(std::numeric_limits<double>::quiet_NaN(), 1);
  EXPECT_EQ(told(evidence).front().find("within-noise"), 0u);
}

TEST(RoundsFindings, what_was_forgotten_is_told_by_round) {
  RoundsEvidence evidence = quiet_rounds(4);
  evidence.rounds[2].set = 0;  // trained on once more
  const SetEvidence kept{
      .set = 0, .accuracy = between(0.8, 0.9), .right_after = 0.86, .since = change(-0.02, 0.01, 2, 4)};
  const SetEvidence forgotten{
      .set = 1, .accuracy = between(0.4, 0.5), .right_after = 0.9, .since = change(-0.5, -0.4, 0, 40)};
  evidence.rounds[2].sets = {kept, {.set = 1, .accuracy = {}, .right_after = 0.9, .since = change(-0.1, 0.02, 1, 4)}};
  evidence.rounds[3].sets = {kept, forgotten};
  EXPECT_EQ(told(evidence).front(),
            "forgotten: Round 4 made the network forget round 2: on the rows of round 2 the accuracy was 0.900 right "
            "after it and "
            "is 0.450 [0.400, 0.500] after round 4, -45.0 points [-50.0, -40.0]");
  evidence.rounds[2].sets[1] = forgotten;
  EXPECT_EQ(told(evidence).front().find("forgotten: Round 3 made the network forget round 2"), 0u);
}

}  // namespace
}  // namespace plateau::rounds_findings_test
