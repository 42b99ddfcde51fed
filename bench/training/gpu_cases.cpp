// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/support/gpu_device.hpp"
#include "cases.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/model/gpu_trainer.hpp"
#include "products.hpp"

namespace plateau::bench {

std::unique_ptr<Trainer> make_default_gpu_trainer() { return make_gpu_trainer({}); }

void add_gpu_trainings(Effort effort) {
  struct Way {
    std::string name;
    GpuOptions options;
    bool tiny = false;
    bool startup_and_fleets = false;
    bool fused = false;
  };
  const auto precise = [](Precision precision, Epilogues epilogues) {
    return GpuOptions{.precision = precision, .epilogues = epilogues};
  };
  const Way ways[] = {
      {"graph/fp32", {}, true, true},
      {"stream/fp32", {.execution = Execution::stream}, true},
      {"fused/fp32", {.engine = Engine::fused}, true, true, true},
      {"graph/fp32/epilogues", precise(Precision::fp32, Epilogues::everywhere)},
      {"graph/tf32", precise(Precision::tf32, Epilogues::none)},
      {"graph/tf32/epilogues", precise(Precision::tf32, Epilogues::everywhere)},
      {"graph/tf32/autotuned", precise(Precision::tf32, Epilogues::measured)},
  };
  const double peak = gpu::fp32_peak(gpu::inventory().devices.at(0));
  std::vector<Trained> trained;
  for (const Way& way : ways) {
    const bool tf32 = way.options.precision == Precision::tf32;
    trained.push_back({.name = way.name,
                       .first_epoch = way.startup_and_fleets && !way.fused ? "gpu" : "",
                       .tiny = way.tiny,
                       .fleets = way.startup_and_fleets,
                       .more_fleets = way.fused ? std::vector<FleetSize>{{4096, 32}, {4096, 64}, {4096, 128}}
                                                : std::vector<FleetSize>{},
                       .fp32_peak = way.options.precision == Precision::fp32 ? peak : 0,
                       .free_memory_bytes = way.fused ? gpu::free_memory_bytes : nullptr,
                       .wide = !way.fused,
                       .wide_turn = tf32 ? WideTurn::first : WideTurn::late,
                       .wide_epochs = tf32 ? 20 : 5,  // a step in fp32 takes several times as long
                       .make_trainer = [options = way.options] { return make_gpu_trainer(options); },
                       .products_us =
                           [effort, precision = way.options.precision](const Architecture& net, Index batch) {
                             GpuDevice device(precision);
                             return products_us(device, effort, net, batch);
                           }});
  }
  add_trainings(effort,
                {.tiny_epochs = 500,
                 .fleets = {{32, 128}, {1024, 128}},
                 .fleet_epochs = 20,
                 .wide = {{784, 4096, 4096, 10}},
                 .wide_batch = 8192,
                 .wide_batches = 4},
                trained);
}

}  // namespace plateau::bench
