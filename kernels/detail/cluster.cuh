// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Blocks that wait for each other and read each other's memory.
//
//   cluster_sync()              all threads of the cluster; what was written before is seen by them after, in shared
//                               memory of every block as well as in global memory
//   cluster_rank(), _size()     the block's place in its cluster, and the number of its blocks: 0 and 1 in a launch
//                               without clusters
//   cluster_map(own, rank)      where the block of that rank has what lies at `own` in this block's shared memory. That
//                               block must have begun (a cluster_sync() lies before the first access), and none returns
//                               while others still read its memory (another lies behind the last)
//   grid_sync()                 all threads of a cooperative launch, as cluster_sync(), for global memory
//   add_release(counter, n)     the pieces of a cheaper barrier, in global memory: what the adding thread has written,
//   load_acquire(counter)       or knew by barriers to be written, is seen by a thread that has loaded the sum
//
// Clusters need compute capability 9.0: compiled for less, their functions trap. The one place of inline PTX.
#pragma once

#include "detail/launch.cuh"

#if !defined(PLATEAU_EMULATED)
#include <cooperative_groups.h>
#endif

namespace plateau::gpu {

#if defined(PLATEAU_EMULATED)

using simt::add_release;
using simt::cluster_sync;
using simt::grid_sync;
using simt::load_acquire;

inline unsigned cluster_rank() { return simt::detail::cluster_rank(); }
inline unsigned cluster_size() { return simt::detail::cluster_size(); }

template <class T>
T* cluster_map(T* own, unsigned rank) {
  return static_cast<T*>(simt::detail::cluster_map(own, rank));
}

#else

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
#define PLATEAU_WITHOUT_CLUSTERS
#endif

__device__ __forceinline__ void cluster_sync() {
#if defined(PLATEAU_WITHOUT_CLUSTERS)
  __trap();
#else
  asm volatile(
      "barrier.cluster.arrive.release.aligned;\n\t"
      "barrier.cluster.wait.acquire.aligned;" ::
          : "memory");
#endif
}

__device__ __forceinline__ unsigned cluster_rank() {
  unsigned rank = 0;
#if defined(PLATEAU_WITHOUT_CLUSTERS)
  __trap();
#else
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
#endif
  return rank;
}

__device__ __forceinline__ unsigned cluster_size() {
  unsigned size = 1;
#if defined(PLATEAU_WITHOUT_CLUSTERS)
  __trap();
#else
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
#endif
  return size;
}

template <class T>
__device__ __forceinline__ T* cluster_map(T* own, unsigned rank) {
  T* there = nullptr;
#if defined(PLATEAU_WITHOUT_CLUSTERS)
  __trap();
#else
  asm("mapa.u64 %0, %1, %2;" : "=l"(there) : "l"(own), "r"(rank));
#endif
  return there;
}

#undef PLATEAU_WITHOUT_CLUSTERS

__device__ __forceinline__ void grid_sync() { cooperative_groups::this_grid().sync(); }

__device__ __forceinline__ void add_release(unsigned* counter, unsigned n) {
  asm volatile("red.release.gpu.global.add.u32 [%0], %1;" ::"l"(__cvta_generic_to_global(counter)), "r"(n) : "memory");
}

__device__ __forceinline__ unsigned load_acquire(const unsigned* counter) {
  unsigned value = 0;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(__cvta_generic_to_global(counter)) : "memory");
  return value;
}

#endif

}  // namespace plateau::gpu
