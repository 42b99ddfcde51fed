// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The GPU to measure with: its times lie between two events around what was enqueued on the backend's stream.
#pragma once

#include <vector>

#include "bench/support/measure.hpp"
#include "plateau/model/gpu_backend.hpp"

namespace plateau::bench {

class GpuDevice {
 public:
  using Backend = GpuBackend;
  static constexpr double kColdUs = 2'000, kWarmUs = 5'000;  // of runs that make one time, about
  static constexpr Index kMostColdRuns = 20, kMostWarmRuns = 200;

  explicit GpuDevice(Precision precision = Precision::fp32);

  const Backend& backend() const { return backend_; }
  // The flush keeps the device busy while the host enqueues the run behind it, so no wait for the host is timed.
  double cold_us(const Work& run, Index runs);
  double warm_us(const Work& run, Index runs);
  Work record(const Work& run, Index runs) const;

  Copier<Space::device> copier(Index bytes) const;
  // That are written before every cold run.
  Index flushed_bytes() const { return larger_than_the_cache_.size(); }
  // Where a run and its host tell each other things: host memory that the device reaches.
  DeviceSpan<RunSignals> signals() { return signals_.device_view(); }
  DeviceSpan<EpochMetrics> recent_epochs() { return recent_epochs_.device_view(); }
  // Enqueues a kernel that does nothing.
  void launch_nothing() const;

 private:
  Backend backend_;
  gpu::DeviceBuffer<unsigned char> larger_than_the_cache_;
  gpu::PinnedBuffer<RunSignals> signals_{1, {}};
  gpu::PinnedBuffer<EpochMetrics> recent_epochs_{1, {}};
  std::vector<gpu::Event> marks_;
  unsigned char flushed_with_ = 0;
};

}  // namespace plateau::bench
