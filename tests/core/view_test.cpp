// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/view.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <type_traits>
#include <vector>

namespace plateau::view_test {
namespace {

TEST(SpanView, lends_elements_and_parts_of_itself) {
  std::vector<int> memory{0, 1, 2, 3, 4};
  const HostSpan<int> span{memory.data(), 5};

  span[1] = 11;
  const HostSpan<int> part = span.subspan(1, 3);

  EXPECT_EQ(memory[1], 11);
  EXPECT_EQ(part.data, memory.data() + 1);
  EXPECT_EQ(part.size, 3);
  EXPECT_EQ(std::accumulate(part.begin(), part.end(), 0), 11 + 2 + 3);
  EXPECT_FALSE(span.empty());
  EXPECT_TRUE(span.subspan(5, 0).empty());
  EXPECT_TRUE(HostSpan<int>{}.empty());
}

TEST(SpanView, becomes_const_but_never_mutable_and_never_another_space) {
  static_assert(std::is_convertible_v<HostSpan<float>, HostSpan<const float>>);
  static_assert(!std::is_convertible_v<HostSpan<const float>, HostSpan<float>>);
  static_assert(!std::is_convertible_v<HostSpan<float>, DeviceSpan<float>>);
  static_assert(!std::is_convertible_v<DeviceSpan<float>, HostSpan<const float>>);
  int memory = 1;

  const HostSpan<const int> view = HostSpan<int>{&memory, 1};

  EXPECT_EQ(view.data, &memory);
  EXPECT_EQ(view.size, 1);
}

TEST(MatrixView, finds_rows_by_its_stride) {
  std::vector<int> memory(12);
  const HostMatrix<int> matrix{memory.data(), 3, 2, 4};

  EXPECT_EQ(matrix.row(0), memory.data());
  EXPECT_EQ(matrix.row(2), memory.data() + 8);
}

TEST(MatrixView, lends_a_range_of_rows_with_the_same_stride) {
  std::vector<int> memory(12);
  const HostMatrix<int> rows = HostMatrix<int>{memory.data(), 3, 2, 4}.row_range(1, 2);

  EXPECT_EQ(rows.data, memory.data() + 4);
  EXPECT_EQ(rows.rows, 2);
  EXPECT_EQ(rows.cols, 2);
  EXPECT_EQ(rows.stride, 4);
  EXPECT_EQ(rows.row(1), memory.data() + 8);
}

TEST(MatrixView, offsets_beyond_32_bits_are_formed_in_index) {
  char* const base = reinterpret_cast<char*>(std::uintptr_t{4096});  // never followed
  const MatrixView<char, Space::device> matrix{base, 100'000, 100'000, 100'000};

  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(matrix.row(99'999)), std::uintptr_t{4096 + 9'999'900'000});
}

TEST(MatrixView, becomes_const_but_never_mutable_and_never_another_space) {
  static_assert(std::is_convertible_v<HostMatrix<float>, HostMatrix<const float>>);
  static_assert(!std::is_convertible_v<HostMatrix<const float>, HostMatrix<float>>);
  static_assert(!std::is_convertible_v<HostMatrix<float>, DeviceMatrix<float>>);
  static_assert(!std::is_convertible_v<DeviceMatrix<float>, HostMatrix<const float>>);
  int memory[8] = {};

  const HostMatrix<const int> view = HostMatrix<int>{memory, 2, 3, 4};

  EXPECT_EQ(view.data, memory);
  EXPECT_EQ(view.rows, 2);
  EXPECT_EQ(view.cols, 3);
  EXPECT_EQ(view.stride, 4);
}

TEST(MatrixView, is_empty_without_rows_or_without_columns) {
  EXPECT_TRUE(HostMatrix<int>{}.empty());
  EXPECT_TRUE((HostMatrix<int>{nullptr, 0, 3, 3}.empty()));
  EXPECT_TRUE((HostMatrix<int>{nullptr, 3, 0, 0}.empty()));
  EXPECT_FALSE((HostMatrix<int>{nullptr, 1, 1, 1}.empty()));
}

TEST(AsMatrix, is_dense_from_the_first_element) {
  std::vector<int> memory(8);

  const HostMatrix<int> matrix = as_matrix(HostSpan<int>{memory.data(), 8}, 2, 3);

  EXPECT_EQ(matrix.data, memory.data());
  EXPECT_EQ(matrix.rows, 2);
  EXPECT_EQ(matrix.cols, 3);
  EXPECT_EQ(matrix.stride, 3);
}

}  // namespace
}  // namespace plateau::view_test
