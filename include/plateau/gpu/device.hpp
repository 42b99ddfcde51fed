// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the CUDA runtime says about this machine, as a value. Needs neither a GPU nor a driver to ask.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace plateau::gpu {

struct DeviceProperties {
  std::string name;
  int compute_major = 0;
  int compute_minor = 0;
  int multiprocessors = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t l2_cache_bytes = 0;
  std::int64_t shared_memory_per_block_bytes = 0;  // the most a block may ask for
};

struct Inventory {
  int toolkit_version = 0;  // this build's CUDA runtime, 1000 * major + 10 * minor; 0 = built without CUDA
  int driver_version = 0;   // the newest CUDA the driver serves, likewise; 0 = no driver
  bool emulated = false;    // the devices are the tests' emulated GPU: kernels run on the CPU, and no time says a thing
  std::vector<DeviceProperties> devices;  // as the runtime numbers them
  std::string problem;                    // why there are no devices; empty where there are some
};

// Never throws for a missing driver or device: it says so in `problem`.
Inventory inventory();

// Of the present device, as of now; of the memory of others, too, for all processes share it. Throws GpuError.
std::int64_t free_memory_bytes();

}  // namespace plateau::gpu
