// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/fused_watch.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace plateau::test::fused_watch_test {
namespace {

TEST(FusedWatch, a_launch_is_as_far_as_its_runs_are) {
  const std::vector<FusedWatch::Run> runs{{0, 10, 100}, {6, 10, 40}, {0, 10, 30}, {0, 10, 20}, {0, 10, 10}};
  std::vector<gpu::FusedProgress> told(5);
  FusedWatch watch({runs.data(), 5}, {told.data(), 5}, 2);
  const auto expect_seen = [&](Index finished, double work) {
    for (int look = 0; look < 2; ++look) {
      const FusedWatch::Seen seen = watch.look();
      EXPECT_EQ(seen.finished, finished);
      EXPECT_DOUBLE_EQ(seen.work, work);
    }
  };
  expect_seen(0, 0);
  told[0].epochs = 3;
  expect_seen(0, 30);
  told[1].epochs = 7;  // the first since it goes on
  expect_seen(0, 30 + 10);
  told[1].epochs = 10;
  told[2].epochs = 5;
  expect_seen(1, 30 + 40 + 15);
  told[0].epochs = told[2].epochs = told[3].epochs = 10;
  told[4].epochs = 1;
  expect_seen(4, 100 + 40 + 30 + 20 + 1);
  told[4].epochs = 10;
  expect_seen(5, 200);
}

TEST(FusedWatch, refuses_progress_of_other_runs) {
  const std::vector<FusedWatch::Run> runs(3);
  const std::vector<gpu::FusedProgress> told(3);
  EXPECT_NO_THROW(FusedWatch({runs.data(), 3}, {told.data(), 3}, 1));
  EXPECT_THROW(FusedWatch({runs.data(), 3}, {told.data(), 2}, 1), std::invalid_argument);
  EXPECT_THROW(FusedWatch({runs.data(), 3}, {told.data(), 3}, 0), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::test::fused_watch_test
