// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/graph.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "plateau/gpu/buffer.hpp"
#include "plateau/gpu/error.hpp"

namespace plateau::gpu::graph_test {
namespace {

int value_of(const Stream& stream, DeviceSpan<const int> span) {
  int value = 0;
  copy(stream, span, HostSpan<int>{&value, 1});
  stream.synchronise();
  return value;
}

TEST(Graph, runs_what_was_captured_at_every_replay_and_not_before) {
  const Stream stream;
  DeviceBuffer<int> a(1), b(1);
  fill_bytes(stream, a.view(), 1);
  fill_bytes(stream, b.view(), 1);

  const Graph graph = capture(stream, [&] {
    fill_bytes(stream, a.view(), 2);
    fill_bytes(stream, b.view(), 3);
  });

  EXPECT_EQ(graph.nodes(), 2);
  EXPECT_EQ(value_of(stream, a.view()), 0x01010101);
  for (int replay = 0; replay < 2; ++replay) {
    graph.replay(stream);
    EXPECT_EQ(value_of(stream, a.view()), 0x02020202);
    EXPECT_EQ(value_of(stream, b.view()), 0x03030303);
    fill_bytes(stream, a.view(), 1);
    fill_bytes(stream, b.view(), 1);
  }
}

TEST(Graph, of_nothing_does_nothing) {
  const Stream stream;

  const Graph graph = capture(stream, [] {});
  graph.replay(stream);
  stream.synchronise();

  EXPECT_EQ(graph.nodes(), 0);
}

TEST(Capture, refuses_to_wait_and_gives_the_stream_back) {
  const Stream stream;
  DeviceBuffer<int> value(1);

  EXPECT_THROW(capture(stream,
                       [&] {
                         fill_bytes(stream, value.view(), 1);
                         stream.synchronise();
                       }),
               GpuError);

  fill_bytes(stream, value.view(), 2);
  EXPECT_EQ(value_of(stream, value.view()), 0x02020202);
}

TEST(Capture, passes_on_what_is_thrown_and_gives_the_stream_back) {
  const Stream stream;
  DeviceBuffer<int> value(1);

  EXPECT_THROW(capture(stream,
                       [&] {
                         fill_bytes(stream, value.view(), 1);
                         throw std::invalid_argument("a contract");
                       }),
               std::invalid_argument);

  fill_bytes(stream, value.view(), 2);
  EXPECT_EQ(value_of(stream, value.view()), 0x02020202);
}

}  // namespace
}  // namespace plateau::gpu::graph_test
