// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What nvcc gives to kernels, for a host compiler: a kernel that includes this compiles as plain C++ and runs on the
// engine (engine.hpp). A kernel gets its shared memory from shared<T>() and is launched by enqueue_kernel(); see
// kernels/detail/launch.cuh. A further intrinsic costs a line or two here.
#pragma once

#include <cuda_runtime.h>
#include <math.h>

#include <bit>
#include <cstdint>
#include <functional>
#include <type_traits>

#include "simt/engine.hpp"

// For a host compiler cuda_runtime.h leaves __global__, __device__ and the like empty. These it leaves wrong:
#undef __launch_bounds__
#define __launch_bounds__(...)
#undef __noinline__  // as a macro it breaks libstdc++, which writes [[__noinline__]]
#undef __shared__
#define __shared__ \
  static_assert(false, "use shared<T>() of kernels/detail/launch.cuh instead of the keyword __shared__");

namespace plateau::simt {

// Queues a kernel on a stream: when its turn comes, `thread` is called once per thread of the grid.
cudaError_t enqueue_kernel(cudaStream_t stream, dim3 grid, dim3 block, std::function<void()> thread);

// The block's one object of the type, unwritten: full of NaN. Two objects of one type need two types around them.
template <class T>
T& shared() {
  static_assert(std::is_trivially_default_constructible_v<T> && std::is_trivially_destructible_v<T>);
  static const char key{};
  return *static_cast<T*>(detail::shared_object(&key, sizeof(T), alignof(T)));
}

namespace detail {

template <class T>
T shuffle(const char* call, unsigned mask, T value, unsigned source, Site site) {
  static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const std::uint64_t received = meet_warp(Exchange::shuffle, call, mask, std::bit_cast<Bits>(value), source, site);
  return std::bit_cast<T>(static_cast<Bits>(received));
}

inline unsigned vote(const char* call, unsigned mask, int predicate, Site site) {
  return static_cast<unsigned>(meet_warp(Exchange::ballot, call, mask, predicate != 0 ? 1 : 0, 0, site));
}

}  // namespace detail
}  // namespace plateau::simt

// ---- Barriers. The last argument is the caller's line ---------------------------------------------------------------
inline void __syncthreads(plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  plateau::simt::detail::block_barrier(site);
}
inline void __syncwarp(unsigned mask = 0xFFFFFFFFu,
                       plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  using namespace plateau::simt::detail;
  meet_warp(Exchange::nothing, "__syncwarp", mask, 0, 0, site);
}

// ---- Shuffles and votes ---------------------------------------------------------------------------------------------
// `width` divides the warp into groups of a power of two; a source outside the group is oneself.
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  const unsigned lane = plateau::simt::detail::lane(), last = static_cast<unsigned>(width) - 1;
  const unsigned from = (lane & ~last) | (static_cast<unsigned>(source) & last);
  return plateau::simt::detail::shuffle("__shfl_sync", mask, value, from, site);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  const unsigned lane = plateau::simt::detail::lane(), last = lane | (static_cast<unsigned>(width) - 1);
  const unsigned from = lane + delta <= last ? lane + delta : lane;
  return plateau::simt::detail::shuffle("__shfl_down_sync", mask, value, from, site);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                  plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  const unsigned lane = plateau::simt::detail::lane(), last = lane | (static_cast<unsigned>(width) - 1);
  const unsigned other = lane ^ static_cast<unsigned>(lane_mask);
  return plateau::simt::detail::shuffle("__shfl_xor_sync", mask, value, other <= last ? other : lane, site);
}
inline unsigned __ballot_sync(unsigned mask, int predicate,
                              plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  return plateau::simt::detail::vote("__ballot_sync", mask, predicate, site);
}
inline int __any_sync(unsigned mask, int predicate,
                      plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  return plateau::simt::detail::vote("__any_sync", mask, predicate, site) != 0;
}
inline int __all_sync(unsigned mask, int predicate,
                      plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  return plateau::simt::detail::vote("__all_sync", mask, predicate, site) == mask;
}

// ---- Arithmetic and memory ------------------------------------------------------------------------------------------
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline int __popc(unsigned x) { return std::popcount(x); }
template <class T>
T __ldg(const T* p) {
  return *p;
}
