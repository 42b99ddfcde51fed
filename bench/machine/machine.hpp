// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Kernels that measure a GPU rather than compute something: what it takes to begin a kernel, to wait for other blocks,
// to read another block's shared memory, the L2 cache, and device memory. Each leaves numbers that show that it did
// what was timed; what they must be, the functions at the end say.
#pragma once

#include <cstdint>

#include "plateau/core/random.hpp"
#include "plateau/gpu/stream.hpp"

namespace plateau::gpu::machine {

using Words = DeviceSpan<std::uint32_t>;
using ConstWords = DeviceSpan<const std::uint32_t>;

// What a kernel's blocks leave, one of each per block: a sum modulo 2^32, and the clocks of the timed part.
struct Outcome {
  Words sum;
  DeviceSpan<std::int64_t> clocks;
};

// ---- boundary.cu ----------------------------------------------------------------------------------------------------
void increment(const Stream& stream, Words counter);
// Keeps the device busy, so that the host can queue what is to be timed behind it.
void pause(const Stream& stream, std::int64_t clocks);

// ---- barriers.cu ----------------------------------------------------------------------------------------------------
inline constexpr int kBarrierThreads = 256;  // of a block

enum class GridBarrier { counter, cooperative };  // an own one, and CUDA's

// In every round each block leaves a number, waits for all others, and adds its neighbour's number to its sum.
// `scratch` holds kBarrierScratch + 2 * blocks words and is zero.
inline constexpr Index kBarrierScratch = 32;
void grid_barrier_rounds(const Stream& stream, GridBarrier barrier, int rounds, Words scratch, Outcome out);
void cluster_barrier_rounds(const Stream& stream, int cluster, int rounds, Outcome out);

// ---- shared_memory.cu -----------------------------------------------------------------------------------------------
// Every block takes words.size / out.sum.size words into its shared memory and reads those of
// the next block of its cluster `repeats` times; in a cluster of one block, its own.
void neighbour_reads(const Stream& stream, int cluster, int repeats, ConstWords words, Outcome out);
// One thread of a cluster of two steps through the second block's shared memory, kChaseWords words.
inline constexpr Index kChaseWords = 1024;
void neighbour_steps(const Stream& stream, int steps, Outcome out);

// How many clusters with so much shared memory per block the device holds at once.
int most_clusters(int cluster, Index shared_bytes);
// Whether it takes clusters in a cooperative launch.
bool takes_cooperative_clusters(const Stream& stream);

// ---- memory.cu ------------------------------------------------------------------------------------------------------
inline constexpr int kReadThreads = 1024;

// words[i] = random_word(seed, i); sizes are multiples of 4.
void fill_random(const Stream& stream, std::uint64_t seed, Words words);
// Every block reads all words `repeats` times, past the L1 cache.
void l2_reads(const Stream& stream, int repeats, ConstWords words, Outcome out);
void copy_by_kernel(const Stream& stream, ConstWords from, Words to);
void copy_by_runtime(const Stream& stream, ConstWords from, Words to);
// count[0] += the places where a and b differ.
void count_differences(const Stream& stream, ConstWords a, ConstWords b, Words count);

// ---- arithmetic.cu --------------------------------------------------------------------------------------------------
inline constexpr int kChains = 8;  // per thread, so that none waits for its last result
inline constexpr int kArithmeticThreads = 512;
inline constexpr float kFactor = 0.9990234375f, kTerm = 0.5f;

// Every thread of out.size / kArithmeticThreads blocks: chains x = fma(x, kFactor, kTerm), and their sum at the end.
void multiply_add_chains(const Stream& stream, int iterations, DeviceSpan<float> out, DeviceSpan<std::int64_t> clocks);

// ---- What they must leave -------------------------------------------------------------------------------------------
PLATEAU_HD constexpr PhiloxCounter random_words(std::uint64_t seed, std::uint64_t quarter) {
  return draw({.seed = seed, .id = StreamId::features}, quarter);
}
constexpr std::uint32_t random_word(std::uint64_t seed, std::uint64_t i) {
  return random_words(seed, i / 4).word[i % 4];
}
// Of `count` words from `first` on, both multiples of 4.
constexpr std::uint32_t sum_of_random_words(std::uint64_t seed, Index first, Index count) {
  std::uint32_t sum = 0;
  for (Index quarter = first / 4; quarter < (first + count) / 4; ++quarter)
    for (const std::uint32_t word : random_words(seed, static_cast<std::uint64_t>(quarter)).word) sum += word;
  return sum;
}

// Of block `block`, whose neighbour is the next one of `blocks` that wait for each other.
constexpr std::uint32_t barrier_sum(std::uint32_t blocks, std::uint32_t block, std::uint32_t rounds) {
  const std::uint64_t sum_of_rounds = std::uint64_t{rounds} * (rounds + 1) / 2;
  return static_cast<std::uint32_t>(sum_of_rounds * blocks) + rounds * ((block + 1) % blocks);
}

PLATEAU_HD constexpr std::uint32_t next_step(std::uint32_t place) {  // through all kChaseWords places, then again
  return (5 * place + 3) % static_cast<std::uint32_t>(kChaseWords);
}
constexpr std::uint32_t place_after(int steps) {
  std::uint32_t place = 0;
  for (int i = 0; i < steps; ++i) place = next_step(place);
  return place;
}

PLATEAU_HD constexpr float chain_start(int thread, int chain) {
  return static_cast<float>(1 + thread % 32 * kChains + chain);
}
// Of thread `thread` of a block.
float multiply_add_sum(int thread, int iterations);

}  // namespace plateau::gpu::machine
