// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/rounds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

#include "support/cases.hpp"

namespace plateau::test::rounds_test {
namespace {

// Rows around the four corners of a square, one class each.
Dataset corners(const std::vector<std::int32_t>& classes, Index rows_of_each, std::uint64_t seed, float scale = 1,
                float shift = 0) {
  const Index rows = rows_of_each * static_cast<Index>(classes.size());
  Dataset data{.source = "corners", .columns = 2, .values = HostBuffer<float>(2 * rows)};
  const std::vector<double> noise = random_values(2 * rows, -1.2f, 1.2f, seed);
  for (Index row = 0; row < rows; ++row) {
    const std::int32_t label = classes[static_cast<std::size_t>(row) % classes.size()];
    data.labels.push_back(label);
    for (Index j = 0; j < 2; ++j) {
      const float corner = (label >> j & 1) != 0 ? 1.0f : -1.0f;
      data.values.view()[2 * row + j] = (corner + static_cast<float>(noise[at(2 * row + j)])) * scale + shift;
    }
  }
  data.classes = numbered_classes(4);
  return data;
}

const Architecture kNet{{2, 12, 4}};

plateau::Run round_of(double learning_rate, Index epochs) {
  return {.architecture = {}, .optimizer = AdamParameters{.learning_rate = learning_rate}, .epochs = epochs, .seed = 7};
}

TrainedNetwork base(Index epochs = 60) {
  const Dataset all = corners({0, 1, 2, 3}, 40, 1);
  plateau::Run run = round_of(0.03, epochs);
  run.architecture = kNet;
  const TrainingData data{all.x(), all.label(), all.x(), all.label()};
  return {kNet, CpuTrainer({.workers = 1}).train(run, data).parameters};
}

RoundsResult studied(const RoundsDefinition& definition, const TrainedNetwork& network, std::vector<Dataset> sets,
                     Dataset test = corners({0, 1, 2, 3}, 50, 2)) {
  CpuTrainer trainer({.workers = 1});
  return study_rounds(definition, network, std::move(sets), std::move(test), trainer);
}

std::vector<Dataset> sets_of(std::vector<std::vector<std::int32_t>> classes) {
  std::vector<Dataset> sets;
  for (const auto& of_set : classes) sets.push_back(corners(of_set, 40, 10 + sets.size()));
  return sets;
}

bool found(const RoundsResult& result, RoundsFindingCode code) {
  return std::ranges::count(result.findings, code, &RoundsFinding::code) > 0;
}

TEST(Rounds, of_other_classes_forget_and_it_shows) {
  const RoundsResult result = studied({.run = round_of(0.03, 80)}, base(), sets_of({{0, 1}, {2, 3}}));
  ASSERT_EQ(result.evidence.rounds.size(), 2u);
  EXPECT_EQ(result.outcome(), RunOutcome::finished);
  ASSERT_TRUE(found(result, RoundsFindingCode::forgotten));
  EXPECT_TRUE(found(result, RoundsFindingCode::lost));

  const RoundEvidence &first = result.evidence.rounds[0], &second = result.evidence.rounds[1];
  ASSERT_EQ(first.sets.size(), 1u);
  EXPECT_EQ(first.sets[0].since.value, 0);
  ASSERT_EQ(second.sets.size(), 2u);
  EXPECT_EQ(second.sets[0].right_after, first.sets[0].accuracy.value);
  EXPECT_DOUBLE_EQ(second.sets[0].since.value, second.sets[0].accuracy.value - second.sets[0].right_after);
  EXPECT_LT(second.sets[0].since.interval.high, -0.2);
  EXPECT_GT(second.predicted_class_rows[2] + second.predicted_class_rows[3], 150);
  const auto share_right = [&](const std::vector<Index>& right) {
    return static_cast<double>(std::accumulate(right.begin(), right.end(), Index{0})) /
           static_cast<double>(result.evidence.test_class_rows[0] + result.evidence.test_class_rows[1] +
                               result.evidence.test_class_rows[2] + result.evidence.test_class_rows[3]);
  };
  EXPECT_DOUBLE_EQ(share_right(second.class_right), second.test_accuracy.value);
  EXPECT_DOUBLE_EQ(share_right(result.evidence.base_class_right), result.evidence.base_test_accuracy.value);
  EXPECT_LT(second.class_right[0] + second.class_right[1], second.class_right[2] + second.class_right[3]);
}

// Round by round by hand: the same trainings, and figures from their predictions.
TEST(Rounds, are_trainings_on_top_of_each_other_with_a_fresh_optimizer) {
  const TrainedNetwork start = base(5);
  plateau::Run run = round_of(0.02, 3);
  run.batch = 16;
  const std::vector<Dataset> sets = sets_of({{0, 1}, {1, 2, 3}});
  const Dataset test = corners({0, 1, 2, 3}, 50, 2);
  const RoundsResult result = studied({.run = run, .passes = 2}, start, sets_of({{0, 1}, {1, 2, 3}}));
  ASSERT_EQ(result.asked(), 4);
  ASSERT_EQ(result.rounds.size(), 4u);

  CpuTrainer trainer({.workers = 1});
  run.architecture = kNet;
  FlatParameters before = start.parameters;
  std::vector<std::int32_t> predicted = trainer.predict(start, test.x()).predicted;
  for (std::size_t r = 0; r < 4; ++r) {
    run.initial = before;
    run.seed = 7 + r;
    const Dataset& set = sets[r % 2];
    const RunResult trained = trainer.train(run, {set.x(), set.label(), test.x(), test.label()});
    const RoundEvidence& round = result.evidence.rounds[r];
    EXPECT_EQ(round.set, static_cast<Index>(r % 2));
    EXPECT_EQ(result.rounds[r].seed, run.seed);
    ASSERT_EQ(result.rounds[r].history.size(), 3u);
    EXPECT_EQ(result.rounds[r].history[2].train_loss, trained.history[2].train_loss);
    EXPECT_EQ(round.test_accuracy.value, trained.history[2].test_accuracy);
    EXPECT_EQ(round.gradient_norm, trained.history[2].gradient_norm);
    EXPECT_EQ(round.sets.size(), r == 0 ? 1u : 2u);

    const std::vector<std::int32_t> now = trainer.predict({kNet, trained.parameters}, test.x()).predicted;
    Index changed = 0, gained = 0, lost = 0;
    for (std::size_t row = 0; row < now.size(); ++row) {
      changed += now[row] != predicted[row];
      gained += now[row] == test.labels[row] && predicted[row] != test.labels[row];
      lost += now[row] != test.labels[row] && predicted[row] == test.labels[row];
    }
    EXPECT_EQ(round.changed_since_before, changed);
    EXPECT_EQ(round.over_before.gained, gained);
    EXPECT_EQ(round.over_before.lost, lost);
    EXPECT_DOUBLE_EQ(round.over_before.value, static_cast<double>(gained - lost) / static_cast<double>(test.rows()));
    if (r == 0) {
      EXPECT_EQ(round.changed_since_base, changed);
      EXPECT_EQ(round.over_base.value, round.over_before.value);
      EXPECT_EQ(round.over_base.gained, gained);
    }
    double moved = 0, norm = 0;  // of the last layer
    for (std::size_t i = 36; i < before.size(); ++i) {
      const double from = static_cast<double>(before[i]), to = static_cast<double>(trained.parameters[i]);
      moved += (to - from) * (to - from);
      norm += from * from;
    }
    ASSERT_EQ(round.layer_change.size(), 2u);
    EXPECT_DOUBLE_EQ(round.layer_change[1], std::sqrt(moved / norm));
    before = trained.parameters;
    predicted = now;
  }
  EXPECT_EQ(fingerprint(result.parameters), fingerprint(before));
}

TEST(Rounds, measure_what_was_forgotten_from_the_last_round_of_the_set) {
  const RoundsResult result = studied({.run = round_of(0.02, 3), .passes = 2}, base(1), sets_of({{0, 1}, {2, 3}}));
  ASSERT_EQ(result.evidence.rounds.size(), 4u);
  const SetEvidence own = result.evidence.rounds[2].sets[0], later = result.evidence.rounds[3].sets[0];
  EXPECT_EQ(own.since.value, 0);
  EXPECT_EQ(own.right_after, own.accuracy.value);
  EXPECT_NE(own.right_after, result.evidence.rounds[0].sets[0].accuracy.value);
  EXPECT_EQ(later.right_after, own.accuracy.value);
}

TEST(Rounds, with_a_learning_rate_too_small_for_floats_leave_all_as_it_was) {
  const TrainedNetwork start = base();
  const RoundsResult result = studied({.run = round_of(1e-20, 2)}, start, sets_of({{0, 1}, {2, 3}}));
  EXPECT_EQ(fingerprint(result.parameters), fingerprint(start.parameters));
  EXPECT_TRUE(found(result, RoundsFindingCode::weights_still));
  EXPECT_TRUE(found(result, RoundsFindingCode::same_predictions));
  EXPECT_FALSE(found(result, RoundsFindingCode::within_noise));
  EXPECT_EQ(result.evidence.rounds[1].over_base.interval.high, 0);
}

TEST(Rounds, from_a_layer_of_zeros_have_no_finite_change) {
  TrainedNetwork start = base(5);
  std::fill(start.parameters.begin() + 36, start.parameters.end(), 0.0f);
  const RoundsResult result = studied({.run = round_of(0.01, 1)}, start, sets_of({{0, 1}}));
  EXPECT_EQ(result.evidence.rounds[0].layer_change, (std::vector<double>{0, std::numeric_limits<double>::infinity()}));
}

TEST(Rounds, keep_frozen_layers) {
  plateau::Run run = round_of(0.03, 5);
  run.frozen = 1;
  const TrainedNetwork start = base();
  const RoundsResult result = studied({.run = run}, start, sets_of({{0, 1}}));
  EXPECT_EQ(result.evidence.rounds[0].layer_change[0], 0);
  EXPECT_GT(result.evidence.rounds[0].layer_change[1], 0.01);
  EXPECT_TRUE(std::equal(start.parameters.begin(), start.parameters.begin() + 36, result.parameters.begin()));
  EXPECT_FALSE(found(result, RoundsFindingCode::weights_still));
}

TEST(Rounds, of_a_single_class_end_at_its_share) {
  const RoundsResult result =
      studied({.run = round_of(0.3, 400)}, base(), sets_of({{3}}), corners({0, 1, 2, 3, 3}, 40, 2));
  ASSERT_TRUE(found(result, RoundsFindingCode::one_class));
  EXPECT_NE(result.findings.front().sentence.find("every test row class '3': its accuracy of 0.400"), std::string::npos)
      << result.findings.front().sentence;
}

TEST(Rounds, of_more_of_the_same_are_noise) {
  const RoundsResult result = studied({.run = round_of(0.001, 3)}, base(200), sets_of({{0, 1, 2, 3}, {0, 1, 2, 3}}));
  EXPECT_TRUE(found(result, RoundsFindingCode::within_noise) || found(result, RoundsFindingCode::same_predictions));
  EXPECT_FALSE(found(result, RoundsFindingCode::forgotten) || found(result, RoundsFindingCode::lost));
}

TEST(Rounds, see_rows_on_the_models_scale) {
  const TrainedNetwork plain = base(5);
  TrainedNetwork scaled = plain;
  scaled.scale = {{.mean = 3, .factor = 0.25f}, {.mean = 3, .factor = 0.25f}};
  std::vector<Dataset> raw;
  raw.push_back(corners({0, 1, 2, 3}, 40, 10, 4, 3));
  Dataset by_hand = corners({0, 1, 2, 3}, 40, 10, 4, 3), test = corners({0, 1, 2, 3}, 50, 2, 4, 3);
  scale_features(by_hand, scaled.scale);
  scale_features(test, scaled.scale);
  std::vector<Dataset> sets;
  sets.push_back(std::move(by_hand));
  const RoundsResult want = studied({.run = round_of(0.01, 3)}, plain, std::move(sets), std::move(test));
  const RoundsResult got =
      studied({.run = round_of(0.01, 3)}, scaled, std::move(raw), corners({0, 1, 2, 3}, 50, 2, 4, 3));
  EXPECT_EQ(fingerprint(got.parameters), fingerprint(want.parameters));
  EXPECT_EQ(got.evidence.rounds[0].test_accuracy.value, want.evidence.rounds[0].test_accuracy.value);
  EXPECT_EQ(got.scale.size(), 2u);
}

TEST(Rounds, end_with_a_training_that_diverges_or_when_the_user_wants) {
  const TrainedNetwork start = base(5);
  const RoundsResult diverged =
      studied({.run = {.architecture = {}, .optimizer = SgdParameters{.learning_rate = 1e30}, .epochs = 5}}, start,
              sets_of({{0, 1}, {2, 3}}));
  EXPECT_EQ(diverged.outcome(), RunOutcome::diverged);
  EXPECT_EQ(diverged.rounds.size(), 1u);
  EXPECT_TRUE(diverged.evidence.rounds.empty() && diverged.findings.empty());
  EXPECT_EQ(fingerprint(diverged.parameters), fingerprint(start.parameters));

  std::atomic<bool> stop{false};
  CpuTrainer trainer({.workers = 1, .stop = &stop});
  Index seen = 0, epochs = 0;
  const RoundsResult stopped =
      study_rounds({.run = round_of(0.01, 2)}, start, sets_of({{0, 1}, {2, 3}, {0, 3}}), corners({0, 1}, 5, 2), trainer,
                   {.round =
                        [&](const RoundsResult& so_far) {
                          EXPECT_EQ(static_cast<Index>(so_far.rounds.size()), ++seen);
                          EXPECT_FALSE(so_far.findings.empty());
                          stop = seen == 2;
                        },
                    .epoch = [&](const RunProgress&) { ++epochs; }});
  EXPECT_EQ(epochs, 4);
  EXPECT_EQ(stopped.rounds.size(), 2u);
  EXPECT_EQ(stopped.outcome(), RunOutcome::interrupted);
}

TEST(Rounds, of_one_test_row_have_no_interval) {
  const RoundsResult result = studied({.run = round_of(0.01, 2)}, base(5), sets_of({{0, 1}}), corners({2}, 1, 2));
  EXPECT_EQ(result.evidence.rounds[0].over_before.interval.low, -1);
}

TEST(Rounds, refuse_what_is_no_round_of_the_base) {
  const TrainedNetwork start = base(1);
  const auto throws = [&](const RoundsDefinition& definition, std::vector<Dataset> sets, Dataset test) {
    EXPECT_THROW(studied(definition, start, std::move(sets), std::move(test)), std::invalid_argument);
  };
  const RoundsDefinition good{.run = round_of(0.01, 1)};
  throws(good, {}, corners({0}, 2, 2));
  throws({.run = good.run, .passes = 0}, sets_of({{0}}), corners({0}, 2, 2));
  throws(good, sets_of({{0, 4}}), corners({0}, 2, 2));
  throws(good, sets_of({{0}}), corners({4}, 2, 2));
  throws(good, sets_of({{0}}), {});
  RoundsDefinition scaled = good;
  scaled.run.standardise = true;
  throws(scaled, sets_of({{0}}), corners({0}, 2, 2));
}

}  // namespace
}  // namespace plateau::test::rounds_test
