// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a training on the GPU asks of the CUDA runtime: between the first epoch and the fetch nothing but launches.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "plateau/model/gpu_trainer.hpp"
#include "simt/runtime.hpp"
#include "support/rows.hpp"

namespace plateau::test {
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

// Looking whether the work is done is no waiting for it: with a stop flag the host looks, and the stream runs on.
TEST(TrainingCalls, with_a_stop_flag_wait_no_more_often) {
  const std::atomic<bool> stop{false};
  EXPECT_EQ(count(calls_of_a_training({.stop = &stop}, 0, 5), Call::synchronise), 1);
}

}  // namespace
}  // namespace plateau::test
