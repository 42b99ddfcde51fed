// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One thread per element, or per four neighbouring ones, of flat spans: index, stride and shape of such launches.
#pragma once

#include <algorithm>
#include <cstdint>

#include "detail/launch.cuh"
#include "plateau/core/contract.hpp"

namespace plateau::gpu {

inline constexpr int kElementBlock = 256;
// Some four waves of a large GPU; beyond these a thread takes several elements.
inline constexpr Index kMaxElementBlocks = 1 << 12;

// Blocks of kElementBlock threads for `count` elements; count >= 1.
inline LaunchShape element_shape(Index count, CallSite where = CallSite::current()) {
  const Index blocks = std::min(ceil_div(count, kElementBlock), kMaxElementBlocks);
  return {.grid = dim3(static_cast<unsigned>(blocks)), .block = dim3(kElementBlock), .where = where};
}

__device__ inline Index element_index() { return Index{blockIdx.x} * blockDim.x + threadIdx.x; }
__device__ inline Index element_stride() { return Index{gridDim.x} * blockDim.x; }

// Neighbouring floats that are loaded and stored by one instruction.
template <int kCount>
struct alignas(sizeof(float) * kCount) Floats {
  float at[kCount];
};

inline constexpr int kVector = 4;  // floats in the widest access

// By a reference, whose alignment clang's sanitizer looks at; of a copy from a pointer it does not.
template <int kCount>
__device__ Floats<kCount> load(const float* from) {
  const auto& there = *reinterpret_cast<const Floats<kCount>*>(from);
  return there;
}
template <int kCount>
__device__ void store(float* to, const Floats<kCount>& values) {
  auto& there = *reinterpret_cast<Floats<kCount>*>(to);
  there = values;
}

// Whether vectors of kVector floats may be read and written at each of these addresses.
template <class... Pointers>
bool aligned_for_vectors(Pointers... pointers) {
  return ((reinterpret_cast<std::uintptr_t>(pointers) % sizeof(Floats<kVector>) == 0) && ...);
}
// And at the start of every row of each of these matrices.
template <class... Matrices>
bool rows_aligned_for_vectors(const Matrices&... matrices) {
  return ((matrices.stride % kVector == 0) && ...) && aligned_for_vectors(matrices.data...);
}

}  // namespace plateau::gpu
