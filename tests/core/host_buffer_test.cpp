// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/host_buffer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <utility>

namespace plateau::host_buffer_test {
namespace {

TEST(HostBuffer, is_aligned_to_a_cache_line) {
  for (const Index size : {1, 3, 17, 1000}) {
    HostBuffer<char> buffer(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.view().data) % HostBuffer<char>::kAlignmentBytes, 0u);
  }
}

TEST(HostBuffer, fills_every_element) {
  HostBuffer<float> buffer(33, 2.5f);

  EXPECT_EQ(buffer.size(), 33);
  EXPECT_EQ(buffer.view().size, 33);
  for (const float value : buffer.view()) EXPECT_EQ(value, 2.5f);
}

TEST(HostBuffer, lends_const_views_of_a_const_buffer) {
  const HostBuffer<int> buffer(2, 7);

  const HostSpan<const int> view = buffer.view();

  EXPECT_EQ(view[1], 7);
}

TEST(HostBuffer, without_elements_owns_nothing) {
  HostBuffer<int> none, zero(0), zero_filled(0, 5);

  EXPECT_EQ(none.size(), 0);
  EXPECT_EQ(zero.size(), 0);
  EXPECT_EQ(zero_filled.size(), 0);
  EXPECT_EQ(zero.view().data, nullptr);
  EXPECT_TRUE(zero.view().empty());
}

TEST(HostBuffer, hands_its_memory_over_when_moved) {
  HostBuffer<int> from(3, 1);
  const int* const data = from.view().data;

  HostBuffer<int> to = std::move(from);

  EXPECT_EQ(to.view().data, data);
  EXPECT_EQ(to.size(), 3);
}

TEST(HostBuffer, refuses_a_negative_size) {
  EXPECT_THROW(HostBuffer<int>(-1), std::invalid_argument);
  EXPECT_THROW(HostBuffer<int>(-1, 0), std::invalid_argument);
}

TEST(HostBuffer, says_that_there_is_no_memory_instead_of_wrapping_the_size_in_bytes) {
  EXPECT_THROW(HostBuffer<double>{std::numeric_limits<Index>::max()}, std::bad_alloc);
}

}  // namespace
}  // namespace plateau::host_buffer_test
