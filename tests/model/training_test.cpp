// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/training.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "plateau/core/permutation.hpp"
#include "plateau/ops/initialise.hpp"
#include "plateau/ops/treat_labels.hpp"
#include "support/results.hpp"
#include "support/rows.hpp"
#include "support/run_features.hpp"

namespace plateau::test::training_test {
namespace {

Run small_run() {
  return {.architecture = {{3, 16, 8, 2}},
          .optimizer = AdamParameters{.learning_rate = 0.01},
          .epochs = 12,
          .batch = 0,
          .seed = 7};
}

TEST(Training, learns_a_learnable_rule) {
  const Rows rows = learnable_rows(400, 300, 3, 2);
  auto run = small_run();
  run.epochs = 150;
  const RunResult result = train_on_cpu<float>(run, rows.views(), {});
  EXPECT_EQ(result.outcome, RunOutcome::finished);
  ASSERT_EQ(result.history.size(), 150u);
  EXPECT_GE(result.history.back().test_accuracy, 0.97);
  EXPECT_LE(result.history.back().train_loss, 0.5 * result.history.front().train_loss);
}

TEST(Training, results_do_not_depend_on_the_number_of_workers) {
  const Rows rows = learnable_rows(100, 700, 3, 2);  // several evaluation tiles
  for (const Index batch : {0, 32}) {
    auto run = small_run();
    run.batch = batch;
    const RunResult alone = train_on_cpu<float>(run, rows.views(), {.workers = 1});
    for (const int workers : {2, 3})
      expect_equal_bits(alone, train_on_cpu<float>(run, rows.views(), {.workers = workers}));
  }
}

TEST(Training, equal_seeds_give_equal_bits_and_other_seeds_do_not) {
  const Rows rows = learnable_rows(60, 40, 3, 2);
  auto run = small_run();
  const RunResult first = train_on_cpu<float>(run, rows.views(), {});
  expect_equal_bits(first, train_on_cpu<float>(run, rows.views(), {}));
  run.seed = 8;
  EXPECT_NE(fingerprint(first.parameters), fingerprint(train_on_cpu<float>(run, rows.views(), {}).parameters));
}

TEST(Training, a_run_among_others_has_the_bits_it_has_alone) {
  const Rows rows = learnable_rows(80, 50, 3, 2);
  std::vector<plateau::Run> runs;
  for (const Index width : {4, 31, 16, 8, 5}) {
    auto run = small_run();
    run.architecture = {{3, width, 2}};
    run.seed = static_cast<std::uint64_t>(width);
    runs.push_back(run);
  }
  for (const int workers : {1, 2, 4}) {
    const auto together = train_fleet_on_cpu(rows.views(), runs, {.workers = workers});
    ASSERT_EQ(together.size(), runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i)
      expect_equal_bits(train_on_cpu<float>(runs[i], rows.views(), {}), together[i]);
  }
  EXPECT_TRUE(train_fleet_on_cpu(rows.views(), {}, {.workers = 2}).empty());
}

TEST(Training, figures_of_an_epoch_are_means_over_the_rows) {
  // One step over everything, written out: the loss and accuracy before the step are those of the initial parameters.
  const Rows rows = learnable_rows(37, 21, 3, 2);
  auto run = small_run();
  run.optimizer = SgdParameters{.learning_rate = 1e-30};  // the parameters stay where they are
  run.epochs = 2;
  const RunResult result = train_on_cpu<double>(run, rows.views(), {});
  Rows swapped = rows;
  std::swap(swapped.train_x, swapped.test_x);
  std::swap(swapped.train_label, swapped.test_label);
  const RunResult other = train_on_cpu<double>(run, swapped.views(), {});
  EXPECT_NEAR(result.history[0].train_loss, other.history[0].test_loss, 1e-12);
  EXPECT_NEAR(result.history[0].train_accuracy, other.history[0].test_accuracy, 1e-12);
  EXPECT_NEAR(result.history[0].test_loss, other.history[0].train_loss, 1e-12);
  EXPECT_EQ(result.history[0].train_loss, result.history[1].train_loss);
}

TEST(Training, bits_of_the_test_rows_add_up_to_the_accuracy) {
  const Rows rows = learnable_rows(50, 45, 3, 2);
  const RunResult result = train_on_cpu<float>(small_run(), rows.views(), {});
  ASSERT_EQ(result.test_correct.epochs(), 12);
  ASSERT_EQ(result.test_correct.rows(), 45);
  for (Index e = 0; e < 12; ++e) {
    Index right = 0;
    for (Index r = 0; r < 45; ++r) right += result.test_correct(e, r);
    EXPECT_EQ(static_cast<double>(right) / 45, result.history[at(e)].test_accuracy);
  }
}

TEST(Training, a_batch_as_large_as_the_data_is_a_full_batch) {
  const Rows rows = learnable_rows(50, 20, 3, 2);
  auto run = small_run();
  const RunResult full = train_on_cpu<float>(run, rows.views(), {});
  for (const Index batch : {50, 51, 1000}) {
    run.batch = batch;
    expect_equal_bits(full, train_on_cpu<float>(run, rows.views(), {}));
  }
}

TEST(Training, shuffles_only_when_asked_and_differently_in_every_epoch) {
  const Rows rows = learnable_rows(50, 20, 3, 2);
  auto run = small_run();
  run.batch = 8;
  const RunResult shuffled = train_on_cpu<float>(run, rows.views(), {});
  run.order = RowOrder::as_stored;
  const RunResult stored = train_on_cpu<float>(run, rows.views(), {});
  EXPECT_NE(fingerprint(shuffled.parameters), fingerprint(stored.parameters));

  // With a step too small to move anything, the last gradient of an epoch is that of its last batch: equal rows in file
  // order, other rows in every shuffled epoch.
  run.optimizer = SgdParameters{.learning_rate = 1e-30};
  const RunResult still = train_on_cpu<float>(run, rows.views(), {});
  EXPECT_EQ(still.history[0].gradient_norm, still.history[1].gradient_norm);
  run.order = RowOrder::shuffled_each_epoch;
  const RunResult moving = train_on_cpu<float>(run, rows.views(), {});
  for (std::size_t e = 1; e < moving.history.size(); ++e)
    EXPECT_NE(moving.history[e].gradient_norm, moving.history[e - 1].gradient_norm);
}

// Momentum-free SGD on a linear model, one class pair, written out: the first batch of an epoch must be that epoch's.
TEST(Training, shuffled_batches_are_those_of_their_epoch) {
  const Rows rows = learnable_rows(24, 10, 3, 2);
  auto run = small_run();
  run.architecture = {{3, 2}};
  run.optimizer = SgdParameters{.learning_rate = 0.5};
  run.batch = 7;
  run.epochs = 4;
  const RunResult got = train_on_cpu<double>(run, rows.views(), {.workers = 2});

  std::vector<double> w(8);  // weight [2, 3], then bias [2]
  cpu::initialise<double>(run.seed, 0, 3, {w.data(), 6});
  cpu::initialise<double>(run.seed, 6, 3, {w.data() + 6, 2});
  for (std::uint32_t epoch = 0; epoch < 4; ++epoch) {
    const KeyedPermutation order({run.seed, StreamId::shuffle, epoch}, 24);
    double loss = 0;
    for (Index first = 0; first < 24; first += 7) {
      const Index batch = std::min<Index>(7, 24 - first);
      std::vector<double> gradient(8, 0.0);
      for (Index r = first; r < first + batch; ++r) {
        const float* x = rows.views().train_x.row(order(r));
        const int y = rows.train_label[at(order(r))];
        double z[2];
        for (int c = 0; c < 2; ++c)
          z[c] = w[at(3 * c)] * x[0] + w[at(3 * c + 1)] * x[1] + w[at(3 * c + 2)] * x[2] + w[at(6 + c)];
        const double sum = std::exp(z[0]) + std::exp(z[1]);
        loss += std::log(sum) - z[y];
        for (int c = 0; c < 2; ++c) {
          const double g = (std::exp(z[c]) / sum - (c == y)) / static_cast<double>(batch);
          for (int j = 0; j < 3; ++j) gradient[at(3 * c + j)] += g * x[j];
          gradient[at(6 + c)] += g;
        }
      }
      for (std::size_t i = 0; i < 8; ++i) w[i] -= 0.5 * gradient[i];
    }
    EXPECT_NEAR(got.history[epoch].train_loss, loss / 24, 1e-12) << "epoch " << epoch;
  }
}

TEST(Training, initial_parameters_replace_drawn_ones) {
  const Rows rows = learnable_rows(30, 20, 3, 2);
  auto run = small_run();
  run.epochs = 1;
  run.optimizer = SgdParameters{.learning_rate = 1e-30};
  run.initial = FlatParameters(static_cast<std::size_t>(run.architecture.parameters()));
  for (std::size_t i = 0; i < run.initial->size(); ++i) (*run.initial)[i] = 0.001f * static_cast<float>(i + 1);
  EXPECT_EQ(train_on_cpu<float>(run, rows.views(), {}).parameters, *run.initial);
}

TEST(Training, permuted_labels_are_dealt_to_the_training_rows_only) {
  const Rows rows = learnable_rows(90, 70, 3, 2);
  auto run = small_run();
  run.labels = {.permuted = true, .permutation_seed = 5};
  const RunResult permuted = train_on_cpu<float>(run, rows.views(), {});

  Rows dealt = rows;
  cpu::treat_labels(run.labels, 2, {}, rows.views().train_label, {dealt.train_label.data(), 90});
  run.labels = {};
  EXPECT_NE(dealt.train_label, rows.train_label);
  expect_equal_bits(permuted, train_on_cpu<float>(run, dealt.views(), {}));
}

TEST(Training, divergence_stops_names_its_epoch_and_keeps_the_history) {
  const Rows rows = learnable_rows(64, 32, 3, 2);
  for (const int workers : {1, 2}) {
    auto run = small_run();
    run.epochs = 500;
    run.optimizer = SgdParameters{.learning_rate = 1e12};
    const RunResult result = train_on_cpu<float>(run, rows.views(), {.workers = workers});
    EXPECT_EQ(result.outcome, RunOutcome::diverged);
    EXPECT_LT(result.history.size(), 500u);
    EXPECT_EQ(result.test_correct.epochs(), static_cast<Index>(result.history.size()));
    for (const EpochRecord& epoch : result.history) {
      EXPECT_TRUE(std::isfinite(epoch.train_loss));
      EXPECT_TRUE(std::isfinite(epoch.test_loss));
    }
  }
}

TEST(Training, a_stop_request_ends_between_epochs_in_good_order) {
  const Rows rows = learnable_rows(64, 32, 3, 2);
  const std::atomic<bool> stop{true};
  const RunResult result = train_on_cpu<float>(small_run(), rows.views(), {.workers = 2, .stop = &stop});
  EXPECT_EQ(result.outcome, RunOutcome::interrupted);
  ASSERT_EQ(result.history.size(), 1u);
  EXPECT_EQ(result.history[0].train_loss, train_on_cpu<float>(small_run(), rows.views(), {}).history[0].train_loss);
}

TEST(Training, a_stop_request_lets_no_further_run_of_a_fleet_begin) {
  const Rows rows = learnable_rows(64, 32, 3, 2);
  std::atomic<bool> stop{false};
  const std::vector<RunResult> results =
      train_fleet_on_cpu(rows.views(), {small_run(), small_run(), small_run()}, {.workers = 1, .stop = &stop},
                         [&](const FleetProgress& now) { stop = now.finished >= 1; });
  EXPECT_EQ(results[0].outcome, RunOutcome::finished);
  for (const std::size_t i : {1u, 2u}) {
    EXPECT_EQ(results[i].outcome, RunOutcome::interrupted);
    EXPECT_TRUE(results[i].history.empty());
  }
}

TEST(Training, trains_one_row_one_feature_and_one_class) {
  Rows rows{.features = 1, .train_x = {0.5f}, .test_x = {0.25f}, .train_label = {0}, .test_label = {0}};
  auto run = small_run();
  run.architecture = {{1, 1}};
  const RunResult result = train_on_cpu<float>(run, rows.views(), {});
  EXPECT_EQ(result.outcome, RunOutcome::finished);
  EXPECT_EQ(result.history.back().test_accuracy, 1.0);
  EXPECT_EQ(result.history.back().train_loss, 0.0);
}

// ---- What a run may ask for -----------------------------------------------------------------------------------------

plateau::Run validated_run(Index train_rows) {
  auto run = small_run();
  run.rows = RowSelection::outside_fold(1, train_rows, 4, 0);
  run.validation = RowSelection::fold(1, train_rows, 4, 0);
  return run;
}

std::size_t lowest_validation_loss(const RunResult& result) {
  const auto best = std::min_element(
      result.history.begin(), result.history.end(),
      [](const EpochRecord& a, const EpochRecord& b) { return a.validation_loss < b.validation_loss; });
  return static_cast<std::size_t>(best - result.history.begin());
}

TEST(Training, keeps_the_parameters_of_the_lowest_validation_loss) {
  const Rows rows = learnable_rows(80, 30, 3, 2);
  auto run = validated_run(80);
  run.labels = {.flip_rate = 0.3f, .flip_seed = 2};  // so that there is something to overfit
  run.optimizer = AdamParameters{.learning_rate = 0.1};
  run.epochs = 30;
  const RunResult result = train_on_cpu<float>(run, rows.views(), {});
  EXPECT_EQ(result.outcome, RunOutcome::finished);
  ASSERT_EQ(result.best_epoch, static_cast<Index>(lowest_validation_loss(result)));
  ASSERT_LT(*result.best_epoch, 29);

  run.epochs = *result.best_epoch + 1;
  EXPECT_EQ(result.best_parameters, train_on_cpu<float>(run, rows.views(), {}).parameters);
  EXPECT_NE(result.best_parameters, result.parameters);
}

TEST(Training, stops_early_after_as_many_epochs_without_a_lower_loss) {
  const Rows rows = learnable_rows(80, 30, 3, 2);
  auto run = validated_run(80);
  run.optimizer = AdamParameters{.learning_rate = 0.3};
  run.epochs = 200;
  const RunResult whole = train_on_cpu<float>(run, rows.views(), {});
  for (const Index patience : {1, 3}) {
    run.patience = patience;
    const RunResult result = train_on_cpu<float>(run, rows.views(), {});
    EXPECT_EQ(result.outcome, RunOutcome::stopped_early);
    ASSERT_LT(result.history.size(), 200u);
    EXPECT_EQ(static_cast<Index>(result.history.size()), *result.best_epoch + 1 + patience);
    EXPECT_EQ(static_cast<std::size_t>(*result.best_epoch), lowest_validation_loss(result));
    EXPECT_EQ(result.test_correct.epochs(), static_cast<Index>(result.history.size()));
    for (std::size_t e = 0; e < result.history.size(); ++e)
      EXPECT_EQ(bits_of(result.history[e]), bits_of(whole.history[e]));
  }
}

TEST(Training, a_run_that_is_long_patient_does_not_stop) {
  const Rows rows = learnable_rows(80, 30, 3, 2);
  auto run = validated_run(80);
  run.patience = run.epochs;
  EXPECT_EQ(train_on_cpu<float>(run, rows.views(), {}).outcome, RunOutcome::finished);
}

// The same rows as test rows: evaluated alike, to the bit, but for the order of the sums.
TEST(Training, validation_figures_are_those_of_a_test_on_the_same_rows) {
  const Rows rows = learnable_rows(80, 30, 3, 2);
  auto run = validated_run(80);
  run.standardise = true;
  run.labels = {.flip_rate = 0.2f, .flip_seed = 3};
  const RunResult result = train_on_cpu<float>(run, rows.views(), {});

  Rows other = rows;
  other.test_x.clear();
  other.test_label.clear();
  std::vector<std::int32_t> treated(80);
  cpu::treat_labels(run.labels, 2, {}, rows.views().train_label, {treated.data(), 80});
  for (Index k = 0; k < run.validation->count(); ++k) {
    const Index row = (*run.validation)(k);
    other.test_x.insert(other.test_x.end(), rows.train_x.begin() + row * 3, rows.train_x.begin() + (row + 1) * 3);
    other.test_label.push_back(treated[at(row)]);
  }
  const RunResult tested = train_on_cpu<float>(run, other.views(), {});
  for (std::size_t e = 0; e < result.history.size(); ++e) {
    EXPECT_EQ(result.history[e].validation_loss, tested.history[e].test_loss);
    EXPECT_EQ(result.history[e].validation_accuracy, tested.history[e].test_accuracy);
  }
}

TEST(Training, predicts_by_the_last_and_by_the_best_parameters) {
  const Rows rows = learnable_rows(80, 30, 3, 2);
  auto run = validated_run(80);
  run.optimizer = AdamParameters{.learning_rate = 0.3};
  run.epochs = 30;
  const std::vector<std::int32_t> list{3, 3, 79, 0};
  const RowSelection listed = RowSelection::listed({list.data(), 4}, 80);
  run.outputs.predictions = {{.at = ParametersAt::best, .probabilities = true}, {}, {.rows = listed}};
  const RunResult result = train_on_cpu<float>(run, rows.views(), {});
  ASSERT_EQ(result.predictions.size(), 3u);
  EXPECT_EQ(result.predictions[1].probability.size(), 0u);
  EXPECT_EQ(result.predictions[2].predicted.size(), 4u);
  EXPECT_EQ(result.predictions[2].predicted[0], result.predictions[2].predicted[1]);

  // The epoch's own record says which test rows were predicted right.
  const auto expect_record = [&](const Predictions& predictions, std::size_t epoch) {
    for (Index r = 0; r < 30; ++r)
      EXPECT_EQ(predictions.predicted[at(r)] == rows.test_label[at(r)],
                result.test_correct(static_cast<Index>(epoch), r))
          << r;
  };
  expect_record(result.predictions[0], static_cast<std::size_t>(*result.best_epoch));
  expect_record(result.predictions[1], 29);
  ASSERT_EQ(result.predictions[0].probability.size(), 60u);
  for (std::size_t r = 0; r < 30; ++r) {
    const float* p = &result.predictions[0].probability[2 * r];
    EXPECT_LE(std::abs(p[0] + p[1] - 1), 1e-6f);
    EXPECT_EQ(result.predictions[0].predicted[r], p[1] > p[0] ? 1 : 0);
  }
}

TEST(Training, leaves_nothing_behind_that_was_not_asked_for) {
  const Rows rows = learnable_rows(40, 30, 3, 2);
  auto run = validated_run(40);
  run.outputs = {.parameters = false, .best_parameters = false, .test_correct = false};
  const RunResult result = train_on_cpu<float>(run, rows.views(), {});
  EXPECT_TRUE(result.parameters.empty() && result.best_parameters.empty() && result.layers.empty());
  EXPECT_TRUE(result.dead_units.empty() && result.predictions.empty());
  EXPECT_EQ(result.test_correct.epochs(), 0);
  EXPECT_TRUE(result.best_epoch.has_value());
  EXPECT_EQ(result.history.size(), 12u);
}

// Of two classes, a prediction that changes is right where it was wrong, or wrong where it was right.
TEST(Training, churn_is_the_share_of_test_rows_whose_prediction_changed) {
  const Rows rows = learnable_rows(40, 30, 3, 2);
  auto run = small_run();
  run.optimizer = AdamParameters{.learning_rate = 0.1};
  const RunResult result = train_on_cpu<float>(run, rows.views(), {});
  EXPECT_TRUE(std::isnan(result.history[0].test_churn));
  double most = 0;
  for (Index e = 1; e < 12; ++e) {
    Index changed = 0;
    for (Index r = 0; r < 30; ++r) changed += result.test_correct(e, r) != result.test_correct(e - 1, r);
    EXPECT_EQ(result.history[at(e)].test_churn, static_cast<double>(changed) / 30);
    most = std::max(most, result.history[at(e)].test_churn);
  }
  EXPECT_GT(most, 0);
}

TEST(Training, counts_units_that_are_zero_for_every_row_it_trained_on) {
  const Rows rows = learnable_rows(40, 30, 3, 2);
  auto run = small_run();  // 3-16-8-2
  run.outputs.dead_units = true;
  run.epochs = 1;
  run.initial = FlatParameters(static_cast<std::size_t>(run.architecture.parameters()), 0.1f);
  const std::size_t first_bias = 3 * 16, second_bias = 3 * 16 + 16 + 16 * 8;
  for (const std::size_t unit : {1u, 5u, 15u}) (*run.initial)[first_bias + unit] = -100;
  (*run.initial)[second_bias + 7] = -100;
  for (std::size_t unit = 0; unit < 16; ++unit)
    if (unit != 1 && unit != 5 && unit != 15) (*run.initial)[first_bias + unit] = 1;
  EXPECT_EQ(train_on_cpu<float>(run, rows.views(), {}).dead_units, (std::vector<Index>{3, 1}));
}

TEST(Training, records_the_norms_of_every_layer_at_the_last_step_of_an_epoch) {
  const Rows rows = learnable_rows(40, 30, 3, 2);
  auto run = small_run();
  run.optimizer = SgdParameters{.learning_rate = 0.25};
  run.epochs = 3;
  run.outputs.layers = true;
  const RunResult result = train_on_cpu<double>(run, rows.views(), {});
  ASSERT_EQ(result.layers.size(), 9u);
  for (Index epoch = 0; epoch < 3; ++epoch) {
    double squares = 0;
    for (Index l = 0; l < 3; ++l) {
      const LayerRecord& layer = result.layer(epoch, l, 3);
      EXPECT_LE(std::abs(layer.update_norm / (0.25 * layer.gradient_norm) - 1), 1e-12);  // a step of plain descent
      squares += layer.gradient_norm * layer.gradient_norm;
    }
    EXPECT_LE(std::abs(std::sqrt(squares) / result.history[at(epoch)].gradient_norm - 1), 1e-12);
  }
  run.optimizer = SgdParameters{.learning_rate = 1e-30};
  const RunResult still = train_on_cpu<double>(run, rows.views(), {});
  EXPECT_EQ(still.layer(2, 0, 3).update_norm, 0);
  EXPECT_EQ(still.layer(2, 0, 3).weight_norm, still.layer(0, 0, 3).weight_norm);
}

// ---- What changes how it trains -------------------------------------------------------------------------------------

// Shifted and stretched by powers of two, features are scaled to the same floats.
TEST(Training, standardised_features_forget_their_units) {
  Rows rows = learnable_rows(64, 32, 3, 2);
  for (auto* x : {&rows.train_x, &rows.test_x})
    for (float& value : *x) value = std::round(value * 256) / 256;
  Rows stretched = rows;
  for (auto* x : {&stretched.train_x, &stretched.test_x})
    for (float& value : *x) value = value * 1024 + 4096;
  auto run = small_run();
  run.standardise = true;
  const RunResult a = train_on_cpu<float>(run, rows.views(), {}), b = train_on_cpu<float>(run, stretched.views(), {});
  EXPECT_LE(std::abs(a.history.back().test_loss - b.history.back().test_loss), 1e-4);
  run.standardise = false;
  const RunResult raw = train_on_cpu<float>(run, stretched.views(), {});
  EXPECT_GT(std::abs(raw.history.back().test_loss - b.history.back().test_loss), 1e-2);
}

// A constant feature is of no use, and does no harm.
TEST(Training, standardises_and_jitters_constant_features_to_nothing) {
  Rows rows = learnable_rows(64, 32, 3, 2);
  for (std::size_t r = 0; r < 64; ++r) rows.train_x[3 * r + 2] = 7;
  for (std::size_t r = 0; r < 32; ++r) rows.test_x[3 * r + 2] = 7;
  auto run = small_run();
  run.standardise = true;
  run.jitter = 0.1;
  Rows other = rows;
  for (std::size_t r = 0; r < 64; ++r) other.train_x[3 * r + 2] = -1e6f;
  for (std::size_t r = 0; r < 32; ++r) other.test_x[3 * r + 2] = -1e6f;
  expect_equal_bits(train_on_cpu<float>(run, rows.views(), {}), train_on_cpu<float>(run, other.views(), {}));
}

TEST(Training, only_the_rows_a_run_takes_scale_its_features) {
  Rows rows = learnable_rows(64, 32, 3, 2);
  auto run = small_run();
  run.standardise = true;
  run.rows = RowSelection::part(2, 64, 40);
  const RunResult before = train_on_cpu<float>(run, rows.views(), {});
  const RowSelection all = RowSelection::part(2, 64, 64);
  for (Index k = 40; k < 64; ++k) rows.train_x[at(3 * all(k))] = 1e6f;
  expect_equal_bits(train_on_cpu<float>(run, rows.views(), {}), before);
}

TEST(Training, one_setting_at_a_time_changes_the_training) {
  const Rows rows = learnable_rows(53, 37, 3, 3);
  const std::vector<std::int32_t> list{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const auto runs = runs_of_every_feature({3, 9, 7, 3}, 53, list);
  std::vector<std::uint64_t> seen;
  for (const NamedRun& named : runs) {
    const RunResult result = train_on_cpu<float>(named.run, rows.views(), {});
    seen.push_back(fingerprint(result.parameters));
    EXPECT_TRUE(is_complete(result.outcome)) << named.name;
    if (named.name.find("early") == 0) {
      EXPECT_EQ(result.outcome, RunOutcome::stopped_early) << named.name;
    }
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

// A schedule of one epoch is a constant one.
TEST(Training, a_cosine_begins_at_the_learning_rate) {
  const Rows rows = learnable_rows(40, 30, 3, 2);
  auto run = small_run();
  run.epochs = 1;
  const RunResult constant = train_on_cpu<float>(run, rows.views(), {});
  run.schedule = Schedule::cosine;
  expect_equal_bits(train_on_cpu<float>(run, rows.views(), {}), constant);
  run.epochs = 2;
  run.optimizer = SgdParameters{.learning_rate = 0.5};
  run.outputs.layers = true;
  const RunResult two = train_on_cpu<double>(run, rows.views(), {});
  for (Index l = 0; l < 3; ++l) {  // the second epoch's rate is half the first's
    EXPECT_LE(std::abs(two.layer(0, l, 3).update_norm / two.layer(0, l, 3).gradient_norm - 0.5), 1e-12);
    EXPECT_LE(std::abs(two.layer(1, l, 3).update_norm / two.layer(1, l, 3).gradient_norm - 0.25), 1e-12);
  }
}

// The rare class is predicted more often where it weighs as much as the other.
TEST(Training, balanced_classes_move_predictions_to_the_rare_class) {
  Rows rows = learnable_rows(300, 200, 2, 2);
  for (std::size_t r = 0; r < 300; ++r) rows.train_label[r] = r % 10 == 0;
  for (std::size_t r = 0; r < 200; ++r) rows.test_label[r] = r % 10 == 0;
  auto run = small_run();
  run.architecture = {{2, 2}};
  run.epochs = 100;
  run.outputs.predictions = {{}};
  const auto rare = [&] {
    const RunResult result = train_on_cpu<float>(run, rows.views(), {});
    const auto& predicted = result.predictions[0].predicted;
    return std::count(predicted.begin(), predicted.end(), 1);
  };
  EXPECT_LE(rare(), 5);
  run.class_weights.balanced = true;
  EXPECT_GE(rare(), 40);
  run.class_weights = {.given = {1, 9}};
  EXPECT_GE(rare(), 40);
}

TEST(Training, groups_bound_where_labels_are_dealt) {
  const Rows rows = learnable_rows(60, 30, 3, 2);
  std::vector<std::int32_t> group(60);
  std::iota(group.begin(), group.end(), 0);
  const RowGroups groups({group.data(), 60});
  auto run = small_run();
  const RunResult plain = train_on_cpu<float>(run, rows.views(), {});
  run.labels = {.permuted = true, .permutation_seed = 3};
  EXPECT_NE(train_on_cpu<float>(run, rows.views(), {}).parameters, plain.parameters);
  TrainingData data = rows.views();
  data.train_groups = &groups;  // of one row each: nothing can be dealt
  expect_equal_bits(train_on_cpu<float>(run, data, {}), plain);
}

TEST(Training, tells_how_far_a_fleet_is) {
  const Rows rows = learnable_rows(60, 30, 3, 2);
  std::vector<plateau::Run> runs(5, small_run());
  std::vector<FleetProgress> seen;
  train_fleet_on_cpu(rows.views(), runs, {.workers = 2}, [&](const FleetProgress& now) { seen.push_back(now); });
  ASSERT_EQ(seen.size(), 5u * 12 + 5);  // every epoch, and every end
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const FleetProgress before = i == 0 ? FleetProgress{} : seen[i - 1];
    EXPECT_EQ(seen[i].runs, 5);
    const bool is_an_end = seen[i].finished == before.finished + 1;
    EXPECT_TRUE(is_an_end || seen[i].finished == before.finished);
    EXPECT_NEAR(seen[i].share, before.share + (is_an_end ? 0 : 1.0 / 60), 1e-12);
    EXPECT_GE(seen[i].share, before.share);
  }
  EXPECT_EQ(seen.back().finished, 5);
  EXPECT_EQ(seen.back().share, 1);
}

TEST(Training, counts_a_run_of_a_fleet_that_ends_early_as_a_whole_one) {
  const Rows rows = learnable_rows(60, 30, 3, 2);
  std::vector<plateau::Run> runs(2, small_run());
  runs[0].optimizer = SgdParameters{.learning_rate = 1e30};
  std::vector<double> at_the_end;
  train_fleet_on_cpu(rows.views(), runs, {.workers = 1}, [&](const FleetProgress& now) {
    if (now.finished > static_cast<Index>(at_the_end.size())) at_the_end.push_back(now.share);
  });
  ASSERT_EQ(at_the_end.size(), 2u);
  EXPECT_NEAR(at_the_end[0], 0.5, 1e-12);
}

TEST(Training, refuses_what_does_not_fit) {
  const Rows rows = learnable_rows(10, 5, 3, 2);
  const auto refused = [&](auto change) {
    auto run = small_run();
    TrainingData data = rows.views();
    change(run, data);
    EXPECT_THROW(train_on_cpu<float>(run, data, {}), std::invalid_argument);
  };
  refused([](plateau::Run& run, TrainingData&) { run.architecture = {{4, 2}}; });
  refused([](plateau::Run& run, TrainingData&) { run.epochs = 0; });
  refused([](plateau::Run& run, TrainingData&) { run.batch = -1; });
  refused([](plateau::Run& run, TrainingData&) { run.initial = FlatParameters(3); });
  refused([](plateau::Run& run, TrainingData&) { run.architecture = {{3, 1}}; });  // a label outside the classes
  refused([](plateau::Run&, TrainingData& data) { data.train_x.rows = 0, data.train_label.size = 0; });
  refused([](plateau::Run&, TrainingData& data) { data.test_label.size = 4; });
  refused([](plateau::Run&, TrainingData& data) { data.test_x.rows = 0, data.test_label.size = 0; });
}

}  // namespace
}  // namespace plateau::test::training_test
