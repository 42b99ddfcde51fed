// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How a time is taken, for any device. A device is its backend, its clock and its cache (cpu_device.hpp,
// gpu_device.hpp):
//
//   cold_us(run, runs)   mean over `runs` of one run each, its cache flushed before each and the flush not timed
//   warm_us(run, runs)   mean over `runs` of them in a row, after one that is not timed
//   record(run, runs)    that many as one launch, where a device has such a thing
//   copier(bytes)        a Copier of as many bytes of its memory
//
// A run enqueues work on the device's backend or does it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "bench/support/material.hpp"
#include "bench/support/program.hpp"

namespace plateau::bench {

using Work = std::function<void()>;

enum class Cache { cold, warm };

// What copies, and its two places, which `run` keeps alive. They begin with other bytes each.
template <Space S>
struct Copier {
  Work run;
  SpanView<const unsigned char, S> from;
  SpanView<unsigned char, S> to;
};

// One time is the mean of so many runs, taken this way.
struct Series {
  std::function<double()> take_us;
  Index runs = 1;
  std::string how;
};

// Work until one time after the other says the same: three within a tenth, or so many that it will not settle. The
// last of them.
template <class TakeUs>
double settled_us(Effort effort, TakeUs take_us) {
  constexpr int kMost = 15;
  constexpr double kWithin = 0.1;
  std::array<double, 3> last{};
  for (int taken = 0; taken < kMost; ++taken) {
    last[static_cast<std::size_t>(taken) % last.size()] = take_us();
    const auto [least, most] = std::minmax_element(last.begin(), last.end());
    if (effort == Effort::smoke || (taken >= 2 && *most <= (1 + kWithin) * *least)) break;
  }
  return *std::max_element(last.begin(), last.end());
}

// Runs that fill about `us` when one takes `each_us`.
inline Index runs_within(double us, double each_us, Index most) {
  return static_cast<Index>(std::clamp(us / std::max(each_us, 1e-3), 1.0, static_cast<double>(most)));
}

template <class Device>
Series series(Device& device, Effort effort, Cache cache, Work run) {
  const bool smoke = effort == Effort::smoke;
  const double about_us = settled_us(effort, [&] { return device.warm_us(run, 1); });
  if (cache == Cache::cold) {
    const Index runs = smoke ? 1 : runs_within(Device::kColdUs, about_us, Device::kMostColdRuns);
    return {[&device, run, runs] { return device.cold_us(run, runs); }, runs, "cold"};
  }
  if constexpr (requires { device.record(run, Index{1}); }) {
    // Between short runs that the host enqueues one by one the device would wait for it.
    constexpr double kShortUs = 20;
    constexpr Index kRecorded = 100;
    if (smoke || about_us < kShortUs) {
      const Index runs = smoke ? 2 : kRecorded;
      return {[&device, runs, recorded = device.record(run, runs)] {
                return device.warm_us(recorded, 1) / static_cast<double>(runs);
              },
              runs, "warm, in one graph"};
    }
  }
  const Index runs = smoke ? 1 : runs_within(Device::kWarmUs, about_us, Device::kMostWarmRuns);
  return {[&device, run, runs] { return device.warm_us(run, runs); }, runs, "warm"};
}

// The best time of copying as many bytes as a device's memory moves at full speed: read and written, per microsecond.
// Measured once.
template <class Device>
class CopyBandwidth {
 public:
  CopyBandwidth(Device& device, Effort effort) : device_(device), effort_(effort) {}

  double bytes_per_us() {
    if (found_ == 0) {
      constexpr Index kMegabyte = 1'000'000;
      const Index bytes = effort_ == Effort::smoke ? kMegabyte / 4 : 256 * kMegabyte;
      const auto copier = device_.copier(bytes);
      const int times = effort_ == Effort::smoke ? 1 : 15;
      double best_us = HUGE_VAL;
      for (int i = 0; i < times; ++i) best_us = std::min(best_us, device_.warm_us(copier.run, 1));
      found_ = 2 * static_cast<double>(bytes) / best_us;
    }
    return found_;
  }

 private:
  Device& device_;
  Effort effort_;
  double found_ = 0;
};

// The time of a plain product c [m, n] = a [m, k] b [k, n] of row-major matrices by the device's own library:
// dense_input_grad is exactly that. The best of some, measured once per shape and state of the cache.
template <class Device>
class ProductTime {
 public:
  ProductTime(Device& device, Effort effort) : device_(device), effort_(effort) {}

  double us(Index m, Index n, Index k, Cache cache) {
    const auto [place, is_new] = found_.try_emplace({m, n, k, cache}, HUGE_VAL);
    if (is_new) {
      Material<Device> make(device_);
      const auto a = make.random(m, k), b = make.random(k, n), c = make.random(m, n);
      const Series taken = series(device_, effort_, cache, [&] { device_.backend().dense_input_grad(a, b, c); });
      const int times = effort_ == Effort::smoke ? 1 : 5;
      for (int i = 0; i < times; ++i) place->second = std::min(place->second, taken.take_us());
    }
    return place->second;
  }

 private:
  Device& device_;
  Effort effort_;
  std::map<std::tuple<Index, Index, Index, Cache>, double> found_;
};

}  // namespace plateau::bench
