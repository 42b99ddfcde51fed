// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The clocks, the caches and the yardsticks of the benchmarks, on the CPU and on the emulated GPU. What a clock may be
// off by is wide: the machine that tests is busy.
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <thread>

#include "bench/support/cpu_device.hpp"
#include "bench/support/gpu_device.hpp"
#include "bench/support/operation_case.hpp"
#include "plateau/core/random.hpp"
#include "plateau/gpu/device.hpp"
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

// What stands beside every time of an operation that moves bytes: a copier that leaves bytes out would flatter them
// all.
template <class Device>
void expect_that_every_byte_is_copied() {
  constexpr Index kBytes = 1'000'003;
  Device device;
  Material<Device> material(device);
  const auto copier = device.copier(kBytes);
  ASSERT_EQ(copier.from.size, kBytes);
  ASSERT_EQ(copier.to.size, kBytes);
  const auto from = material.template fetched<unsigned char>(copier.from);
  const auto before = material.template fetched<unsigned char>(copier.to);
  for (std::size_t i = 0; i < from.size(); ++i) ASSERT_NE(before[i], from[i]) << "byte " << i;

  EXPECT_GT(device.warm_us(copier.run, 1), 0);

  EXPECT_EQ(material.template fetched<unsigned char>(copier.to), from);
  EXPECT_EQ(material.template fetched<unsigned char>(copier.from), from);
}

TEST(Copier, copies_every_byte_on_every_device) {
  expect_that_every_byte_is_copied<CpuDevice>();
  expect_that_every_byte_is_copied<GpuDevice>();
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

TEST_F(GpuClock, flushes_more_than_the_cache_holds) {
  const gpu::Inventory found = gpu::inventory();
  ASSERT_FALSE(found.devices.empty());
  EXPECT_GE(gpu.flushed_bytes(), 2 * found.devices.front().l2_cache_bytes);
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

// A device whose times are known: its clock only moves by what runs, and a cold run takes kColdUs more.
class PlantedDevice {
 public:
  static constexpr double kCopyUs = 10, kProductUs = 30, kFlushedUs = 5;
  static constexpr double kColdUs = 100, kWarmUs = 100;
  static constexpr Index kMostColdRuns = 3, kMostWarmRuns = 3;

  struct Backend : CpuBackend<float> {
    explicit Backend(double& clock_us) : clock(clock_us) {}
    void dense_input_grad(Matrix<const float>, Matrix<const float>, Matrix<float>) const { clock += kProductUs; }
    double& clock;
  };

  PlantedDevice() = default;
  PlantedDevice(const PlantedDevice&) = delete;

  const Backend& backend() const { return backend_; }
  void pass(double us) { clock_us_ += us; }
  Copier<Space::host> copier(Index asked) {
    bytes_ = asked;
    return {.run = [this] { pass(kCopyUs); }, .from = {}, .to = {}};
  }
  double warm_us(const Work& run, Index runs) {
    ++timed_;
    const double before = clock_us_;
    for (Index i = 0; i < runs; ++i) run();
    return (clock_us_ - before) / static_cast<double>(runs);
  }
  double cold_us(const Work& run, Index runs) { return kFlushedUs + warm_us(run, runs); }
  Index copied_bytes() const { return bytes_; }
  int timed() const { return timed_; }

 private:
  double clock_us_ = 0;
  Backend backend_{clock_us_};
  Index bytes_ = 0;
  int timed_ = 0;
};

TEST(CopyBandwidth, counts_bytes_read_and_written_and_is_measured_once) {
  PlantedDevice device;
  CopyBandwidth<PlantedDevice> copy(device, Effort::full);

  EXPECT_EQ(copy.bytes_per_us(), 2 * 256e6 / PlantedDevice::kCopyUs);
  EXPECT_EQ(device.copied_bytes(), 256'000'000);
  const int timed = device.timed();
  EXPECT_EQ(copy.bytes_per_us(), 2 * 256e6 / PlantedDevice::kCopyUs);
  EXPECT_EQ(device.timed(), timed);
}

// Runs one case, and keeps what it reports.
class Reported : public benchmark::BenchmarkReporter {
 public:
  Reported(const std::string& name, Measure measure) {
    add_case(name, std::move(measure));
    benchmark::RunSpecifiedBenchmarks(this, name);
    benchmark::ClearRegisteredBenchmarks();
  }
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    ASSERT_EQ(runs.size(), 1u);
    ASSERT_FALSE(runs[0].error_occurred) << runs[0].error_message;
    us = runs[0].GetAdjustedRealTime();
    for (const auto& [name, counter] : runs[0].counters) counters[name] = counter.value;
  }

  double us = 0;
  std::map<std::string, double> counters;
};

Reported planted_case(Cache cache, std::optional<Product> product) {
  constexpr double kOperationUs = 40;
  const auto cases = std::make_shared<OperationCases<PlantedDevice>>(Effort::smoke);
  const OperationCase<PlantedDevice> planted{
      .name = "planted", .cache = cache, .make = [product](Material<PlantedDevice>& make) {
        return Operation<PlantedDevice>{.cost = {.flops = 8e6, .bytes_read = 3e3, .bytes_written = 1e3},
                                        .run = [&device = make.device()] { device.pass(kOperationUs); },
                                        .product = product};
      }};
  return {"planted", [=](benchmark::State& state) { return cases->measure(state, planted); }};
}

TEST(OperationCases, set_a_time_against_the_known_copies) {
  const Reported warm = planted_case(Cache::warm, {}), cold = planted_case(Cache::cold, {});
  constexpr double kCopiedPerUs = 2 * 250e3 / PlantedDevice::kCopyUs;

  EXPECT_NEAR(warm.us, 40, 1e-9);
  EXPECT_NEAR(warm.counters.at("percent_of_copy"), 100 * 4e3 / 40 / kCopiedPerUs, 1e-9);
  EXPECT_NEAR(warm.counters.at("gb_per_s"), 0.1, 1e-9);     // 4000 bytes in 40 us
  EXPECT_NEAR(warm.counters.at("tflop_per_s"), 0.2, 1e-9);  // 8 million in 40 us
  EXPECT_NEAR(cold.us, 45, 1e-9);
  EXPECT_NEAR(cold.counters.at("percent_of_copy"), 100 * 4e3 / 45 / kCopiedPerUs, 1e-9);
  EXPECT_FALSE(warm.counters.contains("percent_of_gemm"));
}

TEST(OperationCases, set_a_product_against_the_known_one_in_the_same_state_of_the_cache) {
  const Reported warm = planted_case(Cache::warm, Product{2, 3, 4}), cold = planted_case(Cache::cold, Product{2, 3, 4});

  EXPECT_NEAR(warm.counters.at("percent_of_gemm"), 100 * 30.0 / 40, 1e-9);
  EXPECT_NEAR(cold.counters.at("percent_of_gemm"), 100 * 35.0 / 45, 1e-9);
  EXPECT_FALSE(warm.counters.contains("percent_of_copy"));
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
