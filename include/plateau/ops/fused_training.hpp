// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whole trainings, each by one thread block from its first epoch to its last: many independent networks in one launch.
// Every run has its own rows, labels, hyper-parameters, epochs and seed; the dataset is there once. It has no twin of
// its own: what it must compute is what the CPU device trains (train_on_cpu).
//
// A run is the training that the layered engine defines (model/training.hpp), step for step:
//
//   parameters  drawn (ops/initialise.hpp) or given
//   epoch       the run's rows as selected or in the epoch's order (ops/gather_batch.hpp), cut into batches; per batch
//               forward, softmax cross-entropy, backward and one optimizer step (ops/adam.hpp, ops/sgd.hpp); then the
//               test rows
//   end         after the last epoch, after one whose loss or gradient is not finite, or before one if the host has
//               asked for it by then
//
//   shapes      train_x [N, F], train_label [N], test_x [M, F], test_label [M]: shared by all runs of the launch
//   results     per run, at the offsets that the run names: history [epochs], correct [epochs, correct_words(M)],
//               parameters [P] without padding, and one RunEnd. Rows of epochs that did not complete are unspecified
//   bits        depend on the run, the data and the plan; not on other runs, their order, or the number of blocks
#pragma once

#include <algorithm>

#include "plateau/core/contract.hpp"
#include "plateau/core/fused_plan.hpp"
#include "plateau/core/row_selection.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/adam.hpp"
#include "plateau/ops/gather_batch.hpp"
#include "plateau/ops/metrics.hpp"
#include "plateau/ops/sgd.hpp"

namespace plateau {

enum class OptimizerKind : std::int32_t { adam, sgd };

struct FusedRun {
  std::int32_t plan = 0;  // which of the launch's plans; all of one variant
  std::int32_t epochs = 1;
  std::int32_t batch = 1;  // rows per step, at most as many as the run takes
  RowOrder order = RowOrder::as_stored;
  RowSelection rows;                   // of the training rows
  KeyedPermutation shuffle;            // of the run's rows; instance: the epoch
  bool permute_labels = false;         // among the run's rows
  KeyedPermutation label_permutation;  // (ops/permute_labels.hpp)
  std::uint64_t seed = 0;              // of parameters that are drawn
  std::int64_t initial = -1;           // offset of the given ones; negative: they are drawn
  OptimizerKind optimizer = OptimizerKind::adam;
  AdamParameters adam;
  SgdParameters sgd;
  // Where its results go.
  std::int64_t history = 0, correct = 0, parameters = 0;
};

// How a run ended.
struct RunEnd {
  RunStatus status = RunStatus::running;  // running: it completed its epochs
  std::int32_t epochs = 0;                // complete ones
};

// What the runs of a launch share and write into. They are taken in their order.
struct FusedFleet {
  DeviceMatrix<const float> train_x;
  DeviceSpan<const std::int32_t> train_label;
  DeviceMatrix<const float> test_x;
  DeviceSpan<const std::int32_t> test_label;
  DeviceSpan<const float> initial;
  DeviceSpan<const FusedPlan> plans;
  DeviceSpan<const FusedRun> runs;
  DeviceSpan<EpochMetrics> history;
  DeviceSpan<std::uint32_t> correct;
  DeviceSpan<float> parameters;
  DeviceSpan<RunEnd> ends;  // one per run
};

// What one epoch of a run keeps a block busy, in the floating-point operations that it could do meanwhile: a tile of
// rows takes a while however small the network is, and so does a step. Both are estimates and have not been measured.
inline double fused_epoch_work(const FusedPlan& plan, Index train_rows, Index batch, Index test_rows) {
  constexpr double kOfATile = 1e6, kOfAStep = 4e6;
  double weights = 0, first = 0;
  for (int l = 0; l < plan.layers; ++l) {
    weights += double(plan.layer[l].in) * double(plan.layer[l].out);
    if (l == 0) first = weights;
  }
  const Index steps = ceil_div(train_rows, batch);
  const Index train_tiles = steps * ceil_div(std::min(batch, train_rows), kFusedRows);
  const auto of_tiles = [=](Index tiles, double flops) { return double(tiles) * std::max(flops, kOfATile); };
  return of_tiles(train_tiles, 2 * kFusedRows * (3 * weights - first)) +
         of_tiles(ceil_div(test_rows, kFusedRows), 2 * kFusedRows * weights) + double(steps) * kOfAStep;
}

inline void expects_fused_training(const FusedFleet& fleet) {
  expects(fleet.train_x.rows >= 1 && fleet.test_x.rows >= 1, "fused_training: at least one training and one test row");
  expects(fleet.train_x.cols == fleet.test_x.cols, "fused_training: test rows have the training rows' columns");
  expects(fleet.train_label.size == fleet.train_x.rows && fleet.test_label.size == fleet.test_x.rows,
          "fused_training: one label per row");
  constexpr Index kMostRows = (Index{1} << 31) - 2 * kFusedRows;  // numbered in 32 bits, whole tiles
  expects(fleet.train_x.rows <= kMostRows && fleet.test_x.rows <= kMostRows, "fused_training: fewer than 2^31 rows");
  expects(fleet.ends.size == fleet.runs.size, "fused_training: one end per run");
  expects(!fleet.plans.empty() || fleet.runs.empty(), "fused_training: a plan per run");
}

namespace gpu {

class Stream;

// Memory that the blocks of a launch work with, as far as it is not shared: elements of each.
struct FusedScratch {
  DeviceSpan<float> moments;       // blocks * 3 * the largest FusedPlan::moments: both, and sums of gradients
  DeviceSpan<std::int32_t> rows;   // blocks * 2 * the largest number of rows that a run takes
  DeviceSpan<std::int32_t> next;   // one: how many runs have been taken; zero before the launch
  DeviceSpan<RunSignals> signals;  // one that host and device reach: stop_requested is read before every epoch
};

// How many blocks of the variant run beside each other on the present device, each with so much shared memory. Throws
// std::invalid_argument where it has no room for one.
Index fused_resident_blocks(const FusedVariant& variant, std::size_t shared_bytes);

// One launch of `blocks` blocks over runs whose plans are all of `variant`; `moments` and `rows` are the largest of the
// runs, and `shared_bytes` that of the plans.
struct FusedLaunch {
  FusedVariant variant;
  Index blocks = 1;
  std::size_t shared_bytes = 0;
  Index moments = 0;
  Index rows = 0;
};
void fused_training(const Stream& stream, const FusedLaunch& launch, const FusedFleet& fleet,
                    const FusedScratch& scratch);

}  // namespace gpu
}  // namespace plateau
