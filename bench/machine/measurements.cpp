// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The measurements themselves: each runs a kernel of machine.hpp once untimed and once timed, and fails where that left
// another result than its formula says. Times are the device's, unless a case's name begins with "host".
#include "measurements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "machine.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/gpu/buffer.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/gpu/error.hpp"
#include "plateau/gpu/graph.hpp"

namespace plateau::bench {
namespace {

using namespace gpu::machine;

constexpr std::uint64_t kSeed = 1;
constexpr std::int64_t kPauseClocks = 10'000'000;  // some milliseconds: what a host needs to queue a measurement

using State = benchmark::State;
using Enqueue = std::function<void()>;

struct Device {
  Effort effort;
  int multiprocessors;
  gpu::Stream stream;
  gpu::Event from, to;

  bool smoke() const { return effort == Effort::smoke; }
  template <class T>
  T full_or_smoke(T full, T small) const {
    return smoke() ? small : full;
  }

  // What the device takes for the work, which waits in its queue as a whole before the first of it begins.
  double device_us(const Enqueue& enqueue) {
    gpu::machine::pause(stream, kPauseClocks);
    from.record(stream);
    enqueue();
    to.record(stream);
    if (!smoke() && from.passed())
      throw std::runtime_error("the host was slower than the device: the time would be the host's");
    stream.synchronise();
    return gpu::elapsed_us(from, to);
  }

  template <class T>
  std::vector<T> fetched(const gpu::DeviceBuffer<T>& buffer) {
    std::vector<T> host(static_cast<std::size_t>(buffer.size()));
    gpu::copy<T>(stream, buffer.view(), {host.data(), buffer.size()});
    stream.synchronise();
    return host;
  }
};
using DevicePointer = std::shared_ptr<Device>;

double host_us(const Enqueue& enqueue) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  enqueue();
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

void expect_equal(const char* what, double got, double want) {
  if (!(got == want)) throw std::runtime_error(fmt::format("{} is {}, and should be {}", what, got, want));
}

// What blocks leave, poisoned before.
struct Results {
  Results(Device& on, Index blocks) : device(on), sum(blocks), clocks(blocks) {
    gpu::fill_bytes(on.stream, sum.view(), 0xFF);
    gpu::fill_bytes(on.stream, clocks.view(), 0xFF);
  }
  Outcome outcome() { return {sum.view(), clocks.view()}; }
  void expect_sums(const std::function<std::uint32_t(std::uint32_t block)>& want) const {
    const std::vector<std::uint32_t> got = device.fetched(sum);
    for (std::uint32_t b = 0; b < got.size(); ++b) expect_equal("a block's sum", got[b], want(b));
  }
  double most_clocks() const {
    const std::vector<std::int64_t> got = device.fetched(clocks);
    return static_cast<double>(*std::max_element(got.begin(), got.end()));
  }

  Device& device;
  gpu::DeviceBuffer<std::uint32_t> sum;
  gpu::DeviceBuffer<std::int64_t> clocks;
};

void add_bandwidth(State& state, double bytes, double us) {
  state.counters["bytes"] = bytes;
  state.counters["gb_per_s"] = bytes / us * 1e-3;
}

// ---- Kernel boundaries and launches ---------------------------------------------------------------------------------
struct Counter {
  explicit Counter(Device& on) : device(on), count(1) {
    gpu::fill_bytes(on.stream, count.view(), 0);
    on.stream.synchronise();
  }
  void increment(int times) {
    for (int i = 0; i < times; ++i) gpu::machine::increment(device.stream, count.view());
  }
  gpu::Graph graph(int kernels) {
    return gpu::capture(device.stream, [&] { increment(kernels); });
  }
  void expect(int want) { expect_equal("the counter", device.fetched(count)[0], want); }

  Device& device;
  gpu::DeviceBuffer<std::uint32_t> count;
};

double boundary_in_a_stream(Device& device, int kernels, State& state) {
  Counter counter(device);
  counter.increment(1);
  const double us = device.device_us([&] { counter.increment(kernels); });
  counter.expect(1 + kernels);
  state.counters["kernels"] = kernels;
  state.counters["us_per_kernel"] = us / kernels;
  return us;
}

double boundary_in_a_graph(Device& device, int kernels, State& state) {
  Counter counter(device);
  const gpu::Graph graph = counter.graph(kernels);
  graph.replay(device.stream);
  device.stream.synchronise();
  const double us = device.device_us([&] { graph.replay(device.stream); });
  counter.expect(2 * kernels);
  state.counters["kernels"] = kernels;
  state.counters["us_per_kernel"] = us / kernels;
  return us;
}

// The host's part of one launch, of several in a row.
double host_launch(Device& device, State& state) {
  const int launches = device.full_or_smoke(200, 4);
  Counter counter(device);
  counter.increment(1);
  device.stream.synchronise();
  const double us = host_us([&] { counter.increment(launches); }) / launches;
  counter.expect(1 + launches);
  state.counters["launches"] = launches;
  return us;
}

double host_graph_launch(Device& device, int kernels, State& state) {
  const int launches = device.full_or_smoke(20, 2);
  Counter counter(device);
  const gpu::Graph graph = counter.graph(kernels);
  graph.replay(device.stream);
  device.stream.synchronise();
  const double us = host_us([&] {
                      for (int i = 0; i < launches; ++i) graph.replay(device.stream);
                    }) /
                    launches;
  counter.expect((1 + launches) * kernels);
  state.counters["launches"] = launches;
  state.counters["kernels"] = kernels;
  return us;
}

// From a launch to the end of waiting for it.
double host_round_trip(Device& device, State&) {
  Counter counter(device);
  counter.increment(1);
  device.stream.synchronise();
  const double us = host_us([&] {
    counter.increment(1);
    device.stream.synchronise();
  });
  counter.expect(2);
  return us;
}

void add_boundaries(const DevicePointer& device) {
  const auto kernels_in_a_graph = device->full_or_smoke(std::vector<int>{1, 32, 256, 1024}, std::vector<int>{1, 4});
  const int in_a_stream = device->full_or_smoke(256, 4);
  add_case(fmt::format("kernel_boundary/stream/kernels:{}", in_a_stream),
           [=](State& state) { return boundary_in_a_stream(*device, in_a_stream, state); });
  for (const int kernels : kernels_in_a_graph)
    add_case(fmt::format("kernel_boundary/graph/kernels:{}", kernels),
             [=](State& state) { return boundary_in_a_graph(*device, kernels, state); });
  add_case("host_launch/stream", [=](State& state) { return host_launch(*device, state); });
  for (const int kernels : kernels_in_a_graph)
    add_case(fmt::format("host_launch/graph/kernels:{}", kernels),
             [=](State& state) { return host_graph_launch(*device, kernels, state); });
  add_case("host_round_trip", [=](State& state) { return host_round_trip(*device, state); });
}

// ---- Barriers -------------------------------------------------------------------------------------------------------
void add_barrier_counters(State& state, const Results& results, int rounds, double us) {
  state.counters["blocks"] = static_cast<double>(results.sum.size());
  state.counters["rounds"] = rounds;
  state.counters["us_per_barrier"] = us / rounds;
  state.counters["clocks_per_barrier"] = results.most_clocks() / rounds;
}

double grid_barrier(Device& device, GridBarrier barrier, int blocks, State& state) {
  const int rounds = device.full_or_smoke(2000, 3);
  Results results(device, blocks);
  gpu::DeviceBuffer<std::uint32_t> scratch(kBarrierScratch + 2 * Index{blocks});
  const auto run = [&] { grid_barrier_rounds(device.stream, barrier, rounds, scratch.view(), results.outcome()); };
  gpu::fill_bytes(device.stream, scratch.view(), 0);
  run();
  gpu::fill_bytes(device.stream, scratch.view(), 0);
  const double us = device.device_us(run);
  results.expect_sums([&](std::uint32_t b) {
    return barrier_sum(static_cast<std::uint32_t>(blocks), b, static_cast<std::uint32_t>(rounds));
  });
  add_barrier_counters(state, results, rounds, us);
  return us;
}

double cluster_barrier(Device& device, int cluster, int clusters, State& state) {
  const int rounds = device.full_or_smoke(2000, 3);
  Results results(device, Index{cluster} * clusters);
  const auto run = [&] { cluster_barrier_rounds(device.stream, cluster, rounds, results.outcome()); };
  run();
  const double us = device.device_us(run);
  const auto blocks = static_cast<std::uint32_t>(cluster);
  results.expect_sums(
      [&](std::uint32_t b) { return barrier_sum(blocks, b % blocks, static_cast<std::uint32_t>(rounds)); });
  add_barrier_counters(state, results, rounds, us);
  return us;
}

void add_grid_barriers(const DevicePointer& device) {
  std::vector<int> sizes = device->full_or_smoke(std::vector<int>{16, 32, 64, 128}, std::vector<int>{2});
  std::erase_if(sizes, [&](int blocks) { return blocks >= device->multiprocessors; });
  sizes.push_back(device->multiprocessors);
  for (const int blocks : sizes) {
    add_case(fmt::format("grid_barrier/counter/blocks:{}", blocks),
             [=](State& state) { return grid_barrier(*device, GridBarrier::counter, blocks, state); });
    add_case(fmt::format("grid_barrier/cooperative/blocks:{}", blocks),
             [=](State& state) { return grid_barrier(*device, GridBarrier::cooperative, blocks, state); });
  }
}

// ---- Clusters -------------------------------------------------------------------------------------------------------
// 0 also where the device refuses clusters of that size.
int clusters_that_fit(int cluster, Index shared_bytes) {
  try {
    return most_clusters(cluster, shared_bytes);
  } catch (const gpu::GpuError&) {
    return 0;
  }
}

double neighbour_bandwidth(Device& device, int cluster, int clusters, Index tile_bytes, State& state) {
  const int repeats = device.full_or_smoke(200, 2);
  const Index blocks = Index{cluster} * clusters, tile = tile_bytes / 4;
  Results results(device, blocks);
  gpu::DeviceBuffer<std::uint32_t> words(blocks * tile);
  fill_random(device.stream, kSeed, words.view());
  const auto run = [&] { neighbour_reads(device.stream, cluster, repeats, words.view(), results.outcome()); };
  run();
  const double us = device.device_us(run);
  static std::vector<std::uint32_t> tile_sums;  // all measurements have tiles of one size
  for (Index b = std::ssize(tile_sums); b < blocks; ++b)
    tile_sums.push_back(sum_of_random_words(kSeed, b * tile, tile));
  results.expect_sums([&](std::uint32_t b) {
    const auto blocks_of_cluster = static_cast<std::uint32_t>(cluster);
    const std::uint32_t neighbour = b / blocks_of_cluster * blocks_of_cluster + (b + 1) % blocks_of_cluster;
    return tile_sums[neighbour] * static_cast<std::uint32_t>(repeats);
  });
  const double bytes = static_cast<double>(blocks * tile_bytes) * repeats;
  add_bandwidth(state, bytes, us);
  state.counters["blocks"] = static_cast<double>(blocks);
  // Of all multiprocessors, though large clusters may leave some idle.
  state.counters["bytes_per_clock_per_multiprocessor"] = bytes / results.most_clocks() / device.multiprocessors;
  return us;
}

double neighbour_latency(Device& device, State& state) {
  const int steps = device.full_or_smoke(8192, 20);
  Results results(device, 2);
  const auto run = [&] { neighbour_steps(device.stream, steps, results.outcome()); };
  run();
  const double us = device.device_us(run);
  results.expect_sums([&](std::uint32_t b) { return b == 0 ? place_after(steps) : 0; });
  state.counters["loads"] = steps;
  state.counters["clocks_per_load"] = results.most_clocks() / steps;
  return us;
}

void add_clusters(const DevicePointer& device) {
  const Index tile_bytes = device->full_or_smoke(Index{96} << 10, Index{8} << 10);
  for (const int cluster : {2, 4, 8, 16}) {
    const int fit = std::min(clusters_that_fit(cluster, 0), device->multiprocessors / cluster);
    if (clusters_that_fit(cluster, 0) == 0) continue;
    add_case(fmt::format("cluster_barrier/blocks:{}/clusters:1", cluster),
             [=](State& state) { return cluster_barrier(*device, cluster, 1, state); });
    if (fit > 1)
      add_case(fmt::format("cluster_barrier/blocks:{}/clusters:{}", cluster, fit),
               [=](State& state) { return cluster_barrier(*device, cluster, fit, state); });
  }
  for (const int cluster : {1, 2, 4, 8, 16}) {
    const int fit = clusters_that_fit(cluster, tile_bytes);
    if (fit == 0) continue;
    add_case(fmt::format("shared_memory_reads/blocks:{}", cluster),
             [=](State& state) { return neighbour_bandwidth(*device, cluster, fit, tile_bytes, state); });
  }
  add_case("shared_memory_latency/blocks:2", [=](State& state) { return neighbour_latency(*device, state); });
  for (const int cluster : {8, 16})
    for (const int shared_kb : {100, 200})
      add_case(fmt::format("resident_clusters/blocks:{}/shared_kb:{}", cluster, shared_kb), [=](State& state) {
        int clusters = 0;
        const double us = host_us([&] { clusters = clusters_that_fit(cluster, Index{shared_kb} << 10); });
        state.counters["clusters"] = clusters;
        return us;
      });
  add_case("cooperative_clusters", [=](State& state) {
    bool taken = false;
    const double us = host_us([&] { taken = takes_cooperative_clusters(device->stream); });
    state.counters["taken"] = taken ? 1 : 0;
    return us;
  });
}

// ---- Memory and arithmetic ------------------------------------------------------------------------------------------
double l2_bandwidth(Device& device, Index bytes_read, State& state) {
  const int repeats = device.full_or_smoke(8, 2);
  const Index blocks = Index{2} * device.multiprocessors, size = bytes_read / 4;
  Results results(device, blocks);
  gpu::DeviceBuffer<std::uint32_t> words(size);
  fill_random(device.stream, kSeed, words.view());
  const auto run = [&] { l2_reads(device.stream, repeats, words.view(), results.outcome()); };
  run();
  const double us = device.device_us(run);
  const std::uint32_t sum = sum_of_random_words(kSeed, 0, size);
  results.expect_sums([&](std::uint32_t) { return sum * static_cast<std::uint32_t>(repeats); });
  const double bytes = static_cast<double>(blocks * bytes_read) * repeats;
  add_bandwidth(state, bytes, us);
  state.counters["bytes_per_clock_per_multiprocessor"] = bytes / results.most_clocks() / device.multiprocessors;
  return us;
}

using Copy = void (*)(const gpu::Stream& stream, ConstWords from, Words to);

double copy_bandwidth(Device& device, Copy copy, Index bytes_copied, State& state) {
  const int copies = device.full_or_smoke(4, 2);
  const Index size = bytes_copied / 4;
  gpu::DeviceBuffer<std::uint32_t> from(size), to(size), different(1);
  fill_random(device.stream, kSeed, from.view());
  gpu::fill_bytes(device.stream, to.view(), 0xFF);
  gpu::fill_bytes(device.stream, different.view(), 0);
  copy(device.stream, from.view(), to.view());
  gpu::fill_bytes(device.stream, to.view(), 0xFF);
  const double us = device.device_us([&] {
    for (int i = 0; i < copies; ++i) copy(device.stream, from.view(), to.view());
  });
  count_differences(device.stream, from.view(), to.view(), different.view());
  expect_equal("the number of words that were not copied", device.fetched(different)[0], 0);
  state.counters["copies"] = copies;
  add_bandwidth(state, 2.0 * static_cast<double>(bytes_copied) * copies, us);  // read and written
  return us;
}

double multiply_adds(Device& device, State& state) {
  const int iterations = device.full_or_smoke(16'384, 8);
  const Index blocks = device.full_or_smoke<Index>(4, 1) * device.multiprocessors;
  gpu::DeviceBuffer<float> out(blocks * kArithmeticThreads);
  gpu::DeviceBuffer<std::int64_t> clocks(blocks);
  gpu::fill_bytes(device.stream, out.view(), 0xFF);
  const auto run = [&] { multiply_add_chains(device.stream, iterations, out.view(), clocks.view()); };
  run();
  const double us = device.device_us(run);
  constexpr int kDistinct = 32;  // threads, of whose chains all others' are copies
  std::vector<float> want;
  for (int t = 0; t < kDistinct; ++t) want.push_back(multiply_add_sum(t, iterations));
  const std::vector<float> got = device.fetched(out);
  for (std::size_t i = 0; i < got.size(); ++i) expect_equal("a thread's sum", got[i], want[i % kDistinct]);
  const std::vector<std::int64_t> each = device.fetched(clocks);
  const auto most = static_cast<double>(*std::max_element(each.begin(), each.end()));
  const double flops = 2.0 * kChains * iterations * static_cast<double>(out.size());
  state.counters["flops"] = flops;
  state.counters["tflop_per_s"] = flops / us * 1e-6;
  state.counters["flop_per_clock_per_multiprocessor"] = flops / most / device.multiprocessors;
  state.counters["clock_ghz"] = most / us * 1e-3;  // a little less than the clock: a launch has a beginning and an end
  return us;
}

void add_memory_and_arithmetic(const DevicePointer& device) {
  const auto name = [](const char* what, Index bytes) {
    return bytes % 1'000'000 == 0 ? fmt::format("{}/mb:{}", what, bytes / 1'000'000)
                                  : fmt::format("{}/bytes:{}", what, bytes);
  };
  for (const Index bytes : device->full_or_smoke(std::vector<Index>{4'000'000, 16'000'000}, {16'000}))
    add_case(name("l2_reads", bytes), [=](State& state) { return l2_bandwidth(*device, bytes, state); });
  for (const Index bytes :
       device->full_or_smoke(std::vector<Index>{64'000'000, 256'000'000, 1'000'000'000}, {64'000})) {
    add_case(name("copy/kernel", bytes),
             [=](State& state) { return copy_bandwidth(*device, copy_by_kernel, bytes, state); });
    add_case(name("copy/runtime", bytes),
             [=](State& state) { return copy_bandwidth(*device, copy_by_runtime, bytes, state); });
  }
  add_case("multiply_adds/fp32", [=](State& state) { return multiply_adds(*device, state); });
}

}  // namespace

void add_measurements(Effort effort) {
  const gpu::DeviceProperties properties = gpu::inventory().devices.at(0);
  const auto device = std::make_shared<Device>(Device{.effort = effort, .multiprocessors = properties.multiprocessors});
  add_boundaries(device);
  add_grid_barriers(device);
  if (properties.compute_major >= 9) add_clusters(device);
  add_memory_and_arithmetic(device);
}

}  // namespace plateau::bench
