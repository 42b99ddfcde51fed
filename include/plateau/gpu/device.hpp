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
  std::int64_t clock_hz = 0;  // of the multiprocessors, at its highest
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

// FLOP/s of fused multiply-adds in fp32 outside of the tensor cores, at the highest clock. Lanes of a multiprocessor by
// compute capability: CUDA C++ Programming Guide, "Arithmetic Instructions".
inline double fp32_peak(const DeviceProperties& device) {
  const bool half = device.compute_major == 7 || (device.compute_major == 8 && device.compute_minor == 0);
  const int lanes = half ? 64 : 128;
  return 2.0 * lanes * device.multiprocessors * static_cast<double>(device.clock_hz);
}

// Of the present device, as of now; of the memory of others, too, for all processes share it. Throws GpuError.
std::int64_t free_memory_bytes();

}  // namespace plateau::gpu
