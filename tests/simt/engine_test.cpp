// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Kernels here are lambdas over host memory: what the engine does, without the runtime around it.
#include "simt/engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "simt/emulator.hpp"
#include "simt/orders.hpp"

namespace plateau::simt::engine_test {
namespace {

constexpr unsigned kFullWarp = 0xFFFFFFFFu;

std::string here(int line) { return "engine_test.cpp:" + std::to_string(line) + " ("; }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// ---- Running --------------------------------------------------------------------------------------------------------
TEST(Engine, runs_every_thread_of_the_grid_once_with_its_own_indices) {
  constexpr dim3 kGrid(3, 2, 2), kBlock(5, 3, 2);
  for_each_order([&] {
    std::vector<int> runs(12 * 30);
    EXPECT_EQ(run_grid(kGrid, kBlock,
                       [&] {
                         EXPECT_EQ(gridDim.x * 100 + gridDim.y * 10 + gridDim.z, 322u);
                         EXPECT_EQ(blockDim.x * 100 + blockDim.y * 10 + blockDim.z, 532u);
                         const unsigned block = (blockIdx.z * 2 + blockIdx.y) * 3 + blockIdx.x;
                         const unsigned thread = (threadIdx.z * 3 + threadIdx.y) * 5 + threadIdx.x;
                         ++runs[block * 30 + thread];
                       }),
              "");
    EXPECT_EQ(runs, std::vector<int>(12 * 30, 1));
  });
}

float block_sum(float value) {
  struct Partial {
    float of[256];
  };
  Partial& partial = shared<Partial>();
  partial.of[threadIdx.x] = value;
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) partial.of[threadIdx.x] += partial.of[threadIdx.x + half];
  }
  __syncthreads();
  return partial.of[0];
}

TEST(Engine, a_block_reduces_alike_in_every_order) {
  std::vector<float> x(4 * 256);
  std::iota(x.begin(), x.end(), 1.0f);
  for_each_order([&] {
    std::vector<float> sum(4);
    EXPECT_EQ(run_grid(dim3(4), dim3(256),
                       [&] {
                         const float total = block_sum(x[blockIdx.x * 256 + threadIdx.x]);
                         if (threadIdx.x == 0) sum[blockIdx.x] = total;
                       }),
              "");
    EXPECT_EQ(sum, (std::vector<float>{32896, 98432, 163968, 229504}));
  });
}

std::vector<unsigned> turns(Options chosen, unsigned blocks, unsigned threads) {
  const KeptOptions kept;
  options() = chosen;
  std::vector<unsigned> sequence(blocks * threads);
  std::atomic<unsigned> turn = 0;
  run_grid(dim3(blocks), dim3(threads), [&] { sequence[turn++] = blockIdx.x * threads + threadIdx.x; });
  return sequence;
}

TEST(Engine, threads_and_blocks_take_turns_in_the_chosen_order) {
  std::vector<unsigned> numbers(6 * 4);
  std::iota(numbers.begin(), numbers.end(), 0u);
  EXPECT_EQ(turns({Order::ascending, 1}, 6, 4), numbers);

  std::vector<unsigned> shuffled = turns({Order::random, 1}, 6, 4);
  EXPECT_NE(shuffled, numbers);
  EXPECT_NE(shuffled[0] / 4, shuffled[4] / 4) << "a block is over before the next begins";
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, numbers);

  std::reverse(numbers.begin(), numbers.end());
  EXPECT_EQ(turns({Order::descending, 1}, 6, 4), numbers);
}

TEST(Engine, a_barrier_lets_nobody_pass_before_all_have_arrived) {
  for_each_order([] {
    std::atomic<int> arrived = 0, early = 0;
    run_grid(dim3(1), dim3(96), [&] {
      for (int round = 1; round <= 5; ++round) {
        ++arrived;
        __syncthreads();
        early += arrived < 96 * round;
        __syncthreads();
      }
    });
    EXPECT_EQ(early, 0);
  });
}

TEST(Engine, takes_the_shapes_that_a_gpu_takes) {
  EXPECT_TRUE(valid_launch(dim3(0x7FFFFFFF, 65535, 65535), dim3(1024)));
  EXPECT_TRUE(valid_launch(dim3(1), dim3(4, 4, 64)));
  for (const dim3& grid : {dim3(0), dim3(1, 0), dim3(1, 1, 0), dim3(0x80000000), dim3(1, 65536), dim3(1, 1, 65536)})
    EXPECT_FALSE(valid_launch(grid, dim3(1))) << grid.x << " " << grid.y << " " << grid.z;
  for (const dim3& block : {dim3(0), dim3(1, 0), dim3(1, 1, 0), dim3(1025), dim3(33, 32), dim3(1, 1, 65)})
    EXPECT_FALSE(valid_launch(dim3(1), block)) << block.x << " " << block.y << " " << block.z;
}

// ---- Warps ----------------------------------------------------------------------------------------------------------
// What one warp's lanes got.
template <class T, class Kernel>
std::array<T, 32> lanes_of_a_warp(const Kernel& kernel) {
  std::array<T, 32> got{};
  EXPECT_EQ(run_grid(dim3(1), dim3(32), [&] { got[threadIdx.x] = kernel(threadIdx.x); }), "");
  return got;
}

TEST(Warp, shuffles_bring_the_values_that_cuda_says) {
  for_each_order([] {
    const auto all = lanes_of_a_warp<unsigned>([](unsigned lane) { return __shfl_sync(kFullWarp, lane * 10, 5); });
    const auto group = lanes_of_a_warp<unsigned>([](unsigned lane) { return __shfl_sync(kFullWarp, lane, 9, 8); });
    const auto down = lanes_of_a_warp<unsigned>([](unsigned lane) { return __shfl_down_sync(kFullWarp, lane, 3); });
    const auto down_8 =
        lanes_of_a_warp<unsigned>([](unsigned lane) { return __shfl_down_sync(kFullWarp, lane, 3, 8); });
    const auto other = lanes_of_a_warp<unsigned>([](unsigned lane) { return __shfl_xor_sync(kFullWarp, lane, 16); });
    const auto other_8 =
        lanes_of_a_warp<unsigned>([](unsigned lane) { return __shfl_xor_sync(kFullWarp, lane, 9, 8); });
    for (unsigned lane = 0; lane < 32; ++lane) {
      EXPECT_EQ(all[lane], 50u);
      EXPECT_EQ(group[lane], lane / 8 * 8 + 1);
      EXPECT_EQ(down[lane], lane < 29 ? lane + 3 : lane);
      EXPECT_EQ(down_8[lane], lane % 8 < 5 ? lane + 3 : lane);
      EXPECT_EQ(other[lane], lane ^ 16);
      EXPECT_EQ(other_8[lane], (lane ^ 9) <= (lane | 7) ? lane ^ 9 : lane);
    }
  });
}

TEST(Warp, shuffles_keep_every_bit_of_floats_doubles_and_integers) {
  const auto doubles =
      lanes_of_a_warp<double>([](unsigned lane) { return __shfl_xor_sync(kFullWarp, 1.0 / (1 + lane), 1); });
  const auto floats =
      lanes_of_a_warp<float>([](unsigned lane) { return __shfl_xor_sync(kFullWarp, -0.1f * float(lane), 1); });
  const auto longs = lanes_of_a_warp<std::int64_t>(
      [](unsigned lane) { return __shfl_xor_sync(kFullWarp, -(std::int64_t{1} << lane << 20), 1); });
  for (unsigned lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(doubles[lane], 1.0 / (1 + (lane ^ 1)));
    EXPECT_EQ(floats[lane], -0.1f * float(lane ^ 1));
    EXPECT_EQ(longs[lane], -(std::int64_t{1} << (lane ^ 1) << 20));
  }
}

TEST(Warp, votes_count_the_lanes_of_the_mask) {
  for_each_order([] {
    const auto ballot =
        lanes_of_a_warp<unsigned>([](unsigned lane) { return __ballot_sync(kFullWarp, lane % 3 == 0); });
    const auto any = lanes_of_a_warp<int>(
        [](unsigned lane) { return __any_sync(kFullWarp, lane == 31) * 2 + __any_sync(kFullWarp, 0); });
    const auto all = lanes_of_a_warp<int>(
        [](unsigned lane) { return __all_sync(kFullWarp, 7) * 2 + __all_sync(kFullWarp, lane != 4); });
    for (unsigned lane = 0; lane < 32; ++lane) {
      EXPECT_EQ(ballot[lane], 0x49249249u);
      EXPECT_EQ(any[lane], 2);
      EXPECT_EQ(all[lane], 2);
    }
  });
}

TEST(Warp, parts_of_a_warp_meet_on_their_own) {
  for_each_order([] {
    const auto got = lanes_of_a_warp<unsigned>([](unsigned lane) {
      unsigned sum = lane;
      if (lane < 16) {
        for (int distance = 8; distance > 0; distance /= 2) sum += __shfl_xor_sync(0x0000FFFFu, sum, distance);
        return sum;
      }
      return __ballot_sync(0xFFFF0000u, lane % 2 == 0);
    });
    for (unsigned lane = 0; lane < 32; ++lane) EXPECT_EQ(got[lane], lane < 16 ? 120u : 0x55550000u);
  });
}

// ---- Shared memory --------------------------------------------------------------------------------------------------
struct Tile {
  float at[33];
};
struct Flags {
  unsigned char at[3];
};

TEST(SharedMemory, is_full_of_nan_in_every_block_until_it_is_written) {
  std::atomic<int> unwritten = 0;
  EXPECT_EQ(run_grid(dim3(3), dim3(1),
                     [&] {
                       Tile& tile = shared<Tile>();
                       Flags& flags = shared<Flags>();
                       for (const float x : tile.at) unwritten += std::isnan(x);
                       for (const unsigned char x : flags.at) unwritten += x == 0xFF;
                       std::memset(&tile, 0, sizeof tile);
                       std::memset(&flags, 0, sizeof flags);
                     }),
            "");
  EXPECT_EQ(unwritten, 3 * (33 + 3));
}

TEST(SharedMemory, is_one_object_per_type_for_all_threads_of_a_block) {
  std::vector<void*> tile(64), flags(64);
  run_grid(dim3(1), dim3(64), [&] {
    tile[threadIdx.x] = &shared<Tile>();
    flags[threadIdx.x] = &shared<Flags>();
  });
  EXPECT_EQ(tile, std::vector<void*>(64, tile[0]));
  EXPECT_EQ(flags, std::vector<void*>(64, flags[0]));
  EXPECT_NE(tile[0], flags[0]);
}

TEST(SharedMemory, has_the_size_that_cuda_gives_to_static_objects) {
  struct Whole {
    char at[48 * 1024];
  };
  EXPECT_EQ(run_grid(dim3(1), dim3(1), [] { shared<Whole>().at[sizeof(Whole) - 1] = 1; }), "");
  EXPECT_PRED2(contains,
               run_grid(dim3(1), dim3(1),
                        [] {
                          shared<Whole>();
                          shared<Flags>();
                        }),
               "a shared object of 3 bytes: the block's shared memory has no room for it");
}

// ---- Faults ---------------------------------------------------------------------------------------------------------
// The fault in every order; and afterwards the engine works as before.
template <class Kernel>
void expect_fault(dim3 block, const Kernel& kernel, const std::vector<std::string>& parts) {
  for_each_order([&] {
    const std::string fault = run_grid(dim3(2), block, kernel);
    EXPECT_PRED2(contains, fault, "kernel fault in block (");
    for (const std::string& part : parts) EXPECT_PRED2(contains, fault, part);

    float sum = 0;
    EXPECT_EQ(run_grid(dim3(1), dim3(256),
                       [&] {
                         const float total = block_sum(__shfl_xor_sync(kFullWarp, 1.0f, 1));
                         if (threadIdx.x == 0) sum = total;
                       }),
              "");
    EXPECT_EQ(sum, 256);
  });
}

TEST(Fault, a_barrier_that_is_not_the_same_for_all_threads_names_both_lines) {
  const int line = __LINE__;
  const auto kernel = [] {
    if (threadIdx.x < 40)
      __syncthreads();
    else
      __syncthreads();
  };
  expect_fault(dim3(64), kernel,
               {"divergent barrier: this thread is in __syncthreads at ", here(line + 3), "others in __syncthreads at ",
                here(line + 5)});
}

TEST(Fault, a_thread_that_returns_before_a_barrier_of_others) {
  const int line = __LINE__;
  const auto kernel = [] {
    if (threadIdx.x == 40) return;
    __syncthreads();
  };
  expect_fault(dim3(64), kernel, {"returned", "__syncthreads at ", here(line + 3)});
}

TEST(Fault, a_shuffle_with_more_lanes_in_its_mask_than_come_is_a_deadlock) {
  const int line = __LINE__;
  const auto kernel = [] {
    if (threadIdx.x < 8) __shfl_xor_sync(kFullWarp, 1.0f, 1);
    __syncthreads();
  };
  expect_fault(
      dim3(32), kernel,
      {"deadlock, no thread can run", "8 threads, (0,0,0) to (7,0,0), wait in __shfl_xor_sync with the mask 0xffffffff",
       here(line + 2), "24 threads, (8,0,0) to (31,0,0), wait in __syncthreads", here(line + 3)});
}

TEST(Fault, lanes_that_wait_for_each_other_in_different_places) {
  const int line = __LINE__;
  const auto kernel = [] {
    if (threadIdx.x < 16)
      __shfl_xor_sync(kFullWarp, 1.0f, 1);
    else
      __ballot_sync(kFullWarp, 1);
  };
  expect_fault(dim3(32), kernel,
               {"lanes of its mask 0xffffffff wait elsewhere", "__shfl_xor_sync", here(line + 3), "__ballot_sync",
                here(line + 5)});
}

TEST(Fault, a_mask_with_lanes_past_the_end_of_the_block) {
  const int line = __LINE__ + 1;
  expect_fault(dim3(40), [] { __syncwarp(); }, {"__syncwarp at ", here(line), "whose last warp has 8 lanes"});
}

TEST(Fault, a_lane_that_is_not_in_its_own_mask) {
  const int line = __LINE__ + 1;
  expect_fault(dim3(32), [] { __any_sync(~1u, 1); },
               {"lane 0 calls with the mask 0xfffffffe, which it is not in", here(line)});
}

TEST(Fault, a_lane_that_reads_from_outside_the_mask) {
  const auto kernel = [] {
    if (threadIdx.x < 4) __shfl_sync(0xFu, 1, 5);
  };
  expect_fault(dim3(32), kernel, {"__shfl_sync", "reads lane 5, which is not in the mask 0x0000000f"});
}

TEST(Fault, a_lane_of_the_mask_that_has_returned) {
  const KeptOptions kept;
  options().order = Order::ascending;  // in others the lane may still be on its way when the first ones wait
  const std::string fault = run_grid(dim3(1), dim3(32), [] {
    if (threadIdx.x == 0) return;
    __syncwarp();
  });
  EXPECT_PRED2(contains, fault, "lane 0 of the mask 0xffffffff has returned");
}

TEST(Fault, an_exception_of_the_kernel) {
  expect_fault(dim3(32),
               [] {
                 if (threadIdx.x == 3) throw std::runtime_error("no such thing");
               },
               {"thread (3,0,0)", "an exception left the kernel: no such thing"});
}

TEST(Fault, ends_the_grid_where_it_happens) {
  const KeptOptions kept;
  options().order = Order::ascending;
  std::atomic<int> blocks = 0;
  EXPECT_PRED2(contains,
               run_grid(dim3(5), dim3(1),
                        [&] {
                          ++blocks;
                          if (blockIdx.x == 2) throw std::runtime_error("here");
                        }),
               "block (2,0,0)");
  EXPECT_EQ(blocks, 3);
}

TEST(Fault, device_functions_want_a_kernel_around_them) {
  EXPECT_THROW(__syncthreads(), std::logic_error);
  EXPECT_THROW(shared<Tile>(), std::logic_error);
  EXPECT_THROW(__ballot_sync(kFullWarp, 1), std::logic_error);
}

int depth_reached(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth == 1 << 20 ? frame[0] : depth_reached(depth + 1) + frame[0];
}

TEST(FaultDeathTest, a_thread_that_needs_too_much_stack_ends_the_program) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(run_grid(dim3(2), dim3(32), [] { EXPECT_NE(depth_reached(0), 0); }), "");
}

}  // namespace
}  // namespace plateau::simt::engine_test
