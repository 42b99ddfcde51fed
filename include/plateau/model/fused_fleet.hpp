// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The fused engine: many trainings in one launch, each by a thread block of its own (ops/fused_training.hpp).
#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "plateau/core/row_selection.hpp"
#include "plateau/model/training.hpp"
#include "plateau/ops/fused_plan.hpp"

namespace plateau {

// One training of a fleet, whose runs share the rows of one dataset.
struct FleetRun {
  Run run;
  std::optional<RowSelection> rows = {};  // of the training rows; none: all of them
};

// Throws std::invalid_argument, which names the run by its number, where one does not fit the data.
void expects_fleet(const TrainingData& data, const std::vector<FleetRun>& runs);

struct FusedOptions {
  const std::atomic<bool>* stop = nullptr;  // ends every run as interrupted after its epoch
  // Of no effect on any result: how many blocks work (0: as many as the device holds), and in which order runs are
  // taken (a permutation of their numbers; empty: the costliest first).
  Index blocks = 0;
  std::vector<std::int32_t> queue = {};
};

// How a run would be trained on a device whose blocks may have so much shared memory; none where it is too large.
std::optional<FusedPlan> fused_plan_of(const Run& run, std::size_t shared_bytes);

// Trains the runs on the GPU. Results in the order of the runs, each with the bits it has alone. Throws
// std::invalid_argument where a run does not fit the data or the engine.
std::vector<RunResult> train_fused(const TrainingData& data, const std::vector<FleetRun>& runs,
                                   const FusedOptions& options);

}  // namespace plateau
