// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Reading the shared memory of another block of the cluster, and what clusters a device holds.
//
//   neighbour_reads   each block reads all words of the next block's tile, 16 bytes per load, again and again
//     formula         sum = repeats * sum of the neighbour's words, modulo 2^32
//     measured        bytes per clock and multiprocessor; a cluster of one block reads its own tile, for comparison
//   neighbour_steps   thread 0 of the first of two blocks follows a chain of places through the second one's tile
//     formula         place_after(steps)
//     measured        clocks per dependent 4-byte load
#include "detail/cluster.cuh"
#include "detail/reduce.cuh"
#include "machine.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/gpu/buffer.hpp"

namespace plateau::gpu {
namespace {

using machine::kChaseWords;
using machine::Outcome;

constexpr int kThreads = 512;

__global__ __launch_bounds__(kThreads) void neighbour_read_kernel(int repeats, const uint4* words, int vectors,
                                                                  Outcome out) {
  SharedCarver carver;
  uint4* mine = carver.take<uint4>(static_cast<std::size_t>(vectors));
  for (int i = static_cast<int>(threadIdx.x); i < vectors; i += kThreads) {
    const uint4& vector = words[Index{blockIdx.x} * vectors + i];
    mine[i] = vector;
  }
  const uint4* others = cluster_map(mine, (cluster_rank() + 1) % cluster_size());
  cluster_sync();
  std::uint32_t sum = 0;
  const std::int64_t start = clock64();
  for (int repeat = 0; repeat < repeats; ++repeat) {
#pragma unroll 8
    for (int i = static_cast<int>(threadIdx.x); i < vectors; i += kThreads) {
      const uint4& vector = others[i];
      const uint4 v = vector;
      sum += v.x + v.y + v.z + v.w;
    }
    __syncthreads();  // so that no compiler takes one repeat for all of them
  }
  const std::int64_t end = clock64();
  sum = shared<BlockSum<std::uint32_t, kThreads>>()(sum);
  cluster_sync();  // nobody leaves while its tile is read
  if (threadIdx.x != 0) return;
  out.clocks.data[blockIdx.x] = end - start;
  out.sum.data[blockIdx.x] = sum;
}

struct Chain {
  std::uint32_t next[kChaseWords];
};

__global__ __launch_bounds__(kThreads) void neighbour_step_kernel(int steps, Outcome out) {
  Chain& mine = shared<Chain>();
  for (std::uint32_t i = threadIdx.x; i < kChaseWords; i += kThreads) mine.next[i] = machine::next_step(i);
  const Chain& others = *cluster_map(&mine, 1 - cluster_rank());
  cluster_sync();
  std::uint32_t place = 0;
  const std::int64_t start = clock64();
  if (cluster_rank() == 0 && threadIdx.x == 0)
    for (int i = 0; i < steps; ++i) place = others.next[place];
  const std::int64_t end = clock64();
  cluster_sync();
  if (threadIdx.x != 0) return;
  out.clocks.data[blockIdx.x] = end - start;
  out.sum.data[blockIdx.x] = place;
}

LaunchShape reading_shape(Index blocks, int cluster, Index shared_bytes) {
  return {.grid = dim3(static_cast<unsigned>(blocks)),
          .block = dim3(kThreads),
          .shared_bytes = static_cast<std::size_t>(shared_bytes),
          .cluster = dim3(static_cast<unsigned>(cluster))};
}

}  // namespace

void machine::neighbour_reads(const Stream& stream, int cluster, int repeats, ConstWords words, Outcome out) {
  const Index blocks = out.sum.size;
  expects(blocks >= 1 && blocks % cluster == 0 && out.clocks.size == blocks,
          "neighbour_reads: whole clusters, one sum and one time per block");
  expects(words.size % (4 * blocks) == 0, "neighbour_reads: whole vectors of four words for every block");
  const Index vectors = words.size / (4 * blocks);
  launch(stream, reading_shape(blocks, cluster, 16 * vectors), &neighbour_read_kernel, repeats,
         reinterpret_cast<const uint4*>(words.data), static_cast<int>(vectors), out);
}

void machine::neighbour_steps(const Stream& stream, int steps, Outcome out) {
  expects(out.sum.size == 2 && out.clocks.size == 2, "neighbour_steps: a sum and a time for two blocks");
  launch(stream, {.grid = dim3(2), .block = dim3(kThreads), .cluster = dim3(2)}, &neighbour_step_kernel, steps, out);
}

int machine::most_clusters(int cluster, Index shared_bytes) {
  return resident_clusters(&neighbour_read_kernel, reading_shape(cluster, cluster, shared_bytes));
}

bool machine::takes_cooperative_clusters(const Stream& stream) {
  constexpr Index kBlocks = 2;
  LaunchShape shape = reading_shape(kBlocks, 2, sizeof(uint4));
  shape.cooperative = true;
  StreamBuffer<std::uint32_t> words(stream, 4 * kBlocks), sum(stream, kBlocks);
  StreamBuffer<std::int64_t> clocks(stream, kBlocks);
  fill_bytes(stream, words.view(), 1);
  try {
    launch(stream, shape, &neighbour_read_kernel, 1, reinterpret_cast<const uint4*>(words.view().data), 1,
           Outcome{sum.view(), clocks.view()});
  } catch (const GpuError&) {
    return false;
  }
  stream.synchronise();
  return true;
}

}  // namespace plateau::gpu
