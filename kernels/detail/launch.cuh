// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How a kernel is launched and how it gets its shared memory: the few lines that differ between nvcc and the emulated
// GPU (tests/simt), which compiles the same kernels as C++ and runs them on the CPU.
//
//   launch(stream, {.grid = ..., .block = ...}, kernel, arguments...)   checked, reports the caller's line; never waits
//   auto& tile = shared<Tile>();                                        one static shared object per type and kernel
//   SharedCarver carver;                                                dynamic shared memory, the launch's
//   shared_bytes, float* row = carver.take<float>(count);                             taken piece by piece
//
// Kernels of this project use no <<<>>> and no __shared__; blocks with warp collectives are multiples of kWarpSize.
#pragma once

#include <cstddef>
#include <type_traits>

#include "plateau/core/view.hpp"
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
  std::size_t shared_bytes = 0;  // dynamic shared memory of a block, a sum of carved_bytes()
  dim3 cluster{1, 1, 1};         // blocks that run together and see each other's shared memory: detail/cluster.cuh
  bool cooperative = false;      // all blocks run together, so that they can wait for each other; else refused
  CallSite where = CallSite::current();
};

namespace detail {

// A launch as CUDA wants to be told of it. Opts the kernel in to what the shape needs beyond what every GPU offers.
class LaunchConfig {
 public:
  LaunchConfig(CUstream_st* stream, const LaunchShape& shape, const void* kernel) {
    config_.gridDim = shape.grid;
    config_.blockDim = shape.block;
    config_.dynamicSmemBytes = shape.shared_bytes;
    config_.stream = stream;
    config_.attrs = attributes_;
    if (shape.cooperative) {
      cudaLaunchAttribute& attribute = attributes_[config_.numAttrs++];
      attribute.id = cudaLaunchAttributeCooperative;
      attribute.val.cooperative = 1;
    }
    const unsigned cluster_blocks = shape.cluster.x * shape.cluster.y * shape.cluster.z;
    if (cluster_blocks > 1) {
      cudaLaunchAttribute& attribute = attributes_[config_.numAttrs++];
      attribute.id = cudaLaunchAttributeClusterDimension;
      attribute.val.clusterDim.x = shape.cluster.x;
      attribute.val.clusterDim.y = shape.cluster.y;
      attribute.val.clusterDim.z = shape.cluster.z;
    }
    const auto opt_in = [&](cudaFuncAttribute attribute, int value) {
      check_cuda(cudaFuncSetAttribute(kernel, attribute, value), shape.where);
    };
    if (shape.shared_bytes > kSharedBytesOfEveryGpu - kMostStaticSharedBytes)
      opt_in(cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shape.shared_bytes));
    if (cluster_blocks > kClusterOfEveryGpu) opt_in(cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
  }
  LaunchConfig(const LaunchConfig&) = delete;
  LaunchConfig& operator=(const LaunchConfig&) = delete;

  const cudaLaunchConfig_t& get() const { return config_; }

 private:
  // Static and dynamic shared memory together; of a kernel with dynamic one, the static one is a small part.
  static constexpr std::size_t kSharedBytesOfEveryGpu = std::size_t{48} << 10, kMostStaticSharedBytes = 2048;
  static constexpr unsigned kClusterOfEveryGpu = 8;  // that has clusters

  cudaLaunchConfig_t config_{};
  cudaLaunchAttribute attributes_[2]{};
};

}  // namespace detail

template <class... Parameters, class... Arguments>
void launch(const Stream& stream, const LaunchShape& shape, void (*kernel)(Parameters...),
            const Arguments&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...), "kernel parameters are copied bytewise");
  const auto* function = reinterpret_cast<const void*>(kernel);
  const detail::LaunchConfig config(stream.handle(), shape, function);
#if defined(PLATEAU_EMULATED)
  check_cuda(simt::enqueue_kernel(config.get(), function,
                                  [kernel, ... copies = static_cast<Parameters>(arguments)] { kernel(copies...); }),
             shape.where);
#else
  check_cuda(cudaLaunchKernelEx(&config.get(), kernel, static_cast<Parameters>(arguments)...), shape.where);
#endif
}

// How many blocks of this shape one multiprocessor holds at once; the grid and the cluster do not matter.
template <class... Parameters>
int resident_blocks(void (*kernel)(Parameters...), const LaunchShape& shape) {
  const auto* function = reinterpret_cast<const void*>(kernel);
  const detail::LaunchConfig config(nullptr, shape, function);
  int blocks = 0;
  check_cuda(
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(
          &blocks, function, static_cast<int>(shape.block.x * shape.block.y * shape.block.z), shape.shared_bytes),
      shape.where);
  return blocks;
}

// How many clusters of this shape the device holds at once.
template <class... Parameters>
int resident_clusters(void (*kernel)(Parameters...), const LaunchShape& shape) {
  const auto* function = reinterpret_cast<const void*>(kernel);
  const detail::LaunchConfig config(nullptr, shape, function);
  int clusters = 0;
  check_cuda(cudaOccupancyMaxActiveClusters(&clusters, function, &config.get()), shape.where);
  return clusters;
}

// What a piece of dynamic shared memory takes: pieces begin at multiples of 16 bytes, for every vector access.
template <class T>
PLATEAU_HD constexpr std::size_t carved_bytes(std::size_t count) {
  static_assert(alignof(T) <= 16);
  return (count * sizeof(T) + 15) / 16 * 16;
}

#if defined(PLATEAU_EMULATED)

template <class T>
T& shared() {
  return simt::shared<T>();
}

#else

template <class T>
__device__ __forceinline__ T& shared() {
  static_assert(std::is_trivially_default_constructible_v<T>);
  __shared__ T storage;
  return storage;
}

#endif

// All threads of a block take the same pieces in the same order, unwritten. Another carver begins anew: what it gives
// out overlaps what others did, so a barrier lies between them.
class SharedCarver {
 public:
  template <class T>
  __device__ __forceinline__ T* take(std::size_t count) {
    static_assert(std::is_trivially_default_constructible_v<T>);
    const std::size_t start = start_;
    start_ += carved_bytes<T>(count);
#if defined(PLATEAU_EMULATED)
    return static_cast<T*>(simt::detail::shared_part(number_++, start, count * sizeof(T)));
#else
    extern __shared__ __align__(16) unsigned char dynamic_shared_memory[];
    return reinterpret_cast<T*>(dynamic_shared_memory + start);
#endif
  }

 private:
  std::size_t start_ = 0;
#if defined(PLATEAU_EMULATED)
  std::size_t number_ = 0;
#endif
};

}  // namespace plateau::gpu
