// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// fp32 multiply-adds out of registers, as many as a multiprocessor can begin.
//
//   formula   per thread kChains chains x = fma(x, kFactor, kTerm) from chain_start() on, and their sum: the same bits
//             wherever fma is rounded once (multiply_add_sum)
//   measured  floating-point operations, 2 per fma, per clock and multiprocessor and per second
//   mapping   512 threads per block, four blocks per multiprocessor; no memory but the result
#include <cmath>

#include "detail/launch.cuh"
#include "machine.hpp"
#include "plateau/core/contract.hpp"

namespace plateau::gpu {
namespace {

using machine::kArithmeticThreads;
using machine::kChains;

__global__ __launch_bounds__(kArithmeticThreads) void multiply_add_kernel(int iterations, float factor, float term,
                                                                          float* out, std::int64_t* clocks) {
  float chain[kChains];
#pragma unroll
  for (int k = 0; k < kChains; ++k) chain[k] = machine::chain_start(static_cast<int>(threadIdx.x), k);
  const std::int64_t start = clock64();
#pragma unroll 16
  for (int i = 0; i < iterations; ++i) {
#pragma unroll
    for (int k = 0; k < kChains; ++k) chain[k] = fmaf(chain[k], factor, term);
  }
  float sum = 0;
#pragma unroll
  for (int k = 0; k < kChains; ++k) sum += chain[k];
  out[Index{blockIdx.x} * kArithmeticThreads + threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x == 0) clocks[blockIdx.x] = clock64() - start;
}

}  // namespace

void machine::multiply_add_chains(const Stream& stream, int iterations, DeviceSpan<float> out,
                                  DeviceSpan<std::int64_t> clocks) {
  expects(clocks.size >= 1 && out.size == clocks.size * kArithmeticThreads,
          "multiply_add_chains: one sum per thread and one time per block");
  launch(stream, {.grid = dim3(static_cast<unsigned>(clocks.size)), .block = dim3(kArithmeticThreads)},
         &multiply_add_kernel, iterations, kFactor, kTerm, out.data, clocks.data);
}

float machine::multiply_add_sum(int thread, int iterations) {
  float sum = 0;
  for (int k = 0; k < kChains; ++k) {
    float x = chain_start(thread, k);
    for (int i = 0; i < iterations; ++i) x = std::fma(x, kFactor, kTerm);
    sum += x;
  }
  return sum;
}

}  // namespace plateau::gpu
