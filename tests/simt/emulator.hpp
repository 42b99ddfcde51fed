// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What nvcc gives to kernels, for a host compiler: a kernel that includes this compiles as plain C++ and runs on the
// engine (engine.hpp). A kernel gets its shared memory from shared<T>() and is launched by enqueue_kernel(); see
// kernels/detail/launch.cuh. A further intrinsic costs a line or two here.
#pragma once

#include <cuda_runtime.h>
#include <math.h>

#include <atomic>
#include <bit>
#include <cstddef>
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

// Queues a kernel as cudaLaunchKernelEx does: when its turn comes, `thread` is called once per thread of the grid.
// `kernel` is the function whose attributes (cudaFuncSetAttribute) count.
cudaError_t enqueue_kernel(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> thread);
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

// What an atomic does to the value at p; returns what was there. Relaxed, as CUDA's atomics are.
template <class T, class Change>
T change(const char* call, T* p, const Change& changed, Site site) {
  static_assert(std::is_integral_v<T> && (sizeof(T) == 4 || sizeof(T) == 8), "no atomics on floating-point numbers");
  before_atomic(p, call, site);
  const std::atomic_ref<T> value(*p);
  T old = value.load(std::memory_order_relaxed);
  while (!value.compare_exchange_weak(old, changed(old), std::memory_order_relaxed)) {
  }
  if (changed(old) != old) progress();
  return old;
}

template <class T>
T wrapping_sum(T a, T b) {
  using Unsigned = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
}

inline unsigned vote(const char* call, unsigned mask, int predicate, Site site) {
  return static_cast<unsigned>(meet_warp(Exchange::ballot, call, mask, predicate != 0 ? 1 : 0, 0, site));
}

}  // namespace detail

// ---- What kernels/detail has of its own -----------------------------------------------------------------------------
inline void cluster_sync(detail::Site site = detail::Site::current()) { detail::barrier(detail::Scope::cluster, site); }
inline void grid_sync(detail::Site site = detail::Site::current()) { detail::barrier(detail::Scope::grid, site); }

inline void add_release(unsigned* counter, unsigned n, detail::Site site = detail::Site::current()) {
  detail::before_atomic(counter, "add_release", site);
  std::atomic_ref<unsigned>(*counter).fetch_add(n, std::memory_order_release);
  detail::progress();
}
inline unsigned load_acquire(const unsigned* counter, detail::Site site = detail::Site::current()) {
  detail::before_atomic(counter, "load_acquire", site);
  return std::atomic_ref<unsigned>(const_cast<unsigned&>(*counter)).load(std::memory_order_acquire);
}
}  // namespace plateau::simt

// ---- Barriers. The last argument is the caller's line ---------------------------------------------------------------
inline void __syncthreads(plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  plateau::simt::detail::barrier(plateau::simt::detail::Scope::block, site);
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

// ---- Atomics, fences, waiting ---------------------------------------------------------------------------------------
template <class T>
T atomicAdd(T* p, std::type_identity_t<T> value,
            plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  using namespace plateau::simt::detail;
  return change(
      "atomicAdd", p, [value](T old) { return wrapping_sum(old, value); }, site);
}
template <class T>
T atomicMax(T* p, std::type_identity_t<T> value,
            plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  return plateau::simt::detail::change(
      "atomicMax", p, [value](T old) { return old < value ? value : old; }, site);
}
template <class T>
T atomicExch(T* p, std::type_identity_t<T> value,
             plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  return plateau::simt::detail::change(
      "atomicExch", p, [value](T) { return value; }, site);
}
template <class T>
T atomicCAS(T* p, std::type_identity_t<T> expected, std::type_identity_t<T> value,
            plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  return plateau::simt::detail::change(
      "atomicCAS", p, [=](T old) { return old == expected ? value : old; }, site);
}
inline void __threadfence(plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  plateau::simt::detail::fence(site);
}
inline void __nanosleep(unsigned, plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  plateau::simt::detail::sleep(site);
}
inline long long clock64() { return plateau::simt::detail::clock(); }
[[noreturn]] inline void __trap(plateau::simt::detail::Site site = plateau::simt::detail::Site::current()) {
  plateau::simt::detail::trap(site);
}

// ---- Arithmetic and memory ------------------------------------------------------------------------------------------
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline int __popc(unsigned x) { return std::popcount(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
template <class T>
T __ldg(const T* p) {
  const T& there = *p;  // looked at by clang's alignment sanitizer, unlike a copy from a pointer
  return there;
}
template <class T>
T __ldcg(const T* p) {
  return __ldg(p);
}
