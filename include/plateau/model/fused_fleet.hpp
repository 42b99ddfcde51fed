// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The fused engine: many trainings in one launch, each by a thread block of its own (ops/fused_training.hpp). Products
// are fp32, always.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "plateau/core/fused_plan.hpp"
#include "plateau/model/training.hpp"

namespace plateau {

struct FusedOptions {
  const std::atomic<bool>* stop = nullptr;  // ends every run as interrupted before its next epoch
  FleetObserver observer = {};              // what it throws ends every run and is passed on
  // Of no effect on any result:
  Index blocks = 0;  // that work beside each other; 0: as many as the device holds
  std::vector<std::size_t> order =
      {};                // in which runs are taken, a permutation of their numbers; empty: costliest first
  Index wave_bytes = 0;  // of device memory for what a launch works with and leaves behind; 0: what is free
  std::vector<std::size_t> numbers =
      {};  // of the runs in the fleet that they are a part of, for messages; empty: 0, 1, ...
};

// Why a network that the engine does not take on the present GPU is too large for it, and which limit it exceeds.
std::string fused_misfit(const Architecture& net);

// How the run would be trained on the present GPU; none where it is too large for a block.
std::optional<FusedPlan> fused_plan_of(const Run& run);

// Whether a run is better off in a block of its own than with the whole GPU: it fits, and its epochs are short. Says
// the same of a run whatever it is submitted with. The limit, in the unit of fused_epoch_work, is some milliseconds of
// one block and has not been measured.
inline constexpr double kMostFusedEpochWork = 5e8;
bool prefers_fused(const Run& run, const TrainingData& data);

// One launch of a fleet.
struct FusedWave {
  FusedVariant variant;
  Index runs = 0;
  Index bytes = 0;  // of device memory: all that the launch works with and leaves behind, beside the dataset
};
// The launches by which train_fused would train the fleet now, planned before anything starts: those of a variant
// together, as many as there is memory for. Throws as train_fused does.
std::vector<FusedWave> fused_waves(const TrainingData& data, const std::vector<Run>& runs, const FusedOptions& options);

// Trains the runs on the GPU. Results in the order of the runs, each with the bits it has alone. Throws
// std::invalid_argument where a run does not fit the data, and InputError where one is too large for the engine.
std::vector<RunResult> train_fused(const TrainingData& data, const std::vector<Run>& runs, const FusedOptions& options);
// Likewise a single run.
RunResult train_fused(const Run& run, const TrainingData& data, const FusedOptions& options,
                      const RunObserver& observer);

}  // namespace plateau
