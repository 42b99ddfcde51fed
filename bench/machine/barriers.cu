// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Barriers over several blocks, one after the other, each with a number handed from block to block.
//
//   formula   in round r block b leaves r n + b, n being the number of blocks; the sum of a block is that of its
//             neighbour's numbers (barrier_sum)
//   measured  the time of a round: one barrier, and one 4-byte store and load that it orders
//   mapping   one block per multiprocessor, all resident; thread 0 stores and loads, all threads wait
//   storage   two slots per block, by turns: who writes a slot again has passed a barrier that its reader entered after
//             reading, so one barrier per round is enough
#include "detail/cluster.cuh"
#include "machine.hpp"
#include "plateau/core/contract.hpp"

namespace plateau::gpu {
namespace {

using machine::GridBarrier;
using machine::kBarrierThreads;
using machine::Outcome;

// Of a whole grid: `arrived` counts the blocks of all rounds so far.
__device__ void counter_barrier(unsigned* arrived, unsigned target) {
  __syncthreads();
  if (threadIdx.x == 0) {
    add_release(arrived, 1);
    while (load_acquire(arrived) < target) {
    }
  }
  __syncthreads();
}

template <GridBarrier kBarrier>
__global__ __launch_bounds__(kBarrierThreads) void grid_barrier_kernel(int rounds, unsigned* arrived, unsigned* slots,
                                                                       Outcome out) {
  const unsigned blocks = gridDim.x, self = blockIdx.x, neighbour = (self + 1) % blocks;
  unsigned sum = 0;
  const std::int64_t start = clock64();
  for (unsigned round = 1; round <= static_cast<unsigned>(rounds); ++round) {
    unsigned* slot = slots + round % 2 * blocks;
    if (threadIdx.x == 0) slot[self] = round * blocks + self;
    if constexpr (kBarrier == GridBarrier::counter)
      counter_barrier(arrived, round * blocks);
    else
      grid_sync();
    if (threadIdx.x == 0) sum += __ldcg(&slot[neighbour]);
  }
  if (threadIdx.x != 0) return;
  out.clocks.data[self] = clock64() - start;
  out.sum.data[self] = sum;
}

struct Slots {
  unsigned at[2];
};

__global__ __launch_bounds__(kBarrierThreads) void cluster_barrier_kernel(int rounds, Outcome out) {
  Slots& mine = shared<Slots>();
  const unsigned blocks = cluster_size(), self = cluster_rank();
  const Slots& others = *cluster_map(&mine, (self + 1) % blocks);
  unsigned sum = 0;
  cluster_sync();
  const std::int64_t start = clock64();
  for (unsigned round = 1; round <= static_cast<unsigned>(rounds); ++round) {
    if (threadIdx.x == 0) mine.at[round % 2] = round * blocks + self;
    cluster_sync();
    if (threadIdx.x == 0) sum += others.at[round % 2];
  }
  const std::int64_t end = clock64();
  cluster_sync();  // nobody leaves while its slots are read
  if (threadIdx.x != 0) return;
  out.clocks.data[blockIdx.x] = end - start;
  out.sum.data[blockIdx.x] = sum;
}

}  // namespace

void machine::grid_barrier_rounds(const Stream& stream, GridBarrier barrier, int rounds, Words scratch, Outcome out) {
  const Index blocks = out.sum.size;
  expects(blocks >= 1 && out.clocks.size == blocks, "grid_barrier_rounds: one sum and one time per block");
  expects(scratch.size == kBarrierScratch + 2 * blocks, "grid_barrier_rounds: scratch is a counter and two slots each");
  launch(stream, {.grid = dim3(static_cast<unsigned>(blocks)), .block = dim3(kBarrierThreads), .cooperative = true},
         barrier == GridBarrier::counter ? &grid_barrier_kernel<GridBarrier::counter>
                                         : &grid_barrier_kernel<GridBarrier::cooperative>,
         rounds, scratch.data, scratch.data + kBarrierScratch, out);
}

void machine::cluster_barrier_rounds(const Stream& stream, int cluster, int rounds, Outcome out) {
  const Index blocks = out.sum.size;
  expects(blocks >= 1 && blocks % cluster == 0 && out.clocks.size == blocks,
          "cluster_barrier_rounds: whole clusters, one sum and one time per block");
  launch(stream,
         {.grid = dim3(static_cast<unsigned>(blocks)),
          .block = dim3(kBarrierThreads),
          .cluster = dim3(static_cast<unsigned>(cluster))},
         &cluster_barrier_kernel, rounds, out);
}

}  // namespace plateau::gpu
