// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "command_line.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/model/work_crew.hpp"

namespace plateau::app {
namespace {

std::string cuda_version(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

int run_info() {
  const Environment environment = cpu_environment(available_workers());
  const gpu::Inventory found = gpu::inventory();
  fmt::print("plateau   {}\n", environment.version);
  fmt::print("compiler  {}\n", environment.compiler);
  fmt::print("cpu       {}, {} threads\n", environment.device_name, environment.workers);
  fmt::print("products  {}\n", environment.matrix_library);
  fmt::print("cuda      {}\n", found.toolkit_version == 0 ? "not built in" : cuda_version(found.toolkit_version));
  fmt::print("driver    {}\n", found.driver_version == 0 ? "none" : "CUDA " + cuda_version(found.driver_version));
  for (const gpu::DeviceProperties& gpu : found.devices)
    fmt::print("gpu       {}, compute {}.{}, {} multiprocessors, {:.1f} GB, {} KB of shared memory per block\n",
               gpu.name, gpu.compute_major, gpu.compute_minor, gpu.multiprocessors,
               static_cast<double>(gpu.memory_bytes) * 1e-9, gpu.shared_memory_per_block_bytes / 1024);
  if (found.devices.empty()) fmt::print("gpu       none: {}\n", found.problem);
  fmt::print("engines   layered, on the cpu\n");
  return 0;
}

}  // namespace

Action add_info_command(CLI::App& plateau) {
  CLI::App* command = plateau.add_subcommand("info", "Say what was built in, and what this machine has");
  command->footer("Example: plateau info");
  return run_info;
}

}  // namespace plateau::app
