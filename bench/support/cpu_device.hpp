// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The CPU to measure with: float twins on one thread, and the steady clock.
#pragma once

#include "bench/support/measure.hpp"
#include "plateau/model/cpu_backend.hpp"

namespace plateau::bench {

class CpuDevice {
 public:
  using Backend = CpuBackend<float>;
  static constexpr double kColdUs = 2'000, kWarmUs = 10'000;  // of runs that make one time, about
  static constexpr Index kMostColdRuns = 10, kMostWarmRuns = 10'000;

  const Backend& backend() const { return backend_; }
  double cold_us(const Work& run, Index runs);
  double warm_us(const Work& run, Index runs);

  // By memcpy. Where that also reads the lines it overwrites, what works in place can be faster.
  Copier<Space::host> copier(Index bytes) const;
  // Where a run and its host tell each other things.
  HostSpan<RunSignals> signals() { return signals_.view(); }
  HostSpan<EpochMetrics> recent_epochs() { return recent_epochs_.view(); }
  void launch_nothing() const {}

 private:
  void flush_cache();

  Backend backend_;
  HostBuffer<std::uint64_t> larger_than_the_cache_;  // made when first flushed
  HostBuffer<RunSignals> signals_{1, RunSignals{}};
  HostBuffer<EpochMetrics> recent_epochs_{1, EpochMetrics{}};
};

}  // namespace plateau::bench
