// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/support/cpu_device.hpp"
#include "cases.hpp"
#include "plateau/model/work_crew.hpp"
#include "products.hpp"

namespace plateau::bench {

std::unique_ptr<Trainer> make_cpu_trainer() {
  return std::make_unique<CpuTrainer>(CpuOptions{.workers = available_workers()});
}

// With every thread there is; of a single run they share the evaluation only, so its products run on one.
void add_cpu_trainings(Effort effort) {
  const auto device = std::make_shared<CpuDevice>();
  const Trained cpu{
      .name = "cpu/fp32",
      .first_epoch = "cpu",
      .tiny = true,
      .fleets = true,
      .wide_epochs = 4,
      .make_trainer = make_cpu_trainer,
      .products_us = [=](const Architecture& net, Index batch) { return products_us(*device, effort, net, batch); }};
  add_trainings(effort,
                {.tiny_epochs = 200,
                 .fleets = {{32, 32}, {32, 128}},
                 .fleet_epochs = 20,
                 .wide = {{784, 4096, 4096, 10}},
                 .wide_batch = 128,
                 .wide_batches = 4},
                {cpu});
}

}  // namespace plateau::bench
