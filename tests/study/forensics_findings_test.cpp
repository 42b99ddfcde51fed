// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/forensics_findings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace plateau::forensics_findings_test {
namespace {

using Codes = std::vector<std::string>;

// "stale-evaluation proved", ... : what is found, in the order that it is told.
Codes found(const ForensicsEvidence& evidence) {
  Codes codes;
  for (const Cause& cause : explain_forensics(evidence).findings)
    codes.push_back(std::string(to_string(cause.code)) + " " + to_string(cause.grade));
  return codes;
}
std::string verdict_of(const ForensicsEvidence& evidence) { return explain_forensics(evidence).verdict.sentence; }
// The verdict is the first finding's.
std::string first_sentence(const ForensicsEvidence& evidence) {
  const ForensicsDecision decision = explain_forensics(evidence);
  EXPECT_FALSE(decision.findings.empty());
  if (decision.findings.empty()) return "";
  EXPECT_EQ(decision.verdict.code, decision.findings.front().code);
  EXPECT_EQ(decision.verdict.sentence, decision.findings.front().evidence);
  return decision.verdict.sentence;
}

// Accuracies around 0.8 and a train loss that falls.
ForensicsEvidence logged(Index rounds) {
  ForensicsEvidence evidence{.decimals = 4};
  for (Index r = 0; r < rounds; ++r)
    evidence.rounds.push_back({.number = static_cast<double>(r) + 1,
                               .test_accuracy = 0.8 + 0.002 * static_cast<double>(r * 7 % 5),
                               .train_loss = 1 / static_cast<double>(r + 1)});
  return evidence;
}

// 500 rows of two classes, of which some are given another class in every round, and weights that move.
ForensicsEvidence whole(Index rounds) {
  ForensicsEvidence evidence = logged(rounds);
  evidence.test_rows = 500;
  evidence.classes = {"cat", "dog"};
  evidence.test_class_rows = {240, 260};
  evidence.layers = {"fc1", "fc2"};
  for (ForensicsRound& round : evidence.rounds) {
    round.interval = wilson_interval(round.test_accuracy, 500);
    round.recomputed = round.test_accuracy;
    round.predicted_class_rows = {250, 250};
    round.weights_hash = static_cast<std::uint64_t>(round.number);
    if (round.number == 1) continue;
    round.changed = 12;
    round.same_outputs = false;
    round.layer_change = {0.02, 0.001};
  }
  evidence.label_map = {.map = {0, 1}, .accuracy = 0.8, .majority_share = 0.52};
  evidence.slope = {.first = static_cast<std::size_t>(rounds / 2),
                    .by_rows = true,
                    .change = {0.001, {-0.004, 0.006}},
                    .tost_p = 0.002};
  evidence.spread = {.range = 0.008, .detectable = 0.028, .paired = true, .disagreeing_share = 0.05};
  evidence.trade = {.total = {{-0.002, {-0.02, 0.016}}, 9, 10},
                    .classes = {{.rows = 240, .gained = 5, .lost = 5}, {.rows = 260, .gained = 4, .lost = 5}}};
  return evidence;
}

TEST(ForensicsFindings, of_a_plateau_without_a_fault_are_none) {
  const ForensicsDecision decision = explain_forensics(whole(8));
  EXPECT_TRUE(decision.findings.empty());
  EXPECT_EQ(decision.verdict.code, VerdictCode::inconclusive);
  EXPECT_EQ(decision.verdict.grade, EvidenceGrade::unresolved);
  EXPECT_EQ(decision.verdict.sentence,
            "The test accuracy stands still to within 1 point, +0.1 points [-0.4, +0.6] along a line "
            "through rounds 5 to 8; why it does, these files do not say");
  EXPECT_EQ(decision.advice, "Let plateau diagnose change one thing at a time on the training rows.");
  ASSERT_EQ(decision.verdict.not_tested.size(), 1u);
  EXPECT_NE(decision.verdict.not_tested[0].find("plateau diagnose"), std::string::npos);
}

TEST(ForensicsFindings, of_a_line_that_rises_or_is_not_shown_to_stand_still) {
  ForensicsEvidence evidence = whole(8);
  evidence.spread.reset();
  evidence.slope->change = {0.03, {0.01, 0.05}};
  evidence.slope->tost_p = 0.9;
  EXPECT_NE(verdict_of(evidence).find("still rises, +3.0 points [+1.0, +5.0]"), std::string::npos);
  evidence.slope->change = {-0.0004, {-0.0052, 0.0044}};
  EXPECT_NE(verdict_of(evidence).find("by 0.0 points [-0.5, +0.4]"), std::string::npos);
  evidence.slope->change = {-0.03, {-0.05, -0.01}};
  EXPECT_NE(verdict_of(evidence).find("falls, -3.0 points"), std::string::npos);
  evidence.slope->change = {0.004, {-0.01, 0.02}};
  EXPECT_NE(verdict_of(evidence).find("stands still to within 1 point is not shown"), std::string::npos);
  evidence.slope->tost_p = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(verdict_of(evidence).find("is not shown"), std::string::npos);
  evidence.slope.reset();
  EXPECT_EQ(verdict_of(evidence), "8 rounds are too few to say whether the test accuracy stands still");
}

TEST(ForensicsFindings, few_rows_are_no_evidence) {
  ForensicsEvidence evidence = whole(8);
  evidence.slope->tost_p = 0.2;
  EXPECT_EQ(found(evidence), Codes{"small-test proved"});
  EXPECT_EQ(
      first_sentence(evidence),
      "Your 500 test rows cannot show changes under 2.8 points; rounds 1 to 8 differ by 0.8. This is not evidence "
      "of a plateau");
  EXPECT_EQ(explain_forensics(evidence).advice.find("Bring about 3925 test rows to see 1 point, or compare log-loss"),
            0u);
  evidence.slope->change = {0.02, {0.001, 0.039}};  // all rounds together show more than two of them
  EXPECT_EQ(found(evidence), Codes{});
  evidence.slope->change = {0.001, {-0.02, 0.022}};
  evidence.delta = 0.03;  // coarser than what the rows can show
  EXPECT_EQ(found(evidence), Codes{});
  evidence.delta = 0.01;
  evidence.spread->paired = false;
  EXPECT_EQ(found(evidence), Codes{"small-test supported"});
  EXPECT_NE(first_sentence(evidence).find(" between rounds that are known by their accuracies alone;"),
            std::string::npos);
}

// No sentence denies what another one shows.
TEST(ForensicsFindings, few_rows_do_not_deny_a_plateau_that_is_shown) {
  ForensicsEvidence evidence = whole(8);
  evidence.slope->by_rows = evidence.spread->paired = false;
  EXPECT_EQ(found(evidence), Codes{"small-test supported"});
  EXPECT_EQ(first_sentence(evidence),
            "On these 500 test rows the accuracy stands still to within 1 point, +0.1 points [-0.4, +0.6] along a line "
            "through rounds 5 to 8; that it does on others they cannot show: changes under 2.8 points between rounds "
            "that are known by their accuracies alone may be chance");
  evidence.slope->tost_p = 0.2;
  EXPECT_TRUE(first_sentence(evidence).ends_with("This is not evidence of a plateau"));
}

TEST(ForensicsFindings, one_class_in_the_test_rows_makes_an_accuracy_worthless) {
  ForensicsEvidence evidence = whole(5);
  evidence.test_class_rows = {0, 500};
  evidence.rounds.back().predicted_class_rows = {0, 500};
  EXPECT_EQ(found(evidence), Codes{"single-class proved"});
  EXPECT_EQ(first_sentence(evidence).find("All 500 test rows have class 'dog'"), 0u);
  EXPECT_EQ(exit_code_of(explain_forensics(evidence).verdict), 4);
}

TEST(ForensicsFindings, equal_outputs_of_other_weights_prove_a_stale_evaluation) {
  ForensicsEvidence evidence = whole(6);
  evidence.rounds[3].same_outputs = true;
  evidence.rounds[3].changed = 0;
  EXPECT_EQ(found(evidence), Codes{"stale-evaluation proved"});
  EXPECT_EQ(first_sentence(evidence),
            "The outputs of all 500 test rows are the same to the bit in rounds 3 and 4, while the weights of a layer "
            "changed by up to 2 % in a round: these rounds were not evaluated with weights of their own");
  // What moved may be a layer that the outputs do not depend on.
  evidence.rounds[3].layer_change = {0, 0.02};
  EXPECT_EQ(found(evidence), Codes{"stale-evaluation supported"});
  EXPECT_TRUE(
      first_sentence(evidence).ends_with("unless the outputs depend only on 'fc1', which moved by less than 0.1 %"));
  evidence.rounds[3].layer_change = {0.0002, 0.0001};  // so little may be lost in rounding
  EXPECT_EQ(found(evidence), Codes{});
  // Weights that did not move say the same.
  evidence.rounds[3].layer_change = {0, 0};
  EXPECT_EQ(found(evidence), Codes{"frozen-weights supported"});
  // Without weights, by the train loss, which also moves where each round trains on other rows; one that stood still
  // says nothing.
  evidence.layers.clear();
  EXPECT_EQ(found(evidence), Codes{"stale-evaluation supported"});
  EXPECT_NE(first_sentence(evidence).find("while the train loss went from 0.3333 to 0.25: these rounds look as if they "
                                          "were evaluated with the same weights, unless each trained on other rows"),
            std::string::npos);
  evidence.rounds[3].train_loss = evidence.rounds[2].train_loss;
  EXPECT_EQ(found(evidence), Codes{});

  // A dead network says the same whatever moves; one whose train loss falls is not dead.
  ForensicsEvidence dead = whole(6);
  dead.test_class_rows.clear();
  for (ForensicsRound& round : dead.rounds) {
    round.predicted_class_rows = {500, 0};
    round.recomputed.reset();
    round.train_loss = 0.7;
    if (round.number > 1) round.same_outputs = true;
  }
  EXPECT_EQ(found(dead), Codes{"majority supported"});
  dead.rounds[5].train_loss = 0.5;
  EXPECT_EQ(found(dead), (Codes{"stale-evaluation proved", "majority supported"}));
}

// The first round of rounds.csv, before any training, has no train loss; nor does a loss that is not finite count.
TEST(ForensicsFindings, a_round_without_a_train_loss_hides_no_stale_evaluation) {
  ForensicsEvidence evidence = whole(6);
  evidence.layers.clear();
  for (ForensicsRound& round : evidence.rounds) round.layer_change.clear();
  for (std::size_t r = 1; r < 6; ++r) {
    evidence.rounds[r].same_outputs = true;
    evidence.rounds[r].changed = 0;
  }
  for (const std::size_t missing : {0u, 3u, 5u}) {
    const auto loss = std::exchange(evidence.rounds[missing].train_loss, std::nullopt);
    EXPECT_EQ(found(evidence), Codes{"stale-evaluation supported"}) << missing;
    evidence.rounds[missing].train_loss = loss;
  }
  for (std::size_t r = 1; r < 6; ++r) evidence.rounds[r].train_loss.reset();
  EXPECT_EQ(found(evidence), Codes{});
}

TEST(ForensicsFindings, a_loss_that_is_no_number_is_a_training_that_diverged) {
  ForensicsEvidence evidence = logged(5);
  evidence.rounds[3].train_loss = std::numeric_limits<double>::infinity();
  EXPECT_EQ(found(evidence), Codes{"optimisation supported"});
  EXPECT_EQ(first_sentence(evidence).find("In round 4 the training left the finite numbers, its train loss is inf"),
            0u);
  evidence.rounds[4].train_loss = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(found(evidence), Codes{"optimisation proved"});
  EXPECT_EQ(first_sentence(evidence),
            "The training diverged at round 4: its train loss is inf, and no later round has a finite one");
  EXPECT_EQ(explain_forensics(evidence).advice.find("Lower the learning rate"), 0u);
  EXPECT_EQ(exit_code_of(explain_forensics(evidence).verdict), 0);
  evidence.rounds[4].train_loss.reset();
  EXPECT_EQ(found(evidence), Codes{"optimisation proved"});
  ForensicsEvidence by_weights = whole(3);
  by_weights.rounds[2].weights_are_finite = false;
  by_weights.rounds[2].layer_change = {0.1, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(first_sentence(by_weights), "The training diverged at round 3: its weights hold NaN or infinity");
}

TEST(ForensicsFindings, saved_networks_that_say_other_classes_prove_a_stale_evaluation) {
  ForensicsEvidence evidence = whole(6);
  for (std::size_t r = 2; r < 6; ++r) {
    evidence.rounds[r].changed = 0;
    evidence.rounds[r].network_changed = 3;
  }
  EXPECT_EQ(found(evidence), Codes{"stale-evaluation proved"});
  EXPECT_NE(first_sentence(evidence).find("the saved networks give 12 of them another class from round to round"),
            std::string::npos);
  for (std::size_t r = 0; r < 6; ++r) {
    evidence.rounds[r].network_changed = 0;
    evidence.rounds[r].train_accuracy = 0.8 + 0.02 * static_cast<double>(r);
  }
  EXPECT_EQ(found(evidence), Codes{});  // they say the same classes
}

TEST(ForensicsFindings, equal_classes_are_a_sign_where_training_rows_changed) {
  ForensicsEvidence evidence = whole(6);
  for (std::size_t r = 2; r < 6; ++r) evidence.rounds[r].changed = 0;
  EXPECT_EQ(found(evidence), Codes{});  // small steps may carry no row over a boundary
  for (std::size_t r = 0; r < 6; ++r) evidence.rounds[r].train_accuracy = 0.8 + 0.02 * static_cast<double>(r);
  EXPECT_EQ(found(evidence), Codes{"stale-evaluation supported"});
  // Steps too small to carry a row over a boundary, on other rows in each round.
  for (ForensicsRound& round : evidence.rounds)
    if (round.number > 1) round.layer_change = {1e-6, 1e-6};
  EXPECT_EQ(found(evidence), Codes{});
  for (ForensicsRound& round : evidence.rounds)
    if (round.number > 1) round.layer_change = {0.02, 0.001};
  EXPECT_NE(first_sentence(evidence).find("None of the 500 test rows is given another class in rounds 2 to 6"),
            std::string::npos);
  for (std::size_t r = 0; r < 6; ++r) evidence.rounds[r].train_accuracy = 0.8 + 0.001 * static_cast<double>(r);
  EXPECT_EQ(found(evidence), Codes{});
  // To and fro, as that of other rows in each round, is no change that lasts.
  for (std::size_t r = 0; r < 6; ++r) evidence.rounds[r].train_accuracy = r == 1 || r == 3 ? 0.8 : 0.85;
  EXPECT_EQ(found(evidence), Codes{});
  for (std::size_t r = 0; r < 6; ++r) evidence.rounds[r].train_accuracy = 0.8 + 0.02 * static_cast<double>(r);
  EXPECT_NE(first_sentence(evidence).find(", or no test row lies near a boundary"), std::string::npos);
  for (std::size_t r = 0; r < 6; ++r) evidence.rounds[r].test_loss = 0.4 + 0.01 * static_cast<double>(r);
  EXPECT_EQ(found(evidence), Codes{});  // it was evaluated anew
  for (ForensicsRound& round : evidence.rounds) round.test_loss.reset();
  const auto tells_of_boundaries = [&] {
    return std::ranges::any_of(explain_forensics(evidence).verdict.evidence, [](const std::string& line) {
      return line.starts_with("no test row is given another class in rounds 2 to 6") &&
             line.ends_with("or no test row lies near a boundary; a logged test_loss would tell");
    });
  };
  EXPECT_FALSE(tells_of_boundaries());
  for (ForensicsRound& round : evidence.rounds) round.test_accuracy = *(round.recomputed = 0.97);  // what could change?
  EXPECT_EQ(std::ranges::count(found(evidence), "stale-evaluation supported"), 0);
  // Train accuracies that nobody logged, or that stand still, leave it open.
  for (ForensicsRound& round : evidence.rounds) {
    round.test_accuracy = *(round.recomputed = 0.8);
    round.train_accuracy.reset();
  }
  evidence.rounds[4].layer_change = {0.5, 0.1};
  EXPECT_EQ(found(evidence), Codes{});
  EXPECT_TRUE(tells_of_boundaries());
}

// What the other rounds change says how unlikely it is that none of the rows is.
TEST(ForensicsFindings, equal_classes_are_a_sign_where_the_other_rounds_change_many) {
  const auto still = [](std::size_t first, Index others) {
    ForensicsEvidence evidence = whole(10);
    for (std::size_t r = 1; r < 10; ++r) evidence.rounds[r].changed = r < first ? others : Index{0};
    return evidence;
  };
  // Five rounds, and five places for them: 5 exp(-4 * 3) is less than a thousandth, 5 exp(-4 * 2) is more.
  EXPECT_EQ(found(still(6, 3)), Codes{"stale-evaluation supported"});
  EXPECT_EQ(first_sentence(still(6, 3))
                .find("None of the 500 test rows is given another class in rounds 6 to 10, while "
                      "the weights of a layer changed by up to 2 % in a round, and in the rounds "
                      "beside them 3 or more mostly are (were it chance, p = 4e-05)"),
            0u)
      << first_sentence(still(6, 3));
  EXPECT_EQ(found(still(6, 2)), Codes{});
  EXPECT_EQ(found(still(9, 400)), Codes{});  // two rounds say nothing
  // However many others change, no more than one row in a hundred is counted on: 28 exp(-2 * 5) is more.
  ForensicsEvidence many = whole(30);
  for (std::size_t r = 1; r < 30; ++r) many.rounds[r].changed = r < 28 ? 400 : 0;
  EXPECT_EQ(std::ranges::count(found(many), "stale-evaluation supported"), 0);
  // Two other rounds are too few to tell.
  EXPECT_EQ(found(still(3, 400)), Codes{});
  // Nor is it one where few rows could have become right, or where the network says one class.
  ForensicsEvidence right = still(6, 3);
  for (ForensicsRound& round : right.rounds) round.test_accuracy = *(round.recomputed = 0.962);
  EXPECT_EQ(std::ranges::count(found(right), "stale-evaluation supported"), 0);
}

TEST(ForensicsFindings, equal_test_losses_are_a_sign_and_others_a_denial) {
  ForensicsEvidence evidence = logged(6);
  evidence.test_loss_decimals = 9;
  for (std::size_t r = 2; r < 6; ++r) evidence.rounds[r].test_loss = 0.237264537;
  EXPECT_EQ(found(evidence), Codes{"stale-evaluation supported"});
  EXPECT_EQ(first_sentence(evidence),
            "The test loss is 0.237264537 in rounds 3 to 6, the same to the last digit, while the train loss went from "
            "0.3333 to 0.1667: either these rounds were evaluated with the same weights, or the network no longer "
            "changes");
  evidence.rounds[4].test_loss = 0.237264538;  // two rounds, and two
  EXPECT_EQ(found(evidence), Codes{});
  evidence.rounds[4].test_loss = 0.237264537;
  evidence.test_loss_decimals = 4;  // four digits, which may repeat
  EXPECT_EQ(found(evidence), Codes{});
  evidence.test_loss_decimals = 9;
  for (std::size_t r = 2; r < 6; ++r) evidence.rounds[r].train_loss = 0.3;
  EXPECT_EQ(found(evidence), Codes{});
  for (std::size_t r = 2; r < 6; ++r)
    evidence.rounds[r].test_loss = evidence.rounds[r].train_loss = std::numeric_limits<double>::infinity();
  EXPECT_EQ(std::ranges::count(found(evidence), "stale-evaluation supported"), 0);

  ForensicsEvidence still = logged(12);
  still.test_rows = 500;
  for (ForensicsRound& round : still.rounds) round.test_accuracy = 0.674;
  EXPECT_EQ(found(still), Codes{"stale-evaluation supported"});
  for (ForensicsRound& round : still.rounds) round.test_loss = 0.6 + 0.01 * round.number;
  EXPECT_EQ(found(still), Codes{});

  ForensicsEvidence by_files = whole(6);  // predictions that were not saved anew are a fault all the same
  for (ForensicsRound& round : by_files.rounds) {
    round.test_loss = 0.6 + 0.01 * round.number;
    if (round.number <= 3) continue;
    round.same_outputs = true;
    round.changed = 0;
  }
  EXPECT_EQ(found(by_files), Codes{"stale-evaluation proved"});
  EXPECT_TRUE(first_sentence(by_files).ends_with("though the logged test loss moved"));
  by_files.layers.clear();
  EXPECT_EQ(found(by_files), Codes{});
}

TEST(ForensicsFindings, the_distance_to_the_train_accuracy_stands_beside_an_interval) {
  ForensicsEvidence evidence = whole(8);
  evidence.rounds.back().test_accuracy = 0.8;
  evidence.rounds.back().train_accuracy = 0.9;
  evidence.rounds.back().interval = {0.7627, 0.8328};
  const std::string line = "in the last round the train accuracy is 0.9000, +10.0 points over the test accuracy";
  EXPECT_EQ(explain_forensics(evidence).verdict.evidence.back(), line + " of 0.8000 [0.7627, 0.8328]");
  evidence.rounds.back().interval.reset();
  EXPECT_EQ(explain_forensics(evidence).verdict.evidence.back(), line);
}

TEST(ForensicsFindings, equal_accuracies_of_unknown_rows_ask_for_their_number) {
  ForensicsEvidence evidence = logged(100);
  evidence.decimals = 3;
  evidence.slope = whole(8).slope;
  for (ForensicsRound& round : evidence.rounds) round.test_accuracy = 0.673;
  const ForensicsDecision decision = explain_forensics(evidence);
  EXPECT_EQ(decision.verdict.code, VerdictCode::inconclusive);
  EXPECT_EQ(decision.advice.find("Say by --test-rows how many test rows there are"), 0u);
  EXPECT_TRUE(std::ranges::any_of(decision.verdict.evidence, [](const std::string& line) {
    return line.starts_with("the test accuracy is 0.673 in rounds 1 to 100, the same to the last digit, while");
  }));
  evidence.test_rows = 1000;
  EXPECT_EQ(found(evidence), Codes{"stale-evaluation supported"});
  evidence.rounds.back().interval = {0.6433, 0.7014};
  EXPECT_EQ(first_sentence(evidence).find("The test accuracy is 0.673 [0.6433, 0.7014] in rounds 1 to 100, the same"),
            0u);
}

TEST(ForensicsFindings, equal_accuracies_are_a_sign_by_their_decimals_and_rows) {
  constexpr double kFine[] = {0.00013, 0.00017, 0.00029};
  ForensicsEvidence evidence = logged(6);
  evidence.decimals = 5;
  for (std::size_t r = 0; r < 3; ++r) evidence.rounds[r].test_accuracy += kFine[r];  // so these are not of 1000 rows
  for (std::size_t r = 3; r < 6; ++r) evidence.rounds[r].test_accuracy = 0.673;
  EXPECT_EQ(found(evidence), Codes{"stale-evaluation supported"});
  EXPECT_EQ(first_sentence(evidence).find("The test accuracy is 0.673 in rounds 4 to 6, the same to the last digit"),
            0u);
  ForensicsEvidence coarse = logged(6);
  for (std::size_t r = 3; r < 6; ++r) coarse.rounds[r].test_accuracy = 0.673;
  EXPECT_EQ(found(coarse), Codes{});  // of 1000 rows, of which four move in a round
  evidence.decimals = 2;              // of which there are not many
  EXPECT_EQ(found(evidence), Codes{});
  evidence.decimals = 5;
  evidence.test_rows = 50;  // nor of these
  EXPECT_EQ(found(evidence), Codes{});
  evidence.test_rows = 0;
  for (std::size_t r = 4; r < 6; ++r) evidence.rounds[r].train_loss.reset();
  EXPECT_EQ(found(evidence), Codes{});
  evidence.rounds[5].train_loss = 0.1;
  EXPECT_EQ(found(evidence), Codes{"stale-evaluation supported"});
  for (ForensicsRound& round : evidence.rounds) round.test_accuracy += 0.326;  // too few rows are wrong: kWrongRows
  evidence.test_rows = 10000;
  for (std::size_t r = 3; r < 6; ++r) evidence.rounds[r].test_accuracy = 0.9985;
  for (std::size_t r = 0; r < 3; ++r) evidence.rounds[r].test_accuracy = 0.98 + 0.003 * static_cast<double>(r);
  EXPECT_EQ(std::ranges::count(found(evidence), "stale-evaluation supported"), 0);
  evidence = logged(6);
  evidence.decimals = 5;
  for (std::size_t r = 0; r < 3; ++r) evidence.rounds[r].test_accuracy += kFine[r];
  for (std::size_t r = 3; r < 6; ++r) evidence.rounds[r].test_accuracy = 0.673;
  evidence.rounds[3].test_accuracy = 0.674;  // two rounds
  EXPECT_EQ(found(evidence), Codes{});
}

TEST(ForensicsFindings, an_accuracy_that_never_moves_is_a_sign_by_the_number_of_rounds) {
  const auto constant = [](Index rounds) {
    ForensicsEvidence evidence = logged(rounds);
    evidence.test_rows = 500;
    for (ForensicsRound& round : evidence.rounds) round.test_accuracy = 0.674;
    return found(evidence);
  };
  EXPECT_EQ(constant(5), Codes{});  // exp(-0.5) I0(0.5) = 0.645 of half a row in a round, to the fourth power
  EXPECT_EQ(constant(10), Codes{"stale-evaluation supported"});
}

TEST(ForensicsFindings, weights_that_never_move_are_frozen) {
  ForensicsEvidence evidence = whole(5);
  for (ForensicsRound& round : evidence.rounds) {
    round.weights_hash = 7;
    if (round.number > 1) round.layer_change = {0, 0};
  }
  EXPECT_EQ(found(evidence), Codes{"frozen-weights proved"});
  EXPECT_EQ(first_sentence(evidence),
            "The weights of rounds 1 to 5 are the same to the bit, though the train loss went from 1 to 0.2: what was "
            "trained is not what was saved, or each round trained on other rows and its steps were lost in rounding");
  for (ForensicsRound& round : evidence.rounds)
    if (round.number > 1) round.layer_change = {0, 0.01};
  EXPECT_EQ(found(evidence), Codes{"frozen-weights supported"});
  EXPECT_EQ(first_sentence(evidence),
            "Layer 'fc1' kept its weights in all 5 rounds, while 'fc2' moved: only the others were trained");
  EXPECT_EQ(exit_code_of(explain_forensics(evidence).verdict), 0);
  evidence.slope->change = {0.031, {0.004, 0.058}};  // a head that learns on layers that are frozen on purpose
  evidence.slope->tost_p = 0.9;
  EXPECT_EQ(found(evidence), Codes{});
  EXPECT_NE(verdict_of(evidence).find("still rises"), std::string::npos);
  EXPECT_TRUE(std::ranges::any_of(explain_forensics(evidence).verdict.evidence, [](const std::string& line) {
    return line.starts_with("layer 'fc1' kept its weights in all 5 rounds");
  }));
  evidence.spread.reset();
  EXPECT_EQ(explain_forensics(evidence).advice.find("Train more rounds; and give the optimizer the layers"), 0u);
  for (const double change : {0.031, 0.009}) {  // that may be chance: it denies nothing that was seen in the weights
    evidence.slope->change = {change, {change - 0.048, change + 0.048}};
    EXPECT_EQ(found(evidence), Codes{"frozen-weights supported"});
  }
  evidence.slope->change = {0.009, {0.001, 0.017}};  // shown, and less than is worth acting on
  EXPECT_EQ(found(evidence), Codes{"frozen-weights supported"});
  evidence.spread = whole(5).spread;
  evidence.slope = whole(5).slope;
  evidence.rounds[2].layer_change = {1e-6, 0.01};
  EXPECT_EQ(found(evidence), Codes{});
}

TEST(ForensicsFindings, exchanged_classes_are_told_from_noise_and_from_one_class) {
  ForensicsEvidence evidence = whole(5);
  evidence.label_map = {.map = {1, 0}, .accuracy = 0.8, .majority_share = 0.52, .gain = {{0.6, {0.5, 0.7}}, 0.05}};
  EXPECT_EQ(found(evidence), Codes{"label-map proved"});
  EXPECT_NE(first_sentence(evidence).find(
                "taking 'dog' for 'cat', 'cat' for 'dog' makes the accuracy of round 5 0.800 [0.746, "
                "0.845], "
                "+60.0 points [+50.0, +70.0] more"),
            std::string::npos)
      << first_sentence(evidence);
  evidence.label_map->gain = {{0.6, {-0.01, 1}}, 0.3};
  EXPECT_EQ(found(evidence), Codes{});
  evidence.label_map->gain = {{0.09, {0.05, 0.13}}, 0.02};
  EXPECT_EQ(found(evidence), Codes{});
  evidence.label_map->gain = {{0.6, {0.5, 0.7}}, 0.05};
  evidence.label_map->majority_share = 0.79;  // always saying one class does as well
  EXPECT_EQ(found(evidence), Codes{});
  evidence.label_map->majority_share = 0.52;
  evidence.label_map->recall = {0.8, 0.2};
  EXPECT_EQ(found(evidence), Codes{"label-map proved"});
  evidence.label_map->recall = {0.8, 0.21};  // one class has the rows of the other, and nobody its own
  EXPECT_EQ(found(evidence), Codes{});
}

TEST(ForensicsFindings, a_log_that_is_not_of_these_predictions_is_worth_nothing) {
  ForensicsEvidence evidence = whole(5);
  evidence.rounds[2].recomputed = 0.779;
  EXPECT_EQ(found(evidence), Codes{"evaluation-mismatch proved"});
  EXPECT_EQ(first_sentence(evidence),
            "In 1 of 5 rounds the logged accuracy is not that of the predictions: by most in round 3, where 0.8080 was "
            "logged and these have 0.7790: other rows, another order, other labels, other "
            "weights, or a mean over batches in which a smaller last one counts as much as any");
  evidence.decimals = 1;  // as which 0.808 may have been 0.75 or 0.85
  EXPECT_EQ(found(evidence), Codes{});
  evidence.rounds[2].recomputed = 0.74;
  EXPECT_EQ(found(evidence), Codes{"evaluation-mismatch proved"});
  evidence.decimals = 4;
  evidence.batch_of_mean = 32;
  EXPECT_TRUE(first_sentence(evidence).ends_with(
      ". In every round it is the mean over batches of 32 rows, of which the last has 20 and counts as much as any"));
  EXPECT_EQ(explain_forensics(evidence).advice.find("Weigh each batch by its rows"), 0u);
  evidence.batch_of_mean.reset();
  evidence.test_rows = 12;  // of which one is 8.3 points
  EXPECT_EQ(std::ranges::count(found(evidence), "evaluation-mismatch proved"), 0);
  evidence.test_rows = 500;
  evidence.rounds[2].recomputed = 0.79;
  EXPECT_EQ(found(evidence), Codes{});
  evidence.rounds[2].recomputed = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(found(evidence), Codes{"evaluation-mismatch proved"});
  // Where the log is right under another map, the labels given here are what is wrong.
  for (ForensicsRound& round : evidence.rounds) round.recomputed = 1 - round.test_accuracy;
  evidence.label_map = {.map = {1, 0}, .accuracy = 0.8, .majority_share = 0.52, .gain = {{0.6, {0.5, 0.7}}, 0.05}};
  EXPECT_EQ(found(evidence), Codes{"evaluation-mismatch proved"});
  EXPECT_NE(first_sentence(evidence).find("Under another map of classes they agree"), std::string::npos);
}

TEST(ForensicsFindings, of_classes_or_activations_that_are_guessed_prove_nothing) {
  ForensicsEvidence evidence = whole(5);
  for (ForensicsRound& round : evidence.rounds) round.recomputed = 0.5;
  evidence.guess = ClassGuess{};
  EXPECT_EQ(found(evidence), Codes{"evaluation-mismatch supported"});
  EXPECT_EQ(exit_code_of(explain_forensics(evidence).verdict), 0);
  evidence.guess->is_shown = true;
  EXPECT_EQ(found(evidence), Codes{"evaluation-mismatch proved"});
  evidence.guess.reset();
  evidence.replay = Replay{.taken = true};
  EXPECT_EQ(found(evidence), Codes{"evaluation-mismatch supported"});
  evidence.replay->by_plateau = true;
  EXPECT_EQ(found(evidence), Codes{"evaluation-mismatch proved"});
}

TEST(ForensicsFindings, one_class_for_all_rows_is_the_share_of_that_class) {
  ForensicsEvidence evidence = whole(5);
  for (std::size_t r = 2; r < 5; ++r) {
    evidence.rounds[r].predicted_class_rows = {1, 499};
    evidence.rounds[r].test_accuracy = *(evidence.rounds[r].recomputed = 0.522);
    evidence.rounds[r].changed = 0;
  }
  for (std::size_t r = 0; r < 5; ++r) evidence.rounds[r].train_accuracy = 0.5 + 0.1 * static_cast<double>(r);
  EXPECT_EQ(found(evidence), Codes{"majority proved"});
  EXPECT_EQ(first_sentence(evidence),
            "From round 3 on 499 of 500 test rows are given class 'dog': the accuracy of 0.5220 [0.4782, 0.5654] is "
            "the share of that "
            "class, 260 of 500, the commonest");
  evidence.rounds.back().predicted_class_rows = {3, 497};
  evidence.rounds.back().changed = 2;
  EXPECT_EQ(found(evidence), Codes{});

  ForensicsEvidence by_log = logged(5);  // labels without predictions
  by_log.test_rows = 500;
  by_log.classes = {"cat", "dog"};
  by_log.test_class_rows = {240, 260};
  for (std::size_t r = 1; r < 5; ++r) by_log.rounds[r].test_accuracy = 0.52;
  EXPECT_EQ(found(by_log).front(), "majority supported");
  EXPECT_EQ(first_sentence(by_log),
            "From round 2 on the accuracy is that of always saying 'dog', which 260 of 500 test rows have");
  by_log.rounds[4].test_accuracy = 0.53;
  by_log.rounds[4].train_loss.reset();
  by_log.rounds[2].train_loss.reset();
  EXPECT_EQ(found(by_log), Codes{});
}

TEST(ForensicsFindings, classes_that_trade_places_are_forgetting) {
  ForensicsEvidence evidence = whole(5);
  evidence.trade->classes = {{.rows = 240, .gained = 30, .lost = 2, .adjusted_p = 1e-5},
                             {.rows = 260, .gained = 1, .lost = 31, .adjusted_p = 1e-5}};
  evidence.trade->lost_by_fallen = {{0.06, {0.04, 0.08}}, 0.01};
  EXPECT_EQ(found(evidence), Codes{"forgetting supported"});
  EXPECT_NE(first_sentence(evidence).find("but fell on 'dog' (1 of 260 rows became right, 31 wrong) and rose on 'cat' "
                                          "(30 of 240 rows became right, 2 wrong)"),
            std::string::npos)
      << first_sentence(evidence);
  EXPECT_EQ(explain_forensics(evidence).findings.front().gain->value, 0.06);
  evidence.trade->classes[0].adjusted_p = 0.06;
  EXPECT_EQ(found(evidence), Codes{});
  evidence.trade->classes[0].adjusted_p = 0.01;
  evidence.trade->classes[1].lost = 26;  // 9.6 points of recall: a border that drifts
  EXPECT_EQ(found(evidence), Codes{});
  evidence.trade->classes[1].lost = 27;
  EXPECT_EQ(found(evidence), Codes{"forgetting supported"});
  evidence.trade->classes[0].gained = 25;
  EXPECT_EQ(found(evidence), Codes{});
  evidence.trade->classes[0].gained = 30;
  evidence.trade->total = {{0.03, {0.01, 0.05}}, 40, 10};  // learnt more than was lost
  EXPECT_EQ(found(evidence), Codes{});
}

// The recalls of classes that are exchanged in the last round alone trade places too.
TEST(ForensicsFindings, exchanged_classes_are_not_forgotten) {
  ForensicsEvidence evidence = whole(8);
  evidence.trade->classes = {{.rows = 240, .gained = 30, .lost = 2, .adjusted_p = 1e-5},
                             {.rows = 260, .gained = 1, .lost = 31, .adjusted_p = 1e-5}};
  ASSERT_EQ(std::ranges::count(found(evidence), "forgetting supported"), 1);
  evidence.label_map = {.map = {1, 0}, .accuracy = 0.8, .majority_share = 0.52, .gain = {{0.6, {0.5, 0.7}}, 0.05}};
  const Codes codes = found(evidence);
  EXPECT_EQ(std::ranges::count(codes, "label-map proved"), 1);
  EXPECT_EQ(std::ranges::count(codes, "forgetting supported"), 0);
}

TEST(ForensicsFindings, what_is_solved_needs_no_reason) {
  ForensicsEvidence evidence = whole(5);
  for (ForensicsRound& round : evidence.rounds) round.test_accuracy = *(round.recomputed = 0.998);
  EXPECT_EQ(found(evidence), Codes{"solved supported"});
  evidence.test_rows = 100;  // of so few, all right is not enough
  for (ForensicsRound& round : evidence.rounds) {
    round.test_accuracy = *(round.recomputed = 1);
    round.predicted_class_rows = {50, 50};
  }
  EXPECT_EQ(found(evidence), Codes{});
}

TEST(ForensicsFindings, proofs_of_faults_come_first_and_nothing_is_left_out) {
  ForensicsEvidence evidence = whole(6);
  evidence.layers = {"fc1", "fc2"};
  for (std::size_t r = 1; r < 6; ++r) evidence.rounds[r].layer_change = {0, 0.02};
  evidence.rounds[2].recomputed = 0.5;
  evidence.slope->tost_p = 0.4;
  evidence.rounds.back().predicted_class_rows = {0, 500};
  EXPECT_EQ(found(evidence), (Codes{"evaluation-mismatch proved", "majority supported", "frozen-weights supported",
                                    "small-test proved"}));
}

TEST(ForensicsFindings, name_what_could_not_be_tested) {
  const ForensicsDecision decision = explain_forensics(logged(8));
  const auto all = [&] {
    std::string text;
    for (const std::string& line : decision.verdict.not_tested) text += line + "\n";
    return text;
  }();
  for (const char* option : {"--test-rows", "--predictions", "--data", "--checkpoints"})
    EXPECT_NE(all.find(option), std::string::npos) << all;
  EXPECT_EQ(decision.advice, "Train more rounds, and log them.");
  ForensicsEvidence with_slope = logged(8);
  with_slope.slope = whole(8).slope;
  EXPECT_NE(explain_forensics(with_slope).advice.find("--predictions"), std::string::npos);
}

}  // namespace
}  // namespace plateau::forensics_findings_test
