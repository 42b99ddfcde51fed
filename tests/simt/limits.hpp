// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the emulated GPU has of everything: a Hopper GPU (compute capability 9.0) with four multiprocessors, all of
// which one cluster may use. Registers are not counted, nor are static shared objects, which are known when a kernel
// asks for them.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>

namespace plateau::simt {

inline constexpr unsigned kMultiprocessors = 4;
inline constexpr unsigned kMaxThreads = 1024;                                   // of a block
inline constexpr unsigned kMaxResidentThreads = 2048, kMaxResidentBlocks = 32;  // of a multiprocessor
inline constexpr std::size_t kMaxStaticSharedBytes = std::size_t{48} << 10;     // of a block; more is dynamic
inline constexpr std::size_t kMaxSharedBytes = std::size_t{227} << 10;          // of a block, where it has opted in:
                                                                                // at most, see max_shared_bytes
inline constexpr std::size_t kReservedSharedBytes = std::size_t{1} << 10;       // of every block, by the system
inline constexpr unsigned kPortableClusterBlocks = 8, kMaxClusterBlocks = 16;   // more than 8 where opted in

// Of a launch. A cooperative grid is resident as a whole, a cluster likewise.
struct Shape {
  dim3 grid{1, 1, 1};
  dim3 block{1, 1, 1};
  std::size_t shared_bytes = 0;  // dynamic
  dim3 cluster{1, 1, 1};
  bool cooperative = false;
};

// Of a block: kMaxSharedBytes, or fewer where PLATEAU_SIMT_SHARED_KB asks for a GPU of another kind (64 as Turing, 99
// as Ada). A multiprocessor has what is reserved for one block more.
std::size_t max_shared_bytes();

inline constexpr std::size_t volume(dim3 extent) { return std::size_t{extent.x} * extent.y * extent.z; }

// What a kernel has opted in to (cudaFuncSetAttribute).
struct OptIn {
  std::size_t shared_bytes = kMaxStaticSharedBytes;
  unsigned cluster_blocks = kPortableClusterBlocks;
};

// How many blocks a multiprocessor, and how many clusters the device can hold at once.
unsigned resident_blocks(std::size_t threads, std::size_t shared_bytes);
unsigned resident_clusters(const Shape& shape);

// Whether a GPU would take a launch of these extents.
bool valid_launch(dim3 grid, dim3 block);
// What CUDA says to a launch of this shape.
cudaError_t check_launch(const Shape& shape, const OptIn& opt_in);

}  // namespace plateau::simt
