// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The GPU device, on whichever GPU this program is linked with: against the CPU device, against itself, and at its
// ends.
#include "plateau/model/gpu_trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "plateau/gpu/buffer.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/model/cpu_backend.hpp"
#include "plateau/model/gpu_backend.hpp"
#include "plateau/model/network.hpp"
#include "support/results.hpp"
#include "support/rows.hpp"
#include "support/run_features.hpp"
#include "support/sanitized.hpp"

namespace plateau::test::gpu_trainer_test {
namespace {

Trainer& graph_trainer() {
  static const auto trainer = make_gpu_trainer({.execution = Execution::graph});
  return *trainer;
}
Trainer& stream_trainer() {
  static const auto trainer = make_gpu_trainer({.execution = Execution::stream});
  return *trainer;
}

auto small_run() {
  return plateau::Run{.architecture = {{3, 16, 8, 2}},
                      .optimizer = AdamParameters{.learning_rate = 0.01},
                      .epochs = 4,
                      .batch = 0,
                      .seed = 7};
}

// Two trainings in float that differ in the order of their sums only.
void expect_close(const RunResult& got, const RunResult& want) {
  EXPECT_EQ(got.outcome, want.outcome);
  ASSERT_EQ(got.history.size(), want.history.size());
  const double row = 1.0 / static_cast<double>(want.test_correct.rows());
  for (std::size_t e = 0; e < want.history.size(); ++e) {
    EXPECT_LE(std::abs(got.history[e].train_loss - want.history[e].train_loss), 2e-5) << "epoch " << e;
    EXPECT_LE(std::abs(got.history[e].test_loss - want.history[e].test_loss), 2e-5) << "epoch " << e;
    EXPECT_LE(std::abs(got.history[e].test_accuracy - want.history[e].test_accuracy), 1.0001 * row) << "epoch " << e;
    EXPECT_LE(std::abs(got.history[e].gradient_norm / want.history[e].gradient_norm - 1), 1e-3) << "epoch " << e;
  }
  ASSERT_EQ(got.parameters.size(), want.parameters.size());
  for (std::size_t i = 0; i < want.parameters.size(); ++i)
    ASSERT_LE(std::abs(got.parameters[i] - want.parameters[i]), 1e-3f) << "parameter " << i;
}

// Many trainings, which the thread sanitizer has nothing to say about.
#if !defined(__SANITIZE_THREAD__)
// Differences between runs, so that what a library takes once is in neither. While a checkpoint is taken, what it is
// copied from is there too.
TEST(GpuTrainer, takes_the_memory_that_is_foreseen) {
  if (!gpu::inventory().emulated) GTEST_SKIP() << "a GPU hands out memory in pages";
  const Rows rows = learnable_rows(60, 45, 3, 2);
  const GpuOptions options{.epilogues = Epilogues::everywhere};
  const auto trainer = make_gpu_trainer(options);
  const auto taken_beside_the_plan = [&](const plateau::Run& run) {
    const Index before = gpu::free_memory_bytes();
    Index least = before;
    trainer->train(run, rows.views(), {.every = 2, .take = [&](RunResult) { least = gpu::free_memory_bytes(); }});
    const Index sets = run.validation ? 4 : 3;
    const Index snapshot = sets * ParameterLayout(run.architecture).size() * 4 + 45 * 4;
    return before - least - snapshot - layered_memory_bytes(run, rows.views(), options);
  };
  const Index once = taken_beside_the_plan({.architecture = {{3, 2}}, .epochs = 3});
  const std::vector<std::int32_t> list{0, 5, 9};
  for (const NamedRun& named : runs_of_every_feature({3, 9, 2}, 60, list)) {
    SCOPED_TRACE(named.name);
    EXPECT_EQ(taken_beside_the_plan(named.run), once);
  }
}

// The places of their figures are used again, but not before they have been told.
TEST(GpuTrainer, tells_of_every_epoch_however_far_the_device_is_ahead) {
  const Rows rows = learnable_rows(9, 5, 3, 2);
  std::vector<RunProgress> told;
  const RunResult result =
      graph_trainer().train({.architecture = {{3, 2}}, .epochs = 100}, rows.views(), {}, [&](const RunProgress& now) {
        gpu::DeviceBuffer<float>(1);  // given back when the device is done
        told.push_back(now);
      });

  EXPECT_EQ(told.size(), 100u);
  expect_told(told, result);
}
#endif

// Wherever a run is trained.
TEST(GpuTrainer, a_frozen_layer_keeps_its_parameters) {
  const Rows rows = learnable_rows(60, 45, 3, 2);
  plateau::Run run = small_run();
  run.initial.emplace(static_cast<std::size_t>(run.architecture.parameters()), 0.05f);
  for (std::size_t i = 0; i < run.initial->size(); i += 3) (*run.initial)[i] = -0.1f;
  const auto fused = make_gpu_trainer({.engine = Engine::fused});
  CpuTrainer cpu({});
  for (Trainer* trainer : std::initializer_list<Trainer*>{&graph_trainer(), fused.get(), &cpu})
    for (const std::uint64_t frozen : {1u, 2u, 4u, 5u, 6u}) {
      SCOPED_TRACE(frozen);
      run.frozen = frozen;
      const RunResult result = trainer->train(run, rows.views());
      std::size_t place = 0;
      for (Index layer = 0; layer < 3; ++layer) {
        const auto size = at(run.architecture.fan_out(layer) * (run.architecture.fan_in(layer) + 1));
        const auto begin = run.initial->begin() + static_cast<std::ptrdiff_t>(place);
        const bool same = std::equal(begin, begin + static_cast<std::ptrdiff_t>(size),
                                     result.parameters.begin() + static_cast<std::ptrdiff_t>(place));
        EXPECT_EQ(same, (frozen >> layer & 1) != 0) << layer;
        place += size;
      }
    }
}

TEST(GpuTrainer, a_trained_network_answers_as_its_run_did) {
  const Rows rows = learnable_rows(60, 45, 3, 2);
  plateau::Run run = small_run();
  run.standardise = true;
  run.outputs.scale = true;
  run.outputs.predictions = {{.probabilities = true}};
  const RunResult trained = graph_trainer().train(run, rows.views());
  const Predictions got =
      graph_trainer().predict({run.architecture, trained.parameters, trained.scale}, rows.views().test_x);

  EXPECT_EQ(got.predicted, trained.predictions[0].predicted);
  EXPECT_EQ(fingerprint(got.probability), fingerprint(trained.predictions[0].probability));
}

TEST(GpuTrainer, follows_the_cpu_device_over_batches_optimizers_and_labels) {
  const Rows rows = learnable_rows(70, 45, 3, 2);
  for (const Index batch : {0, 32})
    for (const RowOrder order : {RowOrder::as_stored, RowOrder::shuffled_each_epoch})
      for (const LabelTreatment& labels : {LabelTreatment{}, LabelTreatment{.permuted = true, .permutation_seed = 7}})
        for (const Optimizer& optimizer :
             {Optimizer{AdamParameters{.learning_rate = 0.01, .weight_decay = 0.1}},
              Optimizer{SgdParameters{.learning_rate = 0.05, .momentum = 0.9, .weight_decay = 0.01}}}) {
          auto run = small_run();
          run.batch = batch;
          run.order = order;
          run.labels = labels;
          run.optimizer = optimizer;

          expect_close(graph_trainer().train(run, rows.views()), train_on_cpu<float>(run, rows.views(), {}));
        }
}

TEST(GpuTrainer, follows_the_cpu_device_with_epilogues) {
  const Rows rows = learnable_rows(257, 130, 3, 2);
  const auto trainer = make_gpu_trainer({.epilogues = Epilogues::everywhere});
  for (const Index batch : {0, 100}) {
    plateau::Run run = small_run();
    run.batch = batch;
    const RunResult got = trainer->train(run, rows.views());
    expect_close(got, train_on_cpu<float>(run, rows.views(), {}));
    EXPECT_EQ(got.plan.layers, epilogues_everywhere(run.architecture).layers);
    EXPECT_FALSE(got.plan.autotuned);
  }
}

TEST(GpuTrainer, chooses_epilogues_by_measurement_and_says_which) {
  const Rows rows = learnable_rows(257, 130, 3, 2);
  const plateau::Run run = small_run();
  const RunResult got = make_gpu_trainer({.epilogues = Epilogues::measured})->train(run, rows.views());
  expect_close(got, train_on_cpu<float>(run, rows.views(), {}));
  EXPECT_TRUE(got.plan.autotuned);
  ASSERT_EQ(got.plan.layers.size(), 3u);
  EXPECT_NO_THROW(expects_plan(got.plan, run.architecture));
  EXPECT_TRUE(graph_trainer().train(run, rows.views()).plan.layers.empty()) << "kernels, where nobody asked";
}

// What vector accesses and tensor cores ask for: rows that begin at 16 bytes, of ten classes as well.
TEST(GpuTrainer, aligns_the_rows_of_a_training) {
  const GpuBackend backend;
  const Architecture net{{784, 30, 10}};
  Workspace<GpuBackend> work(backend, net, 5);
  GradientWorkspace<GpuBackend> gradient_work(backend, net, 5);

  EXPECT_EQ(row_stride<GpuBackend>(3), 4);
  EXPECT_EQ(work.output(1, 5, 10).stride, 12);
  EXPECT_EQ(work.output(0, 5, 30).stride, 32);
  EXPECT_EQ(gradient_work.at(1, 5, 10).stride, 12);
}

TEST(GpuTrainer, trains_linear_models_and_many_classes) {
  const Rows rows = learnable_rows(65, 33, 5, 7);
  for (const std::vector<Index>& widths : {std::vector<Index>{5, 7}, {5, 33, 7}, {5, 1, 4, 7}}) {
    auto run = small_run();
    run.architecture = {widths};

    expect_close(graph_trainer().train(run, rows.views()), train_on_cpu<float>(run, rows.views(), {}));
  }
}

TEST(GpuTrainer, a_recorded_epoch_and_a_queued_one_give_equal_bits) {
  const Rows rows = learnable_rows(70, 45, 3, 2);
  for (const Index batch : {0, 32}) {
    auto run = small_run();
    run.batch = batch;
    expect_equal_bits(graph_trainer().train(run, rows.views()), stream_trainer().train(run, rows.views()));
  }
}

TEST(GpuTrainer, says_how_many_launches_it_recorded) {
  auto run = small_run();
  const Rows rows = learnable_rows(24, 10, 3, 2);

  const Index full_batch = graph_trainer().train(run, rows.views()).recorded_launches;
  EXPECT_EQ(stream_trainer().train(run, rows.views()).recorded_launches, 0);
  run.batch = 8;
  const Index three_batches = graph_trainer().train(run, rows.views()).recorded_launches;
  run.epochs = 1;
  EXPECT_EQ(graph_trainer().train(run, rows.views()).recorded_launches, 0);

  EXPECT_GE(full_batch, 6 * 3);  // at least six operations per layer
  EXPECT_GT(three_batches, 2 * full_batch);
}

TEST(GpuTrainer, follows_the_cpu_device_with_every_feature) {
  const Rows rows = learnable_rows(53, 37, 3, 3);
  const std::vector<std::int32_t> list{52, 0, 7, 7, 31, 30, 29, 1, 2, 3, 40, 41, 42, 43, 5};
  for (const NamedRun& named : runs_of_every_feature({3, 9, 7, 3}, 53, list)) {
    SCOPED_TRACE(named.name);
    if (kSanitized && !named.name.starts_with("everything")) continue;
    const Index train = training_rows(named.run, rows.views()).count();
    const RunResult got = graph_trainer().train(named.run, rows.views());
    expect_near(got, train_on_cpu<double>(named.run, rows.views(), {}),
                {train, 37, named.run.validation ? named.run.validation->count() : 0},
                {.losses = 1e-5, .parameters = 1e-4, .norms = 1e-3});
    if (named.name.starts_with("everything")) expect_equal_bits(stream_trainer().train(named.run, rows.views()), got);
  }
}

TEST(GpuTrainer, equal_seeds_give_equal_bits_and_other_seeds_do_not) {
  const Rows rows = learnable_rows(60, 40, 3, 2);
  auto run = small_run();
  const RunResult first = graph_trainer().train(run, rows.views());
  expect_equal_bits(first, graph_trainer().train(run, rows.views()));
  expect_equal_bits(first, make_gpu_trainer({})->train(run, rows.views()));
  run.seed = 8;
  EXPECT_NE(fingerprint(first.parameters), fingerprint(graph_trainer().train(run, rows.views()).parameters));
}

TEST(GpuTrainer, a_run_among_others_has_the_bits_it_has_alone) {
  const Rows rows = learnable_rows(50, 30, 3, 2);
  std::vector<plateau::Run> runs;
  for (const Index width : {4, 31, 16}) {
    auto run = small_run();
    run.architecture = {{3, width, 2}};
    runs.push_back(run);
  }

  const std::vector<RunResult> results = graph_trainer().train_fleet(rows.views(), runs);

  ASSERT_EQ(results.size(), runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i)
    expect_equal_bits(results[i], graph_trainer().train(runs[i], rows.views()));
}

TEST(GpuTrainer, starts_from_the_initial_parameters_it_is_given) {
  const Rows rows = learnable_rows(40, 20, 3, 2);
  auto run = small_run();
  run.initial = FlatParameters(static_cast<std::size_t>(run.architecture.parameters()));
  for (std::size_t i = 0; i < run.initial->size(); ++i) (*run.initial)[i] = 0.01f * static_cast<float>(i % 17) - 0.08f;

  expect_close(graph_trainer().train(run, rows.views()), train_on_cpu<float>(run, rows.views(), {}));
}

// Rows of a scenario as the studies hand them over: drawn on the host, and described.
struct ScenarioSplitCase {
  explicit ScenarioSplitCase(ScenarioKind kind, Index train, Index test)
      : drawn{{kind, LabelReading::described, 3, 0}, {kind, LabelReading::described, 3, Index{1} << 32}} {
    rows.features = scenario_features(kind);
    const auto draw = [&](const ScenarioRows& which, Index count, std::vector<float>& x,
                          std::vector<std::int32_t>& label) {
      x.resize(static_cast<std::size_t>(count * rows.features));
      label.resize(static_cast<std::size_t>(count));
      cpu::scenario_data<float>(which,
                                as_matrix(HostSpan<float>{x.data(), count * rows.features}, count, rows.features),
                                {label.data(), count});
    };
    draw(drawn.train, train, rows.train_x, rows.train_label);
    draw(drawn.test, test, rows.test_x, rows.test_label);
  }
  TrainingData copied() const { return rows.views(); }
  TrainingData described() const {
    TrainingData data = rows.views();
    data.drawn = drawn;
    return data;
  }

  DrawnSplit drawn;
  Rows rows;
};

TEST(GpuTrainer, rows_it_draws_itself_give_the_bits_of_rows_it_is_handed) {
  for (const ScenarioKind kind : {ScenarioKind::overfit, ScenarioKind::underfit, ScenarioKind::ceiling}) {
    const ScenarioSplitCase split(kind, 50, 33);
    auto run = small_run();
    run.architecture.widths.front() = scenario_features(kind);

    expect_equal_bits(graph_trainer().train(run, split.described()), graph_trainer().train(run, split.copied()));
  }
}

// The draw must be what decides: other rows than those of the views give another result.
TEST(GpuTrainer, draws_the_rows_that_are_described) {
  ScenarioSplitCase split(ScenarioKind::underfit, 50, 33);
  const RunResult before = graph_trainer().train(small_run(), split.described());
  split.drawn.train.seed = 4;

  EXPECT_NE(fingerprint(before.parameters),
            fingerprint(graph_trainer().train(small_run(), split.described()).parameters));
}

TEST(GpuTrainer, ends_a_diverging_run_and_keeps_its_history) {
  const Rows rows = learnable_rows(60, 40, 3, 2);
  auto run = small_run();
  run.epochs = 40;
  run.optimizer = SgdParameters{.learning_rate = 1e18};

  const RunResult want = train_on_cpu<float>(run, rows.views(), {});
  for (Trainer* trainer : {&graph_trainer(), &stream_trainer()}) {
    const RunResult got = trainer->train(run, rows.views());

    EXPECT_EQ(got.outcome, RunOutcome::diverged);
    EXPECT_EQ(got.history.size(), want.history.size());
    EXPECT_LT(got.history.size(), 40u);
    for (const EpochRecord& epoch : got.history) EXPECT_TRUE(std::isfinite(epoch.train_loss));
    EXPECT_EQ(got.test_correct.epochs(), static_cast<Index>(got.history.size()));
  }
}

TEST(GpuTrainer, ends_after_an_epoch_when_it_is_asked_to_stop) {
  const Rows rows = learnable_rows(60, 40, 3, 2);
  std::atomic<bool> stop{true};
  const auto trainer = make_gpu_trainer({.stop = &stop});
  auto run = small_run();
  run.epochs = 50;

  const RunResult interrupted = trainer->train(run, rows.views());

  EXPECT_TRUE(trainer->stop_requested());
  EXPECT_EQ(interrupted.outcome, RunOutcome::interrupted);
  ASSERT_EQ(interrupted.history.size(), 1u);
  run.epochs = 1;
  stop = false;
  const RunResult one_epoch = trainer->train(run, rows.views());
  EXPECT_EQ(one_epoch.outcome, RunOutcome::finished);
  EXPECT_EQ(fingerprint(one_epoch.parameters), fingerprint(interrupted.parameters));
}

TEST(GpuTrainer, begins_no_further_layered_run_when_it_is_asked_to_stop) {
  const Rows rows = learnable_rows(60, 40, 3, 2);
  std::atomic<bool> stop{false};
  const auto trainer = make_gpu_trainer({.stop = &stop, .engine = Engine::layered});

  const auto results = trainer->train_fleet(rows.views(), {small_run(), small_run()},
                                            [&](const FleetProgress& now) { stop = now.finished == 1; });

  EXPECT_EQ(results[0].outcome, RunOutcome::finished);
  EXPECT_EQ(results[1].outcome, RunOutcome::interrupted);
  EXPECT_TRUE(results[1].history.empty());
}

TEST(GpuTrainer, tells_how_far_a_layered_fleet_is_by_its_epochs) {
  const Rows rows = learnable_rows(60, 40, 3, 2);
  std::vector<FleetProgress> told;
  graph_trainer().train_fleet(rows.views(), {small_run(), small_run()},
                              [&](const FleetProgress& now) { told.push_back(now); });

  ASSERT_EQ(told.size(), 2u * 4 + 2);  // every epoch, and every end
  const double want[] = {1, 2, 3, 4, 4, 5, 6, 7, 8, 8};
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].share, want[i] / 8);
    EXPECT_EQ(told[i].finished, static_cast<Index>((i + 1) / 5));
  }
}

TEST(GpuTrainer, describes_the_rows_as_the_cpu_does) {
  const ScenarioSplitCase split(ScenarioKind::ceiling, 1500, 100);
  CpuTrainer cpu({});
  const auto want = cpu.statistics(split.copied(), 3);
  for (const TrainingData& data : {split.copied(), split.described()}) {
    const auto got = graph_trainer().statistics(data, 3);

    EXPECT_EQ(got.train.class_rows, want.train.class_rows);
    EXPECT_EQ(got.test.class_rows, want.test.class_rows);
    ASSERT_EQ(got.train.features.size(), 2u);
    for (std::size_t j = 0; j < 2; ++j) {
      EXPECT_EQ(got.train.features[j].minimum, want.train.features[j].minimum);
      EXPECT_EQ(got.test.features[j].maximum, want.test.features[j].maximum);
      EXPECT_LE(std::abs(got.train.features[j].mean - want.train.features[j].mean), 1e-12);
      EXPECT_LE(std::abs(got.test.features[j].spread - want.test.features[j].spread), 1e-12);
    }
  }
}

TEST(GpuTrainer, finds_the_neighbours_that_the_cpu_does) {
  const Rows rows = learnable_rows(70, 45, 3, 2);
  const auto train = rows.views().train_x, test = rows.views().test_x;
  std::vector<std::int32_t> own(70);
  std::iota(own.begin(), own.end(), 0);
  CpuTrainer cpu({});
  for (const auto& [queries, exclude] : {std::pair{test, HostSpan<const std::int32_t>{}},
                                         std::pair{train, HostSpan<const std::int32_t>{own.data(), 70}}}) {
    const Neighbours got = graph_trainer().neighbours(queries, train, 5, exclude);
    const Neighbours want = cpu.neighbours(queries, train, 5, exclude);

    EXPECT_EQ(got.index, want.index);
    EXPECT_EQ(got.distance, want.distance);
  }
  EXPECT_TRUE(graph_trainer().neighbours(test.row_range(0, 0), train, 5, {}).index.empty());
  EXPECT_THROW(graph_trainer().neighbours(test, train, 0, {}), std::invalid_argument);
}

// The candidates leave room for some of the queries. Tried with PLATEAU_SIMT_MEMORY_KB.
TEST(GpuTrainer, finds_neighbours_of_as_many_queries_at_a_time_as_there_is_room_for) {
  if (!gpu::inventory().emulated || gpu::free_memory_bytes() > Index{1} << 28)
    GTEST_SKIP() << "for a GPU with little memory, and no other work";
  const Rows rows = learnable_rows(70, 45, 3, 2);
  const auto train = rows.views().train_x, test = rows.views().test_x;
  const Neighbours want = graph_trainer().neighbours(test, train, 5, {});
  const Index for_candidates = 70 * 3 * 4, for_a_query = 3 * 4 + 5 * 8;
  const gpu::DeviceBuffer<char> taken(gpu::free_memory_bytes() - for_candidates - 30 * for_a_query);

  const Neighbours got = graph_trainer().neighbours(test, train, 5, {});

  EXPECT_EQ(got.index, want.index);
  EXPECT_EQ(got.distance, want.distance);
}

TEST(GpuTrainer, hands_itself_to_every_body) {
  Index sum = 0;
  graph_trainer().for_each(4, [&](Index i, Trainer& trainer) {
    EXPECT_EQ(&trainer, &graph_trainer());
    sum += i;
  });
  EXPECT_EQ(sum, 6);
}

TEST(GpuTrainer, refuses_a_run_that_does_not_fit_its_data) {
  const Rows rows = learnable_rows(20, 10, 3, 2);
  auto run = small_run();
  run.architecture = {{4, 2}};
  EXPECT_THROW(graph_trainer().train(run, rows.views()), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::test::gpu_trainer_test
