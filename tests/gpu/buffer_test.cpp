// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/buffer.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "plateau/gpu/error.hpp"

namespace plateau::gpu::buffer_test {
namespace {

template <class T>
std::vector<T> fetched(const Stream& stream, DeviceSpan<const T> from) {
  std::vector<T> to(static_cast<std::size_t>(from.size));
  copy(stream, from, HostSpan<T>{to.data(), from.size});
  stream.synchronise();
  return to;
}

TEST(DeviceBuffer, brings_back_what_was_copied_in) {
  const Stream stream;
  std::vector<int> values(1000);
  std::iota(values.begin(), values.end(), 7);
  DeviceBuffer<int> buffer(1000);

  copy(stream, HostSpan<const int>{values.data(), 1000}, buffer.view());

  EXPECT_EQ(fetched<int>(stream, buffer.view()), values);
}

TEST(DeviceBuffer, of_no_elements_is_nothing_and_may_be_copied) {
  const Stream stream;
  DeviceBuffer<double> buffer(0);

  EXPECT_EQ(buffer.view().data, nullptr);
  EXPECT_TRUE(fetched<double>(stream, buffer.view()).empty());
}

TEST(DeviceBuffer, moves_and_leaves_nothing_behind) {
  const Stream stream;
  DeviceBuffer<int> from(3);
  fill_bytes(stream, from.view(), 0);
  const int* data = from.view().data;

  const DeviceBuffer<int> to = std::move(from);

  EXPECT_EQ(to.view().data, data);
  EXPECT_EQ(fetched<int>(stream, to.view()), (std::vector<int>{0, 0, 0}));
}

TEST(DeviceBuffer, fills_bytes_and_rows) {
  const Stream stream;
  DeviceBuffer<std::uint32_t> buffer(8);
  fill_bytes(stream, buffer.view(), 0x5A);

  fill_bytes(stream, DeviceMatrix<std::uint32_t>{buffer.view().data + 1, 2, 2, 4}, 0);

  constexpr std::uint32_t kBefore = 0x5A5A5A5A;
  EXPECT_EQ(fetched<std::uint32_t>(stream, buffer.view()),
            (std::vector<std::uint32_t>{kBefore, 0, 0, kBefore, kBefore, 0, 0, kBefore}));
}

TEST(DeviceBuffer, takes_the_rows_of_a_padded_matrix) {
  const Stream stream;
  const std::vector<int> values{1, 2, -1, 3, 4, -1, 5, 6, -1};
  DeviceBuffer<int> buffer(12);
  fill_bytes(stream, buffer.view(), 0);

  copy(stream, HostMatrix<const int>{values.data(), 3, 2, 3}, DeviceMatrix<int>{buffer.view().data, 3, 2, 4});

  EXPECT_EQ(fetched<int>(stream, buffer.view()), (std::vector<int>{1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 0}));
}

TEST(DeviceBuffer, is_copied_on_the_device_in_the_order_of_the_stream) {
  const Stream stream;
  DeviceBuffer<int> from(5), to(5);
  fill_bytes(stream, from.view(), 3);

  copy_within(stream, DeviceSpan<const int>(from.view()), to.view());
  fill_bytes(stream, from.view(), 4);  // later: the copy has what was there before

  EXPECT_EQ(fetched<int>(stream, to.view()), (std::vector<int>(5, 0x03030303)));
  EXPECT_THROW(copy_within(stream, DeviceSpan<const int>(from.view()), to.view().subspan(0, 4)), std::invalid_argument);
}

TEST(DeviceBuffer, refuses_sizes_that_do_not_match_or_cannot_be) {
  const Stream stream;
  DeviceBuffer<int> buffer(2);
  std::vector<int> values(3);

  EXPECT_THROW(copy(stream, HostSpan<const int>{values.data(), 3}, buffer.view()), std::invalid_argument);
  EXPECT_THROW(copy(stream, DeviceSpan<const int>(buffer.view()), HostSpan<int>{values.data(), 3}),
               std::invalid_argument);
  EXPECT_THROW(copy(stream, HostMatrix<const int>{values.data(), 1, 3, 3}, as_matrix(buffer.view(), 1, 2)),
               std::invalid_argument);
  EXPECT_THROW(DeviceBuffer<int>(-1), std::invalid_argument);
  EXPECT_THROW(DeviceBuffer<double>(Index{1} << 61), std::invalid_argument);
}

TEST(DeviceBuffer, names_the_bytes_asked_for_and_free_where_memory_is_out) {
  try {
    const DeviceBuffer<char> buffer(Index{1} << 50);
    FAIL() << "a pebibyte of device memory";
  } catch (const GpuError& error) {
    const std::string said = error.what();
    EXPECT_NE(said.find("out of device memory: 1125899906842624 bytes asked for, "), std::string::npos) << said;
    EXPECT_NE(said.find(" bytes of device memory are free"), std::string::npos) << said;
  }
  const Stream stream;
  DeviceBuffer<int> afterwards(1);  // the error did not stick
  fill_bytes(stream, afterwards.view(), 0);
  EXPECT_EQ(fetched<int>(stream, afterwards.view()), (std::vector<int>{0}));
}

TEST(StreamBuffer, is_memory_in_the_order_of_its_stream) {
  const Stream stream;
  DeviceBuffer<int> result(4);
  {
    StreamBuffer<int> scratch(stream, 4), none(stream, 0);
    fill_bytes(stream, scratch.view(), 1);
    EXPECT_EQ(fetched<int>(stream, scratch.view()), (std::vector<int>(4, 0x01010101)));
    EXPECT_TRUE(none.view().empty());
  }
  fill_bytes(stream, result.view(), 2);
  EXPECT_EQ(fetched<int>(stream, result.view()), (std::vector<int>(4, 0x02020202)));
}

TEST(PinnedBuffer, is_read_and_written_from_both_sides) {
  const Stream stream;
  PinnedBuffer<int> pinned(2, 41);
  EXPECT_EQ(pinned.view()[1], 41);
  pinned.view()[1] = 43;

  EXPECT_EQ(fetched<int>(stream, pinned.device_view()), (std::vector<int>{41, 43}));
  fill_bytes(stream, pinned.device_view(), 1);
  stream.synchronise();

  EXPECT_EQ(pinned.view()[0], 0x01010101);
  EXPECT_EQ(pinned.view()[1], 0x01010101);
}

TEST(PinnedBuffer, takes_part_in_copies) {
  const Stream stream;
  PinnedBuffer<int> from(3, 7), to(3, 0);
  DeviceBuffer<int> device(3);

  copy(stream, HostSpan<const int>(from.view()), device.view());
  copy(stream, DeviceSpan<const int>(device.view()), to.view());
  stream.synchronise();

  EXPECT_EQ(std::vector<int>(to.view().begin(), to.view().end()), (std::vector<int>{7, 7, 7}));
}

TEST(PinnedBuffer, names_the_bytes_asked_for_where_memory_is_out) {
  try {
    const PinnedBuffer<char> buffer(Index{1} << 50, 'x');
    FAIL() << "a pebibyte of page-locked memory";
  } catch (const GpuError& error) {
    EXPECT_NE(std::string(error.what()).find("out of page-locked host memory: 1125899906842624 bytes asked for"),
              std::string::npos)
        << error.what();
  }
}

TEST(PinnedBuffer, of_no_elements_is_nothing) {
  PinnedBuffer<int> none(0, 1);

  EXPECT_TRUE(none.view().empty() && none.device_view().empty());
  EXPECT_EQ(none.device_view().data, nullptr);
}

}  // namespace
}  // namespace plateau::gpu::buffer_test
