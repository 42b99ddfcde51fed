// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/support/gpu_device.hpp"
#include "cases.hpp"
#include "plateau/model/gpu_trainer.hpp"
#include "products.hpp"

namespace plateau::bench {

void add_gpu_trainings(Effort effort) {
  struct Way {
    Execution execution;
    Precision precision;
  };
  std::vector<Trained> ways;
  for (const auto& [execution, precision] : {Way{Execution::graph, Precision::fp32},
                                             {Execution::stream, Precision::fp32},
                                             {Execution::graph, Precision::tf32}}) {
    const bool graph = execution == Execution::graph, fp32 = precision == Precision::fp32;
    ways.push_back({.name = std::string(graph ? "graph/" : "stream/") + to_string(precision),
                    .startup = graph && fp32,
                    .tiny = fp32,
                    .fleets = graph && fp32,
                    .make_trainer =
                        [execution = execution, precision = precision] {
                          return make_gpu_trainer({.precision = precision, .execution = execution});
                        },
                    .products_us =
                        [effort, precision = precision](const Architecture& net, Index batch) {
                          GpuDevice device(precision);
                          return products_us(device, effort, net, batch);
                        }});
  }
  const Extent full{.tiny_epochs = 500,
                    .fleets = {32, 1024},
                    .fleet_epochs = 20,
                    .wide = {{784, 4096, 4096, 10}},
                    .wide_batch = 8192,
                    .wide_batches = 4,
                    .wide_epochs = 20};
  const Extent smoke{.tiny_epochs = 3,
                     .fleets = {2},
                     .fleet_epochs = 2,
                     .wide = {{12, 32, 32, 10}},
                     .wide_batch = 4,
                     .wide_batches = 1,
                     .wide_epochs = 1};
  add_trainings(effort, effort == Effort::smoke ? smoke : full, ways);
}

}  // namespace plateau::bench
