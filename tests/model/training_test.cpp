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
#include "support/rows.hpp"

namespace plateau::test {
namespace {

Run small_run() {
  return {.architecture = {{3, 16, 8, 2}},
          .optimizer = AdamParameters{.learning_rate = 0.01},
          .epochs = 12,
          .batch = 0,
          .seed = 7};
}

void expect_equal_bits(const RunResult& a, const RunResult& b) {
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(fingerprint(a.parameters), fingerprint(b.parameters));
  ASSERT_EQ(a.history.size(), b.history.size());
  for (std::size_t e = 0; e < a.history.size(); ++e) {
    EXPECT_EQ(a.history[e].train_loss, b.history[e].train_loss);
    EXPECT_EQ(a.history[e].train_accuracy, b.history[e].train_accuracy);
    EXPECT_EQ(a.history[e].test_loss, b.history[e].test_loss);
    EXPECT_EQ(a.history[e].test_accuracy, b.history[e].test_accuracy);
    EXPECT_EQ(a.history[e].gradient_norm, b.history[e].gradient_norm);
  }
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
                         [&](const FleetProgress&) { stop = true; });
  EXPECT_EQ(results[0].outcome, RunOutcome::finished);
  for (const std::size_t i : {1, 2}) {
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
}  // namespace plateau::test
