// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whole trainings as cases, through the public Trainer:
//
//   tiny_mlp/<rows>       2-128-128-2, full batch, Adam, 500 test rows evaluated after every epoch. Time per epoch of a
//                         whole run, copies in and out included.
//   fleet/<models>x<width>  so many 2-<width>-<width>-2 submitted together, full batch, Adam, 1000 rows and 500 test
//   rows.
//                         Time per epoch of one model; percent_of_fp32_peak where the device's peak is known, and the
//                         device memory that the fleet took at its most where the way tells.
//   wide_mlp/<batch>      784-4096-4096-10. Time per step: what more epochs take, over their steps.
//   startup/<rows>        Time of making the trainer and training its first epoch, where others have trained before;
//                         and process_us, that of a whole process (this program, started with kFirstEpochOption) which
//                         does that and nothing else.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/support/program.hpp"
#include "plateau/core/precision.hpp"
#include "plateau/model/architecture.hpp"
#include "plateau/model/trainer.hpp"

namespace plateau::bench {

void add_cpu_trainings(Effort effort);
void add_gpu_trainings(Effort effort);

// Whose wide network is measured before everything else: that which a target is set for. A suite that is cut keeps what
// it has measured by then.
enum class WideTurn { first, late };

struct FleetSize {
  Index models = 0, width = 0;
};

// A device and a way it trains, and what is worth a time that way besides the wide network.
struct Trained {
  std::string name;         // of cases, after what is trained: "cpu/fp32", "graph/tf32"
  std::string first_epoch;  // of kFirstEpochOption, where the start is worth a time
  bool tiny = false;
  bool fleets = false;
  std::vector<FleetSize> more_fleets = {};          // beside the extent's
  double fp32_peak = 0;                             // FLOP/s of the device's multiply-adds; 0: not known
  std::function<std::int64_t()> free_memory_bytes;  // while a fleet is trained; of devices that tell
  bool wide = true;
  WideTurn wide_turn = WideTurn::late;
  Index wide_epochs = 1;  // that are timed
  std::function<std::unique_ptr<Trainer>()> make_trainer;
  // Microseconds of the matrix products of one training step of these widths, and nothing else, on the same device.
  std::function<double(const Architecture& architecture, Index batch)> products_us;
};

// How much of each there is.
struct Extent {
  std::vector<Index> tiny_rows = {100, 500, 1000, 2000};
  Index tiny_epochs = 0;
  std::vector<FleetSize> fleets;
  Index fleet_epochs = 0;
  Architecture wide;
  Index wide_batch = 0;
  Index wide_batches = 0;  // per epoch
};

// In this order: the wide networks whose turn is first, the tiny ones, the start, the other wide ones, and fleets,
// which take longest. A smoke run has the least of everything instead of `full`.
void add_trainings(Effort effort, const Extent& full, const std::vector<Trained>& ways);

// The other way to start this program: `bench_training --first-epoch cpu|gpu` trains one epoch with a trainer of that
// device and ends. Exit code 0 if it was trained.
inline constexpr const char* kFirstEpochOption = "--first-epoch";
void train_first_epoch(Trainer& trainer);
std::unique_ptr<Trainer> make_cpu_trainer();
std::unique_ptr<Trainer> make_default_gpu_trainer();  // throws where the program is built without a GPU floor

}  // namespace plateau::bench
