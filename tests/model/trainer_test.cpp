// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/trainer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <mutex>
#include <numeric>
#include <set>

#include "support/rows.hpp"

namespace plateau::test::trainer_test {
namespace {

auto small_run(std::uint64_t seed) {
  return plateau::Run{
      .architecture = {{3, 8, 2}}, .optimizer = AdamParameters{.learning_rate = 0.01}, .epochs = 5, .seed = seed};
}

TEST(CpuTrainer, trains_what_train_on_cpu_trains) {
  const Rows rows = learnable_rows(60, 40, 3, 2);
  CpuTrainer trainer({.workers = 2});
  const std::uint64_t want = fingerprint(train_on_cpu<float>(small_run(3), rows.views(), {}).parameters);

  EXPECT_EQ(fingerprint(trainer.train(small_run(3), rows.views()).parameters), want);
  const std::vector<RunResult> all = trainer.train_fleet(rows.views(), {small_run(4), small_run(3)});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(fingerprint(all[1].parameters), want);
}

TEST(CpuTrainer, calls_every_body_once_with_a_trainer_of_its_own) {
  const Rows rows = learnable_rows(60, 40, 3, 2);
  CpuTrainer trainer({.workers = 2});
  std::mutex mutex;
  std::multiset<Index> called;
  std::vector<std::uint64_t> got(5);

  trainer.for_each(5, [&](Index i, Trainer& own) {
    got[at(i)] = fingerprint(own.train(small_run(static_cast<std::uint64_t>(i)), rows.views()).parameters);
    EXPECT_NE(&own, &trainer);
    const std::lock_guard lock(mutex);
    called.insert(i);
  });

  EXPECT_EQ(called, (std::multiset<Index>{0, 1, 2, 3, 4}));
  for (Index i = 0; i < 5; ++i)
    EXPECT_EQ(got[at(i)],
              fingerprint(trainer.train(small_run(static_cast<std::uint64_t>(i)), rows.views()).parameters));
}

// More rows than one worker takes.
TEST(CpuTrainer, a_trained_network_answers_as_its_run_did) {
  const Rows rows = learnable_rows(60, 5000, 3, 2);
  plateau::Run run = small_run(3);
  run.standardise = true;
  run.outputs.scale = true;
  run.outputs.predictions = {{.probabilities = true}};
  CpuTrainer trainer({.workers = 2});
  const RunResult trained = trainer.train(run, rows.views());
  const Predictions got = trainer.predict({run.architecture, trained.parameters, trained.scale}, rows.views().test_x);

  EXPECT_EQ(got.predicted, trained.predictions[0].predicted);
  EXPECT_EQ(fingerprint(got.probability), fingerprint(trained.predictions[0].probability));
  EXPECT_NE(fingerprint(got.probability),
            fingerprint(trainer.predict({run.architecture, trained.parameters}, rows.views().test_x).probability));
}

TEST(CpuTrainer, refuses_a_network_that_does_not_fit_the_rows) {
  const Rows rows = learnable_rows(60, 40, 3, 2);
  const auto x = rows.views().test_x;
  CpuTrainer trainer({});
  const Architecture net{{3, 2}};
  EXPECT_EQ(trainer.predict({net, FlatParameters(8)}, x).predicted.size(), 40u);
  EXPECT_THROW(trainer.predict({net, FlatParameters(7)}, x), std::invalid_argument);
  EXPECT_THROW(trainer.predict({{{4, 2}}, FlatParameters(10)}, x), std::invalid_argument);
  EXPECT_THROW(trainer.predict({net, FlatParameters(8), std::vector<FeatureScale>(2)}, x), std::invalid_argument);
}

// More queries than one worker takes, with and without their own rows among the candidates.
TEST(CpuTrainer, finds_the_neighbours_that_the_operation_finds) {
  constexpr Index kQueries = 600, kK = 3;
  const Rows rows = learnable_rows(kQueries, 1, 2, 2);
  const auto x = rows.views().train_x;
  std::vector<std::int32_t> own(at(kQueries)), index(at(kQueries * kK));
  std::iota(own.begin(), own.end(), 0);
  std::vector<float> distance(index.size());
  for (const HostSpan<const std::int32_t>& exclude :
       {HostSpan<const std::int32_t>{}, HostSpan<const std::int32_t>{own.data(), kQueries}}) {
    cpu::nearest_neighbours<float>(x, x, exclude, {index.data(), kQueries, kK, kK},
                                   {distance.data(), kQueries, kK, kK});
    for (const int workers : {1, 2}) {
      const Neighbours got = CpuTrainer({.workers = workers}).neighbours(x, x, kK, exclude);

      EXPECT_EQ(got.k, kK);
      EXPECT_EQ(got.index, index);
      EXPECT_EQ(got.distance, distance);
    }
  }
}

TEST(CpuTrainer, refuses_numbers_of_neighbours_that_nobody_keeps) {
  const Rows rows = learnable_rows(3, 1, 2, 2);
  const auto x = rows.views().train_x;
  const std::vector<std::int32_t> own{0, 1};
  for (const Index k : {-1, 0, 65}) EXPECT_THROW(CpuTrainer({}).neighbours(x, x, k, {}), std::invalid_argument);
  EXPECT_THROW(CpuTrainer({}).neighbours(x, x, 1, {own.data(), 2}), std::invalid_argument);
  EXPECT_TRUE(CpuTrainer({}).neighbours(x.row_range(0, 0), x, 1, {}).index.empty());
}

TEST(CpuTrainer, passes_the_stop_request_on) {
  const Rows rows = learnable_rows(60, 40, 3, 2);
  std::atomic<bool> stop{false};
  CpuTrainer trainer({.stop = &stop});
  EXPECT_FALSE(trainer.stop_requested());
  EXPECT_FALSE(CpuTrainer({}).stop_requested());
  stop = true;

  EXPECT_TRUE(trainer.stop_requested());
  trainer.for_each(1, [&](Index, Trainer& own) { EXPECT_TRUE(own.stop_requested()); });
  EXPECT_EQ(trainer.train(small_run(1), rows.views()).outcome, RunOutcome::interrupted);
  const Neighbours none = trainer.neighbours(rows.views().test_x, rows.views().train_x, 2, {});
  EXPECT_EQ(none.index, std::vector<std::int32_t>(80, -1));
  EXPECT_EQ(none.distance, std::vector<float>(80, std::numeric_limits<float>::infinity()));
}

TEST(CpuTrainer, describes_training_and_test_rows_apart) {
  const Rows rows{
      .features = 2, .train_x = {1, 10, 3, 10}, .test_x = {-1, 0}, .train_label = {0, 2}, .test_label = {1}};

  const auto found = CpuTrainer({}).statistics(rows.views(), 3);

  EXPECT_EQ(found.train.class_rows, (std::vector<Index>{1, 0, 1}));
  EXPECT_EQ(found.test.class_rows, (std::vector<Index>{0, 1, 0}));
  ASSERT_EQ(found.train.features.size(), 2u);
  EXPECT_EQ(found.train.features[0].mean, 2);
  EXPECT_EQ(found.train.features[0].spread, 1);
  EXPECT_EQ(found.train.features[1].spread, 0);
  EXPECT_EQ(found.test.features[0].maximum, -1);
}

}  // namespace
}  // namespace plateau::test::trainer_test
