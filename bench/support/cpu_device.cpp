// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/support/cpu_device.hpp"

#include <unistd.h>

#include <chrono>
#include <cstring>
#include <memory>

namespace plateau::bench {
namespace {

using Clock = std::chrono::steady_clock;

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

// Twice what the system says of its last cache. Not every virtual machine says it, or the truth.
Index flush_bytes() {
  constexpr Index kAtLeast = Index{64} << 20;
  return std::max<Index>(kAtLeast, 2 * sysconf(_SC_LEVEL3_CACHE_SIZE));
}

}  // namespace

void CpuDevice::flush_cache() {
  if (larger_than_the_cache_.size() == 0)
    larger_than_the_cache_ = HostBuffer<std::uint64_t>(flush_bytes() / Index{sizeof(std::uint64_t)}, 1);
  for (std::uint64_t& word : larger_than_the_cache_.view()) ++word;
  benchmark::ClobberMemory();  // they are looked at, says this
}

double CpuDevice::cold_us(const Work& run, Index runs) {
  double total_us = 0;
  for (Index i = 0; i < runs; ++i) {
    flush_cache();
    const Clock::time_point start = Clock::now();
    run();
    total_us += us_since(start);
  }
  return total_us / static_cast<double>(runs);
}

double CpuDevice::warm_us(const Work& run, Index runs) {
  run();
  const Clock::time_point start = Clock::now();
  for (Index i = 0; i < runs; ++i) run();
  return us_since(start) / static_cast<double>(runs);
}

Copier<Space::host> CpuDevice::copier(Index bytes) const {
  auto from = std::make_shared<HostBuffer<unsigned char>>(bytes, 1);
  auto to = std::make_shared<HostBuffer<unsigned char>>(bytes, 2);
  return {
      .run = [from, to, bytes] { std::memcpy(to->view().data, from->view().data, static_cast<std::size_t>(bytes)); },
      .from = from->view(),
      .to = to->view()};
}

}  // namespace plateau::bench
