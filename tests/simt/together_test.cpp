// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Blocks that are resident together: clusters, cooperative grids, dynamic shared memory, atomics. Kernels are lambdas
// over host memory; under ThreadSanitizer the same tests show that nothing right is called a race.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <climits>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "detail/cluster.cuh"
#include "plateau/gpu/buffer.hpp"
#include "simt/emulator.hpp"
#include "simt/orders.hpp"

namespace plateau::simt::together_test {
namespace {

using gpu::cluster_map;
using gpu::cluster_rank;
using gpu::cluster_size;
using gpu::SharedCarver;

constexpr unsigned kThreads = 40;  // of a block: a whole warp and a part of one

struct Tile {
  float at[kThreads];
};

Shape cluster_shape(unsigned blocks, unsigned cluster, std::size_t shared_bytes = 0) {
  return {.grid = dim3(blocks), .block = dim3(kThreads), .shared_bytes = shared_bytes, .cluster = dim3(cluster)};
}
Shape cooperative_shape(unsigned blocks) {
  return {.grid = dim3(blocks), .block = dim3(kThreads), .cooperative = true};
}

std::string here(int line) { return "together_test.cpp:" + std::to_string(line) + " ("; }
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// ---- Clusters -------------------------------------------------------------------------------------------------------
TEST(Cluster, its_blocks_read_each_others_shared_memory) {
  for_each_order([] {
    std::vector<float> sum(8 * kThreads);
    EXPECT_EQ(run_grid(cluster_shape(8, 4),
                       [&] {
                         Tile& mine = shared<Tile>();
                         mine.at[threadIdx.x] = static_cast<float>(100 * blockIdx.x + threadIdx.x);
                         cluster_sync();
                         float total = 0;
                         for (unsigned rank = 0; rank < 4; ++rank) total += cluster_map(&mine, rank)->at[threadIdx.x];
                         cluster_sync();
                         sum[blockIdx.x * kThreads + threadIdx.x] = total;
                       }),
              "");
    for (unsigned i = 0; i < sum.size(); ++i)
      EXPECT_EQ(sum[i], static_cast<float>(100 * (16 * (i / kThreads / 4) + 6) + 4 * (i % kThreads))) << i;
  });
}

TEST(Cluster, its_blocks_write_each_others_shared_memory) {
  for_each_order([] {
    std::vector<float> got(2 * kThreads);
    EXPECT_EQ(run_grid(cluster_shape(2, 2),
                       [&] {
                         Tile& mine = shared<Tile>();
                         cluster_sync();
                         cluster_map(&mine, 1 - cluster_rank())->at[threadIdx.x] = static_cast<float>(blockIdx.x);
                         cluster_sync();
                         got[blockIdx.x * kThreads + threadIdx.x] = mine.at[threadIdx.x];
                       }),
              "");
    for (unsigned i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], i < kThreads ? 1 : 0);
  });
}

TEST(Cluster, is_a_box_of_the_grid_whose_blocks_have_ranks) {
  for_each_order([] {
    std::vector<unsigned> rank(4 * 6 * 2, 99), size(4 * 6 * 2);
    const Shape shape{.grid = dim3(4, 6, 2), .block = dim3(1), .cluster = dim3(2, 3, 1)};
    EXPECT_EQ(run_grid(shape,
                       [&] {
                         const unsigned block = (blockIdx.z * 6 + blockIdx.y) * 4 + blockIdx.x;
                         rank[block] = cluster_rank();
                         size[block] = cluster_size();
                       }),
              "");
    for (unsigned block = 0; block < rank.size(); ++block) {
      EXPECT_EQ(rank[block], block % 2 + 2 * (block / 4 % 3)) << block;
      EXPECT_EQ(size[block], 6u);
    }
  });
}

TEST(Cluster, of_a_launch_without_clusters_is_one_block) {
  EXPECT_EQ(run_grid(dim3(3), dim3(kThreads),
                     [] {
                       Tile& mine = shared<Tile>();
                       cluster_sync();
                       EXPECT_EQ(cluster_rank(), 0u);
                       EXPECT_EQ(cluster_size(), 1u);
                       EXPECT_EQ(cluster_map(&mine, 0), &mine);
                     }),
            "");
}

TEST(Cluster, a_barrier_lets_nobody_pass_before_all_have_arrived) {
  for_each_order([] {
    std::array<std::atomic<unsigned>, 3> arrived{};
    std::atomic<int> early = 0;
    EXPECT_EQ(run_grid(cluster_shape(6, 2),
                       [&] {
                         for (unsigned round = 1; round <= 3; ++round) {
                           ++arrived[blockIdx.x / 2];
                           cluster_sync();
                           early += arrived[blockIdx.x / 2] < 2 * kThreads * round;
                           cluster_sync();
                         }
                       }),
              "");
    EXPECT_EQ(early, 0);
  });
}

TEST(Cluster, maps_addresses_inside_objects_and_parts_even_of_blocks_that_have_not_come_to_them) {
  constexpr unsigned kCount = 10;
  for_each_order([] {
    std::vector<float> got(4);
    EXPECT_EQ(run_grid(cluster_shape(2, 2, gpu::carved_bytes<int>(3) + gpu::carved_bytes<float>(kCount)),
                       [&] {
                         if (cluster_rank() == 0) {
                           cluster_sync();
                           SharedCarver carver;
                           carver.take<int>(3);
                           float* part = carver.take<float>(kCount);
                           if (threadIdx.x == 0) {
                             *cluster_map(part + 7, 1) = 70;
                             *cluster_map(&shared<Tile>().at[3], 1) = 30;
                           }
                           cluster_sync();
                         } else {
                           cluster_sync();
                           cluster_sync();
                           SharedCarver carver;
                           carver.take<int>(3);
                           const float* part = carver.take<float>(kCount);
                           if (threadIdx.x == 0) got = {part[7], shared<Tile>().at[3], part[6], shared<Tile>().at[2]};
                         }
                       }),
              "");
    EXPECT_EQ(got[0], 70);
    EXPECT_EQ(got[1], 30);
    EXPECT_TRUE(std::isnan(got[2]) && std::isnan(got[3]));
  });
}

// ---- Cooperative grids ----------------------------------------------------------------------------------------------
TEST(Grid, sees_after_its_barrier_what_all_blocks_wrote_before) {
  for_each_order([] {
    std::vector<unsigned> partial(5 * kThreads), sum(5 * kThreads);
    EXPECT_EQ(run_grid(cooperative_shape(5),
                       [&] {
                         const unsigned self = blockIdx.x * kThreads + threadIdx.x;
                         for (unsigned round = 0; round < 3; ++round) {
                           partial[self] = self + round;
                           grid_sync();
                           unsigned total = 0;
                           for (const unsigned x : partial) total += x;
                           sum[self] += total;
                           grid_sync();
                         }
                       }),
              "");
    EXPECT_EQ(sum, std::vector<unsigned>(200, 3 * (199 * 200 / 2) + 200 * 3));
  });
}

TEST(Grid, may_consist_of_clusters) {
  for_each_order([] {
    std::vector<float> got(4);
    Shape shape = cluster_shape(4, 2);
    shape.cooperative = true;
    EXPECT_EQ(run_grid(shape,
                       [&] {
                         Tile& mine = shared<Tile>();
                         mine.at[threadIdx.x] = static_cast<float>(blockIdx.x);
                         cluster_sync();
                         if (threadIdx.x == 0) got[blockIdx.x] = cluster_map(&mine, 1 - cluster_rank())->at[0];
                         grid_sync();
                         if (blockIdx.x == 0 && threadIdx.x == 0) got[0] += 10 * got[3];
                       }),
              "");
    EXPECT_EQ(got, (std::vector<float>{21, 0, 3, 2}));
  });
}

// ---- Dynamic shared memory ------------------------------------------------------------------------------------------
TEST(DynamicSharedMemory, is_carved_into_aligned_pieces_full_of_nan_in_every_block) {
  constexpr unsigned kFloats = 50'000;
  constexpr std::size_t kBytes = gpu::carved_bytes<char>(3) + gpu::carved_bytes<float>(kFloats);
  static_assert(kBytes == 16 + 200'000);
  std::atomic<unsigned> nan = 0;
  EXPECT_EQ(run_grid({.grid = dim3(3), .block = dim3(1), .shared_bytes = kBytes},
                     [&] {
                       SharedCarver carver;
                       char* text = carver.take<char>(3);
                       float* numbers = carver.take<float>(kFloats);
                       EXPECT_EQ(reinterpret_cast<std::uintptr_t>(text) % 16, 0u);
                       EXPECT_EQ(reinterpret_cast<std::uintptr_t>(numbers) % 16, 0u);
                       for (unsigned i = 0; i < kFloats; ++i) {
                         nan += std::isnan(numbers[i]);
                         numbers[i] = 1;
                       }
                     }),
            "");
  EXPECT_EQ(nan, 3 * kFloats);
}

TEST(DynamicSharedMemory, is_the_same_for_all_threads_and_keeps_what_is_carved_alike_again) {
  for_each_order([] {
    std::vector<float> got(kThreads);
    EXPECT_EQ(run_grid({.block = dim3(kThreads), .shared_bytes = 2 * gpu::carved_bytes<float>(kThreads)},
                       [&] {
                         SharedCarver first;
                         float* kept = first.take<float>(kThreads);
                         float* lost = first.take<float>(kThreads / 2);
                         kept[threadIdx.x] = static_cast<float>(threadIdx.x);
                         if (threadIdx.x < kThreads / 2) lost[threadIdx.x] = 1;
                         __syncthreads();
                         SharedCarver second;
                         const float* again = second.take<float>(kThreads);
                         const float* anew = second.take<float>(kThreads);
                         got[threadIdx.x] = again[kThreads - 1 - threadIdx.x];
                         EXPECT_TRUE(std::isnan(anew[threadIdx.x]));
                       }),
              "");
    for (unsigned t = 0; t < kThreads; ++t) EXPECT_EQ(got[t], static_cast<float>(kThreads - 1 - t));
  });
}

TEST(DynamicSharedMemory, is_no_more_than_the_launch_asked_for) {
  EXPECT_PRED2(contains,
               run_grid({.block = dim3(1), .shared_bytes = 64},
                        [] {
                          SharedCarver carver;
                          carver.take<float>(5);
                          carver.take<float>(9);
                        }),
               "dynamic shared memory: part 1 would end at byte 68 of the 64 that the launch asked for");
}

TEST(DynamicSharedMemory, shares_the_multiprocessor_with_static_objects) {
  struct Large {
    char at[40 << 10];
  };
  const auto kernel = [] { shared<Large>(); };
  EXPECT_EQ(run_grid({.block = dim3(1), .shared_bytes = 187 << 10}, kernel), "");
  EXPECT_PRED2(contains, run_grid({.block = dim3(1), .shared_bytes = 188 << 10}, kernel), "has no room for it");
}

// ---- Atomics --------------------------------------------------------------------------------------------------------
TEST(Atomic, operations_do_and_return_what_cuda_says) {
  int i = 5;
  unsigned u = 5;
  unsigned long long l = 1ull << 40;
  EXPECT_EQ(run_grid(dim3(1), dim3(1),
                     [&] {
                       EXPECT_EQ(atomicAdd(&i, -7), 5);
                       EXPECT_EQ(atomicMax(&i, -3), -2);
                       EXPECT_EQ(atomicMax(&i, 9), -2);
                       EXPECT_EQ(atomicAdd(&i, INT_MAX), 9);
                       EXPECT_EQ(atomicExch(&u, 8), 5u);
                       EXPECT_EQ(atomicCAS(&u, 7, 1), 8u);
                       EXPECT_EQ(atomicCAS(&u, 8, 2), 8u);
                       EXPECT_EQ(atomicAdd(&u, 0xFFFFFFFFu), 2u);
                       EXPECT_EQ(atomicAdd(&l, 1ull << 40), 1ull << 40);
                       gpu::add_release(&u, 4);
                       EXPECT_EQ(gpu::load_acquire(&u), 5u);
                     }),
            "");
  EXPECT_EQ(i, INT_MIN + 8);
  EXPECT_EQ(l, 1ull << 41);
}

TEST(Atomic, threads_of_all_blocks_count_together) {
  for_each_order([] {
    unsigned count = 0;
    std::vector<int> seen(6 * kThreads);
    EXPECT_EQ(run_grid(dim3(6), dim3(kThreads), [&] { ++seen[atomicAdd(&count, 1)]; }), "");
    EXPECT_EQ(count, 6 * kThreads);
    EXPECT_EQ(seen, std::vector<int>(6 * kThreads, 1));
  });
}

TEST(Atomic, a_flag_behind_a_fence_hands_data_from_block_to_block) {
  for_each_order([] {
    std::vector<int> data(4);
    std::vector<unsigned> flag(4);
    EXPECT_EQ(run_grid(cooperative_shape(4),
                       [&] {  // each block waits for the one before it; every second looks with a pause
                         const unsigned self = blockIdx.x;
                         if (threadIdx.x != 0) return;
                         if (self > 0) {
                           while (atomicAdd(&flag[self - 1], 0) == 0)
                             if (self % 2 == 0) __nanosleep(100);
                           __threadfence();
                         }
                         data[self] = 1 + (self > 0 ? data[self - 1] : 0);
                         __threadfence();
                         atomicExch(&flag[self], 1u);
                       }),
              "");
    EXPECT_EQ(data, (std::vector<int>{1, 2, 3, 4}));
  });
}

// Several flags between two fences are all acquired by the second.
TEST(Atomic, one_fence_acquires_several_flags) {
  for_each_order([] {
    std::vector<int> data(4);
    std::vector<unsigned> flag(4);
    int sum = 0;
    EXPECT_EQ(run_grid(cooperative_shape(4),
                       [&] {
                         if (threadIdx.x != 0) return;
                         if (blockIdx.x < 3) {
                           data[blockIdx.x] = 1 + static_cast<int>(blockIdx.x);
                           __threadfence();
                           atomicExch(&flag[blockIdx.x], 1u);
                         } else {
                           for (int i = 0; i < 3; ++i)
                             while (atomicAdd(&flag[static_cast<std::size_t>(i)], 0) == 0) {
                             }
                           __threadfence();
                           sum = data[0] + data[1] + data[2];
                         }
                       }),
              "");
    EXPECT_EQ(sum, 6);
  });
}

TEST(Atomic, the_last_block_sees_what_all_others_left) {
  for_each_order([] {
    struct Flag {
      bool last;
    };
    std::vector<float> partial(7);
    unsigned ticket = 0;
    float sum = 0;
    EXPECT_EQ(run_grid(dim3(7), dim3(kThreads),
                       [&] {
                         Flag& flag = shared<Flag>();
                         if (threadIdx.x == 0) {
                           partial[blockIdx.x] = static_cast<float>(1 + blockIdx.x);
                           __threadfence();
                           flag.last = atomicAdd(&ticket, 1) == gridDim.x - 1;
                           __threadfence();
                         }
                         __syncthreads();
                         if (flag.last && threadIdx.x == kThreads - 1)
                           for (const float x : partial) sum += x;
                       }),
              "");
    EXPECT_EQ(sum, 28);
  });
}

TEST(Atomic, releasing_adds_and_acquiring_loads_make_a_grid_barrier) {
  for_each_order([] {
    unsigned arrived = 0;
    std::vector<unsigned> partial(2 * 4 * kThreads);
    std::atomic<int> wrong = 0;
    EXPECT_EQ(run_grid(cooperative_shape(4),
                       [&] {
                         for (unsigned round = 1; round <= 4; ++round) {
                           unsigned* of_round = partial.data() + (round % 2 == 0 ? 4 * kThreads : 0);
                           of_round[blockIdx.x * kThreads + threadIdx.x] = round;
                           __syncthreads();
                           if (threadIdx.x == 0) {
                             gpu::add_release(&arrived, 1);
                             while (gpu::load_acquire(&arrived) < 4 * round) {
                             }
                           }
                           __syncthreads();
                           wrong += of_round[(blockIdx.x + 1) % 4 * kThreads + threadIdx.x] != round;
                         }
                       }),
              "");
    EXPECT_EQ(wrong, 0);
  });
}

TEST(Atomic, threads_that_wait_for_each_other_for_long_are_no_livelock) {
  constexpr unsigned kTurns = 120'000;
  unsigned turn = 0;
  EXPECT_EQ(run_grid(dim3(1), dim3(2),
                     [&] {
                       for (unsigned mine = threadIdx.x; mine < kTurns; mine += 2) {
                         while (atomicAdd(&turn, 0) != mine) __nanosleep(20);
                         atomicExch(&turn, mine + 1);
                       }
                     }),
            "");
  EXPECT_EQ(turn, kTurns);
}

TEST(Clock, goes_on) {
  EXPECT_EQ(run_grid(dim3(2), dim3(kThreads),
                     [] {
                       const long long start = clock64();
                       while (clock64() < start + 100'000) {
                       }
                       __syncthreads();
                       EXPECT_GE(clock64(), start + 100'000);
                     }),
            "");
}

// ---- Faults ---------------------------------------------------------------------------------------------------------
template <class Kernel>
void expect_fault(const Shape& shape, const Kernel& kernel, const std::vector<std::string>& parts) {
  for_each_order([&] {
    const std::string fault = run_grid(shape, kernel);
    EXPECT_PRED2(contains, fault, "kernel fault in block (");
    for (const std::string& part : parts) EXPECT_PRED2(contains, fault, part);
    int ran = 0;
    EXPECT_EQ(run_grid(dim3(1), dim3(1), [&] { ++ran; }), "");
    EXPECT_EQ(ran, 1);
  });
}

TEST(TogetherFault, a_grid_barrier_in_a_launch_that_is_not_cooperative) {
  const int line = __LINE__ + 1;
  expect_fault(cluster_shape(4, 2), [] { grid_sync(); },
               {"grid_sync at ", here(line), "in a launch that is not cooperative"});
}

TEST(TogetherFault, a_barrier_that_is_not_the_same_for_all_blocks_names_both_lines) {
  const int line = __LINE__;
  const auto kernel = [] {
    if (blockIdx.x % 2 == 0)
      cluster_sync();
    else
      cluster_sync();
  };
  expect_fault(cluster_shape(4, 2), kernel,
               {"divergent barrier: this thread is in cluster_sync at ", here(line + 3), here(line + 5)});
}

TEST(TogetherFault, a_thread_that_returns_before_a_barrier_of_its_cluster_or_grid) {
  const KeptOptions kept;
  options().order = Order::ascending;
  const int line = __LINE__;
  const auto kernel = [](unsigned block, unsigned thread) {
    return [=] {
      if (blockIdx.x == block && threadIdx.x == thread) return;
      if (gridDim.x == 2)
        cluster_sync();
      else
        grid_sync();
    };
  };
  EXPECT_PRED2(contains, run_grid(cluster_shape(2, 2), kernel(0, 0)), "cluster_sync at tests/simt/" + here(line + 5));
  EXPECT_PRED2(contains, run_grid(cluster_shape(2, 2), kernel(0, 0)), ") after 1 threads returned");
  EXPECT_PRED2(contains, run_grid(cluster_shape(2, 2), kernel(1, kThreads - 1)),
               "returned while 79 threads wait in cluster_sync at tests/simt/" + here(line + 5));
  EXPECT_PRED2(contains, run_grid(cooperative_shape(3), kernel(0, 0)), "grid_sync at tests/simt/" + here(line + 7));
  EXPECT_PRED2(contains, run_grid(cooperative_shape(3), kernel(0, 0)), ") after 1 threads returned");
  EXPECT_PRED2(contains, run_grid(cooperative_shape(3), kernel(2, kThreads - 1)),
               "returned while 119 threads wait in grid_sync at tests/simt/" + here(line + 7));
}

TEST(TogetherFault, blocks_that_wait_for_different_things_are_a_deadlock_that_says_who_waits_where) {
  const int line = __LINE__;
  const auto kernel = [] {
    if (blockIdx.x < 3)
      grid_sync();
    else if (threadIdx.x < 8)
      cluster_sync();
    else
      __syncthreads();
  };
  expect_fault(
      cooperative_shape(4), kernel,
      {"and those with it: deadlock, no thread can run",
       "\n  blocks (0,0,0) to (2,0,0), each: 40 threads, (0,0,0) to (39,0,0), wait in grid_sync at ", here(line + 3),
       "\n  block (3,0,0): 8 threads, (0,0,0) to (7,0,0), wait in cluster_sync at ", here(line + 5),
       "\n  block (3,0,0): 32 threads, (8,0,0) to (39,0,0), wait in __syncthreads at ", here(line + 7)});
}

TEST(TogetherFault, threads_that_wait_for_a_flag_that_nobody_raises) {
  unsigned flag = 0;
  const int line = __LINE__;
  const auto kernel = [&] {
    if (threadIdx.x == 0)
      while (atomicAdd(&flag, 0) == 0) __nanosleep(20);
    __syncthreads();
  };
  expect_fault(
      cooperative_shape(2), kernel,
      {"livelock, threads only look whether something has changed",
       "\n  blocks (0,0,0) to (1,0,0), each: 1 threads, (0,0,0) to (0,0,0), can run, last seen in ", here(line + 3),
       "\n  blocks (0,0,0) to (1,0,0), each: 39 threads, (1,0,0) to (39,0,0), wait in ", here(line + 4)});
}

TEST(TogetherFault, the_shared_memory_of_a_block_that_has_returned) {
  expect_fault(cluster_shape(2, 2),
               [] {
                 Tile& mine = shared<Tile>();
                 mine.at[threadIdx.x] = 1;
                 cluster_sync();
                 cluster_map(&mine, 1 - cluster_rank());
               },
               {"cluster_map: the block of rank ", " has returned, and its shared memory with it"});
}

TEST(TogetherFault, a_rank_or_an_address_outside_of_the_cluster) {
  static int elsewhere = 0;
  expect_fault(cluster_shape(2, 2), [] { cluster_map(&shared<Tile>(), 2); },
               {"there is no block of rank 2 in a cluster of 2"});
  expect_fault(cluster_shape(2, 2), [] { cluster_map(&elsewhere, 1); },
               {"the address is none of the block's shared memory"});
  expect_fault(cluster_shape(2, 2, 128),
               [] {
                 SharedCarver carver;
                 const int* part = carver.take<int>(1 + cluster_rank());
                 cluster_sync();
                 cluster_map(part, 1 - cluster_rank());
                 cluster_sync();
               },
               {"carved its dynamic shared memory differently"});
}

TEST(TogetherFault, a_trap_names_its_line) {
  const int line = __LINE__ + 1;
  expect_fault(cluster_shape(1, 1), [] { __trap(); }, {"__trap at ", here(line)});
}

// ---- What fits ------------------------------------------------------------------------------------------------------
TEST(Limits, of_residence_are_threads_blocks_and_shared_memory) {
  EXPECT_EQ(resident_blocks(1024, 0), 2u);
  EXPECT_EQ(resident_blocks(33, 0), 32u);
  EXPECT_EQ(resident_blocks(65, 0), 21u) << "whole warps";
  EXPECT_EQ(resident_blocks(128, 227 << 10), 1u);
  EXPECT_EQ(resident_blocks(128, 113 << 10), 2u);
  EXPECT_EQ(resident_blocks(128, (113 << 10) + 1), 1u);
  EXPECT_EQ(resident_blocks(1025, 0), 0u);
  EXPECT_EQ(resident_clusters({.block = dim3(256), .shared_bytes = 100 << 10, .cluster = dim3(8)}), 1u);
  EXPECT_EQ(resident_clusters({.block = dim3(256), .shared_bytes = 200 << 10, .cluster = dim3(8)}), 0u);
  EXPECT_EQ(resident_clusters({.block = dim3(256), .cluster = dim3(4, 2)}), 4u);
}

TEST(Limits, refuse_what_a_gpu_refuses) {
  const OptIn none, all{.shared_bytes = kMaxSharedBytes, .cluster_blocks = kMaxClusterBlocks};
  EXPECT_EQ(check_launch({.grid = dim3(0)}, all), cudaErrorInvalidConfiguration);

  EXPECT_EQ(check_launch({.shared_bytes = 48 << 10}, none), cudaSuccess);
  EXPECT_EQ(check_launch({.shared_bytes = (48 << 10) + 1}, none), cudaErrorInvalidValue);
  EXPECT_EQ(check_launch({.shared_bytes = 227 << 10}, all), cudaSuccess);

  EXPECT_EQ(check_launch({.grid = dim3(8), .cluster = dim3(8)}, none), cudaSuccess);
  EXPECT_EQ(check_launch({.grid = dim3(16), .cluster = dim3(16)}, none), cudaErrorInvalidClusterSize);
  EXPECT_EQ(check_launch({.grid = dim3(16), .cluster = dim3(16)}, all), cudaSuccess);
  EXPECT_EQ(check_launch({.grid = dim3(32), .cluster = dim3(32)}, all), cudaErrorInvalidClusterSize);
  EXPECT_EQ(check_launch({.grid = dim3(9), .cluster = dim3(2)}, all), cudaErrorInvalidClusterSize);
  EXPECT_EQ(check_launch({.grid = dim3(2, 3), .cluster = dim3(1, 2)}, all), cudaErrorInvalidClusterSize);
  EXPECT_EQ(check_launch({.grid = dim3(8), .cluster = dim3(8, 0)}, all), cudaErrorInvalidClusterSize);
  EXPECT_EQ(check_launch({.grid = dim3(8), .shared_bytes = 200 << 10, .cluster = dim3(8)}, all),
            cudaErrorInvalidClusterSize);

  EXPECT_EQ(check_launch({.grid = dim3(8), .block = dim3(1024), .cooperative = true}, none), cudaSuccess);
  EXPECT_EQ(check_launch({.grid = dim3(9), .block = dim3(1024), .cooperative = true}, none),
            cudaErrorCooperativeLaunchTooLarge);
  EXPECT_EQ(check_launch({.grid = dim3(5), .shared_bytes = 200 << 10, .cooperative = true}, all),
            cudaErrorCooperativeLaunchTooLarge);
  EXPECT_EQ(check_launch({.grid = dim3(9), .block = dim3(1024)}, none), cudaSuccess);
}

// ---- launch() -------------------------------------------------------------------------------------------------------
// Uses the last `count` of `carved` numbers.
__global__ void sum_over_cluster_kernel(const float* x, float* y, unsigned carved, unsigned count) {
  SharedCarver carver;
  float* mine = carver.take<float>(carved) + (carved - count);
  for (unsigned i = threadIdx.x; i < count; i += blockDim.x) mine[i] = x[blockIdx.x * count + i];
  gpu::cluster_sync();
  for (unsigned i = threadIdx.x; i < count; i += blockDim.x) {
    float sum = 0;
    for (unsigned rank = 0; rank < gpu::cluster_size(); ++rank) sum += cluster_map(mine, rank)[i];
    y[blockIdx.x * count + i] = sum;
  }
  gpu::cluster_sync();
}

std::string refusal(const std::function<void()>& enqueue) {
  try {
    enqueue();
  } catch (const gpu::GpuError& error) {
    return error.what();
  }
  return "";
}

TEST(Launch, opts_in_to_much_shared_memory_and_large_clusters) {
  constexpr Index kBlocks = 16, kCarved = 13'000, kCount = 70;
  gpu::Stream stream;
  gpu::DeviceBuffer<float> x(kBlocks * kCount), y(kBlocks * kCount);
  std::vector<float> host(static_cast<std::size_t>(kBlocks * kCount)), got(host.size());
  for (std::size_t i = 0; i < host.size(); ++i) host[i] = static_cast<float>(i / kCount + i % kCount);
  gpu::copy<float>(stream, {host.data(), kBlocks * kCount}, x.view());

  gpu::LaunchShape shape{.grid = dim3(kBlocks),
                         .block = dim3(64),
                         .shared_bytes = gpu::carved_bytes<float>(kCarved),
                         .cluster = dim3(kBlocks)};
  gpu::launch(stream, shape, &sum_over_cluster_kernel, x.view().data, y.view().data, unsigned{kCarved},
              unsigned{kCount});

  gpu::copy<float>(stream, y.view(), {got.data(), kBlocks * kCount});
  stream.synchronise();
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], static_cast<float>(120 + 16 * (i % kCount))) << i;

  EXPECT_EQ(gpu::resident_clusters(&sum_over_cluster_kernel, shape), 1);
  EXPECT_EQ(gpu::resident_blocks(&sum_over_cluster_kernel, shape), 4);
}

TEST(Launch, says_what_does_not_fit) {
  gpu::Stream stream;
  const auto launch = [&](const gpu::LaunchShape& shape) {
    return refusal([&] {
      gpu::launch(stream, shape, &sum_over_cluster_kernel, static_cast<const float*>(nullptr),
                  static_cast<float*>(nullptr), 0u, 0u);
    });
  };
  EXPECT_PRED2(contains, launch({.shared_bytes = 228 << 10}), "cudaErrorInvalidValue");
  EXPECT_PRED2(contains, launch({.grid = dim3(32), .cluster = dim3(32)}), "cudaErrorInvalidClusterSize");
  EXPECT_PRED2(contains, launch({.grid = dim3(200), .block = dim3(128), .cooperative = true}),
               "cudaErrorCooperativeLaunchTooLarge");
  gpu::LaunchShape too_large{.grid = dim3(8), .shared_bytes = 200 << 10, .cluster = dim3(8)};
  EXPECT_PRED2(contains, launch(too_large), "cudaErrorInvalidClusterSize");
  EXPECT_EQ(gpu::resident_clusters(&sum_over_cluster_kernel, too_large), 0);
}

}  // namespace
}  // namespace plateau::simt::together_test
