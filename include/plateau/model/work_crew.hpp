// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A few threads that share out numbered tasks: the caller and its helpers each take the next task that is left.
//
// Which thread runs a task is left to chance, so a task must write only what belongs to its number; results then do not
// depend on the number of threads.
#pragma once

#include <functional>
#include <memory>

#include "plateau/core/view.hpp"

namespace plateau {

class WorkCrew {
 public:
  using Task = std::function<void(Index task, int worker)>;  // 0 <= worker < workers(); worker 0 is the caller

  // `workers` >= 1 counts the caller; workers - 1 helper threads live as long as the crew.
  explicit WorkCrew(int workers);
  ~WorkCrew();
  WorkCrew(const WorkCrew&) = delete;
  WorkCrew& operator=(const WorkCrew&) = delete;

  int workers() const;

  // Hands tasks 0, 1, ..., tasks - 1 to the helpers and returns at once. One set of tasks at a time.
  void start(Index tasks, Task task);
  // Takes part until no task is left and returns when all are done; the first exception of a task is thrown here.
  void finish();

  void run(Index tasks, Task task) {
    start(tasks, std::move(task));
    finish();
  }

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

// The processors this process may use, at least 1.
int available_workers();

}  // namespace plateau
