// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A diagnosis with everything that can be measured, for the tests of what is written of one.
#pragma once

#include <limits>

#include "plateau/study/diagnose.hpp"
#include "plateau/study/diagnosis_tree.hpp"

namespace plateau::test {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

inline Difference gain(double value, double half) {
  Difference gain;
  gain.value = value;
  gain.interval = {value - half, value + half};
  gain.standard_error = half / 2;
  gain.p_greater = 0.001;
  gain.detectable = 1.4 * half;
  return gain;
}
inline SettingEvidence setting(const char* what) {
  return {.what = what,
          .architecture = "2-8-2",
          .trainings = 5,
          .diverged = 1,
          .test_accuracy = 0.75,
          .seed_deviation = 0.01,
          .train_accuracy = 0.8,
          .balanced_accuracy = 0.7,
          .most_predicted = 0.6,
          .test_accuracies = {0.74, 0.76},
          .train_accuracies = {0.79, 0.81},
          .gain = gain(0.08, 0.02)};
}

// Everything that can be measured, in round numbers, and class names that no terminal should be handed.
inline Diagnosis hand_made_diagnosis() {
  Diagnosis d;
  d.configuration = {.files = {.train = "rows.csv", .test_fraction = 0.25, .initial = "m.safetensors"},
                     .second_data = "other.npy",
                     .run = {.architecture = {{2, 4, 2}}, .epochs = 7, .batch = 16, .patience = 3},
                     .delta = 0.02,
                     .depth = Depth::quick,
                     .seed = 11};
  d.schema = {.source = "rows.csv", .columns = 2, .classes = {.names = {"a \"cat\"", "\x1b[31mdog"}}};
  DiagnosisEvidence& e = d.evidence;
  e = {.delta = 0.02, .train_rows = 300, .test_rows = 100, .classes = 2, .features = 2};
  e.class_names = d.schema.classes.names;
  e.integrity.of_classes = {.train_rows = {200, 100}, .test_rows = {60, 40}, .majority_share = 0.6};
  e.user = UserEvidence{.setting = setting("the user's"),
                        .test_interval = {0.65, 0.83},
                        .effective_rows = 62.5,
                        .dead_units = 0.25,
                        .gradient_ratio = 3,
                        .layers = {{.moved = true}, {}},
                        .majority_share = 0.6,
                        .curves = {.epoch = {0, 1},
                                   .test_accuracy = {0.5, 0.75},
                                   .lowest = {0.4, 0.74},
                                   .highest = {0.6, 0.76},
                                   .train_accuracy = {0.5, 0.8},
                                   .changed = {kNaN, 0.25}},
                        .confusion = {50, 10, 15, 25}};
  e.with_leaked = setting("the user's");
  e.signal = SignalEvidence{
      .permutations = 3, .trainings = 12, .statistic = 0.3, .null = {0.01, -0.02, 0.03}, .p = 0.25, .detectable = 0.05};
  e.over_majority = gain(0.15, 0.05);
  const auto step = [](const char* what) { return StepEvidence{setting(what), gain(0.06, 0.03)}; };
  e.unfrozen = step("no layer frozen");
  e.from_scratch = step("drawn weights");
  e.optimised = step("learning rate 0.01");
  e.optimised->taken = true;
  e.regularised = step("dropout 0.3");
  e.larger = step("32-32");
  e.reference = setting("32-32");
  e.ladder = {{"2-2", false, {0.6, 0.62}, {0.65, 0.66}}, {"2-4-2", true, {0.7, 0.72}, {0.75, 0.76}}};
  e.most_steps = 1000;
  e.with_held_out = setting("trained on the rows that are held out as well, 12 epochs");
  e.second_data = setting("the network 5-8-2");
  e.curve = CurveEvidence{.points = {{100, 0.7, {0.6, 0.8}}, {200, 0.75, {0.7, 0.8}}},
                          .gain = gain(0.05, 0.02),
                          .from_rows = 100,
                          .to_rows = 200,
                          .at_twice = 0.035,
                          .at_twice_interval = {0.02, 0.05},
                          .back_test_error = 0.01};
  e.families = {{.name = "5 nearest neighbours", .test_accuracy = 0.7, .gain = gain(-0.05, 0.03)}};
  e.shift = ShiftEvidence{
      .auc = {0.55, {0.5, 0.6}}, .null_auc = 0.5, .p = 0.3, .cross_validated = 0.77, .loss = gain(0.02, 0.04)};
  e.label_map = LabelMapEvidence{.best = {0, 1}, .gain = gain(0, 0.02)};
  e.noise = NoiseEvidence{.disagreement = 0.2,
                          .confident_disagreement = 0.15,
                          .confident_interval = {0.1, 0.2},
                          .noise_rate = 0.15,
                          .suspects = {{4, 0, 0.96, 0.04}, {2, 1, 0.75, 0.25}}};
  e.balance = BalanceEvidence{.balanced_accuracy = 0.72, .gain = {0.02, {-0.01, 0.05}}};
  DiagnosisDecision decision = decide_diagnosis(e);
  d.verdict = {.code = VerdictCode::capacity,
               .grade = EvidenceGrade::proved,
               .sentence = "The network is too small for a \x1b[31mdog",
               .evidence = {"one line", "another"},
               .not_tested = {"the weather"}};
  d.causes = {{VerdictCode::capacity, Estimate{0.08, {0.06, 0.1}}, EvidenceGrade::proved, "a larger network"},
              {VerdictCode::small_test, {}, EvidenceGrade::supported, "100 rows"}};
  d.effects = std::move(decision.effects);
  d.budget = decision.budget;
  d.suspects = {{40, 1, 0, 0.96, 0.04}, {20, 0, 1, 0.75, 0.25}};
  d.trainings = 396;
  d.test_looks = 6;
  d.seconds = 2.5;
  return d;
}
}  // namespace plateau::test
