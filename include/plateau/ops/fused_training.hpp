// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whole trainings, each by one thread block from its first epoch to its last: many independent networks in one launch.
// Every run has its own rows, labels, hyper-parameters, epochs and seed; the dataset is there once. It has no twin of
// its own: what it must compute is what the CPU device trains (train_on_cpu).
//
// A run is the training that the layered engine defines (model/run.hpp), step for step:
//
//   rows        as selected, labels treated (core/label_treatment.hpp), features scaled by the statistics of the rows
//               that are trained on (ops/standardise.hpp)
//   parameters  drawn (ops/initialise.hpp) or given
//   epoch       the run's rows as they are taken or in the epoch's order (ops/gather_batch.hpp), cut into batches; per
//               batch augmentation (ops/augment_batch.hpp), forward with dropout (ops/dropout.hpp), softmax
//               cross-entropy with class weights (ops/weighted_xent.hpp), backward and one optimizer step
//               (ops/adam.hpp, ops/sgd.hpp); then the validation rows and the test rows
//   best        parameters of the lowest validation loss, and the end after `patience` epochs without a lower one
//               (ops/early_stopping.hpp)
//   end         after the last epoch, after one whose loss or gradient is not finite, or before one if the host has
//               asked for it by then; then what was asked for: dead units (ops/unit_activity.hpp) and predictions
//               (ops/class_probabilities.hpp)
//
//   shapes      train_x [N, F], train_label [N], test_x [M, F], test_label [M]: shared by all runs of the launch
//   results     per run, at the offsets that the run names, a negative one where they are not asked for: history
//               [epochs], correct [epochs, correct_words(M)], parameters [P] without padding after the last step and of
//               the best epoch, layers [epochs, layers], dead [hidden layers], the scale of the features, what another
//               launch needs to go on, and one RunEnd. Rows of epochs that did not complete here are unspecified
//   bits        depend on the run, the data and the plan; not on other runs, their order, or the number of blocks
#pragma once

#include <algorithm>

#include "plateau/core/contract.hpp"
#include "plateau/core/dropout.hpp"
#include "plateau/core/fused_plan.hpp"
#include "plateau/core/label_treatment.hpp"
#include "plateau/core/mixing.hpp"
#include "plateau/core/row_selection.hpp"
#include "plateau/core/scaling.hpp"
#include "plateau/core/schedule.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/adam.hpp"
#include "plateau/ops/augment_batch.hpp"
#include "plateau/ops/gather_batch.hpp"
#include "plateau/ops/layer_norms.hpp"
#include "plateau/ops/metrics.hpp"
#include "plateau/ops/sgd.hpp"

namespace plateau {

enum class OptimizerKind : std::int32_t { adam, sgd };
enum class ClassWeighting : std::int32_t { none, balanced, given };

// Rows whose classes are asked for when the run has ended.
struct FusedRequest {
  bool of_test = true;            // all test rows; else
  RowSelection rows;              // of the training rows
  bool best = false;              // by the best epoch's parameters; requests of a run by the last ones come first
  std::int64_t predicted = 0;     // offsets of [rows]
  std::int64_t probability = -1;  // and [rows, classes]; negative: not asked for
};

struct FusedRun {
  std::int32_t plan = 0;                        // which of the launch's plans; all of one variant
  std::int32_t epochs = 1;                      // of the whole run, which its schedule is for
  std::int32_t first_epoch = 0, end_epoch = 1;  // those that are trained now, the last not included
  std::int32_t batch = 1;                       // rows per step, at most as many as the run takes
  RowOrder order = RowOrder::as_stored;
  RowSelection rows;  // of the training rows; where listed, the list lies on the device
  bool validates = false;
  RowSelection validation;    // of the training rows as well; only if it validates
  std::int32_t patience = 0;  // 0: it does not stop early
  KeyedPermutation shuffle;   // of the run's rows; instance: the epoch
  bool treats_labels = false;
  TreatedLabels treated_labels;
  bool standardise = false;
  float dropout = 0;
  float jitter = 0;
  double mixup = 0;
  KeyedPermutation partners;  // of a batch; instance: the step
  ClassWeighting weighting = ClassWeighting::none;
  std::int64_t class_weights = 0;  // offset of the given ones
  std::uint32_t frozen = 0;        // bit l: of layer l neither gradient nor step
  std::uint64_t seed = 0;          // of what is drawn
  std::int64_t initial = -1;       // offset of the given parameters; negative: they are drawn
  // Where it goes on from: only where first_epoch > 0.
  std::int64_t steps = 0;
  double best_loss = 0;
  std::int32_t best_epochs = 0;
  std::int64_t given_moments = -1;    // offset of both, each as the plan lays them out
  std::int64_t given_best = -1;       // offset of the parameters; negative: none
  std::int64_t given_predicted = -1;  // offset of [M]
  Schedule schedule = Schedule::constant;
  OptimizerKind optimizer = OptimizerKind::adam;
  AdamParameters adam;
  SgdParameters sgd;
  // Where its results go; negative: they are not asked for.
  std::int64_t history = 0, correct = -1, parameters = -1, best = -1, layers = -1, dead = -1;
  std::int64_t scale = -1;                    // among the parameters: mean [F] and factor [F]
  std::int64_t moments = -1, predicted = -1;  // among the parameters and the predictions: where it stands at its end
  std::int64_t first_request = 0;
  std::int32_t requests = 0;
};

// How a run ended.
struct RunEnd {
  RunStatus status = RunStatus::running;  // running: it completed its epochs
  std::int32_t epochs = 0;                // complete ones
  std::int32_t best_epochs = 0;           // those after which the validation loss was lowest; 0: none was judged
};

// What the runs of a launch share and write into. They are taken in their order.
struct FusedFleet {
  DeviceMatrix<const float> train_x;
  DeviceSpan<const std::int32_t> train_label;
  RowGroupsView<Space::device> groups;
  DeviceMatrix<const float> test_x;
  DeviceSpan<const std::int32_t> test_label;
  DeviceSpan<const float> initial, class_weights;
  DeviceSpan<const std::int32_t> given_predicted;
  DeviceSpan<const FusedPlan> plans;
  DeviceSpan<const FusedRun> runs;
  DeviceSpan<const FusedRequest> requests;
  DeviceSpan<EpochMetrics> history;
  DeviceSpan<std::uint32_t> correct;
  DeviceSpan<float> parameters;
  DeviceSpan<LayerRecord> layers;
  DeviceSpan<std::int32_t> dead, predicted;
  DeviceSpan<float> probability;
  DeviceSpan<RunEnd> ends;  // one per run
};

// Where a run's block keeps in device memory what does not fit its shared memory: offsets in floats and in integers.
struct FusedRoom {                   // without initialisers, for it lies in shared memory
  std::int32_t sums;                 // behind both moments: of gradients; only where batches are large
  std::int32_t mean, factor, noise;  // [F]: scaling, and amplitude of the jitter
  std::int32_t class_weight;         // [K]
  std::int32_t before;               // [P]: parameters before a step
  std::int32_t floats;
  Index source, label;                        // [rows]
  Index validation_source, validation_label;  // [validation rows]
  Index previous;                             // [M]: predictions
  Index active;                               // [hidden units]
  Index class_rows;                           // [K]
  Index integers;
};
inline constexpr int kRowsInRegisters = 64 * kFusedRows;  // whose gradients one register takes up

PLATEAU_HD constexpr FusedRoom fused_room(const FusedPlan& plan, const FusedRun& run, Index test_rows) {
  FusedRoom room{};
  const int features = plan.layer[0].in, classes = plan.layer[plan.layers - 1].out;
  int floats = 2 * plan.moments;
  const auto take = [&](bool wanted, int count) {
    const int at = floats;
    if (wanted) floats += (count + 3) / 4 * 4;
    return at;
  };
  room.sums = take(run.batch > kRowsInRegisters, plan.moments);
  room.mean = take(run.standardise, features);
  room.factor = take(run.standardise, features);
  room.noise = take(run.jitter > 0, features);
  room.class_weight = take(run.weighting != ClassWeighting::none, classes);
  room.before = take(run.layers >= 0, plan.parameters);
  room.floats = floats;
  Index integers = 0;
  const auto reserve = [&](bool wanted, Index count) {
    const Index at = integers;
    if (wanted) integers += count;
    return at;
  };
  room.source = reserve(true, run.rows.count());
  room.label = reserve(true, run.rows.count());
  room.validation_source = reserve(run.validates, run.validation.count());
  room.validation_label = reserve(run.validates, run.validation.count());
  room.previous = reserve(true, test_rows);
  Index units = 0;
  for (int l = 0; l + 1 < plan.layers; ++l) units += plan.layer[l].out;
  room.active = reserve(run.dead >= 0, units);
  room.class_rows = reserve(run.weighting == ClassWeighting::balanced, classes);
  room.integers = integers;
  return room;
}

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

// What host and device tell each other while a fleet trains; in memory that both reach.
struct FleetSignals {
  std::int32_t stop_requested = 0;  // written by the host, read before every epoch: not 0 ends every run
};
// How far a run is: written at once after each of its epochs, by its block alone, and waited for by nobody.
struct alignas(16) FusedProgress {
  double train_loss_sum = 0;      // of the last epoch, as in the history
  std::int32_t test_correct = 0;  // likewise
  std::int32_t epochs = 0;        // complete ones; the run's end_epoch once it has ended, however it did
};

// Memory that the blocks of a launch work with, as far as it is not shared.
struct FusedScratch {
  DeviceSpan<float> floats;            // blocks * FusedLaunch::floats
  DeviceSpan<std::int32_t> integers;   // blocks * FusedLaunch::integers
  DeviceSpan<std::int32_t> taken;      // one: runs that blocks have taken; zero before the launch
  DeviceSpan<FleetSignals> signals;    // one
  DeviceSpan<FusedProgress> progress;  // one per run
};

// How many blocks of the variant run beside each other on the present device, each with so much shared memory. Throws
// std::invalid_argument where it has no room for one.
Index fused_resident_blocks(const FusedVariant& variant, std::size_t shared_bytes);

// One launch of `blocks` blocks over runs whose plans are all of `variant`; `shared_bytes` is the largest of the plans,
// `floats` (a multiple of four) and `integers` the largest of the runs' rooms.
struct FusedLaunch {
  FusedVariant variant;
  Index blocks = 1;
  std::size_t shared_bytes = 0;
  Index floats = 0;
  Index integers = 0;
};
void fused_training(const Stream& stream, const FusedLaunch& launch, const FusedFleet& fleet,
                    const FusedScratch& scratch);

}  // namespace gpu
}  // namespace plateau
