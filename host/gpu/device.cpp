// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/device.hpp"

#include "plateau/gpu/error.hpp"

#include <cuda_runtime_api.h>

namespace plateau::gpu {

#if defined(PLATEAU_EMULATED)
constexpr bool kEmulated = true;
#else
constexpr bool kEmulated = false;
#endif

Inventory inventory() {
  Inventory found{.toolkit_version = CUDART_VERSION, .emulated = kEmulated};
  if (cudaDriverGetVersion(&found.driver_version) != cudaSuccess) found.driver_version = 0;
  if (found.driver_version == 0) {
    found.problem = "no NVIDIA driver is installed";
    return found;
  }
  int count = 0;
  const cudaError_t counted = cudaGetDeviceCount(&count);
  if (counted != cudaSuccess || count == 0) {
    found.problem = counted == cudaSuccess || counted == cudaErrorNoDevice
                        ? "the NVIDIA driver finds no GPU"
                        : std::string("the CUDA runtime cannot use the GPU: ") + cudaGetErrorString(counted);
    cudaGetLastError();  // the error is reported; do not let it stick to a later call
    return found;
  }
  for (int device = 0; device < count; ++device) {
    cudaDeviceProp properties{};
    if (const cudaError_t described = cudaGetDeviceProperties(&properties, device); described != cudaSuccess) {
      if (device == 0)
        found.problem = std::string("the CUDA runtime cannot describe its first GPU: ") + cudaGetErrorString(described);
      cudaGetLastError();
      break;  // a place in the list is the runtime's number
    }
    int clock_khz = 0;
    if (cudaDeviceGetAttribute(&clock_khz, cudaDevAttrClockRate, device) != cudaSuccess) cudaGetLastError();
    found.devices.push_back(
        {.name = properties.name,
         .compute_major = properties.major,
         .compute_minor = properties.minor,
         .multiprocessors = properties.multiProcessorCount,
         .clock_hz = std::int64_t{1000} * clock_khz,
         .memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem),
         .l2_cache_bytes = properties.l2CacheSize,
         .shared_memory_per_block_bytes = static_cast<std::int64_t>(properties.sharedMemPerBlockOptin)});
  }
  return found;
}

std::int64_t free_memory_bytes() {
  std::size_t free = 0, total = 0;
  check_cuda(cudaMemGetInfo(&free, &total));
  return static_cast<std::int64_t>(free);
}

}  // namespace plateau::gpu
