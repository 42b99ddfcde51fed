// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Reading the L2 cache, and copying within device memory; on random words.
//
//   l2_reads   every block reads all words, each from another place on, 16 bytes per load, past its L1 cache
//     formula  sum = repeats * sum of the words, modulo 2^32
//     measured bytes per clock and multiprocessor while all multiprocessors read
//   copies     to = from, by a kernel (16 bytes per load, four loads in flight per thread) and by cudaMemcpyAsync
//     measured bytes read and written per second
#include "detail/reduce.cuh"
#include "machine.hpp"
#include "plateau/core/contract.hpp"

namespace plateau::gpu {
namespace {

using machine::ConstWords;
using machine::kReadThreads;
using machine::Outcome;
using machine::Words;

constexpr int kThreads = 256;
constexpr int kInFlight = 4;

__global__ __launch_bounds__(kThreads) void fill_random_kernel(std::uint64_t seed, uint4* words, Index vectors) {
  const Index i = Index{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= vectors) return;
  const PhiloxCounter drawn = machine::random_words(seed, static_cast<std::uint64_t>(i));
  uint4& vector = words[i];
  vector = make_uint4(drawn.word[0], drawn.word[1], drawn.word[2], drawn.word[3]);
}

__global__ __launch_bounds__(kReadThreads) void l2_read_kernel(int repeats, const uint4* words, int vectors,
                                                               Outcome out) {
  const int first = static_cast<int>(Index{vectors} * blockIdx.x / gridDim.x);
  std::uint32_t sum = 0;
  const std::int64_t start = clock64();
  for (int repeat = 0; repeat < repeats; ++repeat) {
#pragma unroll 4
    for (int i = static_cast<int>(threadIdx.x); i < vectors; i += kReadThreads) {
      const int place = i < vectors - first ? first + i : i - (vectors - first);
      const uint4 v = __ldcg(&words[place]);
      sum += v.x + v.y + v.z + v.w;
    }
    __syncthreads();  // so that no compiler takes one repeat for all of them
  }
  const std::int64_t end = clock64();
  sum = shared<BlockSum<std::uint32_t, kReadThreads>>()(sum);
  if (threadIdx.x != 0) return;
  out.clocks.data[blockIdx.x] = end - start;
  out.sum.data[blockIdx.x] = sum;
}

__global__ __launch_bounds__(kThreads) void copy_kernel(const uint4* from, uint4* to, Index vectors) {
  const Index first = Index{blockIdx.x} * kThreads * kInFlight + threadIdx.x;
  uint4 v[kInFlight];
#pragma unroll
  for (int k = 0; k < kInFlight; ++k) {
    if (first + k * kThreads >= vectors) continue;
    const uint4& vector = from[first + k * kThreads];
    v[k] = vector;
  }
#pragma unroll
  for (int k = 0; k < kInFlight; ++k) {
    if (first + k * kThreads >= vectors) continue;
    uint4& vector = to[first + k * kThreads];
    vector = v[k];
  }
}

__global__ __launch_bounds__(kThreads) void count_differences_kernel(ConstWords a, ConstWords b, std::uint32_t* count) {
  const Index i = Index{blockIdx.x} * kThreads + threadIdx.x;
  std::uint32_t different = i < a.size && a.data[i] != b.data[i] ? 1 : 0;
  different = shared<BlockSum<std::uint32_t, kThreads>>()(different);
  if (threadIdx.x == 0 && different != 0) atomicAdd(count, different);
}

unsigned blocks_for(Index items) { return static_cast<unsigned>(ceil_div(items, kThreads)); }

Index vectors_in(Index words) {
  expects(words > 0 && words % 4 == 0, "words come in vectors of four");
  return words / 4;
}

}  // namespace

void machine::fill_random(const Stream& stream, std::uint64_t seed, Words words) {
  const Index vectors = vectors_in(words.size);
  launch(stream, {.grid = dim3(blocks_for(vectors)), .block = dim3(kThreads)}, &fill_random_kernel, seed,
         reinterpret_cast<uint4*>(words.data), vectors);
}

void machine::l2_reads(const Stream& stream, int repeats, ConstWords words, Outcome out) {
  expects(out.sum.size >= 1 && out.clocks.size == out.sum.size, "l2_reads: one sum and one time per block");
  launch(stream, {.grid = dim3(static_cast<unsigned>(out.sum.size)), .block = dim3(kReadThreads)}, &l2_read_kernel,
         repeats, reinterpret_cast<const uint4*>(words.data), static_cast<int>(vectors_in(words.size)), out);
}

void machine::copy_by_kernel(const Stream& stream, ConstWords from, Words to) {
  expects(from.size == to.size, "copy_by_kernel: equal sizes");
  const Index vectors = vectors_in(from.size);
  launch(stream, {.grid = dim3(blocks_for(ceil_div(vectors, kInFlight))), .block = dim3(kThreads)}, &copy_kernel,
         reinterpret_cast<const uint4*>(from.data), reinterpret_cast<uint4*>(to.data), vectors);
}

void machine::copy_by_runtime(const Stream& stream, ConstWords from, Words to) {
  expects(from.size == to.size, "copy_by_runtime: equal sizes");
  check_cuda(cudaMemcpyAsync(to.data, from.data, static_cast<std::size_t>(from.size) * sizeof(std::uint32_t),
                             cudaMemcpyDeviceToDevice, stream.handle()));
}

void machine::count_differences(const Stream& stream, ConstWords a, ConstWords b, Words count) {
  expects(a.size == b.size && count.size == 1, "count_differences: equal sizes and one number");
  launch(stream, {.grid = dim3(blocks_for(a.size)), .block = dim3(kThreads)}, &count_differences_kernel, a, b,
         count.data);
}

}  // namespace plateau::gpu
