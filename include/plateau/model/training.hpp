// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The CPU device: trains a run (run.hpp), or many beside each other.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "plateau/model/run.hpp"

namespace plateau {

struct CpuOptions {
  int workers = 1;                          // threads, the caller included; results do not depend on it
  const std::atomic<bool>* stop = nullptr;  // looked at between epochs: true ends the run as interrupted
};

// Trains on the CPU in number type Real (float to run, double as the oracle). Throws std::invalid_argument where the
// run does not fit the data (expects_run).
// Of a run in double, which is an oracle, a state is rounded to float, and going on from it gives other bits.
template <std::floating_point Real>
RunResult train_on_cpu(const Run& run, const TrainingData& data, const CpuOptions& options,
                       const Checkpoints& checkpoints = {}, const RunObserver& observer = {});

// How far a fleet is.
struct FleetProgress {
  Index finished = 0;  // runs
  Index runs = 0;
  double share =
      0;  // of all the work, in [0, 1]: epochs of unfinished runs included, and all of those that ended early
};
// Called now and then while a fleet trains, by any thread, but never by two at a time; no figure ever steps back.
using FleetObserver = std::function<void(const FleetProgress&)>;

// Trains every run on the CPU in float, spread over the workers; a single run uses them itself. Results in the order of
// the runs, each with the bits it has alone. Throws std::invalid_argument before anything starts where a run does not
// fit the data, by its number (expects_fleet). A run that has not begun when an end is asked for is interrupted
// without an epoch.
std::vector<RunResult> train_fleet_on_cpu(const TrainingData& data, const std::vector<Run>& runs,
                                          const CpuOptions& options, const FleetObserver& observer = {});

// Test rows that are evaluated together on the CPU: enough for an efficient product, few enough to stay in the second
// level cache and to be shared out between two threads. Part of the execution plan.
inline constexpr Index kCpuEvaluationRows = 100;

}  // namespace plateau
