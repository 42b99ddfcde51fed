// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The kernels of bench/machine on the emulated GPU, small: what they leave is what their formulas say.
#include "machine.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "plateau/gpu/buffer.hpp"
#include "plateau/gpu/graph.hpp"

namespace plateau::gpu::machine::machine_test {
namespace {

constexpr std::uint64_t kSeed = 11;

// One sum and one time per block, poisoned until a kernel writes them.
struct Results {
  explicit Results(Index blocks) : sum(blocks), clocks(blocks) {
    fill_bytes(stream, sum.view(), 0xFF);
    fill_bytes(stream, clocks.view(), 0xFF);
  }
  Outcome outcome() { return {sum.view(), clocks.view()}; }
  std::vector<std::uint32_t> sums() {
    std::vector<std::uint32_t> host(static_cast<std::size_t>(sum.size()));
    std::vector<std::int64_t> times(host.size());
    copy<std::uint32_t>(stream, sum.view(), {host.data(), sum.size()});
    copy<std::int64_t>(stream, clocks.view(), {times.data(), clocks.size()});
    stream.synchronise();
    for (const std::int64_t time : times) EXPECT_GT(time, 0);
    return host;
  }

  Stream stream;
  DeviceBuffer<std::uint32_t> sum;
  DeviceBuffer<std::int64_t> clocks;
};

std::uint32_t sum_of_words(Index first, Index count) {
  std::uint32_t sum = 0;
  for (Index i = first; i < first + count; ++i) sum += random_word(kSeed, static_cast<std::uint64_t>(i));
  return sum;
}

TEST(Machine, increments_in_a_stream_and_in_a_graph_add_up) {
  Stream stream;
  DeviceBuffer<std::uint32_t> counter(1);
  fill_bytes(stream, counter.view(), 0);
  pause(stream, 5'000);
  for (int i = 0; i < 3; ++i) increment(stream, counter.view());
  const Graph graph = capture(stream, [&] {
    for (int i = 0; i < 4; ++i) increment(stream, counter.view());
  });
  graph.replay(stream);
  graph.replay(stream);
  std::uint32_t count = 0;
  copy<std::uint32_t>(stream, counter.view(), {&count, 1});
  stream.synchronise();
  EXPECT_EQ(graph.nodes(), 4);
  EXPECT_EQ(count, 3u + 2 * 4);
}

TEST(Machine, grid_barriers_hand_every_blocks_number_to_its_neighbour) {
  for (const GridBarrier barrier : {GridBarrier::counter, GridBarrier::cooperative})
    for (const unsigned blocks : {1u, 3u}) {
      Results results(blocks);
      DeviceBuffer<std::uint32_t> scratch(kBarrierScratch + 2 * Index{blocks});
      fill_bytes(results.stream, scratch.view(), 0);
      grid_barrier_rounds(results.stream, barrier, 5, scratch.view(), results.outcome());
      const std::vector<std::uint32_t> sums = results.sums();
      for (unsigned b = 0; b < blocks; ++b) EXPECT_EQ(sums[b], barrier_sum(blocks, b, 5)) << blocks << " " << b;
    }
}

TEST(Machine, cluster_barriers_hand_every_blocks_number_to_its_neighbour) {
  for (const unsigned cluster : {1u, 2u, 4u}) {
    Results results(4);
    cluster_barrier_rounds(results.stream, static_cast<int>(cluster), 5, results.outcome());
    const std::vector<std::uint32_t> sums = results.sums();
    for (unsigned b = 0; b < 4; ++b) EXPECT_EQ(sums[b], barrier_sum(cluster, b % cluster, 5)) << cluster << " " << b;
  }
}

TEST(Machine, sums_of_random_words_are_sums_of_each) {
  EXPECT_EQ(sum_of_random_words(kSeed, 8, 20), sum_of_words(8, 20));
  EXPECT_NE(random_word(kSeed, 8), random_word(kSeed, 9));
}

TEST(Machine, the_sum_of_a_block_at_barriers_is_that_of_its_neighbours_numbers) {
  std::uint32_t sum = 0;
  for (std::uint32_t round = 1; round <= 5; ++round) sum += round * 3 + 0;
  EXPECT_EQ(barrier_sum(3, 2, 5), sum);
}

TEST(Machine, neighbour_reads_sum_the_neighbours_words) {
  constexpr Index kTile = 4 * 600;  // more vectors than threads
  for (const int cluster : {1, 2}) {
    Results results(4);
    DeviceBuffer<std::uint32_t> words(4 * kTile);
    fill_random(results.stream, kSeed, words.view());
    neighbour_reads(results.stream, cluster, 3, words.view(), results.outcome());
    const std::vector<std::uint32_t> sums = results.sums();
    for (int b = 0; b < 4; ++b) {
      const int neighbour = b / cluster * cluster + (b + 1) % cluster;
      EXPECT_EQ(sums[static_cast<std::size_t>(b)], 3 * sum_of_words(neighbour * kTile, kTile)) << cluster << " " << b;
    }
  }
}

TEST(Machine, neighbour_steps_come_through_every_place) {
  std::vector<int> visited(kChaseWords);
  for (int i = 0; i < kChaseWords; ++i) ++visited[place_after(i)];
  EXPECT_EQ(visited, std::vector<int>(kChaseWords, 1));

  Results results(2);
  neighbour_steps(results.stream, 50, results.outcome());
  EXPECT_EQ(results.sums(), (std::vector<std::uint32_t>{place_after(50), 0}));
}

TEST(Machine, l2_reads_sum_all_words_in_every_block) {
  constexpr Index kWords = 4 * 1500;
  Results results(3);
  DeviceBuffer<std::uint32_t> words(kWords);
  fill_random(results.stream, kSeed, words.view());
  l2_reads(results.stream, 2, words.view(), results.outcome());
  EXPECT_EQ(results.sums(), std::vector<std::uint32_t>(3, 2 * sum_of_words(0, kWords)));
}

TEST(Machine, copies_copy_and_differences_are_counted) {
  constexpr Index kWords = 4 * (2 * 1024 + 7);
  Stream stream;
  DeviceBuffer<std::uint32_t> from(kWords), to(kWords), count(3);
  fill_random(stream, kSeed, from.view());
  fill_bytes(stream, count.view(), 0);
  std::vector<std::uint32_t> counts(3), words(kWords);

  fill_random(stream, kSeed + 1, to.view());
  count_differences(stream, from.view(), to.view(), count.view().subspan(0, 1));
  copy_by_kernel(stream, from.view(), to.view());
  count_differences(stream, from.view(), to.view(), count.view().subspan(1, 1));
  fill_bytes(stream, to.view(), 0);
  copy_by_runtime(stream, from.view(), to.view());
  count_differences(stream, from.view(), to.view(), count.view().subspan(2, 1));

  copy<std::uint32_t>(stream, to.view(), {words.data(), kWords});
  copy<std::uint32_t>(stream, count.view(), {counts.data(), 3});
  stream.synchronise();
  EXPECT_EQ(counts, (std::vector<std::uint32_t>{kWords, 0, 0}));
  for (Index i = 0; i < kWords; ++i)
    ASSERT_EQ(words[static_cast<std::size_t>(i)], random_word(kSeed, static_cast<std::uint64_t>(i))) << i;
}

TEST(Machine, multiply_add_chains_have_the_bits_of_the_host) {
  constexpr Index kBlocks = 2;
  Results results(kBlocks);
  fill_bytes(results.stream, results.sum.view(), 0);  // not used here
  DeviceBuffer<float> out(kBlocks * kArithmeticThreads);
  multiply_add_chains(results.stream, 40, out.view(), results.clocks.view());
  std::vector<float> host(static_cast<std::size_t>(out.size()));
  copy<float>(results.stream, out.view(), {host.data(), out.size()});
  results.sums();
  for (int t = 0; t < kBlocks * kArithmeticThreads; ++t)
    ASSERT_EQ(host[static_cast<std::size_t>(t)], multiply_add_sum(t % kArithmeticThreads, 40)) << t;
  EXPECT_NE(host[0], host[1]);
}

TEST(Machine, says_how_many_clusters_it_holds) {
  EXPECT_EQ(most_clusters(8, 100 << 10), 1);
  EXPECT_EQ(most_clusters(16, 100 << 10), 0);
  Stream stream;
  EXPECT_TRUE(takes_cooperative_clusters(stream));
}

}  // namespace
}  // namespace plateau::gpu::machine::machine_test
