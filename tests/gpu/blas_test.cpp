// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/blas.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "plateau/gpu/graph.hpp"
#include "plateau/ops/dense.hpp"

namespace plateau::gpu::blas_test {
namespace {

TEST(BlasHandle, multiplies_on_its_stream_captured_or_not) {
  const Stream stream;
  const BlasHandle blas(stream);
  const std::vector<float> x{1, 2, 3, 4}, w{1, 0, 1, 1};
  DeviceBuffer<float> device_x(4), device_w(4), device_z(4);
  copy(stream, HostSpan<const float>{x.data(), 4}, device_x.view());
  copy(stream, HostSpan<const float>{w.data(), 4}, device_w.view());
  const auto multiply = [&] {
    dense_forward(blas, as_matrix(device_x.view(), 2, 2), as_matrix(device_w.view(), 2, 2),
                  as_matrix(device_z.view(), 2, 2));
  };
  const auto product = [&] {
    std::vector<float> z(4);
    copy(stream, DeviceSpan<const float>(device_z.view()), HostSpan<float>{z.data(), 4});
    stream.synchronise();
    return z;
  };

  multiply();
  EXPECT_EQ(product(), (std::vector<float>{1, 3, 3, 7}));  // x w^T

  fill_bytes(stream, device_z.view(), 0xFF);
  const Graph graph = capture(stream, multiply);
  graph.replay(stream);
  EXPECT_EQ(product(), (std::vector<float>{1, 3, 3, 7}));
}

// 65 x 67 x 129 products whose factors need 16 bits of fraction: their sums are exact in fp32, and tf32 may drop six.
TEST(BlasHandle, multiplies_in_the_precision_it_was_made_for) {
  constexpr Index kRows = 65, kIn = 129, kOut = 67;
  const Stream stream;
  std::vector<float> x, w(kOut * kIn, 0);
  for (Index i = 0; i < kRows * kIn; ++i) x.push_back(1 + static_cast<float>(i % 977) * 0x1p-16f);
  for (Index j = 0; j < kOut; ++j) w[static_cast<std::size_t>(j * kIn + j)] = 1;  // z = the first columns of x
  DeviceBuffer<float> device_x(kRows * kIn), device_w(kOut * kIn), device_z(kRows * kOut);
  copy(stream, HostSpan<const float>{x.data(), kRows * kIn}, device_x.view());
  copy(stream, HostSpan<const float>{w.data(), kOut * kIn}, device_w.view());
  for (const Precision precision : {Precision::fp32, Precision::tf32}) {
    const BlasHandle blas(stream, precision);
    fill_bytes(stream, device_z.view(), 0xFF);
    dense_forward(blas, as_matrix(device_x.view(), kRows, kIn), as_matrix(device_w.view(), kOut, kIn),
                  as_matrix(device_z.view(), kRows, kOut));
    std::vector<float> z(kRows * kOut);
    copy(stream, DeviceSpan<const float>(device_z.view()), HostSpan<float>{z.data(), kRows * kOut});
    stream.synchronise();
    float largest_error = 0;
    for (Index i = 0; i < kRows; ++i)
      for (Index j = 0; j < kOut; ++j) {
        const float error =
            std::abs(z[static_cast<std::size_t>(i * kOut + j)] - x[static_cast<std::size_t>(i * kIn + j)]);
        ASSERT_FALSE(std::isnan(error));
        largest_error = std::max(largest_error, error);
      }
    EXPECT_LE(largest_error, precision == Precision::tf32 ? 0x1p-10f : 0.0f) << to_string(precision);
  }
}

TEST(BlasLibrary, has_a_name_and_a_version) { EXPECT_EQ(blas_library().find("cuBLAS "), 0u) << blas_library(); }

}  // namespace
}  // namespace plateau::gpu::blas_test
