// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/reason.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace plateau::reason_test {
namespace {

Estimate between(double low, double high) { return {(low + high) / 2, {low, high}}; }

// Evidence as the scenarios leave it, in round numbers.
Evidence of_coin_flips() {
  return {.train_class_rows = {48, 52},
          .test_class_rows = {251, 249},
          .architecture = "2-128-128-2",
          .test_accuracy = between(0.46, 0.54),
          .train_accuracy = 0.885,
          .plateau_shown = true,
          .permuted_labels = ControlEvidence{5, "2-128-128-2", 0.50, 0.87, between(-0.05, 0.04)},
          .wider = ControlEvidence{3, "2-256-256-2", 0.51, 0.89, between(-0.03, 0.04)},
          .wider_over_permuted = between(-0.03, 0.05)};
}
Evidence of_a_small_network() {
  return {.train_class_rows = {520, 480},
          .test_class_rows = {262, 238},
          .architecture = "3-2",
          .test_accuracy = between(0.885, 0.935),
          .train_accuracy = 0.911,
          .plateau_shown = true,
          .permuted_labels = ControlEvidence{5, "3-2", 0.51, 0.54, between(-0.45, -0.36)},
          .wider = ControlEvidence{3, "3-32-32-2", 0.97, 0.99, between(0.04, 0.08)},
          .wider_over_permuted = between(0.40, 0.52),
          .exact_rule = RuleEvidence{1.0, between(0.06, 0.11)}};
}
Evidence of_noisy_labels() {
  return {.train_class_rows = {1000, 1000},
          .test_class_rows = {255, 245},
          .architecture = "2-64-64-2",
          .test_accuracy = between(0.738, 0.812),
          .train_accuracy = 0.79,
          .plateau_shown = true,
          .permuted_labels = ControlEvidence{5, "2-64-64-2", 0.50, 0.56, between(-0.32, -0.23)},
          .wider = ControlEvidence{3, "2-128-128-2", 0.777, 0.80, between(-0.01, 0.012)},
          .wider_over_permuted = between(0.23, 0.31),
          .exact_rule = RuleEvidence{0.80, between(0.005, 0.045)}};
}
Evidence of_one_class() {
  Evidence evidence = of_a_small_network();
  evidence.train_class_rows = {1000, 0};
  evidence.test_class_rows = {500, 0};
  evidence.test_accuracy = between(0.992, 1.0);
  return evidence;
}

TEST(Reason, follows_the_evidence) {
  EXPECT_EQ(explain(of_coin_flips()).code, VerdictCode::no_signal);
  EXPECT_EQ(explain(of_a_small_network()).code, VerdictCode::capacity);
  EXPECT_EQ(explain(of_noisy_labels()).code, VerdictCode::ceiling);
  EXPECT_EQ(explain(of_one_class()).code, VerdictCode::single_class);
  EXPECT_EQ(explain(of_one_class()).grade, EvidenceGrade::proved);
}

TEST(Reason, changes_with_the_measurement_that_decides) {
  Evidence evidence = of_noisy_labels();
  evidence.wider = of_a_small_network().wider;  // a wider network gains six points: no ceiling
  EXPECT_EQ(explain(evidence).code, VerdictCode::capacity);

  evidence = of_a_small_network();
  evidence.permuted_labels = of_coin_flips().permuted_labels;  // as good on shuffled labels: no signal
  evidence.wider_over_permuted = of_coin_flips().wider_over_permuted;
  EXPECT_EQ(explain(evidence).code, VerdictCode::no_signal);

  evidence = of_coin_flips();
  evidence.permuted_labels = of_noisy_labels().permuted_labels;  // a signal, but nothing says what limits it
  EXPECT_EQ(explain(evidence).code, VerdictCode::inconclusive);
  evidence.exact_rule = RuleEvidence{0.52, between(0.0, 0.05)};  // the rule does hardly better: a ceiling
  EXPECT_EQ(explain(evidence).code, VerdictCode::ceiling);

  evidence = of_noisy_labels();
  evidence.exact_rule = RuleEvidence{1.0, between(0.18, 0.26)};  // the rule gets everything right
  EXPECT_EQ(explain(evidence).code, VerdictCode::inconclusive);
  evidence.exact_rule.reset();  // nobody knows the rule
  EXPECT_EQ(explain(evidence).code, VerdictCode::inconclusive);

  evidence = of_a_small_network();
  evidence.train_accuracy = 0.99;  // its training rows are learnt: not a lack of capacity
  EXPECT_EQ(explain(evidence).code, VerdictCode::inconclusive);

  evidence = of_noisy_labels();
  evidence.test_accuracy = between(0.985, 1.0);
  EXPECT_EQ(explain(evidence).code, VerdictCode::solved);
}

// Every threshold from both sides.
TEST(Reason, thresholds_decide_where_they_say) {
  const auto code = [](Evidence evidence, auto change) {
    change(evidence);
    return explain(evidence).code;
  };
  const auto noisy = [&](auto change) { return code(of_noisy_labels(), change); };
  const auto small = [&](auto change) { return code(of_a_small_network(), change); };
  const auto coins = [&](auto change) { return code(of_coin_flips(), change); };

  // A gain counts from one point on, if its interval lies above zero.
  EXPECT_EQ(small([](Evidence& e) { e.wider->difference = between(0.001, 0.021); }), VerdictCode::capacity);
  EXPECT_EQ(small([](Evidence& e) { e.wider->difference = between(0.001, 0.017); }), VerdictCode::inconclusive);
  EXPECT_EQ(small([](Evidence& e) { e.wider->difference = between(-0.001, 0.081); }), VerdictCode::inconclusive);
  EXPECT_EQ(small([](Evidence& e) { e.train_accuracy = 0.979; }), VerdictCode::capacity);
  EXPECT_EQ(small([](Evidence& e) { e.train_accuracy = 0.981; }), VerdictCode::inconclusive);

  // A ceiling: the rule within six points and half of what is missing, and no gain by width.
  EXPECT_EQ(noisy([](Evidence& e) { e.exact_rule->difference = between(0.0, 0.059); }), VerdictCode::ceiling);
  EXPECT_EQ(noisy([](Evidence& e) { e.exact_rule->difference = between(0.0, 0.061); }), VerdictCode::inconclusive);
  const auto missing_six = [](double rule_high) {
    return [rule_high](Evidence& e) {
      e.test_accuracy = between(0.92, 0.96);
      e.exact_rule->difference = between(0.0, rule_high);
    };
  };
  EXPECT_EQ(noisy(missing_six(0.029)), VerdictCode::ceiling);
  EXPECT_EQ(noisy(missing_six(0.031)), VerdictCode::inconclusive);
  EXPECT_EQ(noisy([](Evidence& e) { e.wider->difference = between(0.001, 0.015); }), VerdictCode::inconclusive);

  // Solved is a matter of the interval, not of the value.
  EXPECT_EQ(noisy([](Evidence& e) { e.test_accuracy = between(0.981, 0.999); }), VerdictCode::solved);
  EXPECT_NE(noisy([](Evidence& e) { e.test_accuracy = between(0.975, 0.999); }), VerdictCode::solved);

  // Absence of a signal needs the power to have seen ten points.
  EXPECT_EQ(coins([](Evidence& e) { e.permuted_labels->difference = between(-0.099, 0.001); }), VerdictCode::no_signal);
  EXPECT_EQ(coins([](Evidence& e) { e.permuted_labels->difference = between(-0.101, 0.001); }),
            VerdictCode::inconclusive);
}

TEST(Reason, a_network_too_small_to_see_the_signal_is_no_lack_of_signal) {
  Evidence evidence = of_coin_flips();  // a linear model on an exclusive or: at chance itself
  evidence.architecture = "2-2";
  evidence.train_accuracy = 0.5;
  evidence.wider = ControlEvidence{3, "2-32-32-2", 0.99, 0.99, between(0.45, 0.53)};
  evidence.wider_over_permuted = between(0.44, 0.54);
  EXPECT_EQ(explain(evidence).code, VerdictCode::capacity);
  // A gain over the run by chance alone is no signal of the wider network's either.
  evidence.wider_over_permuted = between(-0.01, 0.07);
  EXPECT_EQ(explain(evidence).code, VerdictCode::no_signal);
}

// On the test rows of one that fits its training rows and nothing else.
TEST(Reason, a_curve_that_moves_by_chance_alone_is_none_that_learns) {
  Evidence evidence = of_coin_flips();
  evidence.plateau_shown = false;
  EXPECT_EQ(explain(evidence).code, VerdictCode::no_signal);
  evidence.wider_over_permuted = between(0.01, 0.05);
  EXPECT_EQ(explain(evidence).code, VerdictCode::inconclusive);
}

TEST(Reason, a_curve_that_still_moves_has_none_yet) {
  for (Evidence evidence : {of_coin_flips(), of_a_small_network(), of_noisy_labels()}) {
    evidence.plateau_shown = false;
    if (evidence.train_accuracy > 0.8) evidence.train_accuracy = evidence.test_accuracy.interval.high;
    EXPECT_EQ(explain(evidence).code, VerdictCode::inconclusive);
    EXPECT_NE(explain(evidence).sentence.find("plateau is not shown"), std::string::npos);
  }
  Evidence evidence = of_one_class();
  evidence.plateau_shown = false;
  EXPECT_EQ(explain(evidence).code, VerdictCode::single_class);
}

TEST(Reason, says_when_the_numbers_are_too_weak) {
  Evidence evidence = of_coin_flips();
  evidence.permuted_labels->difference = between(-0.2, 0.1);  // the run could be 20 points above shuffled labels
  evidence.test_class_rows = {11, 9};
  const Verdict verdict = explain(evidence);
  EXPECT_EQ(verdict.code, VerdictCode::inconclusive);
  EXPECT_EQ(verdict.grade, EvidenceGrade::unresolved);
  EXPECT_NE(verdict.sentence.find("20 test rows cannot rule out"), std::string::npos) << verdict.sentence;

  // A run that fell far below the control by chance is no stronger evidence of absence.
  evidence.permuted_labels->difference = between(0.0, 0.3);
  EXPECT_EQ(explain(evidence).code, VerdictCode::inconclusive);
}

TEST(Reason, a_nan_never_decides) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  Evidence evidence = of_a_small_network();
  evidence.wider->difference = {nan, {nan, nan}};
  EXPECT_EQ(explain(evidence).code, VerdictCode::inconclusive);
  evidence = of_coin_flips();
  evidence.permuted_labels->difference = {nan, {nan, nan}};
  EXPECT_EQ(explain(evidence).code, VerdictCode::inconclusive);
  evidence = of_noisy_labels();
  evidence.exact_rule->difference = {nan, {nan, nan}};
  EXPECT_EQ(explain(evidence).code, VerdictCode::inconclusive);
}

TEST(Reason, without_controls_nothing_but_a_single_class_is_decided) {
  for (Evidence evidence : {of_coin_flips(), of_a_small_network(), of_noisy_labels()}) {
    evidence.permuted_labels.reset();
    evidence.wider.reset();
    const Verdict verdict = explain(evidence);
    EXPECT_EQ(verdict.code, VerdictCode::inconclusive);
    EXPECT_GE(verdict.not_tested.size(), 2u);
  }
  Evidence evidence = of_one_class();
  evidence.permuted_labels.reset();
  evidence.wider.reset();
  EXPECT_EQ(explain(evidence).code, VerdictCode::single_class);
}

TEST(Reason, a_single_class_in_either_part_is_seen) {
  Evidence evidence = of_a_small_network();
  evidence.test_class_rows = {0, 500};
  EXPECT_NE(explain(evidence).sentence.find("All 500 test labels are class 1"), std::string::npos);
  evidence = of_a_small_network();
  evidence.train_class_rows = {0, 1000};
  EXPECT_NE(explain(evidence).sentence.find("All 1000 training labels are class 1"), std::string::npos);
}

TEST(Reason, prints_its_numbers_with_their_intervals) {
  const Verdict verdict = explain(of_a_small_network());
  EXPECT_NE(verdict.sentence.find("+6.0 points [+4.0, +8.0]"), std::string::npos) << verdict.sentence;
  EXPECT_NE(verdict.sentence.find("3-32-32-2 in place of 3-2"), std::string::npos) << verdict.sentence;
  ASSERT_EQ(verdict.evidence.size(), 4u);
  EXPECT_NE(verdict.evidence[0].find("training 520, 480; test 262, 238"), std::string::npos);
  EXPECT_NE(verdict.evidence[1].find("+40.5 points [+36.0, +45.0]"), std::string::npos) << verdict.evidence[1];
  EXPECT_TRUE(verdict.not_tested.empty());
}

TEST(Reason, codes_have_their_published_names) {
  EXPECT_STREQ(to_string(VerdictCode::single_class), "single-class");
  EXPECT_STREQ(to_string(VerdictCode::no_signal), "no-signal");
  EXPECT_STREQ(to_string(VerdictCode::capacity), "capacity");
  EXPECT_STREQ(to_string(VerdictCode::ceiling), "ceiling");
  EXPECT_STREQ(to_string(VerdictCode::solved), "solved");
  EXPECT_STREQ(to_string(VerdictCode::inconclusive), "inconclusive");
  EXPECT_STREQ(to_string(EvidenceGrade::supported), "supported");
}

TEST(Reason, majority_share_counts_the_largest_class) {
  EXPECT_DOUBLE_EQ(majority_share({1, 3}), 0.75);
  EXPECT_THROW(majority_share({0, 0}), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::reason_test
