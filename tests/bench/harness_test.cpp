// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The clocks, the caches and the yardsticks of the benchmarks, on the CPU and on the emulated GPU. What a clock may be
// off by is wide: the machine that tests is busy.
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <numeric>
#include <thread>

#include "bench/support/cpu_device.hpp"
#include "bench/support/gpu_device.hpp"
#include "bench/support/operation_case.hpp"
#include "plateau/core/random.hpp"
#include "simt/runtime.hpp"

namespace plateau::bench {
namespace {

constexpr auto kSleep = std::chrono::milliseconds(20);
constexpr double kSleepUs = 20'000, kMostUs = 10 * kSleepUs;
constexpr int kRuns = 12;  // so many in one time that not to divide by them would show

void sleep() { std::this_thread::sleep_for(kSleep); }

void expect_a_sleep(double us) {
  EXPECT_GE(us, kSleepUs);
  EXPECT_LE(us, kMostUs);
}

// The least of some, which a busy machine spoils least.
template <class F>
double least(F take) {
  double us = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 10; ++i) us = std::min(us, take());
  return us;
}

TEST(CpuClock, measures_a_sleep_per_run) {
  CpuDevice cpu;
  int runs = 0;
  const Work work = [&] {
    ++runs;
    sleep();
  };

  expect_a_sleep(cpu.cold_us(work, kRuns));
  EXPECT_EQ(runs, kRuns);
  expect_a_sleep(cpu.warm_us(work, kRuns));
  EXPECT_EQ(runs, kRuns + 1 + kRuns);
}

TEST(CpuClock, does_not_time_the_flush) {
  CpuDevice cpu;
  const double nothing_us = least([&] { return cpu.cold_us([] {}, 1); });

  EXPECT_LE(nothing_us, 100);  // the flush goes through 64 MB
}

// Cache lines in one random cycle, each of which holds the number of the next: a walk waits for every one of them.
class Walk {
 public:
  explicit Walk(std::uint32_t lines) : line_(lines) {
    std::vector<std::uint32_t> order(lines);
    std::iota(order.begin(), order.end(), 0u);
    for (std::uint32_t i = lines - 1; i > 0; --i)
      std::swap(order[i], order[draw({1, StreamId::shuffle}, i).word[0] % i]);
    for (std::uint32_t i = 0; i < lines; ++i) line_[order[i]].next = order[(i + 1) % lines];
  }
  void operator()() {
    for (std::size_t i = 0; i < line_.size(); ++i) at_ = line_[at_].next;
    benchmark::DoNotOptimize(at_);
  }

 private:
  struct alignas(64) Line {
    std::uint32_t next = 0;
  };
  std::vector<Line> line_;
  std::uint32_t at_ = 0;
};

TEST(CpuClock, cold_is_slower_than_warm_where_the_cache_holds_the_data) {
  CpuDevice cpu;
  Walk walk(2048);  // 128 KB

  const double cold_us = least([&] { return cpu.cold_us([&] { walk(); }, 1); });
  const double warm_us = least([&] { return cpu.warm_us([&] { walk(); }, 1); });

  EXPECT_GT(cold_us, 2 * warm_us);
}

TEST(CpuClock, measures_a_copy_within_what_memory_can_do) {
  CpuDevice cpu;
  constexpr Index kBytes = 32'000'000;
  const Work copy = cpu.copier(kBytes);

  const double gb_per_s = 2e-3 * kBytes / least([&] { return cpu.warm_us(copy, 1); });

  EXPECT_GE(gb_per_s, 0.1);
  EXPECT_LE(gb_per_s, 2'000);
}

class GpuClock : public testing::Test {
 protected:
  GpuDevice gpu;
  const Work sleeping = [this] { simt::enqueue(gpu.backend().stream().handle(), sleep); };

  std::vector<simt::Call> calls_of(const std::function<void()>& body) {
    gpu.backend().finish();
    simt::forget_calls();
    body();
    return simt::calls();
  }
};

TEST_F(GpuClock, measures_what_was_enqueued_and_not_the_enqueuing) {
  expect_a_sleep(gpu.cold_us(sleeping, kRuns));
  expect_a_sleep(gpu.warm_us(sleeping, kRuns));
  const Work waits_itself = [&] {
    sleep();
    gpu.launch_nothing();
  };
  EXPECT_LE(least([&] { return gpu.cold_us(waits_itself, 1); }), kSleepUs / 2);
}

TEST_F(GpuClock, measures_a_recorded_series_as_one_launch) {
  int runs = 0;
  const Work recorded = gpu.record([&] { simt::enqueue(gpu.backend().stream().handle(), [&] { ++runs; }); }, 5);
  EXPECT_EQ(runs, 0);

  const auto calls = calls_of([&] { EXPECT_GE(gpu.warm_us(recorded, 1), 0); });

  EXPECT_EQ(runs, 2 * 5);  // once to warm up
  EXPECT_EQ(calls,
            (std::vector<simt::Call>{simt::Call::graph_launch, simt::Call::event_record, simt::Call::graph_launch,
                                     simt::Call::event_record, simt::Call::synchronise}));
}

TEST_F(GpuClock, flushes_before_every_cold_run_and_outside_of_its_events) {
  using enum simt::Call;
  const Work work = [&] { gpu.launch_nothing(); };

  const auto cold = calls_of([&] { gpu.cold_us(work, 2); });
  const auto warm = calls_of([&] { gpu.warm_us(work, 2); });

  EXPECT_EQ(cold, (std::vector<simt::Call>{fill, event_record, launch, event_record,  //
                                           fill, event_record, launch, event_record, synchronise}));
  EXPECT_EQ(warm, (std::vector<simt::Call>{launch, event_record, launch, launch, event_record, synchronise}));
}

TEST(Settling, ends_when_three_times_say_the_same_or_gives_up) {
  const std::vector<double> falling{100, 50, 20, 10.5, 10.2, 9.9, 1};
  std::size_t taken = 0;
  EXPECT_EQ(settled_us(Effort::full, [&] { return falling[taken++]; }), 10.5);
  EXPECT_EQ(taken, 6u);

  taken = 0;
  settled_us(Effort::full, [&] { return ++taken % 2 == 0 ? 1.0 : 2.0; });
  EXPECT_EQ(taken, 15u);

  taken = 0;
  settled_us(Effort::smoke, [&] { return static_cast<double>(++taken); });
  EXPECT_EQ(taken, 1u);
}

TEST(Settling, chooses_runs_that_fill_a_time) {
  EXPECT_EQ(runs_within(1000, 100, 50), 10);
  EXPECT_EQ(runs_within(1000, 1, 50), 50);
  EXPECT_EQ(runs_within(1000, 5000, 50), 1);
  EXPECT_EQ(runs_within(1000, 0, 50), 50);
}

// A device whose times are known.
struct PlantedDevice {
  double each_us = 10;
  Index bytes = 0;
  int timed = 0;

  Work copier(Index asked) {
    bytes = asked;
    return [] {};
  }
  double warm_us(const Work&, Index) {
    ++timed;
    return each_us;
  }
};

TEST(CopyBandwidth, counts_bytes_read_and_written_and_is_measured_once) {
  PlantedDevice device;
  CopyBandwidth<PlantedDevice> copy(device, Effort::full);

  EXPECT_EQ(copy.bytes_per_us(), 2 * 256e6 / 10);
  EXPECT_EQ(device.bytes, 256'000'000);
  const int timed = device.timed;
  device.each_us = 1;
  EXPECT_EQ(copy.bytes_per_us(), 2 * 256e6 / 10);
  EXPECT_EQ(device.timed, timed);
}

template <class Device>
void expect_products_take_time() {
  Device device;
  ProductTime<Device> products(device, Effort::smoke);
  const double warm_us = products.us(30, 20, 10, Cache::warm);

  EXPECT_GT(warm_us, 0);
  EXPECT_LT(warm_us, 1e6);
  EXPECT_EQ(products.us(30, 20, 10, Cache::warm), warm_us);  // measured once
}

TEST(ProductTime, is_finite_on_every_device) {
  expect_products_take_time<CpuDevice>();
  expect_products_take_time<GpuDevice>();
}

template <class Device>
void expect_that_only_finite_values_pass() {
  Device device;
  Material<Device> make(device);
  const FiniteCheck<Device> all_finite(device);
  const auto values = make.random(1000);
  EXPECT_TRUE(all_finite(values));
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    for (const Index place : {0, 517, 999}) {
      const auto spoiled = make.random(1000);
      device.backend().template copy_in<float, float>({&bad, 1}, spoiled.subspan(place, 1));
      EXPECT_FALSE(all_finite(spoiled)) << bad << " at " << place;
    }
  }
  EXPECT_TRUE(all_finite(values));
}

TEST(FiniteCheck, finds_a_value_that_is_not_on_every_device) {
  expect_that_only_finite_values_pass<CpuDevice>();
  expect_that_only_finite_values_pass<GpuDevice>();
}

TEST(Material, is_random_and_differs_each_time) {
  CpuDevice device;
  Material<CpuDevice> make(device);
  const auto first = make.random(100), second = make.random(100);
  const auto label = make.labels(1000, 3);

  EXPECT_FALSE(std::equal(first.begin(), first.end(), second.begin()));
  EXPECT_LT(*std::min_element(first.begin(), first.end()), -0.5);
  EXPECT_GT(*std::max_element(first.begin(), first.end()), 0.5);
  for (std::int32_t c = 0; c < 3; ++c) EXPECT_GT(std::count(label.begin(), label.end(), c), 200);
}

}  // namespace
}  // namespace plateau::bench
