// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How a kernel is launched and how it gets its shared memory: the few lines that differ between nvcc and the emulated
// GPU (tests/simt), which compiles the same kernels as C++ and runs them on the CPU.
//
//   launch(stream, {.grid = ..., .block = ...}, kernel, arguments...)   checked, reports the caller's line; never waits
//   auto& tile = shared<Tile>();                                        one static shared object per type and kernel
//
// Kernels of this project use no <<<>>> and no __shared__; blocks with warp collectives are multiples of kWarpSize.
#pragma once

#include <type_traits>

#include "plateau/gpu/error.hpp"
#include "plateau/gpu/stream.hpp"

#if defined(PLATEAU_EMULATED)
#include "simt/emulator.hpp"
#else
#include <cuda_runtime.h>
#endif

namespace plateau::gpu {

inline constexpr int kWarpSize = 32;
inline constexpr unsigned kFullWarp = 0xFFFFFFFFu;

struct LaunchShape {
  dim3 grid{1, 1, 1};
  dim3 block{1, 1, 1};
  CallSite where = CallSite::current();
};

#if defined(PLATEAU_EMULATED)

template <class T>
T& shared() {
  return simt::shared<T>();
}

template <class... Parameters, class... Arguments>
void launch(const Stream& stream, const LaunchShape& shape, void (*kernel)(Parameters...),
            const Arguments&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...), "kernel parameters are copied bytewise");
  check_cuda(simt::enqueue_kernel(stream.handle(), shape.grid, shape.block,
                                  [kernel, ... copies = static_cast<Parameters>(arguments)] { kernel(copies...); }),
             shape.where);
}

#else

template <class T>
__device__ __forceinline__ T& shared() {
  static_assert(std::is_trivially_default_constructible_v<T>);
  __shared__ T storage;
  return storage;
}

template <class... Parameters, class... Arguments>
void launch(const Stream& stream, const LaunchShape& shape, void (*kernel)(Parameters...),
            const Arguments&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...), "kernel parameters are copied bytewise");
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.stream = stream.handle();
  check_cuda(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...), shape.where);
}

#endif

}  // namespace plateau::gpu
