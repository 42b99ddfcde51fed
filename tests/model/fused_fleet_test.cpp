// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/fused_fleet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <set>
#include <thread>

#include "plateau/core/error.hpp"
#include "plateau/core/random.hpp"
#include "plateau/gpu/buffer.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/gpu/stream.hpp"
#include "plateau/model/gpu_trainer.hpp"
#include "plateau/ops/fused_training.hpp"
#include "plateau/ops/treat_labels.hpp"
#include "support/compare.hpp"
#include "support/results.hpp"
#include "support/rows.hpp"
#include "support/run_features.hpp"

namespace plateau::test::fused_fleet_test {
namespace {

// Rows whose label depends on the features, so that there is something to learn.
struct Problem {
  Problem(Index train_rows, Index test_rows, Index features, Index classes) : features_(features) {
    const auto fill = [&](std::uint64_t seed, Index rows, std::vector<float>& x, std::vector<std::int32_t>& label) {
      for (Index r = 0; r < rows; ++r) {
        float sum = 0;
        for (Index j = 0; j < features; ++j) {
          x.push_back(uniform(draw({seed, StreamId::features}, static_cast<std::uint64_t>(r * features + j)).word[0]) -
                      0.5f);
          sum += x.back() * static_cast<float>(j % 3 + 1);
        }
        const auto step = static_cast<Index>(std::floor(4 * sum + 100));
        label.push_back(static_cast<std::int32_t>(step % classes));
      }
    };
    fill(1, train_rows, train_x_, train_label_);
    fill(2, test_rows, test_x_, test_label_);
  }
  TrainingData data() const {
    const auto matrix = [&](const std::vector<float>& x) {
      return HostMatrix<const float>{x.data(), static_cast<Index>(x.size()) / features_, features_, features_};
    };
    const auto span = [](const std::vector<std::int32_t>& label) {
      return HostSpan<const std::int32_t>{label.data(), static_cast<Index>(label.size())};
    };
    return {matrix(train_x_), span(train_label_), matrix(test_x_), span(test_label_)};
  }

 private:
  Index features_;
  std::vector<float> train_x_, test_x_;
  std::vector<std::int32_t> train_label_, test_label_;
};

RowCounts counts(const plateau::Run& run, const TrainingData& data) {
  return {training_rows(run, data).count(), data.test_x.rows, run.validation ? run.validation->count() : 0};
}

TEST(FusedFleet, follows_the_cpu_device_whatever_the_shape) {
  struct Shape {
    std::vector<Index> widths;
    Index train_rows, test_rows, batch;
  };
  const Shape shapes[] = {
      {{2, 2}, 33, 31, 0},
      {{3, 1, 2}, 40, 5, 7},
      {{5, 7, 3}, 32, 64, 32},
      {{2, 32, 2}, 50, 33, 0},
      {{4, 33, 5}, 65, 20, 33},
      {{2, 64, 64, 2}, 70, 40, 0},
      {{9, 100, 12, 10}, 37, 33, 20},
      {{2, 128, 128, 2}, 40, 35, 0},
      {{6, 16, 8, 24, 10, 4}, 45, 40, 16},
      {{20, 128, 128, 7, 3}, 34, 33, 0},
      {{2, 80, 80, 2}, 33, 20, 0},
      {{2, 100, 100, 2}, 33, 20, 0},
      {{2, 128, 128, 128, 2}, 33, 20, 0},
      {{61, 32, 80, 5}, 33, 20, 0},
  };
  for (const Shape& shape : shapes) {
    const Problem problem(shape.train_rows, shape.test_rows, shape.widths.front(), shape.widths.back());
    for (const Optimizer& optimizer :
         {Optimizer(AdamParameters{.learning_rate = 0.01, .weight_decay = 0.01}),
          Optimizer(AdamParameters{.learning_rate = 0.01, .weight_decay = 0.1, .decay_kind = WeightDecay::decoupled}),
          Optimizer(SgdParameters{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.001})}) {
      const plateau::Run run{.architecture = {shape.widths},
                             .optimizer = optimizer,
                             .epochs = 3,
                             .batch = shape.batch,
                             .labels = {.permuted = optimizer.index() == 1, .permutation_seed = 5},
                             .seed = 5};
      SCOPED_TRACE(to_string(run.architecture));
      const auto got = train_fused(problem.data(), {run}, {});
      expect_near(got[0], train_on_cpu<double>(run, problem.data(), {}), counts(run, problem.data()));
    }
  }
}

// Every compiled kernel trains one of the shapes above.
TEST(FusedFleet, has_tests_of_every_variant) {
  std::vector<FusedVariant> seen;
  for (const std::vector<Index>& widths : std::vector<std::vector<Index>>{
           {2, 32, 2}, {2, 64, 64, 2}, {2, 80, 80, 2}, {2, 128, 128, 2}, {20, 128, 128, 7, 3}, {2, 128, 128, 128, 2}})
    seen.push_back(fused_plan_of({.architecture = {widths}})->variant);
  for (const FusedVariant& variant : kFusedVariants) EXPECT_EQ(std::count(seen.begin(), seen.end(), variant), 1);
}

// Networks of several kernels; rows off every tile.
TEST(FusedFleet, follows_the_cpu_device_with_every_feature) {
  for (const std::vector<Index>& widths : std::vector<std::vector<Index>>{{5, 9, 7, 3}, {5, 70, 3}}) {
    const Problem problem(53, 37, 5, 3);
    const std::vector<std::int32_t> list{52, 0, 7, 7, 31, 30, 29, 1, 2, 3, 40, 41, 42, 43, 5};
    for (const NamedRun& named : runs_of_every_feature(widths, 53, list)) {
      SCOPED_TRACE(to_string(named.run.architecture) + ", " + named.name);
      const auto got = train_fused(problem.data(), {named.run}, {});
      expect_near(got[0], train_on_cpu<double>(named.run, problem.data(), {}), counts(named.run, problem.data()),
                  {.losses = 1e-5, .parameters = 1e-4, .norms = 1e-3});
    }
  }
}

// Of whatever shared memory the device's blocks may have: other kinds of GPUs have less (tests/CMakeLists.txt).
TEST(FusedFleet, trains_what_fits_the_devices_shared_memory) {
  const Problem problem(40, 20, 3, 2);
  const auto shared = static_cast<std::size_t>(gpu::inventory().devices.front().shared_memory_per_block_bytes);
  Index trained = 0, refused = 0;
  for (const Index width : {8, 32, 48, 64, 80, 96, 112, 128})
    for (const std::size_t hidden : {1u, 2u, 3u}) {
      plateau::Run run{.architecture = {std::vector<Index>(hidden + 2, width)}, .epochs = 1};
      run.architecture.widths.front() = 3;
      run.architecture.widths.back() = 2;
      const bool fits = fused_plan(run.architecture.widths, shared - kFusedStaticBytes).has_value();
      EXPECT_EQ(fused_plan_of(run).has_value(), fits);
      (fits ? trained : refused) += 1;
      if (fits)
        expect_near(train_fused(problem.data(), {run}, {})[0], train_on_cpu<double>(run, problem.data(), {}),
                    counts(run, problem.data()));
      else
        EXPECT_THROW(train_fused(problem.data(), {run}, {}), InputError);
    }
  EXPECT_GE(trained, 8);
  EXPECT_TRUE(refused > 0 || shared > (std::size_t{200} << 10));
}

// One float that took up all these rows would lose a part of each in ten thousand.
TEST(FusedFleet, gradients_of_many_rows_are_as_exact_as_of_few) {
  constexpr Index kRows = 20'000;
  std::vector<float> x(2 * kRows, 1.0f);
  std::vector<std::int32_t> label(kRows, 0);
  for (Index r = 0; r < kRows; ++r) x[static_cast<std::size_t>(2 * r)] = 0.1f * static_cast<float>(1 + r % 7);
  const TrainingData data{{x.data(), kRows, 2, 2}, {label.data(), kRows}, {x.data(), 10, 2, 2}, {label.data(), 10}};
  const plateau::Run run{.architecture = {{2, 2}}, .optimizer = SgdParameters{.learning_rate = 0.5}, .epochs = 1};
  const RunResult got = train_fused(data, {run}, {})[0], want = train_on_cpu<double>(run, data, {});
  EXPECT_LE(relative_error(got.parameters, std::vector<double>(want.parameters.begin(), want.parameters.end())), 4e-7);
  EXPECT_LE(std::abs(got.history[0].gradient_norm / want.history[0].gradient_norm - 1), 4e-7);
}

// A step of no length leaves what was drawn, to the bit.
TEST(FusedFleet, draws_the_initial_parameters_that_the_cpu_draws) {
  const Problem problem(20, 20, 5, 3);
  const plateau::Run run{
      .architecture = {{5, 33, 7, 3}}, .optimizer = SgdParameters{.learning_rate = 1e-30}, .epochs = 1, .seed = 12};
  EXPECT_EQ(train_fused(problem.data(), {run}, {})[0].parameters,
            train_on_cpu<float>(run, problem.data(), {}).parameters);
}

// ---- What is drawn, to the bit --------------------------------------------------------------------------------------
// One step of plain descent from zero weights: every probability is a half, and with one or two rows every gradient is
// exact, so that the parameters show what the network was fed.

plateau::Run one_step(const std::vector<Index>& widths, std::uint64_t seed) {
  return {.architecture = {widths},
          .optimizer = SgdParameters{.learning_rate = 1},
          .epochs = 1,
          .seed = seed,
          .initial = FlatParameters(static_cast<std::size_t>(Architecture{widths}.parameters()), 0.0f)};
}

TEST(FusedFleet, jitter_is_the_cpus_to_the_bit) {
  const Problem problem(2, 3, 33, 2);
  for (const std::uint64_t seed : {1u, 2u, 77u}) {
    plateau::Run run = one_step({33, 2}, seed);
    run.jitter = 0.75;
    const FlatParameters noisy = train_fused(problem.data(), {run}, {})[0].parameters;
    EXPECT_EQ(noisy, train_on_cpu<float>(run, problem.data(), {}).parameters) << seed;
    run.jitter = 0;
    EXPECT_NE(train_fused(problem.data(), {run}, {})[0].parameters, noisy);
  }
}

// The second layer's gradient shows which units are kept, and the first layer's which of them pass one on.
TEST(FusedFleet, dropout_masks_are_the_cpus_to_the_bit) {
  const Problem problem(2, 3, 1, 2);
  for (const Index width : {1, 7, 32, 33, 100})
    for (const std::uint64_t seed : {1u, 2u}) {
      plateau::Run run = one_step({1, width, 2}, seed);
      run.dropout = 0.4;
      for (Index h = 0; h < width; ++h) (*run.initial)[static_cast<std::size_t>(width + h)] = 1;  // biases
      const FlatParameters got = train_fused(problem.data(), {run}, {})[0].parameters;
      EXPECT_EQ(got, train_on_cpu<float>(run, problem.data(), {}).parameters) << width;

      for (Index h = 0; h < width; ++h) (*run.initial)[static_cast<std::size_t>(2 * width + h)] = 0.5f;
      const FlatParameters moved = train_fused(problem.data(), {run}, {})[0].parameters,
                           by_cpu = train_on_cpu<float>(run, problem.data(), {}).parameters;
      for (std::size_t h = 0; h < static_cast<std::size_t>(width); ++h)
        EXPECT_EQ(moved[h] == 0, by_cpu[h] == 0) << width << " " << h;
    }
}

// Of rows that each have a feature of their own, the sign of its weight is the label.
TEST(FusedFleet, treated_labels_are_the_cpus_to_the_bit) {
  constexpr Index kRows = 60;
  std::vector<float> x(kRows * kRows);
  std::vector<std::int32_t> label(kRows), group(kRows);
  for (Index r = 0; r < kRows; ++r) {
    const auto i = static_cast<std::size_t>(r);
    x[i * (kRows + 1)] = 1;
    label[i] = static_cast<std::int32_t>(r % 3 == 0);
    group[i] = static_cast<std::int32_t>(r % 7);
  }
  const RowGroups groups({group.data(), kRows});
  TrainingData data{
      {x.data(), kRows, kRows, kRows}, {label.data(), kRows}, {x.data(), 3, kRows, kRows}, {label.data(), 3}};
  for (const RowGroups* in : {static_cast<const RowGroups*>(nullptr), &groups})
    for (const LabelTreatment& treatment :
         {LabelTreatment{}, LabelTreatment{.permuted = true, .permutation_seed = 3},
          LabelTreatment{.flip_rate = 0.3f, .flip_seed = 4},
          LabelTreatment{.permuted = true, .permutation_seed = 5, .flip_rate = 0.5f, .flip_seed = 6}}) {
      data.train_groups = in;
      plateau::Run run = one_step({kRows, 2}, 1);
      run.labels = treatment;
      const FlatParameters weights = train_fused(data, {run}, {})[0].parameters;
      std::vector<std::int32_t> treated(kRows), seen;
      cpu::treat_labels(treatment, 2, in == nullptr ? RowGroupsView<Space::host>{} : in->view(), data.train_label,
                        {treated.data(), kRows});
      for (std::size_t r = 0; r < static_cast<std::size_t>(kRows); ++r) seen.push_back(weights[r] < 0);
      EXPECT_EQ(seen, treated);
    }
}

// Runs of other widths, rows, batches, optimizers and lengths.
std::vector<plateau::Run> ragged_fleet(Index train_rows) {
  const std::vector<Index> hidden[] = {{}, {1}, {7}, {32}, {33, 5}, {64}, {16, 16, 16, 16}, {100}};
  std::vector<plateau::Run> runs;
  for (std::size_t i = 0; i < 16; ++i) {
    std::vector<Index> widths{4};
    widths.insert(widths.end(), hidden[i % 8].begin(), hidden[i % 8].end());
    widths.push_back(3);
    plateau::Run run{.architecture = {widths},
                     .optimizer = i % 3 == 0 ? Optimizer(SgdParameters{.learning_rate = 0.05, .momentum = 0.5})
                                             : Optimizer(AdamParameters{.learning_rate = 0.01}),
                     .epochs = static_cast<Index>(1 + i % 3),
                     .batch = i % 4 == 1 ? 10 : 0,
                     .labels = {.permuted = i % 5 == 0, .permutation_seed = i},
                     .seed = i};
    if (i % 2 == 0) run.rows = RowSelection::part(i, train_rows, train_rows - 3 * static_cast<Index>(i) / 2);
    if (i % 7 == 3) run.rows = RowSelection::outside_fold(i, train_rows, 5, 2);
    runs.push_back(run);
  }
  return runs;
}

TEST(FusedFleet, a_full_batch_is_never_shuffled) {
  const Problem problem(45, 20, 3, 2);
  plateau::Run run{.architecture = {{3, 8, 2}}, .epochs = 3, .order = RowOrder::as_stored, .seed = 3};
  const RunResult as_stored = train_fused(problem.data(), {run}, {})[0];
  run.order = RowOrder::shuffled_each_epoch;
  expect_equal_bits(train_fused(problem.data(), {run}, {})[0], as_stored);
}

// Of equal logits the first is the prediction.
TEST(FusedFleet, predicts_the_first_of_equal_classes) {
  const Problem problem(20, 20, 2, 3);
  plateau::Run run{.architecture = {{2, 3}}, .optimizer = SgdParameters{.learning_rate = 1e-30}, .epochs = 1};
  run.initial = FlatParameters(static_cast<std::size_t>(run.architecture.parameters()), 0.0f);
  const RunResult got = train_fused(problem.data(), {run}, {})[0], want = train_on_cpu<double>(run, problem.data(), {});
  EXPECT_EQ(got.history[0].train_accuracy, want.history[0].train_accuracy);
  EXPECT_EQ(got.history[0].test_accuracy, want.history[0].test_accuracy);
}

TEST(FusedFleet, keeps_nan_visible) {
  const Problem problem(20, 20, 2, 2);
  plateau::Run run{.architecture = {{2, 4, 2}}, .epochs = 2};
  run.initial = FlatParameters(static_cast<std::size_t>(run.architecture.parameters()), 0.1f);
  (*run.initial)[3] = static_cast<float>(kNaN);
  const RunResult result = train_fused(problem.data(), {run}, {})[0];
  EXPECT_EQ(result.outcome, RunOutcome::diverged);
  EXPECT_TRUE(result.history.empty());
}

// Of a network that has no number for a row, no class is predicted, after the run's end as well.
TEST(FusedFleet, predicts_no_class_where_a_logit_is_nan) {
  const Problem problem(20, 20, 2, 2);
  plateau::Run run{.architecture = {{2, 4, 2}}, .outputs = {.predictions = {{}}}};
  run.initial = FlatParameters(static_cast<std::size_t>(run.architecture.parameters()), 0.1f);
  run.initial->back() = static_cast<float>(kNaN);  // the second class' bias
  const std::vector<std::int32_t> none(20, -1);
  EXPECT_EQ(train_fused(problem.data(), {run}, {})[0].predictions[0].predicted, none);
  EXPECT_EQ(train_on_cpu<float>(run, problem.data(), {}).predictions[0].predicted, none);
}

// Logits of 3e38 and -3e38 are floats, and their gradients too; a loss of twice that is none.
TEST(FusedFleet, diverges_by_the_loss_of_training_rows_alone) {
  const std::vector<float> train_x{1, 1}, test_x{0};
  const std::vector<std::int32_t> train_label{1, 0}, test_label{0};
  const TrainingData data{
      {train_x.data(), 2, 1, 1}, {train_label.data(), 2}, {test_x.data(), 1, 1, 1}, {test_label.data(), 1}};
  const plateau::Run run{.architecture = {{1, 2}},
                         .optimizer = SgdParameters{.learning_rate = 0.5},
                         .epochs = 2,
                         .initial = FlatParameters{3e38f, -3e38f, 0, 0}};
  const RunResult got = train_fused(data, {run}, {})[0], want = train_on_cpu<float>(run, data, {});
  EXPECT_EQ(want.outcome, RunOutcome::diverged);
  EXPECT_EQ(got.outcome, RunOutcome::diverged);
  EXPECT_EQ(got.history.size(), want.history.size());
}

// 20 rows leave 12 of a tile empty, and an empty row is all zeros: units that only such a row would activate are dead.
// As large as float goes: the row's loss is infinite, and every other figure finite.
TEST(FusedFleet, diverges_by_the_loss_of_validation_rows_alone) {
  const std::vector<float> x{0.5f, 0, -0.5f, 0, 3e38f, 0};
  const std::vector<std::int32_t> label{0, 1, 1}, trained{0, 1}, validated{2};
  const TrainingData data{{x.data(), 3, 2, 2}, {label.data(), 3}, {x.data(), 2, 2, 2}, {label.data(), 2}};
  const plateau::Run run{.architecture = {{2, 2}},
                         .epochs = 3,
                         .rows = RowSelection::listed({trained.data(), 2}, 3),
                         .validation = RowSelection::listed({validated.data(), 1}, 3),
                         .initial = FlatParameters{1, 0, -1, 0, 0, 0}};
  for (const RunResult& result : {train_fused(data, {run}, {})[0], train_on_cpu<float>(run, data, {})}) {
    EXPECT_EQ(result.outcome, RunOutcome::diverged);
    EXPECT_TRUE(result.history.empty());
  }
}

TEST(FusedFleet, runs_may_name_parts_of_one_list) {
  const Problem problem(24, 10, 3, 2);
  const std::vector<std::int32_t> list{3, 1, 20, 7, 9, 11, 2, 5};
  plateau::Run run{.architecture = {{3, 6, 2}}, .epochs = 2};
  std::vector<plateau::Run> runs;
  for (const Index count : {8, 3, 5}) {
    run.rows = RowSelection::listed({list.data(), count}, 24);
    run.validation = RowSelection::listed({list.data(), 9 - count}, 24);
    runs.push_back(run);
  }
  const auto together = train_fused(problem.data(), runs, {});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    expect_equal_bits(together[i], train_fused(problem.data(), {runs[i]}, {})[0]);
    expect_near(together[i], train_on_cpu<double>(runs[i], problem.data(), {}), counts(runs[i], problem.data()));
  }
}

TEST(FusedFleet, leaves_nothing_that_was_not_asked_for) {
  const Problem problem(24, 10, 3, 2);
  plateau::Run run{.architecture = {{3, 6, 2}},
                   .epochs = 2,
                   .rows = RowSelection::outside_fold(3, 24, 4, 1),
                   .validation = RowSelection::fold(3, 24, 4, 1),
                   .standardise = true,
                   .outputs = {.parameters = false, .best_parameters = false, .test_correct = false}};
  for (const bool state : {false, true}) {
    run.outputs.state = state;
    const RunResult result = train_fused(problem.data(), {run}, {})[0];
    EXPECT_TRUE(result.best_epoch);
    EXPECT_TRUE(result.parameters.empty() && result.best_parameters.empty() && result.layers.empty() &&
                result.dead_units.empty() && result.predictions.empty() && result.scale.empty());
    EXPECT_EQ(result.test_correct.epochs(), 0);
    EXPECT_EQ(result.state.has_value(), state);
  }
}

TEST(FusedFleet, rows_that_are_not_there_keep_no_unit_alive) {
  const std::vector<float> x(20, 1.0f);
  const std::vector<std::int32_t> label(20, 0);
  const TrainingData data{{x.data(), 20, 1, 1}, {label.data(), 20}, {x.data(), 3, 1, 1}, {label.data(), 3}};
  plateau::Run run{.architecture = {{1, 3, 2}}, .epochs = 1, .outputs = {.dead_units = true}};
  run.initial = FlatParameters{-5, 1, -5, 1, 1, 1, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0, 0};
  EXPECT_EQ(train_fused(data, {run}, {})[0].dead_units, (std::vector<Index>{2}));
  EXPECT_EQ(train_on_cpu<float>(run, data, {}).dead_units, (std::vector<Index>{2}));
}

TEST(FusedFleet, runs_have_class_weights_of_their_own) {
  const Problem problem(40, 20, 2, 2);
  plateau::Run first{.architecture = {{2, 5, 2}}, .epochs = 2, .class_weights = {.given = {1, 3}}}, second = first;
  second.class_weights.given = {5, 1};
  const auto got = train_fused(problem.data(), {first, second}, {});
  expect_near(got[0], train_on_cpu<double>(first, problem.data(), {}), counts(first, problem.data()));
  expect_near(got[1], train_on_cpu<double>(second, problem.data(), {}), counts(second, problem.data()));
}

// What the host looks at while a fleet trains.
// A launch of small runs, without the engine around it.
class Launch {
 public:
  // One run for each number of epochs.
  explicit Launch(const std::vector<std::int32_t>& epochs, gpu::FleetSignals signals = {})
      : x_(on_device(std::vector<float>(8, 0.5f))),
        label_(on_device(std::vector<std::int32_t>(4, 1))),
        plans_(on_device(std::vector<FusedPlan>{plan_})),
        taken_(on_device(std::vector<std::int32_t>(1))),
        ends_(static_cast<Index>(epochs.size())),
        signals_(1, signals),
        progress_(ends_.size(), {}) {
    std::vector<FusedRun> runs;
    const RowSelection rows = RowSelection::all(4);
    for (const std::int32_t count : epochs) {
      runs.push_back({.epochs = count,
                      .end_epoch = count,
                      .batch = 4,
                      .rows = rows,
                      .validation = rows,
                      .shuffle = KeyedPermutation({}, 4),
                      .treated_labels = TreatedLabels({}, 4, 2),
                      .partners = mixing_partners(0, 4),
                      .history = history_rows_});
      history_rows_ += count;
    }
    runs_.emplace(on_device(runs));
    history_.emplace(history_rows_);
    const FusedRoom room = fused_room(plan_, runs[0], 3);
    floats_.emplace(kBlocks * room.floats);
    integers_.emplace(kBlocks * room.integers);
    gpu::fused_training(
        stream_,
        {.variant = plan_.variant,
         .blocks = kBlocks,
         .shared_bytes = plan_.shared_bytes(),
         .floats = room.floats,
         .integers = room.integers},
        {.train_x = as_matrix(x_.view(), 4, 2),
         .train_label = label_.view(),
         .test_x = as_matrix(x_.view(), 3, 2),
         .test_label = label_.view().subspan(0, 3),
         .plans = plans_.view(),
         .runs = runs_->view(),
         .history = history_->view(),
         .ends = ends_.view()},
        {floats_->view(), integers_->view(), taken_.view(), signals_.device_view(), progress_.device_view()});
  }

  volatile gpu::FleetSignals& signals() { return signals_.view()[0]; }
  HostSpan<const volatile gpu::FusedProgress> progress() { return {progress_.view().data, progress_.size()}; }
  void finish() { stream_.synchronise(); }
  std::vector<RunEnd> ends() { return fetched<RunEnd>(ends_.view()); }
  std::vector<EpochMetrics> history() { return fetched<EpochMetrics>(history_->view()); }

 private:
  static constexpr Index kBlocks = 2;

  template <class T>
  gpu::DeviceBuffer<T> on_device(const std::vector<T>& values) {
    gpu::DeviceBuffer<T> buffer(static_cast<Index>(values.size()));
    gpu::copy<T>(stream_, HostSpan<const T>{values.data(), buffer.size()}, buffer.view());
    stream_.synchronise();
    return buffer;
  }
  template <class T>
  std::vector<T> fetched(DeviceSpan<const T> from) {
    std::vector<T> to(static_cast<std::size_t>(from.size));
    gpu::copy<T>(stream_, from, HostSpan<T>{to.data(), from.size});
    stream_.synchronise();
    return to;
  }

  gpu::Stream stream_;
  FusedPlan plan_ = *fused_plan({2, 4, 2}, std::size_t{40} << 10);
  gpu::DeviceBuffer<float> x_;
  gpu::DeviceBuffer<std::int32_t> label_;
  gpu::DeviceBuffer<FusedPlan> plans_;
  gpu::DeviceBuffer<std::int32_t> taken_;
  gpu::DeviceBuffer<RunEnd> ends_;
  gpu::PinnedBuffer<gpu::FleetSignals> signals_;
  gpu::PinnedBuffer<gpu::FusedProgress> progress_;
  Index history_rows_ = 0;
  std::optional<gpu::DeviceBuffer<FusedRun>> runs_;
  std::optional<gpu::DeviceBuffer<EpochMetrics>> history_;
  std::optional<gpu::DeviceBuffer<float>> floats_;
  std::optional<gpu::DeviceBuffer<std::int32_t>> integers_;
};

TEST(FusedFleet, the_device_tells_of_every_run_how_far_it_is) {
  const std::vector<std::int32_t> epochs{2, 1, 3};
  Launch launch(epochs), stopped(epochs, {.stop_requested = 1});
  launch.finish();
  stopped.finish();
  const std::vector<EpochMetrics> history = launch.history();
  Index end = 0;  // of the run's history
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    end += epochs[i];
    const auto& run = launch.progress()[static_cast<Index>(i)];
    EXPECT_EQ(run.epochs, epochs[i]);
    EXPECT_EQ(run.train_loss_sum, history[static_cast<std::size_t>(end - 1)].train_loss_sum);
    EXPECT_EQ(run.test_correct, history[static_cast<std::size_t>(end - 1)].test_correct);
    const auto& of_none = stopped.progress()[static_cast<Index>(i)];
    EXPECT_EQ(of_none.epochs, epochs[i]) << "it has ended";
    EXPECT_EQ(of_none.train_loss_sum, 0);
  }
}

// Before every epoch, not only before a run's first. Host and device meet in this word without any order, which the
// thread sanitizer takes for a race.
#if !defined(__SANITIZE_THREAD__)
TEST(FusedFleet, the_device_looks_for_the_wish_to_stop_before_every_epoch) {
  constexpr std::int32_t kLong = 100'000;  // takes far longer than the host's look
  Launch launch({1, kLong, kLong});
  std::thread host([&] {
    while (launch.progress()[0].epochs == 0) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // some hundred epochs
    launch.signals().stop_requested = 1;
  });
  launch.finish();
  host.join();
  const std::vector<RunEnd> ends = launch.ends();
  EXPECT_EQ(ends[0].status, RunStatus::running);
  for (const std::size_t i : {1u, 2u}) {
    EXPECT_EQ(ends[i].status, RunStatus::interrupted);
    EXPECT_LT(ends[i].epochs, kLong);
  }
  EXPECT_GT(ends[1].epochs + ends[2].epochs, 0) << "in the middle of a run";
}
#endif

TEST(FusedFleet, a_run_among_others_has_the_bits_it_has_alone) {
  const Problem problem(41, 35, 4, 3);
  const std::vector<plateau::Run> runs = ragged_fleet(41);
  std::vector<std::size_t> backwards(runs.size());
  std::iota(backwards.rbegin(), backwards.rend(), std::size_t{0});
  const auto together = train_fused(problem.data(), runs, {});
  const auto in_one_block = train_fused(problem.data(), runs, {.blocks = 1, .order = backwards});
  const auto in_waves = train_fused(problem.data(), runs, {.wave_bytes = 3000});
  const auto in_three = train_fused(problem.data(), runs, {.blocks = 3});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    SCOPED_TRACE("run " + std::to_string(i));
    expect_equal_bits(train_fused(problem.data(), {runs[i]}, {})[0], together[i]);
    expect_equal_bits(in_one_block[i], together[i]);
    expect_equal_bits(in_three[i], together[i]);
    expect_equal_bits(in_waves[i], together[i]);
  }
}

// Small ones, for the sake of the emulated GPU; the sanitizers look at others.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(FusedFleet, a_run_among_a_thousand_others_has_the_bits_it_has_alone) {
  const Problem problem(24, 10, 3, 2);
  std::vector<plateau::Run> runs;
  for (std::uint64_t i = 0; i < 1001; ++i) {
    plateau::Run run{.architecture = {{3, static_cast<Index>(1 + i % 6), 2}},
                     .epochs = static_cast<Index>(1 + i % 2),
                     .batch = static_cast<Index>(i % 3 * 7),
                     .labels = {.permuted = i % 4 == 0, .permutation_seed = i},
                     .dropout = i % 5 == 0 ? 0.25 : 0.0,
                     .seed = i};
    if (i % 2 == 0) {
      run.rows = RowSelection::outside_fold(i, 24, 4, 1);
      run.validation = RowSelection::fold(i, 24, 4, 1);
    }
    runs.push_back(run);
  }
  std::vector<std::size_t> order(runs.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i * 367 % order.size();  // 367 and 1001 have no divisor in common
  const auto together = train_fused(problem.data(), runs, {});
  const auto in_another_order = train_fused(problem.data(), runs, {.blocks = 7, .order = order});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    SCOPED_TRACE("run " + std::to_string(i));
    expect_equal_bits(in_another_order[i], together[i]);
    if (i % 20 == 0) expect_equal_bits(train_fused(problem.data(), {runs[i]}, {})[0], together[i]);
  }
}
#endif

// Plans of memory, and many trainings, which the thread sanitizer has nothing to say about.
#if !defined(__SANITIZE_THREAD__)
// Runs of several kernels that ask for everything there is, given parameters and weights included.
std::vector<plateau::Run> fleet_of_every_feature(const std::vector<std::int32_t>& list) {
  std::vector<plateau::Run> runs;
  for (const std::vector<Index>& widths : std::vector<std::vector<Index>>{{5, 9, 3}, {5, 70, 3}})
    for (const NamedRun& named : runs_of_every_feature(widths, 53, list)) {
      runs.push_back(named.run);
      runs.back().epochs = 1;
      runs.back().outputs.parameters = runs.size() % 2 == 0;
      if (runs.size() % 3 == 0)
        runs.back().initial.emplace(static_cast<std::size_t>(runs.back().architecture.parameters()), 0.01f);
    }
  return runs;
}

TEST(FusedFleet, is_cut_into_waves_that_fit_the_memory) {
  const Problem problem(53, 37, 5, 3);
  const std::vector<std::int32_t> list{52, 0, 7, 7, 31, 30, 29, 1, 2, 3};
  const std::vector<plateau::Run> runs = fleet_of_every_feature(list);
  const std::vector<FusedWave> whole = fused_waves(problem.data(), runs, {});
  ASSERT_EQ(whole.size(), 2u);  // one of each kernel

  const Index limit = std::max(whole[0].bytes, whole[1].bytes) / 3;
  const std::vector<FusedWave> waves = fused_waves(problem.data(), runs, {.wave_bytes = limit});
  Index together = 0;
  for (const FusedWave& wave : waves) {
    EXPECT_LE(wave.bytes, limit);
    together += wave.runs;
  }
  EXPECT_EQ(together, static_cast<Index>(runs.size()));
  EXPECT_GE(waves.size(), 4u);
  EXPECT_LE(waves.size(), 12u);
  for (const FusedWave& wave : fused_waves(problem.data(), runs, {.wave_bytes = 1})) EXPECT_EQ(wave.runs, 1);

  const auto in_one = train_fused(problem.data(), runs, {});
  const auto in_several = train_fused(problem.data(), runs, {.wave_bytes = limit});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    SCOPED_TRACE("run " + std::to_string(i));
    expect_equal_bits(in_several[i], in_one[i]);
  }
}

// A run that did not fit leaves nothing behind in the wave that refused it, whatever it asks for or is given.
TEST(FusedFleet, a_wave_is_planned_as_if_its_runs_were_all_there_are) {
  const Problem problem(53, 37, 5, 3);
  const std::vector<std::int32_t> list{52, 0, 7, 7, 31, 30, 29, 1, 2, 3};
  std::vector<plateau::Run> kinds = fleet_of_every_feature(list);
  for (const std::size_t k : {0u, 4u}) {  // one that goes on
    plateau::Run run = kinds[k];
    run.epochs = 3;
    run.pause = 1;
    run.outputs.state = true;
    run.resume = train_fused(problem.data(), {run}, {})[0].state;
    run.pause = 0;
    kinds.push_back(run);
  }
  const auto bytes = [&](const std::vector<plateau::Run>& runs) {
    const std::vector<FusedWave> waves = fused_waves(problem.data(), runs, {});
    EXPECT_EQ(waves.size(), 1u);
    return waves[0].bytes;
  };
  for (const plateau::Run& kind : kinds) {
    const Index of_two = bytes({kind, kind});
    const std::vector<plateau::Run> runs(6, kind);
    const std::vector<FusedWave> waves = fused_waves(problem.data(), runs, {.wave_bytes = of_two + 1});
    EXPECT_EQ(waves.size(), 3u);
    for (const FusedWave& wave : waves) {
      EXPECT_EQ(wave.runs, 2);
      EXPECT_EQ(wave.bytes, of_two);
    }
    // One that takes more shared memory and more of a block's room than those before it, and does not fit.
    plateau::Run larger = kind;
    larger.resume.reset();
    larger.initial.reset();
    larger.pause = 0;
    larger.architecture.widths[1] += 3;
    larger.frozen = 0;
    if (fused_plan_of(larger)->variant != fused_plan_of(kind)->variant) continue;
    std::vector<std::size_t> order{0, 1, 2};
    EXPECT_EQ(fused_waves(problem.data(), {kind, kind, larger}, {.order = order, .wave_bytes = of_two + 1})[0].bytes,
              of_two);
  }
}
#endif

// Of whatever memory the device has: one with little takes several waves, and refuses what it cannot hold before
// anything is trained (tests/CMakeLists.txt).
TEST(FusedFleet, trains_what_fits_the_devices_memory) {
  if (!gpu::inventory().emulated) GTEST_SKIP() << "of a GPU this would take all the memory";
  const Problem problem(53, 37, 5, 3);
  const bool little = gpu::inventory().devices.front().memory_bytes < (Index{1} << 20);
  const std::vector<plateau::Run> runs(40, {.architecture = {{5, 16, 3}}, .epochs = 100});
  const std::vector<FusedWave> waves = fused_waves(problem.data(), runs, {});
  EXPECT_EQ(waves.size() > 1, little);
  const Index dataset = (53 + 37) * (5 + 1) * 4;
  for (const FusedWave& wave : waves) EXPECT_LE(wave.bytes + dataset, gpu::free_memory_bytes() / 10 * 9);
  if (!little) return;
  const std::vector<RunResult> results = train_fused(problem.data(), runs, {});
  for (const RunResult& result : results) expect_equal_bits(result, results[0]);

  std::vector<plateau::Run> too_large = runs;
  too_large[7].epochs = 10'000;  // of history
  Index told = 0;
  try {
    train_fused(problem.data(), too_large, {.observer = [&](const FleetProgress&) { ++told; }});
    FAIL() << "it was trained";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find("run 7 of the fleet (5-16-3) takes "), 0u) << error.what();
  }
  EXPECT_EQ(told, 0) << "before anything starts";
}

#if !defined(__SANITIZE_THREAD__)
TEST(FusedFleet, takes_the_memory_that_was_planned) {
  if (!gpu::inventory().emulated) GTEST_SKIP() << "a GPU hands out memory in pages";
  const Problem problem(53, 37, 5, 3);
  const std::vector<std::int32_t> list{52, 0, 7, 7, 31, 30, 29, 1, 2, 3};
  const std::vector<plateau::Run> runs = fleet_of_every_feature(list);
  const std::vector<FusedWave> waves = fused_waves(problem.data(), runs, {});
  const Index dataset = (53 + 37) * (5 + 1) * 4 + static_cast<Index>(list.size()) * 4;
  Index most = 0;
  for (const FusedWave& wave : waves) most = std::max(most, wave.bytes);

  const Index before = gpu::free_memory_bytes();
  Index least = before;
  train_fused(problem.data(), runs,
              {.observer = [&](const FleetProgress&) { least = std::min(least, Index{gpu::free_memory_bytes()}); }});

  EXPECT_EQ(before - least, dataset + most);
  EXPECT_EQ(gpu::free_memory_bytes(), before);
}
#endif

TEST(FusedFleet, of_65536_runs_of_width_128_fits_24_gigabytes) {
  const Problem problem(1000, 500, 2, 2);
  plateau::Run run{.architecture = {{2, 128, 128, 2}},
                   .epochs = 500,
                   .rows = RowSelection::outside_fold(3, 1000, 5, 1),
                   .validation = RowSelection::fold(3, 1000, 5, 1),
                   .outputs = {.parameters = false, .best_parameters = true, .test_correct = false}};
  const std::vector<plateau::Run> runs(65'536, run);

  const std::vector<FusedWave> waves = fused_waves(problem.data(), runs, {.wave_bytes = 24'000'000'000});

  ASSERT_EQ(waves.size(), 1u);
  EXPECT_EQ(waves[0].runs, 65'536);
  EXPECT_GE(waves[0].bytes, 65'536 * run.architecture.parameters() * 4);
}

TEST(FusedFleet, trains_on_the_rows_that_a_run_selects) {
  const Problem problem(41, 35, 4, 3);
  const std::vector<plateau::Run> runs = ragged_fleet(41);
  const auto got = train_fused(problem.data(), runs, {});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    SCOPED_TRACE("run " + std::to_string(i));
    expect_near(got[i], train_on_cpu<double>(runs[i], problem.data(), {}), counts(runs[i], problem.data()));
  }
}

TEST(FusedFleet, starts_from_the_initial_parameters_it_is_given) {
  const Problem problem(20, 20, 2, 2);
  plateau::Run run{.architecture = {{2, 5, 2}}, .epochs = 2};
  run.initial = FlatParameters(static_cast<std::size_t>(run.architecture.parameters()));
  for (std::size_t i = 0; i < run.initial->size(); ++i) (*run.initial)[i] = 0.1f * static_cast<float>(i % 7) - 0.25f;
  plateau::Run other = run;
  for (float& parameter : *other.initial) parameter += 0.03f;
  const auto got = train_fused(problem.data(), {{.architecture = {{2, 5, 2}}}, run, other}, {});
  expect_near(got[1], train_on_cpu<double>(run, problem.data(), {}), counts(run, problem.data()));
  expect_near(got[2], train_on_cpu<double>(other, problem.data(), {}), counts(other, problem.data()));
}

TEST(FusedFleet, a_diverging_run_ends_alone_and_keeps_its_history) {
  const Problem problem(20, 20, 2, 2);
  const plateau::Run good{.architecture = {{2, 8, 2}}, .epochs = 6};
  plateau::Run bad = good;
  bad.optimizer = SgdParameters{.learning_rate = 1e30};
  const auto got = train_fused(problem.data(), {good, bad, good}, {.blocks = 1});
  const RunResult want = train_on_cpu<float>(bad, problem.data(), {});
  ASSERT_EQ(want.outcome, RunOutcome::diverged);
  EXPECT_EQ(got[1].outcome, RunOutcome::diverged);
  EXPECT_EQ(got[1].history.size(), want.history.size());
  EXPECT_EQ(got[0].outcome, RunOutcome::finished);
  expect_equal_bits(got[0], got[2]);
}

// As it would on the CPU: in the middle of an epoch, and by a gradient whose loss is finite.
TEST(FusedFleet, diverges_where_the_cpu_does) {
  const Problem problem(40, 20, 2, 2);
  for (const Index batch : {0, 8})
    for (const double learning_rate : {1e4, 1e18, 1e30, 3e38}) {
      const plateau::Run run{.architecture = {{2, 8, 2}},
                             .optimizer = SgdParameters{.learning_rate = learning_rate},
                             .epochs = 4,
                             .batch = batch};
      const RunResult got = train_fused(problem.data(), {run}, {})[0],
                      want = train_on_cpu<float>(run, problem.data(), {});
      EXPECT_EQ(got.outcome, want.outcome) << learning_rate;
      EXPECT_EQ(got.history.size(), want.history.size()) << learning_rate << ", batch " << batch;
    }
}

TEST(FusedFleet, begins_no_epoch_once_it_is_asked_to_stop) {
  const Problem problem(20, 20, 2, 2);
  const std::atomic<bool> stop{true};
  const plateau::Run run{.architecture = {{2, 8, 2}}, .epochs = 4};
  const auto got = train_fused(problem.data(), {run, run}, {.stop = &stop});
  for (const RunResult& result : got) {
    EXPECT_EQ(result.outcome, RunOutcome::interrupted);
    EXPECT_EQ(result.history.size(), 0u);
  }
}

// The wish comes when the launch is queued already.
TEST(FusedFleet, passes_the_wish_to_stop_on_while_it_trains) {
  const Problem problem(20, 20, 2, 2);
  std::atomic<bool> stop{false};
  const plateau::Run run{.architecture = {{2, 8, 2}}, .epochs = 4};
  const auto got =
      train_fused(problem.data(), {run, run}, {.stop = &stop, .observer = [&](const FleetProgress&) { stop = true; }});
  for (const RunResult& result : got) EXPECT_EQ(result.outcome, RunOutcome::interrupted);
}

// Of several launches those that have not begun train nothing, and those that have are kept.
TEST(FusedFleet, keeps_what_is_finished_when_it_is_stopped) {
  const Problem problem(20, 20, 2, 2);
  std::atomic<bool> stop{false};
  const std::vector<plateau::Run> runs(
      5, {.architecture = {{2, 8, 2}}, .epochs = 4, .outputs = {.dead_units = true, .predictions = {{}}}});
  const auto got = train_fused(
      problem.data(), runs,
      {.stop = &stop, .observer = [&](const FleetProgress& now) { stop = now.finished >= 2; }, .wave_bytes = 1});
  const RunResult whole = train_fused(problem.data(), {runs[0]}, {})[0];
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i < 2) {
      expect_equal_bits(got[i], whole);
      continue;
    }
    EXPECT_EQ(got[i].outcome, RunOutcome::interrupted);
    EXPECT_TRUE(got[i].history.empty() && got[i].parameters.empty() && got[i].predictions.empty() &&
                got[i].dead_units.empty())
        << "it never began";
  }
}

TEST(FusedFleet, tells_how_far_it_is) {
  const Problem problem(20, 20, 2, 2);
  std::vector<plateau::Run> runs(3, {.architecture = {{2, 8, 2}}, .epochs = 2});
  runs[1].epochs = 6;
  std::vector<FleetProgress> told;
  train_fused(problem.data(), runs,
              {.observer = [&](const FleetProgress& now) { told.push_back(now); }, .wave_bytes = 1});
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.front().finished, 0);
  EXPECT_EQ(told.front().share, 0);
  constexpr double kBefore[] = {0, 0.6, 0.8, 1, 1};  // the costliest run first: 6 epochs of 10
  for (std::size_t i = 1; i < told.size(); ++i) {
    EXPECT_GE(told[i].finished, told[i - 1].finished);
    EXPECT_GE(told[i].share, told[i - 1].share);
    EXPECT_EQ(told[i].runs, 3);
    EXPECT_GE(told[i].share, kBefore[told[i].finished] - 1e-12);
    EXPECT_LE(told[i].share, kBefore[told[i].finished + 1] + 1e-12);
  }
  EXPECT_EQ(told.back().finished, 3);
  EXPECT_EQ(told.back().share, 1);
}

// The host looks while the device works, which the thread sanitizer takes for a race. An emulated GPU is made to work
// by another thread.
#if !defined(__SANITIZE_THREAD__)
class DeviceBesideTheHost {
 public:
  ~DeviceBesideTheHost() {
    if (other_.joinable()) other_.join();
  }
  // What has been queued; comes back when it is being done.
  void begin() {
    if (other_.joinable() || !gpu::inventory().emulated) return;
    other_ = std::thread([this] {
      given_back_ = {};  // which waits for all of it
      done_ = true;
    });
    while (at_rest_.passed() && !done_) std::this_thread::yield();
  }

 private:
  gpu::Event at_rest_;  // which nothing comes before: it has passed where the device does not work
  gpu::DeviceBuffer<float> given_back_{1};
  std::atomic<bool> done_{false};
  std::thread other_;
};

constexpr Index kLong = 20000;  // epochs: takes far longer than a few looks

TEST(FusedFleet, tells_how_far_it_is_while_every_run_trains) {
  const Problem problem(20, 20, 2, 2);
  std::vector<plateau::Run> runs(2, {.architecture = {{2, 8, 2}}, .epochs = kLong});
  runs[1].epochs = kLong / 2;
  DeviceBesideTheHost device;
  std::atomic<bool> stop{false};
  std::vector<FleetProgress> told;
  std::set<double> between;  // beginning and end
  const auto results = train_fused(problem.data(), runs, {.stop = &stop, .observer = [&](const FleetProgress& now) {
                                                            device.begin();
                                                            told.push_back(now);
                                                            if (0 < now.share && now.share < 1)
                                                              between.insert(now.share);
                                                            if (between.size() == 3) stop = true;
                                                          }});
  EXPECT_GE(between.size(), 3u);
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_GE(told[i].share, told[i - 1].share);
  for (const double share : between) {
    const double epochs = share * 1.5 * static_cast<double>(kLong);
    EXPECT_LE(std::abs(epochs - std::round(epochs)), 1e-6) << "of the two runs together";
  }
  EXPECT_EQ(told.back().finished, 2);
  EXPECT_EQ(told.back().share, 1) << "what they did not train is done with";
  for (const RunResult& result : results) EXPECT_EQ(result.outcome, RunOutcome::interrupted);
}

TEST(FusedFleet, tells_of_a_run_while_it_trains) {
  const Problem problem(20, 20, 2, 2);
  DeviceBesideTheHost device;
  std::atomic<bool> stop{false};
  std::vector<RunProgress> told;
  const RunResult result = train_fused({.architecture = {{2, 8, 2}}, .epochs = kLong}, problem.data(),
                                       {.stop = &stop, .observer = [&](const FleetProgress&) { device.begin(); }},
                                       [&](const RunProgress& now) {
                                         told.push_back(now);
                                         if (told.size() == 3) stop = true;
                                       });
  EXPECT_GE(told.size(), 3u);
  expect_told(told, result);
}

// It would take minutes to its end.
TEST(FusedFleet, what_an_observer_throws_ends_the_launch) {
  const Problem problem(20, 20, 2, 2);
  const plateau::Run run{.architecture = {{2, 8, 2}}, .epochs = kMaxEpochs};
  const auto begin = std::chrono::steady_clock::now();
  DeviceBesideTheHost device;
  EXPECT_THROW(train_fused(problem.data(), {run},
                           {.observer =
                                [&](const FleetProgress& now) {
                                  device.begin();
                                  if (now.share > 0) throw InputError("the terminal is gone");
                                }}),
               InputError);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}
#endif

TEST(FusedFleet, names_the_run_that_does_not_fit) {
  const Problem problem(20, 20, 2, 2);
  const plateau::Run good{.architecture = {{2, 8, 2}}};
  plateau::Run wrong = good;
  wrong.epochs = 0;
  try {
    train_fused(problem.data(), {good, wrong}, {});
    FAIL() << "it was trained";
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()), "run 1 of the fleet: run: 1 <= epochs <= 1000000");
  }
}

TEST(FusedFleet, refuses_a_network_that_is_too_large_and_names_the_limit) {
  const Problem problem(20, 20, 2, 2);
  const auto said = [&](const std::vector<Index>& widths) -> std::string {
    try {
      train_fused(problem.data(), {{.architecture = {{2, 8, 2}}}, {.architecture = {widths}}}, {});
    } catch (const InputError& error) {
      return error.what();
    }
    return "it was trained";
  };
  EXPECT_EQ(said({2, 9, 9, 9, 9, 9, 2}),
            "2-9-9-9-9-9-2 is too large for the fused engine: it has 5 hidden layers, and 4 are the most");
  EXPECT_EQ(said({2, 257, 2}),
            "2-257-2 is too large for the fused engine: it has a layer of width 257, and 256 is the most");
  EXPECT_EQ(said({2, 256, 2}), "it was trained");
  EXPECT_EQ(said({2, 132, 164, 2}),
            "2-132-164-2 is too large for the fused engine: the gradients of its weights are more than the registers "
            "of a block hold");
  const std::string of_rows = fused_misfit({{3000, 4, 2}});  // which alone take more than any block has
  EXPECT_EQ(of_rows.find("3000-4-2 is too large for the fused engine: it takes "), 0u) << of_rows;
  EXPECT_NE(of_rows.find(" bytes of shared memory, and a block has "), std::string::npos) << of_rows;
}

// Before anything is trained, whichever engine the run is for.
TEST(FusedFleet, a_fleet_with_a_run_that_the_device_cannot_hold_is_refused) {
  const Problem problem(20, 20, 2, 2);
  const auto trainer = make_gpu_trainer({.engine = Engine::automatic});
  Index told = 0;
  try {
    trainer->train_fleet(problem.data(), {{.architecture = {{2, 8, 2}}}, {.architecture = {{2, 60'000, 60'000, 2}}}},
                         [&](const FleetProgress&) { ++told; });
    FAIL() << "it was trained";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find("run 1 of the fleet (2-60000-60000-2) takes "), 0u) << error.what();
  }
  EXPECT_EQ(told, 0);
}

// Whose device holds the other engine's library, and not the history of a million epochs.
TEST(FusedFleet, a_run_that_is_refused_keeps_its_number_among_those_of_the_other_engine) {
  if (gpu::inventory().devices.front().memory_bytes > (Index{1} << 27)) GTEST_SKIP() << "all of it fits";
  const Problem problem(53, 37, 5, 3);
  std::vector<plateau::Run> runs(4, {.architecture = {{5, 16, 3}}, .epochs = 1});
  runs[0].architecture = {{5, 4, 4, 4, 4, 4, 3}};
  runs[2].epochs = kMaxEpochs;
  try {
    make_gpu_trainer({.engine = Engine::automatic})->train_fleet(problem.data(), runs);
    FAIL() << "it was trained";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find("run 2 of the fleet (5-16-3) takes "), 0u) << error.what();
  }
}

// What is told of a fleet of both engines goes by what its runs multiply, not by how many they are.
TEST(FusedFleet, progress_over_both_engines_goes_by_work) {
  const Problem problem(20, 20, 2, 2);
  std::vector<plateau::Run> runs(8, {.architecture = {{2, 4, 2}}, .epochs = 2});
  runs.push_back({.architecture = {{2, 300, 2}}, .epochs = 2});
  double after_the_small = -1, last = 0;
  make_gpu_trainer({.engine = Engine::automatic})->train_fleet(problem.data(), runs, [&](const FleetProgress& now) {
    EXPECT_GE(now.share, last);
    last = now.share;
    if (now.finished == 8 && after_the_small < 0) after_the_small = now.share;
  });
  EXPECT_EQ(last, 1);
  EXPECT_LE(std::abs(after_the_small - 8 * 22 / (8 * 22 + 1502.0)), 1e-12);
}

// The engine that a trainer takes follows from each run alone.
TEST(FusedFleet, a_trainer_takes_the_fused_engine_for_small_runs) {
  const Problem problem(20, 20, 2, 2);
  const plateau::Run small{.architecture = {{2, 8, 2}}, .epochs = 2};
  plateau::Run large = small;
  large.architecture = {{2, 300, 2}};
  const auto trainer = make_gpu_trainer({.engine = Engine::automatic});
  const auto results = trainer->train_fleet(problem.data(), {small, large, small});
  EXPECT_TRUE(results[0].plan.fused);
  EXPECT_FALSE(results[1].plan.fused);
  expect_equal_bits(results[0], results[2]);
  expect_equal_bits(results[0], trainer->train(small, problem.data()));
  expect_equal_bits(results[1], make_gpu_trainer({})->train(large, problem.data()));
  EXPECT_TRUE(prefers_fused(small, problem.data()));
  EXPECT_FALSE(prefers_fused(large, problem.data()));
  EXPECT_FALSE(make_gpu_trainer({})->train(small, problem.data()).plan.fused);
  for (const GpuOptions& options : {GpuOptions{.precision = Precision::tf32, .engine = Engine::automatic},
                                    GpuOptions{.epilogues = Epilogues::everywhere, .engine = Engine::automatic}})
    EXPECT_FALSE(make_gpu_trainer(options)->train(small, problem.data()).plan.fused);
  EXPECT_THROW(make_gpu_trainer({.precision = Precision::tf32, .engine = Engine::fused}), std::invalid_argument);
  EXPECT_THROW(make_gpu_trainer({.epilogues = Epilogues::everywhere, .engine = Engine::fused}), std::invalid_argument);
}

// In a block of its own an epoch of many rows takes long.
TEST(FusedFleet, an_automatic_choice_leaves_long_epochs_to_the_layered_engine) {
  const Problem few(100, 20, 2, 2), many(40'000, 20, 2, 2);
  const plateau::Run run{.architecture = {{2, 64, 64, 2}}};
  EXPECT_TRUE(prefers_fused(run, few.data()));
  EXPECT_FALSE(prefers_fused(run, many.data()));
  // Validation rows are rows as well.
  const Problem some(14'000, 20, 2, 2);
  plateau::Run validating = run;
  validating.rows = RowSelection::part(1, 14'000, 10);
  EXPECT_TRUE(prefers_fused(validating, some.data()));
  validating.validation = RowSelection::all(14'000);
  const bool without = prefers_fused(run, some.data());
  validating.rows = {};
  EXPECT_TRUE(without);
  EXPECT_FALSE(prefers_fused(validating, some.data()));
}

// A scenario's rows are drawn where they are trained, to the same bits.
TEST(FusedFleet, draws_the_rows_that_are_described) {
  const DrawnSplit drawn{.train = {.kind = ScenarioKind::overfit, .seed = 4, .first_row = 0},
                         .test = {.kind = ScenarioKind::overfit, .seed = 4, .first_row = 50}};
  std::vector<float> train_x(100), test_x(80);
  std::vector<std::int32_t> train_label(50), test_label(40);
  cpu::scenario_data<float>(drawn.train, {train_x.data(), 50, 2, 2}, {train_label.data(), 50});
  cpu::scenario_data<float>(drawn.test, {test_x.data(), 40, 2, 2}, {test_label.data(), 40});
  TrainingData data{
      {train_x.data(), 50, 2, 2}, {train_label.data(), 50}, {test_x.data(), 40, 2, 2}, {test_label.data(), 40}};
  const plateau::Run run{.architecture = {{2, 8, 2}}, .epochs = 2};
  const RunResult handed = train_fused(data, {run}, {})[0];
  data.drawn = drawn;
  expect_equal_bits(train_fused(data, {run}, {})[0], handed);
}

// ---- Room for a variant that spreads a run over the blocks of a cluster ---------------------------------------------
// There is none yet. What the engine knows a variant by, hands to it and reserves for it is enough for one, and stays
// so: this must compile.
namespace spread {

constexpr FusedVariant kVariant{.threads = 512, .groups = 1, .tiles = 1};
constexpr int kCluster = 8;

[[maybe_unused]] std::optional<FusedPlan> plan_of(const std::vector<Index>& widths, std::size_t shared_bytes) {
  auto plan = plateau::detail::fused_plan_of(kVariant, widths, shared_bytes);  // of a block's share of the columns
  if (plan) plan->variant = kVariant;
  return plan;
}
[[maybe_unused]] Index resident_blocks(const FusedVariant& variant, std::size_t) {
  return variant == kVariant ? kCluster : 0;
}
[[maybe_unused]] void training(const gpu::Stream&, const gpu::FusedLaunch& launch, const FusedFleet& fleet,
                               const gpu::FusedScratch& scratch) {
  const Index clusters = launch.blocks / kCluster;
  expects(clusters <= fleet.runs.size && scratch.floats.size >= launch.blocks * launch.floats, "spread: a run each");
}

template <class Stub, class Engine>
constexpr bool stands_in_for = std::is_same_v<Stub, Engine>;
static_assert(stands_in_for<decltype(&training), decltype(&gpu::fused_training)>);
static_assert(stands_in_for<decltype(&resident_blocks), decltype(&gpu::fused_resident_blocks)>);
static_assert(std::is_same_v<decltype(plan_of({}, 0)), decltype(fused_plan({}, 0))>);
static_assert(std::find(std::begin(kFusedVariants), std::end(kFusedVariants), kVariant) == std::end(kFusedVariants),
              "its name is its own, and a run's execution plan tells it");
static_assert(ExecutionPlan{.fused = kVariant}.fused == kVariant);
static_assert(std::is_trivially_copyable_v<FusedPlan> && std::is_trivially_copyable_v<FusedRun>, "lie on the device");

}  // namespace spread

}  // namespace
}  // namespace plateau::test::fused_fleet_test
