// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The engine: runs a kernel thread by thread, each on a fiber of its own, one block after the other; the blocks of a
// cluster or of a cooperative grid together. Threads change only where they wait for each other or use an atomic, in an
// order that a test chooses. What a GPU would leave undefined at such a place is a fault that names the source lines.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>

#include "simt/limits.hpp"

namespace plateau::simt {

// In which order blocks, the threads of a block and the streams of the device run where nothing orders them.
enum class Order : std::uint8_t { ascending, descending, random };

struct Options {
  Order order = Order::ascending;
  std::uint64_t seed = 1;  // of the random order; equal seeds give equal runs
};
// At first PLATEAU_SIMT_ORDER (one of the names above) and PLATEAU_SIMT_SEED; throws std::invalid_argument for others.
Options& options();

// Random numbers for orders; x = 0 is not allowed.
inline std::uint64_t xorshift(std::uint64_t& x) {
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return x;
}

// Calls `kernel` once for every thread of a grid whose shape check_launch() takes. The text of the fault that ended it,
// empty where there was none; the engine can be used again in either case. One grid at a time.
std::string run_grid(const Shape& shape, const std::function<void()>& kernel);
inline std::string run_grid(dim3 grid, dim3 block, const std::function<void()>& kernel) {
  return run_grid({.grid = grid, .block = block}, kernel);
}

// ---- What the device functions of emulator.hpp are made of: called by a kernel's threads only -----------------------
namespace detail {

// std::source_location itself: g++ 12 finds the caller's line only for it, as a default argument, not for a type around
// it.
using Site = std::source_location;

enum class Exchange : std::uint8_t { shuffle, ballot, nothing };

// Whom a barrier waits for.
enum class Scope : std::uint8_t { block, cluster, grid };
void barrier(Scope scope, Site site);
// Every lane of `mask` comes with a value. shuffle: returns the value of lane `source`. ballot: one bit per lane, set
// where its value is not 0. nothing: orders memory (as __syncwarp does, and the others do not).
std::uint64_t meet_warp(Exchange exchange, const char* call, unsigned mask, std::uint64_t value, unsigned source,
                        Site site);
unsigned lane();
void* shared_object(const void* key, std::size_t bytes, std::size_t alignment);
void* shared_part(std::size_t number, std::size_t start, std::size_t bytes);  // of the dynamic memory

unsigned cluster_rank();
unsigned cluster_size();
void* cluster_map(const void* own, unsigned rank);

// Lets others run, sometimes; what precedes the thread's last fence is from here on known to whoever sees what the
// atomic stores. Called before the atomic; and after it, where it changed something, progress().
void before_atomic(const void* address, const char* call, Site site);
void progress();
void fence(Site site);
void sleep(Site site);  // lets others run
long long clock();      // deterministic: a thousand more with every call
[[noreturn]] void trap(Site site);

}  // namespace detail
}  // namespace plateau::simt

// The built-in variables, rewritten at every change of threads.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
