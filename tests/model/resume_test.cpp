// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A run that pauses and goes on leaves what it leaves without a pause, to the bit, on every device and engine; and so
// does one that somebody watches.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>

#include "plateau/core/error.hpp"
#include "plateau/model/gpu_trainer.hpp"
#include "support/results.hpp"
#include "support/rows.hpp"
#include "support/run_features.hpp"
#include "support/sanitized.hpp"

namespace plateau::test::resume_test {
namespace {

const Rows& rows() {
  static const Rows made = learnable_rows(53, 37, 5, 3);
  return made;
}
const std::vector<std::int32_t> kList{52, 0, 7, 7, 31, 30, 29, 1, 2, 3, 40, 41, 42, 43, 5};

struct NamedTrainer {
  std::string name;
  std::unique_ptr<Trainer> trainer;
};
std::vector<NamedTrainer> trainers() {
  std::vector<NamedTrainer> all;
  all.push_back({"cpu", std::make_unique<CpuTrainer>(CpuOptions{.workers = 2})});
  all.push_back({"fused", make_gpu_trainer({.engine = Engine::fused})});
  all.push_back({"graph", make_gpu_trainer({.execution = Execution::graph})});
  if (!kSanitized) all.push_back({"stream", make_gpu_trainer({.execution = Execution::stream})});
  return all;
}

// The layered engine takes its time on an emulated GPU, and the sanitizers everywhere: there, the runs whose
// states differ most.
std::vector<NamedRun> runs_for(const NamedTrainer& trained_by) {
  std::vector<NamedRun> runs;
  for (NamedRun& named : runs_of_every_feature({5, 9, 7, 3}, 53, kList)) {
    const bool few = trained_by.name == "graph" || trained_by.name == "stream" || kSanitized;
    const auto is = [&](const char* what) { return named.name.find(what) == 0; };
    if (few && !is("everything") && !is("early stopping, full") && !is("dropout, SGD, batches")) continue;
    if (kSanitized && !is("everything, batches")) continue;
    named.run.outputs.state = true;
    named.run.epochs = std::max<Index>(named.run.epochs, 4);
    runs.push_back(std::move(named));
  }
  return runs;
}

// With an observer, who is told what the history says, and where the host sees every epoch of each.
RunResult watched(const NamedTrainer& trained_by, const plateau::Run& run, const Checkpoints& checkpoints = {}) {
  std::vector<RunProgress> told;
  const RunResult result =
      trained_by.trainer->train(run, rows().views(), checkpoints, [&](const RunProgress& now) { told.push_back(now); });
  expect_told(told, result);
  if (trained_by.name != "fused") {
    EXPECT_EQ(told.size(), result.history.size());
  }
  return result;
}

TEST(Resume, goes_on_as_if_it_had_never_paused) {
  for (const NamedTrainer& trained_by : trainers())
    for (const NamedRun& named : runs_for(trained_by)) {
      SCOPED_TRACE(trained_by.name + ", " + named.name);
      Trainer& trainer = *trained_by.trainer;
      const RunResult whole = trainer.train(named.run, rows().views());
      plateau::Run run = named.run;
      run.pause = 1;
      RunResult so_far = watched(trained_by, run);
      EXPECT_EQ(so_far.outcome, RunOutcome::interrupted);
      EXPECT_EQ(so_far.history.size(), 1u);
      for (const Index pause : {3, 0}) {
        if (so_far.outcome != RunOutcome::interrupted) break;
        run.resume = so_far.state;
        run.pause = pause;
        so_far = joined(so_far, watched(trained_by, run));
      }
      expect_equal_bits(so_far, whole);
    }
}

TEST(Resume, a_checkpoint_is_what_a_pause_leaves_and_changes_nothing) {
  for (const NamedTrainer& trained_by : trainers())
    for (const NamedRun& named : runs_for(trained_by)) {
      if (named.name.find("everything") != 0 && named.name.find("early stopping") != 0) continue;
      SCOPED_TRACE(trained_by.name + ", " + named.name);
      Trainer& trainer = *trained_by.trainer;
      plateau::Run run = named.run;
      run.epochs = 6;
      std::vector<RunResult> taken;
      const RunResult whole =
          watched(trained_by, run, {.every = 2, .take = [&](RunResult at) { taken.push_back(std::move(at)); }});

      expect_equal_bits(whole, trainer.train(run, rows().views()));
      const Index ended = static_cast<Index>(whole.history.size());
      EXPECT_EQ(static_cast<Index>(taken.size()), std::min<Index>(2, (ended - 1) / 2));
      for (const RunResult& at : taken) {
        run.pause = at.state->epoch;
        RunResult paused = trainer.train(run, rows().views());
        paused.predictions.clear();
        paused.dead_units.clear();
        expect_equal_bits(at, paused);
      }
    }
}

TEST(Resume, has_no_state_of_a_run_that_diverged_or_was_not_asked_for_it) {
  for (const NamedTrainer& trained_by : trainers()) {
    SCOPED_TRACE(trained_by.name);
    plateau::Run run{.architecture = {{5, 8, 3}},
                     .optimizer = SgdParameters{.learning_rate = 1e30},
                     .epochs = 5,
                     .outputs = {.state = true}};
    const RunResult diverged = watched(trained_by, run);
    EXPECT_EQ(diverged.outcome, RunOutcome::diverged);
    EXPECT_FALSE(diverged.state);
    run.optimizer = AdamParameters{};
    EXPECT_TRUE(trained_by.trainer->train(run, rows().views()).state);
    run.outputs.state = false;
    EXPECT_FALSE(trained_by.trainer->train(run, rows().views()).state);
  }
}

// Before its first epoch there is nothing to keep; before its next one all that it had.
TEST(Resume, a_run_that_is_stopped_where_it_would_go_on_keeps_what_it_had) {
  plateau::Run run{.architecture = {{5, 8, 3}}, .epochs = 6, .pause = 2, .outputs = {.state = true}};
  const auto trainer = make_gpu_trainer({.engine = Engine::fused});
  const RunResult paused = trainer->train(run, rows().views());
  const std::atomic<bool> stop{true};
  const auto stopped = make_gpu_trainer({.stop = &stop, .engine = Engine::fused});
  run.pause = 0;
  Index taken = 0;
  const Checkpoints checkpoints{.every = 2, .take = [&](RunResult) { ++taken; }};
  const RunResult never_began = stopped->train(run, rows().views(), checkpoints);
  EXPECT_EQ(never_began.outcome, RunOutcome::interrupted);
  EXPECT_TRUE(never_began.history.empty() && never_began.parameters.empty() && !never_began.state);

  run.resume = paused.state;
  const RunResult still = stopped->train(run, rows().views(), checkpoints);
  EXPECT_EQ(still.outcome, RunOutcome::interrupted);
  EXPECT_EQ(still.first_epoch, 2);
  EXPECT_TRUE(still.history.empty());
  EXPECT_EQ(fingerprint(still.parameters), fingerprint(paused.parameters));
  ASSERT_TRUE(still.state);
  expect_equal_bits(*still.state, *paused.state);
  expect_equal_bits(joined(paused, still), paused);
  EXPECT_EQ(taken, 0);
}

TEST(Resume, what_a_receiver_or_an_observer_throws_ends_the_training) {
  for (const NamedTrainer& trained_by : trainers()) {
    SCOPED_TRACE(trained_by.name);
    const plateau::Run run{.architecture = {{5, 8, 3}}, .epochs = 9};
    EXPECT_THROW(
        trained_by.trainer->train(run, rows().views(),
                                  {.every = 2, .take = [](RunResult) { throw InputError("the disk is full"); }}),
        InputError);
    EXPECT_THROW(trained_by.trainer->train(run, rows().views(), {},
                                           [](const RunProgress&) { throw InputError("the terminal is gone"); }),
                 InputError);
  }
}

TEST(Resume, refuses_a_state_that_does_not_fit) {
  CpuTrainer trainer({.workers = 1});
  plateau::Run run{.architecture = {{5, 8, 3}}, .epochs = 5, .pause = 2, .outputs = {.state = true}};
  const RunState state = *trainer.train(run, rows().views()).state;
  const auto refuses = [&](const char* why, const std::function<void(plateau::Run&)>& spoil) {
    plateau::Run spoiled = run;
    spoiled.pause = 0;
    spoiled.resume = state;
    spoil(spoiled);
    try {
      trainer.train(spoiled, rows().views());
      ADD_FAILURE() << why;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
    }
  };
  refuses("pause", [](plateau::Run& r) { r.pause = 6; });
  refuses("epochs are left", [](plateau::Run& r) { r.pause = 2; });
  refuses("epochs are left", [](plateau::Run& r) { r.resume->epoch = 5; });
  refuses("has a step", [](plateau::Run& r) { r.resume->step = 1; });
  refuses("one value per parameter", [](plateau::Run& r) { r.resume->parameters.pop_back(); });
  refuses("one value per parameter", [](plateau::Run& r) { r.resume->second_moment.clear(); });
  refuses("one class per test row", [](plateau::Run& r) { r.resume->predicted.pop_back(); });
  refuses("where rows validate", [](plateau::Run& r) { r.validation = RowSelection::fold(3, 53, 4, 1); });
  refuses("best epoch", [](plateau::Run& r) { r.resume->best_epochs = 3; });
}

TEST(Resume, an_engine_goes_on_with_what_it_began_alone) {
  plateau::Run run{.architecture = {{5, 8, 3}}, .epochs = 5, .pause = 2, .outputs = {.state = true}};
  const auto fused = make_gpu_trainer({.engine = Engine::fused}), layered = make_gpu_trainer({}),
             either = make_gpu_trainer({.engine = Engine::automatic});
  const RunState of_fused = *fused->train(run, rows().views()).state,
                 of_layered = *layered->train(run, rows().views()).state;
  run.pause = 0;
  run.resume = of_layered;
  EXPECT_THROW(fused->train(run, rows().views()), InputError);
  EXPECT_FALSE(either->train(run, rows().views()).plan.fused);
  run.resume = of_fused;
  EXPECT_THROW(layered->train(run, rows().views()), InputError);
  EXPECT_TRUE(either->train(run, rows().views()).plan.fused);
}

}  // namespace
}  // namespace plateau::test::resume_test
