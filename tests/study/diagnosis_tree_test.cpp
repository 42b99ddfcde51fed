// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/diagnosis_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "plateau/study/reason.hpp"

namespace plateau::diagnosis_tree_test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kHair = 1e-6;

Difference gain(double value, double half) {
  Difference gain;
  gain.value = value;
  gain.interval = {value - half, value + half};
  gain.standard_error = half / 1.96;
  gain.p_greater = 0.5 * std::erfc(value / gain.standard_error / std::sqrt(2.0));
  gain.detectable = 2.8 * gain.standard_error;
  return gain;
}
SettingEvidence setting(const char* what, double train, double test, Difference gain) {
  return {.what = what,
          .architecture = "5-16-2",
          .trainings = 20,
          .test_accuracy = test,
          .train_accuracy = train,
          .balanced_accuracy = test,
          .most_predicted = 0.52,
          .gain = gain};
}

StepEvidence step(const char* what, double train, double test, Difference gain) {
  return {setting(what, train, test, gain), gain};
}
void gains(std::optional<StepEvidence>& step, Difference over_user) { step->gain = step->over_user = over_user; }

// Evidence in round numbers: 0.80 on the test rows, which nothing betters.
DiagnosisEvidence at_a_ceiling() {
  DiagnosisEvidence e{.delta = 0.01, .train_rows = 1000, .test_rows = 2000, .classes = 2, .features = 5};
  e.integrity.classes = 2;
  e.integrity.of_classes = {.train_rows = {500, 500}, .test_rows = {1000, 1000}, .majority_share = 0.5};
  e.user = UserEvidence{.setting = setting("the user's", 0.82, 0.80, {}),
                        .test_interval = {0.78, 0.82},
                        .layers = {{.moved = true}, {.moved = true}},
                        .majority_share = 0.5};
  e.signal = SignalEvidence{.permutations = 199, .trainings = 657, .statistic = 0.3, .p = 0.005, .detectable = 0.03};
  e.over_majority = gain(0.30, 0.02);
  e.optimised = step("learning rate 0.01", 0.82, 0.801, gain(0.001, 0.006));
  e.regularised = step("weight decay 0.1", 0.81, 0.801, gain(0.001, 0.006));
  e.larger = step("128-128", 0.83, 0.801, gain(0.001, 0.006));
  e.reference = setting("128-128", 0.83, 0.801, gain(0.001, 0.003));
  e.curve = CurveEvidence{.points = {{400, 0.797, {0.79, 0.80}}, {800, 0.801, {0.79, 0.81}}},
                          .gain = gain(0.003, 0.006),
                          .from_rows = 400,
                          .to_rows = 800,
                          .at_twice = 0.002,
                          .at_twice_interval = {-0.002, 0.006}};
  e.families = {{.name = "15 nearest neighbours", .test_accuracy = 0.78, .gain = gain(-0.02, 0.01)}};
  e.shift = ShiftEvidence{.auc = {0.51, {0.48, 0.54}}, .p = 0.4, .cross_validated = 0.80, .loss = gain(0, 0.01)};
  e.label_map = LabelMapEvidence{.best = {0, 1}, .gain = gain(0, 0.01)};
  e.noise = NoiseEvidence{
      .disagreement = 0.2, .confident_disagreement = 0.05, .confident_interval = {0.03, 0.08}, .noise_rate = 0.05};
  return e;
}

using Change = std::function<void(DiagnosisEvidence&)>;
DiagnosisEvidence with(const Change& change, DiagnosisEvidence evidence = at_a_ceiling()) {
  change(evidence);
  return evidence;
}
VerdictCode code_of(const DiagnosisEvidence& evidence) { return decide_diagnosis(evidence).verdict.code; }
VerdictCode code_with(const Change& change) { return code_of(with(change)); }
const Effect* effect_of(const DiagnosisDecision& decision, VerdictCode code) {
  const auto found = std::ranges::find(decision.effects, code, &Effect::code);
  return found == decision.effects.end() ? nullptr : &*found;
}
const Cause* cause_of(const DiagnosisDecision& decision, VerdictCode code) {
  const auto found = std::ranges::find(decision.causes, code, &Cause::code);
  return found == decision.causes.end() ? nullptr : &*found;
}
EffectState state_with(const Change& change, VerdictCode code) {
  return effect_of(decide_diagnosis(with(change)), code)->state;
}

// What makes each cause the answer.
void gains_by_optimisation(DiagnosisEvidence& e) {
  gains(e.optimised, gain(0.08, 0.02));
  e.optimised->taken = true;
}
void gains_by_regularisation(DiagnosisEvidence& e) {
  e.user->setting.train_accuracy = 0.99;
  gains(e.regularised, gain(0.08, 0.02));
  e.regularised->taken = true;
}
void gains_by_size(DiagnosisEvidence& e) { gains(e.larger, gain(0.08, 0.02)); }
void gains_by_rows(DiagnosisEvidence& e) {
  e.curve->gain = gain(0.08, 0.02);
  e.curve->at_twice = 0.06;
  e.curve->at_twice_interval = {0.03, 0.09};
}
void is_shifted(DiagnosisEvidence& e) {
  e.shift = ShiftEvidence{.auc = {0.8, {0.75, 0.85}}, .p = 0.01, .cross_validated = 0.9, .loss = gain(0.10, 0.03)};
}
void gains_without_given_weights(DiagnosisEvidence& e) {
  e.from_scratch = step("drawn weights", 0.9, 0.88, gain(0.08, 0.02));
}
void gains_by_other_features(DiagnosisEvidence& e) { e.second_data = setting("7-32-2", 0.9, 0.88, gain(0.08, 0.02)); }
void gains_by_neighbours(DiagnosisEvidence& e) { e.families[0].gain = gain(0.08, 0.02); }
void has_one_class(DiagnosisEvidence& e) { e.integrity.of_classes.test_rows = {0, 2000}; }
void has_constant_features(DiagnosisEvidence& e) {
  e.integrity.of_features.constant = {0, 1, 2, 3, 4};
  e.user.reset();
}
void leaks(DiagnosisEvidence& e) {
  e.integrity.leak.present = true;
  e.integrity.leak.rows = {3, 5, 8};
}
void has_a_frozen_layer(DiagnosisEvidence& e) { e.user->layers = {{.moved = true}, {.frozen = true}}; }
void gains_without_frozen_layers(DiagnosisEvidence& e) {
  has_a_frozen_layer(e);
  e.unfrozen = step("no layer frozen", 0.9, 0.88, gain(0.08, 0.02));
}
void gains_by_held_out_rows(DiagnosisEvidence& e) {
  e.with_held_out = setting("trained on all rows", 0.9, 0.88, gain(0.08, 0.02));
}
void has_exchanged_classes(DiagnosisEvidence& e) {
  e.label_map = LabelMapEvidence{.best = {1, 0}, .gain = gain(0.5, 0.05)};
}
void has_no_signal(DiagnosisEvidence& e) {
  e.signal->p = 0.4;
  e.over_majority = gain(0, 0.02);
}
void says_one_class(DiagnosisEvidence& e) {
  e.user->setting.most_predicted = 1;
  e.user->setting.test_accuracy = e.user->majority_share = 0.9;
  e.reference->test_accuracy = 0.9;
  e.balance = BalanceEvidence{.balanced_accuracy = 0.7, .gain = {0.2, {0.15, 0.25}}};
}
void is_solved(DiagnosisEvidence& e) {
  e.user->setting.test_accuracy = e.reference->test_accuracy = 0.995;
  e.user->test_interval = {0.99, 0.998};
}

struct Case {
  const char* name;
  Change change;
  VerdictCode code;
  EvidenceGrade grade;
  int exit_code;
};
std::vector<Case> cases() {
  using enum VerdictCode;
  constexpr auto proved = EvidenceGrade::proved, supported = EvidenceGrade::supported;
  return {{"ceiling", [](DiagnosisEvidence&) {}, ceiling, supported, 0},
          {"optimisation", gains_by_optimisation, optimisation, proved, 0},
          {"overfit", gains_by_regularisation, overfit, proved, 0},
          {"capacity", gains_by_size, capacity, proved, 0},
          {"data-limited", gains_by_rows, data_limited, supported, 0},
          {"shift", is_shifted, shift, supported, 0},
          {"warm-start", gains_without_given_weights, warm_start, proved, 0},
          {"embedding-limited", gains_by_other_features, embedding_limited, proved, 0},
          {"family-limited", gains_by_neighbours, family_limited, supported, 0},
          {"single-class", has_one_class, single_class, proved, 4},
          {"constant features", has_constant_features, no_signal, proved, 0},
          {"leak", leaks, leak, proved, 4},
          {"frozen-weights", gains_without_frozen_layers, frozen_weights, proved, 4},
          {"held-out rows", gains_by_held_out_rows, data_limited, proved, 0},
          {"label-map", has_exchanged_classes, label_map, proved, 4},
          {"no-signal", has_no_signal, no_signal, supported, 0},
          {"majority", says_one_class, majority, proved, 0},
          {"solved", is_solved, solved, supported, 0}};
}

TEST(DiagnosisTree, follows_the_evidence) {
  for (const Case& of : cases()) {
    const DiagnosisDecision decision = decide_diagnosis(with(of.change));
    EXPECT_STREQ(to_string(decision.verdict.code), to_string(of.code)) << of.name << ": " << decision.verdict.sentence;
    EXPECT_EQ(decision.verdict.grade, of.grade) << of.name;
    EXPECT_EQ(exit_code_of(decision.verdict), of.exit_code) << of.name;
    EXPECT_NE(decision.verdict.sentence, "") << of.name;
    ASSERT_NE(cause_of(decision, of.code), nullptr) << of.name;
    EXPECT_EQ(cause_of(decision, of.code)->grade, of.grade) << of.name;
    EXPECT_NE(cause_of(decision, of.code)->evidence, "") << of.name;
    EXPECT_EQ(decision.verdict.sentence.find("nan"), std::string::npos) << decision.verdict.sentence;
  }
}

TEST(DiagnosisTree, looks_at_what_explains_everything_before_what_explains_a_part) {
  const std::vector<Change> earliest_first{has_one_class, leaks, has_exchanged_classes, has_no_signal, gains_by_size};
  const std::vector<VerdictCode> codes{VerdictCode::single_class, VerdictCode::leak, VerdictCode::label_map,
                                       VerdictCode::no_signal, VerdictCode::capacity};
  for (std::size_t first = 0; first < codes.size(); ++first)
    EXPECT_EQ(code_with([&](DiagnosisEvidence& e) {
                for (std::size_t i = first; i < codes.size(); ++i) earliest_first[i](e);
              }),
              codes[first]);
}

TEST(DiagnosisTree, without_any_training_and_without_a_finding_is_inconclusive) {
  const DiagnosisDecision decision = decide_diagnosis(with([](DiagnosisEvidence& e) { e.user.reset(); }));
  EXPECT_EQ(decision.verdict.code, VerdictCode::inconclusive);
  EXPECT_EQ(exit_code_of(decision.verdict), 3);
  EXPECT_TRUE(decision.effects.empty());
}

// ---- Thresholds, each from both sides -------------------------------------------------------------------------------

TEST(DiagnosisTree, calls_a_gain_present_from_what_is_worth_acting_on) {
  const auto state = [](double value, double half) {
    return state_with([&](DiagnosisEvidence& e) { gains(e.larger, gain(value, half)); }, VerdictCode::capacity);
  };
  EXPECT_EQ(state(0.01, 0.004), EffectState::present);
  EXPECT_EQ(state(0.01 - kHair, 0.004), EffectState::unresolved);
  EXPECT_EQ(state(0.02, 0.02 + kHair), EffectState::unresolved);  // the interval reaches 0
  EXPECT_EQ(state(0.005, 0.005 - kHair), EffectState::absent);
  EXPECT_EQ(state(0.005, 0.005 + kHair), EffectState::unresolved);  // as much as is worth acting on is not ruled out
  EXPECT_EQ(state(-0.02, 0.2), EffectState::unresolved);
}

TEST(DiagnosisTree, corrects_for_the_number_of_gains) {
  DiagnosisEvidence alone = at_a_ceiling();
  alone.regularised.reset();
  alone.larger.reset();
  alone.curve.reset();
  alone.shift.reset();
  alone.families.clear();
  gains(alone.optimised, gain(0.02, 0.0175));  // two-sided, a p-value of 0.025
  const DiagnosisEvidence among_others = with([&](DiagnosisEvidence& e) { gains(e.optimised, alone.optimised->gain); });
  EXPECT_EQ(effect_of(decide_diagnosis(alone), VerdictCode::optimisation)->state, EffectState::present);
  const DiagnosisDecision decision = decide_diagnosis(among_others);
  const Effect* effect = effect_of(decision, VerdictCode::optimisation);
  EXPECT_EQ(effect->state, EffectState::unresolved);
  EXPECT_NEAR(effect->adjusted_p, 6 * 2 * alone.optimised->gain.p_greater, 1e-9);
  EXPECT_NE(decision.verdict.code, VerdictCode::optimisation);
}

TEST(DiagnosisTree, calls_it_memorising_only_where_train_rows_fare_better) {
  const auto state = [](double train) {
    return state_with(
        [&](DiagnosisEvidence& e) {
          gains_by_regularisation(e);
          e.user->setting.train_accuracy = train;
        },
        VerdictCode::overfit);
  };
  EXPECT_EQ(state(0.80 + kOverfitGap + kHair), EffectState::present);
  EXPECT_NE(state(0.80 + kOverfitGap - kHair), EffectState::present);
  // Once it is optimised, by the figures of that training.
  EXPECT_NE(state_with(
                [](DiagnosisEvidence& e) {
                  gains_by_regularisation(e);
                  e.optimised->taken = true;
                },
                VerdictCode::overfit),
            EffectState::present);
}

TEST(DiagnosisTree, calls_a_network_too_small_only_where_it_has_not_learnt_its_rows) {
  const auto state = [](double train, bool optimised) {
    return state_with(
        [&](DiagnosisEvidence& e) {
          gains_by_size(e);
          e.larger->train_accuracy = 0.99;
          (optimised ? e.optimised->train_accuracy : e.user->setting.train_accuracy) = train;
          e.optimised->taken = optimised;
        },
        VerdictCode::capacity);
  };
  for (const bool optimised : {false, true}) {
    EXPECT_EQ(state(kTrainSaturated - kHair, optimised), EffectState::present);
    EXPECT_NE(state(kTrainSaturated, optimised), EffectState::present);
  }
}

TEST(DiagnosisTree, calls_rows_the_limit_by_a_share_of_the_error) {
  const auto code = [](double value, double half) {
    return code_with([&](DiagnosisEvidence& e) {
      gains_by_rows(e);
      e.curve->points.back().test_accuracy = 0.8;
      e.curve->gain = gain(value, half);
      e.curve->gain.p_greater = 1e-6;
    });
  };
  EXPECT_EQ(code(0.2 * kRelativeGain + kHair, 0.01), VerdictCode::data_limited);
  EXPECT_NE(code(0.2 * kRelativeGain - kHair, 0.01), VerdictCode::data_limited);
  EXPECT_EQ(code(0.05, 0.05 - kLeastCurveGain - kHair), VerdictCode::data_limited);
  EXPECT_NE(code(0.05, 0.05 - kLeastCurveGain + kHair), VerdictCode::data_limited);
  const auto at_twice = [](double points) {
    return code_with([&](DiagnosisEvidence& e) {
      gains_by_rows(e);
      e.curve->at_twice = points;
    });
  };
  EXPECT_EQ(at_twice(0.01), VerdictCode::data_limited);
  EXPECT_NE(at_twice(0.01 - kHair), VerdictCode::data_limited);
}

TEST(DiagnosisTree, calls_it_a_shift_only_where_the_rows_can_be_told_apart) {
  const auto code = [](double low, double p) {
    return code_with([&](DiagnosisEvidence& e) {
      is_shifted(e);
      e.shift->auc.interval.low = low;
      e.shift->p = p;
    });
  };
  EXPECT_EQ(code(kShiftAuc + kHair, kSignalLevel), VerdictCode::shift);
  EXPECT_NE(code(kShiftAuc, kSignalLevel), VerdictCode::shift);
  EXPECT_NE(code(kShiftAuc + kHair, kSignalLevel + kHair), VerdictCode::shift);
}

TEST(DiagnosisTree, calls_classes_exchanged_by_a_large_gain_alone) {
  const auto code = [](double value, double half) {
    return code_with([&](DiagnosisEvidence& e) {
      has_exchanged_classes(e);
      e.label_map->gain = gain(value, half);
    });
  };
  EXPECT_EQ(code(kLabelMapGain + kHair, 0.05), VerdictCode::label_map);
  EXPECT_NE(code(kLabelMapGain, 0.05), VerdictCode::label_map);
  EXPECT_NE(code(0.5, 0.5), VerdictCode::label_map);
  EXPECT_EQ(code_with([](DiagnosisEvidence& e) {
              has_exchanged_classes(e), e.label_map->recall = {0.8, 0.2};
            }),
            VerdictCode::label_map);
  EXPECT_NE(code_with([](DiagnosisEvidence& e) {
              has_exchanged_classes(e), e.label_map->recall = {0.8, 0.21};
            }),
            VerdictCode::label_map);
}

TEST(DiagnosisTree, denies_a_signal_only_where_it_would_have_seen_one) {
  const auto code = [](double p, double detectable, Difference over_majority = gain(0, 0.02)) {
    return code_with([&](DiagnosisEvidence& e) {
      e.signal->p = p;
      e.signal->detectable = detectable;
      e.over_majority = over_majority;
    });
  };
  EXPECT_EQ(code(kSignalLevel + kHair, kDetectableSignal), VerdictCode::no_signal);
  EXPECT_EQ(code(kSignalLevel + kHair, kDetectableSignal + kHair), VerdictCode::inconclusive);
  EXPECT_NE(code(kSignalLevel, kDetectableSignal), VerdictCode::no_signal);
  EXPECT_EQ(code(0.4, kDetectableSignal, gain(0.1, 0.02)), VerdictCode::ceiling);  // the best network shows one
  // Where labels cannot be shuffled, the accuracy has to show one.
  EXPECT_EQ(code_with([](DiagnosisEvidence& e) { e.signal.reset(); }), VerdictCode::ceiling);
  EXPECT_EQ(code_with([](DiagnosisEvidence& e) {
              e.signal.reset();
              e.over_majority = gain(0.01, 0.02);
            }),
            VerdictCode::inconclusive);
}

TEST(DiagnosisTree, calls_it_solved_where_the_test_rows_are_enough_to_say_so) {
  const auto code = [](double accuracy, double low) {
    return code_with([&](DiagnosisEvidence& e) {
      e.user->setting.test_accuracy = accuracy;
      e.user->test_interval.low = low;
    });
  };
  EXPECT_EQ(code(kSolvedAccuracy, kSolvedInterval), VerdictCode::solved);
  EXPECT_EQ(code(kSolvedAccuracy, kSolvedInterval - kHair), VerdictCode::inconclusive);
  EXPECT_NE(code(kSolvedAccuracy - kHair, kSolvedInterval), VerdictCode::solved);
  // Beside a class that has nearly all rows it must have learnt the others.
  const auto beside = [](double share) {
    return code_with([&](DiagnosisEvidence& e) {
      is_solved(e);
      e.user->majority_share = share;
    });
  };
  EXPECT_EQ(beside(1 - 0.005 / kSolvedError - kHair), VerdictCode::solved);
  EXPECT_NE(beside(1 - 0.005 / kSolvedError + kHair), VerdictCode::solved);
}

TEST(DiagnosisTree, calls_it_the_majority_where_class_weights_prove_it) {
  const auto code = [](double share, double accuracy, double gained) {
    return code_with([&](DiagnosisEvidence& e) {
      says_one_class(e);
      e.user->setting.most_predicted = share;
      e.user->setting.test_accuracy = accuracy;
      e.balance->gain = {gained, {gained - 0.01, gained + 0.01}};
    });
  };
  EXPECT_EQ(code(kOneClass, 0.9, kBalanceGain), VerdictCode::majority);
  EXPECT_NE(code(kOneClass - kHair, 0.9, kBalanceGain), VerdictCode::majority);
  EXPECT_NE(code(kOneClass, 0.9, kBalanceGain - kHair), VerdictCode::majority);
  EXPECT_EQ(code(kOneClass, 0.9 + 1.0 / 2000, kBalanceGain), VerdictCode::majority);  // a row off
  EXPECT_NE(code(kOneClass, 0.9 + 2.0 / 2000, kBalanceGain), VerdictCode::majority);
}

TEST(DiagnosisTree, tells_class_weights_from_the_better_training_that_they_are_tried_on) {
  DiagnosisEvidence e = with(says_one_class);
  e.balance->gain = {0.3, {0.2, 0.4}};
  e.balance->optimised = 0.77;
  e.balance->of_weights = {0.03, {-0.01, 0.07}};
  const DiagnosisDecision decision = decide_diagnosis(e);
  EXPECT_EQ(decision.verdict.code, VerdictCode::majority);
  EXPECT_NE(decision.verdict.sentence.find("better optimised and with class weights its balanced accuracy rises by "
                                           "+30.0 points [+20.0, +40.0] to 0.700, of which the weights are +3.0 points "
                                           "[-1.0, +7.0]"),
            std::string::npos)
      << decision.verdict.sentence;
  EXPECT_TRUE(std::ranges::any_of(decision.verdict.evidence, [](const std::string& line) {
    return line.find("better optimised 0.770; and with balanced class weights 0.700, +3.0 points") != std::string::npos;
  }));
}

// The gain over a step that is worse than the user's training is none over that.
TEST(DiagnosisTree, a_cause_has_the_smaller_gain_and_its_evidence_both) {
  const DiagnosisDecision decision = decide_diagnosis(with([](DiagnosisEvidence& e) {
    e.larger->gain = gain(0.02, 0.01);
    e.larger->over_user = gain(0.007, 0.01);
  }));
  const Cause* const larger = cause_of(decision, VerdictCode::capacity);
  ASSERT_TRUE(larger != nullptr && larger->gain);
  EXPECT_DOUBLE_EQ(larger->gain->value, 0.007);
  EXPECT_NE(larger->evidence.find("+2.0 points"), std::string::npos);
  EXPECT_NE(larger->evidence.find(" over the step before it, +0.7 points"), std::string::npos) << larger->evidence;
}

TEST(DiagnosisTree, calls_it_a_ceiling_only_where_every_gain_is_ruled_out) {
  const double bound = std::max(kRelativeGain * (1 - 0.801), kLeastBound);
  const std::vector<std::function<void(DiagnosisEvidence&, Difference)>> of_all{
      [](DiagnosisEvidence& e, Difference gain) { gains(e.optimised, gain); },
      [](DiagnosisEvidence& e, Difference gain) { gains(e.regularised, gain); },
      [](DiagnosisEvidence& e, Difference gain) { gains(e.larger, gain); },
      [](DiagnosisEvidence& e, Difference gain) { e.unfrozen = step("no layer frozen", 0.82, 0.801, gain); },
      [](DiagnosisEvidence& e, Difference gain) { e.from_scratch = step("drawn weights", 0.82, 0.801, gain); },
      [](DiagnosisEvidence& e, Difference gain) { e.with_held_out = setting("all rows", 0.82, 0.801, gain); },
      [](DiagnosisEvidence& e, Difference gain) {  // what more rows than there are would add, not what they have added
        e.curve->at_twice = gain.value;
        e.curve->at_twice_interval = gain.interval;
      }};
  for (const auto& of : of_all) {
    const auto code = [&](double high) {
      return code_with([&](DiagnosisEvidence& e) { of(e, gain(0.001, high - 0.001)); });
    };
    EXPECT_EQ(code(bound - kHair), VerdictCode::ceiling);
    EXPECT_EQ(code(bound + kHair), VerdictCode::inconclusive);
  }
  // Near 1 the bound shrinks no further.
  const auto near_one = [](double high) {
    return code_with([&](DiagnosisEvidence& e) {
      e.user->setting.test_accuracy = e.reference->test_accuracy = 0.97;
      gains(e.larger, gain(0.001, high - 0.001));
    });
  };
  EXPECT_EQ(near_one(kLeastBound - kHair), VerdictCode::ceiling);
  EXPECT_EQ(near_one(kLeastBound + kHair), VerdictCode::inconclusive);

  for (const Change& missing : std::vector<Change>{[](DiagnosisEvidence& e) { e.curve.reset(); },
                                                   [](DiagnosisEvidence& e) { e.larger.reset(); },
                                                   [](DiagnosisEvidence& e) { e.over_majority = gain(0.01, 0.02); }})
    EXPECT_EQ(code_with(missing), VerdictCode::inconclusive);
}

// Stopped after an epoch, a large network can be better than a small one that was not, and not for its size.
TEST(DiagnosisTree, calls_a_network_too_small_only_where_a_larger_one_fits_its_training_rows_better) {
  const auto decided = [](double train_accuracy) {  // the smaller network's is 0.82
    return decide_diagnosis(with([&](DiagnosisEvidence& e) {
             gains_by_size(e);
             e.regularised.reset();
             e.larger->train_accuracy = train_accuracy;
           }))
        .verdict;
  };
  EXPECT_EQ(decided(0.82 + kHair).code, VerdictCode::capacity);
  const Verdict other = decided(0.82);
  EXPECT_EQ(other.code, VerdictCode::inconclusive);
  EXPECT_NE(other.sentence.find("a larger network helps (+8.0 points [+6.0, +10.0]), but it is right on no more of its "
                                "training rows"),
            std::string::npos)
      << other.sentence;
  EXPECT_EQ(decided(kNaN).code, VerdictCode::inconclusive);
}

TEST(DiagnosisTree, names_the_largest_of_several_causes_or_says_that_they_are_mixed) {
  const auto decided = [](double share) {  // of the sum, the larger network's
    return decide_diagnosis(with([&](DiagnosisEvidence& e) {
      e.optimised->taken = true;
      gains(e.larger, gain(0.2 * share, 0.01));
      gains(e.optimised, gain(0.2 * (1 - share), 0.01));
    }));
  };
  EXPECT_EQ(decided(kDominant + kHair).verdict.code, VerdictCode::capacity);
  const DiagnosisDecision mixed = decided(kDominant - kHair);
  EXPECT_EQ(mixed.verdict.code, VerdictCode::mixed);
  EXPECT_EQ(exit_code_of(mixed.verdict), 0);
  ASSERT_GE(mixed.causes.size(), 2u);
  EXPECT_EQ(mixed.causes[0].code, VerdictCode::capacity);
  EXPECT_EQ(mixed.causes[1].code, VerdictCode::optimisation);
  EXPECT_GT(mixed.causes[0].gain->value, mixed.causes[1].gain->value);
  EXPECT_EQ(cause_of(mixed, VerdictCode::mixed), nullptr);
  for (const char* part : {"learning rate 0.01", "128-128"})
    EXPECT_NE(mixed.verdict.sentence.find(part), std::string::npos) << mixed.verdict.sentence;
}

// Rows that are held out and rows that there are not yet are one cause.
TEST(DiagnosisTree, takes_both_ways_to_more_rows_for_one_cause) {
  const auto decided = [](double optimised, bool trained) {
    return decide_diagnosis(with([&](DiagnosisEvidence& e) {
      gains_by_rows(e);  // 6 points by twice as many
      gains_by_held_out_rows(e);
      e.with_held_out->gain = gain(0.05, 0.02);
      if (trained) gains(e.optimised, gain(optimised, 0.02));
    }));
  };
  const DiagnosisDecision alone = decided(0, false);
  EXPECT_EQ(alone.verdict.code, VerdictCode::data_limited);
  EXPECT_TRUE(alone.verdict.sentence.starts_with("More training rows would help")) << alone.verdict.sentence;
  EXPECT_NE(alone.verdict.sentence.find(" would add about +6.0 points [+"), std::string::npos) << alone.verdict.sentence;
  EXPECT_TRUE(alone.verdict.sentence.ends_with("; and trained on all rows: +5.0 points [+3.0, +7.0]"))
      << alone.verdict.sentence;
  // 11 points by rows of 18, and of 19: the largest cause, whose gains are each below the other's.
  EXPECT_EQ(decided(0.07, true).verdict.code, VerdictCode::data_limited);
  const DiagnosisDecision mixed = decided(0.08, true);
  EXPECT_EQ(mixed.verdict.code, VerdictCode::mixed);
  const std::size_t first = mixed.verdict.sentence.find("learning rate 0.01");
  EXPECT_LT(first, mixed.verdict.sentence.find("800 training rows in place of 400")) << mixed.verdict.sentence;
  EXPECT_EQ(mixed.verdict.sentence.find("trained on all rows"), std::string::npos) << mixed.verdict.sentence;
}

// ---- What stands beside the verdict ---------------------------------------------------------------------------------

TEST(DiagnosisTree, lists_what_goes_with_the_accuracy_without_being_a_gain) {
  const auto listed = [](const Change& change, VerdictCode code) {
    return cause_of(decide_diagnosis(with(change)), code) != nullptr;
  };
  const auto noise = [](double confident, double low) {
    return [=](DiagnosisEvidence& e) {
      e.noise->confident_disagreement = confident;
      e.noise->confident_interval.low = low;
      e.noise->surest_disagreement = kLevelNoise * confident;
    };
  };
  EXPECT_TRUE(listed(noise(0.2 * kUniformNoise, kLeastBound + kHair), VerdictCode::label_noise));
  EXPECT_FALSE(listed(noise(0.2 * kUniformNoise - kHair, kLeastBound + kHair), VerdictCode::label_noise));
  EXPECT_FALSE(listed(noise(0.2 * kUniformNoise, kLeastBound), VerdictCode::label_noise));
  EXPECT_FALSE(listed(
      [&](DiagnosisEvidence& e) {  // the surer, the fewer: classes overlap
        noise(0.2, 0.1)(e);
        e.noise->surest_disagreement -= kHair;
      },
      VerdictCode::label_noise));
  EXPECT_FALSE(listed(
      [&](DiagnosisEvidence& e) {
        noise(0.2, 0.1)(e);
        has_no_signal(e);
      },
      VerdictCode::label_noise));

  const auto detectable = [](double points) {
    return [=](DiagnosisEvidence& e) { e.reference->gain.detectable = points; };
  };
  EXPECT_TRUE(listed(detectable(0.01 + kHair), VerdictCode::small_test));
  EXPECT_FALSE(listed(detectable(0.01), VerdictCode::small_test));
  EXPECT_TRUE(listed(
      [](DiagnosisEvidence& e) {
        says_one_class(e);
        gains_by_size(e);
      },
      VerdictCode::majority));
}

TEST(DiagnosisTree, lists_no_gain_that_is_ruled_out) {
  const DiagnosisDecision decision = decide_diagnosis(with(gains_by_size));
  EXPECT_EQ(effect_of(decision, VerdictCode::optimisation)->state, EffectState::absent);
  EXPECT_EQ(cause_of(decision, VerdictCode::optimisation), nullptr);
  EXPECT_EQ(cause_of(decision, VerdictCode::family_limited), nullptr);
  // One that is open is listed as such.
  const DiagnosisDecision open =
      decide_diagnosis(with([](DiagnosisEvidence& e) { gains(e.larger, gain(0.02, 0.03)); }));
  EXPECT_EQ(cause_of(open, VerdictCode::capacity)->grade, EvidenceGrade::unresolved);
}

TEST(DiagnosisTree, says_what_was_not_tested) {
  const auto said = [](const Change& change, const char* part) {
    return std::ranges::any_of(decide_diagnosis(with(change)).verdict.not_tested,
                               [&](const std::string& line) { return line.find(part) != std::string::npos; });
  };
  const Change nothing = [](DiagnosisEvidence&) {};
  EXPECT_TRUE(said(nothing, "--second-data"));
  EXPECT_FALSE(said(gains_by_other_features, "--second-data"));
  EXPECT_FALSE(said(nothing, "permuted"));
  EXPECT_TRUE(said([](DiagnosisEvidence& e) { e.signal.reset(); }, "permuted"));
  EXPECT_FALSE(said(nothing, "are like training rows"));
  EXPECT_TRUE(said([](DiagnosisEvidence& e) { e.shift.reset(); }, "are like training rows"));
  EXPECT_FALSE(said(nothing, "takes trainings"));
  EXPECT_TRUE(said(has_constant_features, "takes trainings"));
}

TEST(DiagnosisTree, has_a_line_of_evidence_for_every_gain) {
  const DiagnosisDecision decision = decide_diagnosis(at_a_ceiling());
  EXPECT_EQ(decision.effects.size(), 6u);
  EXPECT_EQ(decision.verdict.evidence.size(), 9u);  // the training, the signal and what it gains come first
  for (std::size_t i = 1; i < decision.effects.size(); ++i)
    EXPECT_GE(decision.effects[i - 1].points, decision.effects[i].points);
}

TEST(DiagnosisTree, tells_what_was_counted_by_the_names_of_the_classes) {
  const auto told = [](const Change& change) {
    std::string text;
    const Verdict verdict = decide_diagnosis(with([&](DiagnosisEvidence& e) {
                              e.class_names = {"cat", "dog"};
                              change(e);
                            })).verdict;
    for (const std::string& line : verdict.evidence) text += line + "\n";
    return text + verdict.sentence;
  };
  const auto holds = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  const std::string nothing = told([](DiagnosisEvidence&) {});
  for (const char* part : {"twin", "equal", "constant", "without training rows"})
    EXPECT_EQ(nothing.find(part), std::string::npos) << nothing;
  holds(told(has_one_class), "(dog)");
  holds(told(has_exchanged_classes), "cat as dog, dog as cat");
  holds(told([](DiagnosisEvidence& e) { e.integrity.of_classes.without_training = {1}; }),
        "classes without training rows: dog");
  holds(told([](DiagnosisEvidence& e) { e.integrity.of_features.constant = {2, 4}; }), "2 features are constant");
  holds(told([](DiagnosisEvidence& e) {
          e.integrity.of_features.equal = {{0, 3}, {1, 2, 4}};
        }),
        "3 features repeat others");
  holds(told([](DiagnosisEvidence& e) {
          e.integrity.leak.identical = {.test_rows = 2000, .test_twins = 700, .train_rows = 1000, .train_twins = 350};
          e.integrity.train_duplicates.conflicting_rows = 40;
        }),
        "700 of 2000 test rows have a twin among the training rows, as 350 of 1000 training rows have");
}

// As many as would show the gain, or rule it out, whichever takes fewer.
TEST(DiagnosisTree, says_how_many_test_rows_would_decide) {
  const auto sentence = [](double value, double half) {
    return decide_diagnosis(with([&](DiagnosisEvidence& e) {
             gains(e.larger, gain(value, half));
             e.larger->train_accuracy = e.user->setting.train_accuracy = 0.9;
           }))
        .verdict.sentence;
  };
  const auto said = [&](double value, double half, const char* part) {
    EXPECT_NE(sentence(value, half).find(part), std::string::npos) << sentence(value, half);
  };
  said(0.0, 0.0795, "about 8000 test rows would decide");   // 0.0398 is ruled out by half the interval
  said(0.06, 0.0501, "about 2700 test rows would decide");  // and 0.06 shown by one that is a little narrower
}

// A gain that nothing would make the cause is told as what it is, and beside a cause that gains less.
TEST(DiagnosisTree, tells_of_a_gain_that_is_not_put_down_to_its_cause) {
  const auto learnt = [](DiagnosisEvidence& e) {
    gains_by_size(e);
    e.user->setting.train_accuracy = 1;
  };
  const DiagnosisDecision alone = decide_diagnosis(with(learnt));
  EXPECT_EQ(alone.verdict.code, VerdictCode::inconclusive);
  EXPECT_EQ(effect_of(alone, VerdictCode::capacity)->state, EffectState::unresolved);
  EXPECT_NE(alone.verdict.sentence.find("a larger network helps (+8.0 points"), std::string::npos);
  EXPECT_NE(alone.verdict.sentence.find("not short of parameters"), std::string::npos) << alone.verdict.sentence;
  const DiagnosisDecision beside = decide_diagnosis(with([&](DiagnosisEvidence& e) {
    learnt(e);
    gains_by_rows(e);
  }));
  EXPECT_EQ(beside.verdict.code, VerdictCode::data_limited);
  EXPECT_NE(beside.verdict.sentence.find("beside it a larger network helps"), std::string::npos)
      << beside.verdict.sentence;
}

TEST(DiagnosisTree, says_which_claim_is_ruled_out_least) {
  const auto sentence = [](const Change& change) { return decide_diagnosis(with(change)).verdict.sentence; };
  const auto said = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  said(sentence([](DiagnosisEvidence& e) { e.families[0].gain = gain(0.02, 0.06); }),
       "15 nearest neighbours do better");
  said(sentence([](DiagnosisEvidence& e) { e.reference->gain = gain(0.02, 0.06); }), "the best of all settings");
  said(sentence([](DiagnosisEvidence& e) { gains(e.regularised, gain(0.015, 0.014)); }),
       "it seems that regularisation");
  // Of rows in groups as many as they are worth.
  said(sentence([](DiagnosisEvidence& e) {
         gains(e.larger, gain(0.02, 0.06));
         e.user->effective_rows = 90.4;
       }),
       "2000 test rows in groups, worth 90 single ones, do not rule out");
  const std::string chance = sentence([](DiagnosisEvidence& e) { e.over_majority = gain(0.02, 0.04); });
  said(chance, "about 8000 test rows would decide");
  said(sentence([](DiagnosisEvidence& e) { e.over_majority = gain(-0.01, 0.04); }), "judge by balanced accuracy");
}

TEST(DiagnosisTree, budget_adds_up_to_one) {
  for (const Case& of : cases()) {
    const DiagnosisEvidence evidence = with(of.change);
    if (!evidence.user) continue;
    const ErrorBudget budget = decide_diagnosis(evidence).budget;
    EXPECT_NEAR(budget.accuracy + budget.weights + budget.optimisation + budget.regularisation + budget.capacity +
                    budget.twice_the_data + budget.unexplained,
                1, 1e-12)
        << of.name;
  }
  const DiagnosisEvidence more_than_there_is = with([](DiagnosisEvidence& e) {
    gains_by_optimisation(e);
    gains_by_rows(e);
    gains(e.optimised, gain(0.15, 0.02));
    gains(e.larger, gain(-0.05, 0.02));
  });
  const ErrorBudget budget = decide_diagnosis(more_than_there_is).budget;
  EXPECT_DOUBLE_EQ(budget.optimisation, 0.15);
  EXPECT_EQ(budget.capacity, 0);
  EXPECT_NEAR(budget.twice_the_data, 0.05, 1e-12);
  EXPECT_NEAR(budget.unexplained, 0, 1e-12);
}

// A step that is taken by the folds and worse on the test rows gives the next one nothing to better.
TEST(DiagnosisTree, budget_ends_at_the_reference_and_counts_no_point_twice) {
  const ErrorBudget budget = decide_diagnosis(with([](DiagnosisEvidence& e) {
                               e.optimised->taken = e.regularised->taken = e.larger->taken = true;
                               e.optimised->over_user = gain(0.05, 0.01);
                               e.regularised->over_user = gain(0.03, 0.01);
                               e.larger->over_user = gain(0.08, 0.01);
                               e.larger->gain = gain(0.05, 0.01);
                               e.reference->gain = gain(0.08, 0.01);
                             })).budget;
  EXPECT_DOUBLE_EQ(budget.optimisation, 0.05);
  EXPECT_EQ(budget.regularisation, 0);
  EXPECT_NEAR(budget.capacity, 0.03, 1e-12);
  // A reference that is smaller than the user's network is held back.
  const ErrorBudget smaller =
      decide_diagnosis(with([](DiagnosisEvidence& e) { e.reference->gain = gain(0.04, 0.01); })).budget;
  EXPECT_DOUBLE_EQ(smaller.regularisation, 0.04);
}

// What makes good only for a step before it that was worse than the user's gains nothing.
TEST(DiagnosisTree, calls_a_step_a_gain_only_over_the_users_training_too) {
  const auto state = [](double over_user, double half) {
    return state_with(
        [&](DiagnosisEvidence& e) {
          gains_by_size(e);
          e.larger->over_user = gain(over_user, half);
        },
        VerdictCode::capacity);
  };
  EXPECT_EQ(state(0.01 + kHair, 0.01), EffectState::present);
  EXPECT_NE(state(0.01 - kHair, 0.001), EffectState::present);
  EXPECT_NE(state(0.02, 0.02 + kHair), EffectState::present);
  // It is ranked by the lesser of the two.
  const DiagnosisDecision decision = decide_diagnosis(with([](DiagnosisEvidence& e) {
    gains_by_size(e);
    e.larger->over_user = gain(0.02, 0.01);
  }));
  EXPECT_DOUBLE_EQ(effect_of(decision, VerdictCode::capacity)->points, 0.02);
}

// Nor does it stand against a ceiling what the one of both does not leave open.
TEST(DiagnosisTree, rules_a_step_out_by_what_stands_before_it_or_by_the_users_training) {
  const auto decided = [](Difference over_before, Difference over_user) {
    return decide_diagnosis(with([&](DiagnosisEvidence& e) {
             e.larger->gain = over_before;
             e.larger->over_user = over_user;
           }))
        .verdict;
  };
  const Difference open = gain(0.01, 0.06), closed = gain(0.001, 0.02);
  EXPECT_EQ(decided(open, closed).code, VerdictCode::ceiling);  // it makes good for a step that was worse
  EXPECT_EQ(decided(closed, open).code, VerdictCode::ceiling);
  EXPECT_EQ(decided(open, open).code, VerdictCode::inconclusive);
  // What the ceiling says is of the user's training.
  EXPECT_NE(decided(open, closed).sentence.find("by more than 2.1 points"), std::string::npos);
  EXPECT_NE(decided(closed, open).sentence.find("by more than 7.0 points"), std::string::npos);
  const std::string left = decided(gain(0.01, 0.07), open).sentence;
  EXPECT_NE(left.find("a larger network helps (+1.0 points [-5.0, +7.0])"), std::string::npos) << left;
}

TEST(DiagnosisTree, of_frozen_layers_that_cost_nothing_makes_no_cause) {
  const DiagnosisDecision decision = decide_diagnosis(with([](DiagnosisEvidence& e) {
    has_a_frozen_layer(e);
    e.unfrozen = step("no layer frozen", 0.82, 0.801, gain(0.001, 0.006));
  }));
  EXPECT_EQ(decision.verdict.code, VerdictCode::ceiling);
  EXPECT_TRUE(std::ranges::any_of(decision.verdict.evidence, [](const std::string& line) {
    return line == "1 of 2 layers are frozen and never change";
  }));
}

TEST(DiagnosisTree, says_in_how_many_steps_networks_were_worse) {
  const std::string sentence = decide_diagnosis(with([](DiagnosisEvidence& e) {
                                 gains_by_neighbours(e);
                                 e.most_steps = 12345;
                               })).verdict.sentence;
  EXPECT_NE(sentence.find("up to 12345 steps"), std::string::npos) << sentence;
}

TEST(DiagnosisTree, says_that_every_training_diverges) {
  const auto sentence = [](const Change& change) {
    return decide_diagnosis(with([&](DiagnosisEvidence& e) {
             change(e);
             e.user->setting.diverged = e.user->setting.trainings;
           }))
        .verdict.sentence;
  };
  EXPECT_NE(sentence(gains_by_optimisation).find("Every training of the network diverges"), std::string::npos);
  EXPECT_NE(sentence([](DiagnosisEvidence&) {}).find("every one of the 20 trainings diverges"), std::string::npos);
  EXPECT_EQ(code_with([](DiagnosisEvidence& e) { e.user->setting.diverged = 19; }), VerdictCode::ceiling);
}

// What trainings with other seeds do, more rows do not narrow.
TEST(DiagnosisTree, says_when_seeds_or_nothing_at_hand_would_decide) {
  const auto sentence = [](double share) {  // of the variance, the trainings'
    return decide_diagnosis(with([&](DiagnosisEvidence& e) {
             gains(e.larger, gain(0, 0.0796));  // twice as wide as it may be
             e.larger->gain.error_of_trainings = std::sqrt(share) * e.larger->gain.standard_error;
           }))
        .verdict.sentence;
  };
  const auto said = [&](double share, const char* part) {
    EXPECT_NE(sentence(share).find(part), std::string::npos) << sentence(share);
  };
  said(0.2, "about 33000 test rows would decide");  // some 0.8 / (0.25 - 0.2) times as many
  said(0.4, "about 25000 test rows and 40 seeds");  // some 0.6 / (0.25 - 0.2)
  said(0.5, "trainings with other seeds differ too much for any number of test rows");
}

// Nor do more trainings on parts of the same rows, beyond what they do not have in common.
TEST(DiagnosisTree, says_that_more_rows_would_decide_what_overlapping_parts_cannot) {
  const auto sentence = [](double stays, double groups) {  // of the variance, what the parts have in common
    return decide_diagnosis(with([&](DiagnosisEvidence& e) {
             e.curve->at_twice_interval = {-0.05, 0.082};  // twice as wide as it may be
             e.curve->gain.error_of_trainings = std::sqrt(0.4) * e.curve->gain.standard_error;
             e.curve->gain.error_of_overlap = std::sqrt(stays) * e.curve->gain.standard_error;
             e.user->effective_rows = groups;
           }))
        .verdict.sentence;
  };
  const auto ends = [&](double stays, double groups, const char* words) {
    EXPECT_TRUE(sentence(stays, groups).ends_with(words)) << sentence(stays, groups);
  };
  ends(0, 2000, "test rows and 40 seeds (--thorough) would decide it");
  ends(0, 500, "test rows in as many more groups and 40 seeds (--thorough) would decide it");
  ends(0.35, 2000,
       "trainings on other parts of the rows differ too much for any number of test rows to decide it; more "
       "training rows may");
  ends(0.35, 500, "more training rows in more groups may");
}

// Where the seeds alone make the interval narrow enough, no more rows are asked for.
TEST(DiagnosisTree, asks_for_seeds_alone_where_they_are_enough) {
  const std::string sentence = decide_diagnosis(with([](DiagnosisEvidence& e) {
                                 gains(e.larger, gain(0, 0.055));
                                 e.larger->gain.error_of_trainings = std::sqrt(0.9) * e.larger->gain.standard_error;
                                 e.user->setting.trainings = 5;
                               })).verdict.sentence;
  EXPECT_TRUE(sentence.ends_with("; 40 seeds (--thorough) would decide it")) << sentence;
}

// ---- Numbers that are none ------------------------------------------------------------------------------------------

std::vector<double*> numbers_of(Difference& gain) {
  return {&gain.value, &gain.interval.low, &gain.interval.high, &gain.p_greater};
}

TEST(DiagnosisTree, a_number_that_is_none_decides_nothing) {
  const auto gains_of = [](const Change& change, Difference& (*of)(DiagnosisEvidence&), VerdictCode code) {
    for (const std::size_t i : {0u, 1u, 3u}) {
      const DiagnosisEvidence evidence = with([&](DiagnosisEvidence& e) {
        change(e);
        *numbers_of(of(e))[i] = kNaN;
      });
      EXPECT_NE(code_of(evidence), code) << to_string(code) << " " << i;
      EXPECT_NE(code_of(evidence), VerdictCode::ceiling) << to_string(code) << " " << i;
    }
  };
  gains_of(
      gains_by_optimisation, [](DiagnosisEvidence& e) -> Difference& { return e.optimised->gain; },
      VerdictCode::optimisation);
  gains_of(
      gains_by_regularisation, [](DiagnosisEvidence& e) -> Difference& { return e.regularised->gain; },
      VerdictCode::overfit);
  gains_of(
      gains_by_size, [](DiagnosisEvidence& e) -> Difference& { return e.larger->gain; }, VerdictCode::capacity);
  gains_of(
      gains_by_rows, [](DiagnosisEvidence& e) -> Difference& { return e.curve->gain; }, VerdictCode::data_limited);
  for (const Change& change :
       std::vector<Change>{[](DiagnosisEvidence& e) { is_shifted(e), e.shift->auc.interval.low = kNaN; },
                           [](DiagnosisEvidence& e) { is_shifted(e), e.shift->p = kNaN; },
                           [](DiagnosisEvidence& e) { is_shifted(e), e.shift->loss.interval.low = kNaN; }})
    EXPECT_NE(code_with(change), VerdictCode::shift);
  for (const Change& change : std::vector<Change>{
           [](DiagnosisEvidence& e) { has_exchanged_classes(e), e.label_map->gain.value = kNaN; },
           [](DiagnosisEvidence& e) { has_exchanged_classes(e), e.label_map->gain.interval.low = kNaN; }})
    EXPECT_NE(code_with(change), VerdictCode::label_map);
  for (const Change& change :
       std::vector<Change>{[](DiagnosisEvidence& e) { has_no_signal(e), e.signal->p = kNaN; },
                           [](DiagnosisEvidence& e) { has_no_signal(e), e.signal->detectable = kNaN; }})
    EXPECT_EQ(code_with(change), VerdictCode::inconclusive);
  for (const Change& change :
       std::vector<Change>{[](DiagnosisEvidence& e) { is_solved(e), e.user->setting.test_accuracy = kNaN; },
                           [](DiagnosisEvidence& e) { is_solved(e), e.user->test_interval.low = kNaN; }})
    EXPECT_NE(code_with(change), VerdictCode::solved);
}

TEST(DiagnosisTree, a_layer_that_is_dead_is_not_frozen) {
  EXPECT_EQ(code_with([](DiagnosisEvidence& e) {
              e.user->layers[1].moved = false;
              gains_by_optimisation(e);
            }),
            VerdictCode::optimisation);
}

// Neighbours bend less to the training rows, and lose less where the test rows are others.
TEST(DiagnosisTree, what_others_keep_where_rows_are_shifted_is_the_shifts) {
  EXPECT_EQ(code_with([](DiagnosisEvidence& e) {
              is_shifted(e);
              gains_by_neighbours(e);
            }),
            VerdictCode::shift);
}

// What a setting says where no training row lies may be right by chance.
TEST(DiagnosisTree, gains_of_a_step_where_rows_are_shifted_show_on_the_training_rows_too) {
  const auto decided = [](double fold_gain, const Change& change) {
    return decide_diagnosis(with([&](DiagnosisEvidence& e) {
      gains_by_optimisation(e);  // 8 points
      e.optimised->fold_gain = fold_gain;
      change(e);
    }));
  };
  const Change told = [](DiagnosisEvidence& e) {
    is_shifted(e);
    e.shift->loss = gain(0.02, 0.03);  // not shown to lose by it
  };
  EXPECT_EQ(decided(0, [](DiagnosisEvidence&) {}).verdict.code, VerdictCode::optimisation);
  EXPECT_EQ(decided(0.04, told).verdict.code, VerdictCode::optimisation);
  const DiagnosisDecision off = decided(0.04 - kHair, told);
  EXPECT_EQ(off.verdict.code, VerdictCode::inconclusive);
  EXPECT_EQ(effect_of(off, VerdictCode::optimisation)->state, EffectState::unresolved);
  EXPECT_NE(off.verdict.sentence.find("the test rows are unlike the training rows, and on held-out training rows it "
                                      "gains 4.0 points"),
            std::string::npos)
      << off.verdict.sentence;
  EXPECT_EQ(decided(kNaN, told).verdict.code, VerdictCode::inconclusive);
  // A small gain must be one worth acting on there as well.
  const auto of_small = [&](double fold_gain) {
    return decided(fold_gain,
                   [&](DiagnosisEvidence& e) {
                     told(e);
                     gains(e.optimised, gain(0.012, 0.001));
                   })
        .verdict.code;
  };
  EXPECT_EQ(of_small(0.01), VerdictCode::optimisation);
  EXPECT_NE(of_small(0.01 - kHair), VerdictCode::optimisation);
  // A shift that is shown is the cause, whatever gains beside it.
  EXPECT_EQ(decided(0, is_shifted).verdict.code, VerdictCode::shift);
}

TEST(DiagnosisTree, exchanged_classes_leave_no_gains) {
  const DiagnosisDecision decision = decide_diagnosis(with([](DiagnosisEvidence& e) {
    gains_by_size(e);
    has_exchanged_classes(e);
  }));
  ASSERT_EQ(decision.causes.size(), 1u);
  EXPECT_EQ(decision.causes[0].code, VerdictCode::label_map);
  ASSERT_TRUE(decision.causes[0].gain.has_value());
  EXPECT_GT(decision.causes[0].gain->value, kLabelMapGain);
}

// A class can have moved to where another one lay.
TEST(DiagnosisTree, classes_that_seem_exchanged_among_rows_that_have_moved_are_a_shift) {
  EXPECT_EQ(code_with([](DiagnosisEvidence& e) {
              is_shifted(e);
              has_exchanged_classes(e);
            }),
            VerdictCode::shift);
}

TEST(DiagnosisTree, one_class_for_all_rows_is_no_solution) {
  const auto rare = [](DiagnosisEvidence& e) {
    is_solved(e);
    e.user->setting.most_predicted = 1;
    e.user->majority_share = e.user->setting.test_accuracy;
  };
  EXPECT_NE(code_with(rare), VerdictCode::solved);
  EXPECT_EQ(code_with([&](DiagnosisEvidence& e) {
              says_one_class(e);
              rare(e);
            }),
            VerdictCode::majority);
}

// What is not ruled out, by whatever it would be gained, is no ceiling.
TEST(DiagnosisTree, no_ceiling_is_claimed_beside_a_gain_that_seems_to_be_there) {
  ASSERT_EQ(code_with([](DiagnosisEvidence&) {}), VerdictCode::ceiling);
  const double bound = kRelativeGain * (1 - with([](DiagnosisEvidence&) {}).reference->test_accuracy);
  for (const Change& change : std::vector<Change>{
           [&](DiagnosisEvidence& e) { e.families[0].gain = gain(0, bound + kHair); },
           [&](DiagnosisEvidence& e) { e.reference->gain = gain(0, bound + kHair); },
           [](DiagnosisEvidence& e) { gains(e.regularised, gain(0.015, 0.005)); }})  // without a gap between the rows
    EXPECT_EQ(code_with(change), VerdictCode::inconclusive);
}

// Wherever among the gains it stands, one that is not known is not ruled out.
TEST(DiagnosisTree, no_ceiling_is_claimed_over_a_gain_that_is_not_known) {
  for (const Change& change :
       std::vector<Change>{[](DiagnosisEvidence& e) { e.optimised->gain.interval.high = kNaN; },
                           [](DiagnosisEvidence& e) { e.regularised->gain.interval.high = kNaN; },
                           [](DiagnosisEvidence& e) { e.larger->gain.interval.high = kNaN; },
                           [](DiagnosisEvidence& e) { e.curve->at_twice_interval.high = kNaN; },
                           [](DiagnosisEvidence& e) { e.reference->test_accuracy = kNaN; },
                           [](DiagnosisEvidence& e) { e.over_majority->interval.low = kNaN; }})
    EXPECT_EQ(code_with(change), VerdictCode::inconclusive);
}

}  // namespace
}  // namespace plateau::diagnosis_tree_test
