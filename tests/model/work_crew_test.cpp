// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/work_crew.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace plateau::work_crew_test {
namespace {

TEST(WorkCrew, does_every_task_once_whatever_the_number_of_workers) {
  for (const int workers : {1, 2, 3, 8}) {
    WorkCrew crew(workers);
    EXPECT_EQ(crew.workers(), workers);
    for (const Index tasks : {0, 1, 2, 7, 100}) {
      std::vector<int> done(static_cast<std::size_t>(tasks), 0);
      crew.run(tasks, [&](Index task, int worker) {
        EXPECT_GE(worker, 0);
        EXPECT_LT(worker, workers);
        ++done[static_cast<std::size_t>(task)];
      });
      EXPECT_EQ(done, std::vector<int>(static_cast<std::size_t>(tasks), 1));
    }
  }
}

TEST(WorkCrew, what_the_tasks_wrote_is_seen_after_finish) {
  WorkCrew crew(3);
  std::vector<int> value(64, 0);
  for (int round = 1; round <= 500; ++round) {
    crew.start(64, [&](Index task, int) { value[static_cast<std::size_t>(task)] += 1; });
    crew.finish();
    for (const int v : value) ASSERT_EQ(v, round);
  }
}

TEST(WorkCrew, caller_may_work_between_start_and_finish) {
  WorkCrew crew(2);
  std::atomic<int> done{0};
  crew.start(10, [&](Index, int) { ++done; });
  int mine = 0;
  for (int i = 0; i < 1000; ++i) mine += i;
  crew.finish();
  EXPECT_EQ(done, 10);
  EXPECT_EQ(mine, 499500);
}

TEST(WorkCrew, first_exception_reaches_the_caller_and_the_crew_stays_usable) {
  for (const int workers : {1, 4}) {
    WorkCrew crew(workers);
    EXPECT_THROW(crew.run(50,
                          [](Index task, int) {
                            if (task == 7) throw std::runtime_error("seven");
                          }),
                 std::runtime_error);
    std::atomic<int> done{0};
    crew.run(5, [&](Index, int) { ++done; });
    EXPECT_EQ(done, 5);
  }
}

TEST(WorkCrew, refuses_misuse) {
  EXPECT_THROW(WorkCrew(0), std::invalid_argument);
  WorkCrew crew(1);
  EXPECT_THROW(crew.finish(), std::invalid_argument);
  crew.start(1, [](Index, int) {});
  EXPECT_THROW(crew.start(1, [](Index, int) {}), std::invalid_argument);
  crew.finish();
}

TEST(WorkCrew, counts_at_least_one_processor) { EXPECT_GE(available_workers(), 1); }

}  // namespace
}  // namespace plateau::work_crew_test
