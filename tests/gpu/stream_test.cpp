// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/stream.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "plateau/gpu/buffer.hpp"

namespace plateau::gpu::stream_test {
namespace {

TEST(Stream, with_nothing_queued_need_not_wait) {
  const Stream stream;

  stream.synchronise();
}

TEST(Stream, moves) {
  Stream from;
  CUstream_st* handle = from.handle();

  const Stream to = std::move(from);

  EXPECT_EQ(to.handle(), handle);
  EXPECT_EQ(from.handle(), nullptr);
  to.synchronise();
}

TEST(Stream, waits_for_the_mark_of_another) {
  const Stream first, second;
  DeviceBuffer<int> shared(1);
  int seen = 0;
  Event written;

  fill_bytes(first, shared.view(), 3);
  written.record(first);
  second.wait(written);
  copy(second, DeviceSpan<const int>(shared.view()), HostSpan<int>{&seen, 1});
  second.synchronise();

  EXPECT_EQ(seen, 0x03030303);
}

TEST(Event, has_passed_once_the_work_before_it_has_run) {
  const Stream stream;
  DeviceBuffer<char> buffer(1 << 20);
  Event before, after;

  before.record(stream);
  for (int i = 0; i < 5; ++i) fill_bytes(stream, buffer.view(), 1);
  after.record(stream);
  while (!after.passed()) std::this_thread::yield();

  EXPECT_TRUE(before.passed());
  EXPECT_GE(elapsed_us(before, after), 0);
  EXPECT_LE(elapsed_us(before, after), 10e6);
}

}  // namespace
}  // namespace plateau::gpu::stream_test
