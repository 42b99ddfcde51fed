// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a training on the GPU asks of the CUDA runtime: between the first epoch and the fetch nothing but launches.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "plateau/model/gpu_trainer.hpp"
#include "simt/runtime.hpp"
#include "support/rows.hpp"

namespace plateau::test::training_calls_test {
namespace {

using simt::Call;

std::vector<Call> calls_of_a_training(const GpuOptions& options, Index batch, Index epochs) {
  const Rows rows = learnable_rows(70, 45, 3, 2);
  const auto trainer = make_gpu_trainer(options);
  simt::forget_calls();
  trainer->train({.architecture = {{3, 8, 2}}, .epochs = epochs, .batch = batch}, rows.views());
  std::vector<Call> calls = simt::calls();
  std::erase_if(calls, [](Call call) {  // marks, by which the host sees how far the device is without waiting for it
    return call == Call::event_record || call == Call::event_query;
  });
  return calls;
}

Index count(const std::vector<Call>& calls, Call call) {
  return static_cast<Index>(std::count(calls.begin(), calls.end(), call));
}

TEST(TrainingCalls, of_recorded_epochs_are_one_launch_each_until_the_fetch) {
  for (const Index batch : {0, 16}) {
    const std::vector<Call> calls = calls_of_a_training({.execution = Execution::graph}, batch, 10);

    // The first epoch is queued launch by launch, the nine others are replayed.
    const auto first = std::find(calls.begin(), calls.end(), Call::graph_launch);
    ASSERT_LE(9, calls.end() - first);
    for (auto call = first; call != first + 9; ++call) EXPECT_EQ(*call, Call::graph_launch);
    EXPECT_EQ(count(calls, Call::graph_launch), 9);
    EXPECT_EQ(std::count(calls.begin(), first, Call::synchronise), 0);
    EXPECT_EQ(std::count(calls.begin(), first, Call::copy_to_host), 0);
    EXPECT_EQ(std::count(std::find(calls.begin(), first, Call::product), first, Call::allocation), 0);
    const std::vector<Call> after(first + 9, calls.end());  // the fetch: copies, one synchronisation, then the freeing
    EXPECT_EQ(count(after, Call::synchronise), 1);
    EXPECT_EQ(count(after, Call::allocation), 0);
    EXPECT_EQ(count(after, Call::launch), 0);
    const auto synchronised = std::find(after.begin(), after.end(), Call::synchronise);
    EXPECT_EQ(std::count(after.begin(), synchronised, Call::copy_to_host), count(after, Call::copy_to_host));
    EXPECT_EQ(std::count(after.begin(), synchronised, Call::release), 0);
  }
}

TEST(TrainingCalls, of_queued_epochs_only_enqueue_until_the_fetch) {
  const std::vector<Call> calls = calls_of_a_training({.execution = Execution::stream}, 16, 4);

  const auto last_launch = std::find(calls.rbegin(), calls.rend(), Call::launch).base();
  EXPECT_EQ(std::count(calls.begin(), last_launch, Call::synchronise), 0);
  EXPECT_EQ(std::count(calls.begin(), last_launch, Call::copy_to_host), 0);
  EXPECT_EQ(std::count(calls.begin(), last_launch, Call::release), 0);
  const auto first_product = std::find(calls.begin(), calls.end(), Call::product);
  EXPECT_EQ(std::count(first_product, calls.end(), Call::allocation), 0);
  EXPECT_EQ(count(calls, Call::synchronise), 1);
}

TEST(TrainingCalls, do_not_grow_with_the_epochs_but_for_the_launches) {
  const auto without_launches = [](std::vector<Call> calls) {
    std::erase(calls, Call::graph_launch);
    return calls;
  };
  EXPECT_EQ(without_launches(calls_of_a_training({}, 0, 2)), without_launches(calls_of_a_training({}, 0, 20)));
}

TEST(TrainingCalls, of_epochs_too_long_to_be_recorded_are_queued) {
  const std::vector<Call> calls = calls_of_a_training({.most_recorded_launches = 40}, 16, 3);
  EXPECT_EQ(count(calls, Call::graph_launch), 0);
  EXPECT_EQ(calls, calls_of_a_training({.execution = Execution::stream}, 16, 3));
  EXPECT_EQ(count(calls_of_a_training({.most_recorded_launches = 40}, 0, 3), Call::graph_launch), 2) << "one batch";
}

// The products of a training and the waits of its streams for each other, in the order of their calls: of the stream of
// the first product as "G" (of a gradient) and "w", of any other as "E" (of an evaluation) and "e".
std::string products_and_waits(const GpuOptions& options, const Run& run) {
  const Rows rows = learnable_rows(70, 45, 3, 2);
  const auto trainer = make_gpu_trainer(options);
  simt::forget_calls();
  trainer->train(run, rows.views());
  const std::vector<Call>& calls = simt::calls();
  const std::vector<cudaStream_t>& streams = simt::streams_of_calls();
  const auto first = std::find(calls.begin(), calls.end(), Call::product) - calls.begin();
  std::string found;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const bool of_gradients = streams[i] == streams.at(static_cast<std::size_t>(first));
    if (calls[i] == Call::product) found += of_gradients ? 'G' : 'E';
    if (calls[i] == Call::event_wait) found += of_gradients ? 'w' : 'e';
  }
  return found;
}

// A gradient of two layers is five products, an evaluation two.
TEST(TrainingCalls, evaluate_on_another_stream_beside_the_next_gradient) {
  const plateau::Run run{.architecture = {{3, 8, 2}}, .epochs = 3};
  EXPECT_EQ(products_and_waits({.execution = Execution::stream}, run),
            "GGGGG"
            "eEEGGGGGw"
            "eEEGGGGGw"
            "eEEw");
  EXPECT_EQ(products_and_waits({.execution = Execution::graph}, run),
            "GGGGG"
            "eEEGGGGGw")
      << "the others are replayed";
}

// The gradient of a shuffled batch needs the next epoch's number first.
TEST(TrainingCalls, of_shuffled_batches_wait_for_the_evaluation) {
  const plateau::Run run{.architecture = {{3, 8, 2}}, .epochs = 2, .batch = 64, .order = RowOrder::shuffled_each_epoch};
  EXPECT_EQ(products_and_waits({.execution = Execution::stream}, run),
            "GGGGG"
            "GGGGGeEEwGGGGG"
            "GGGGGeEEw");
}

// By a clock that counts tasks every epilogue is quicker, for it saves a kernel. What is launched before the training's
// own first epoch is the measuring.
TEST(TrainingCalls, of_measured_epilogues_replay_every_plan_and_take_the_quicker_ones) {
  const simt::TimeByTasks clock(std::chrono::microseconds(100));
  const Rows rows = learnable_rows(70, 45, 3, 2);
  const plateau::Run run{.architecture = {{3, 8, 2}}, .epochs = 1};
  const auto trainer = make_gpu_trainer({.epilogues = Epilogues::measured, .execution = Execution::stream});
  simt::forget_calls();

  const ExecutionPlan plan = trainer->train(run, rows.views()).plan;

  EXPECT_EQ(plan.layers, epilogues_everywhere(run.architecture).layers);
  EXPECT_GE(count(simt::calls(), Call::graph_launch), 4 * 6) << "four plans, of each several replays";
}

// Looking whether the work is done is no waiting for it: with a stop flag the host looks, and the stream runs on.
TEST(TrainingCalls, with_a_stop_flag_wait_no_more_often) {
  const std::atomic<bool> stop{false};
  EXPECT_EQ(count(calls_of_a_training({.stop = &stop}, 0, 5), Call::synchronise), 1);
}

}  // namespace
}  // namespace plateau::test::training_calls_test
