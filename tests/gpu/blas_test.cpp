// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/blas.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "plateau/gpu/graph.hpp"
#include "plateau/ops/dense.hpp"

namespace plateau::gpu {
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

TEST(BlasLibrary, has_a_name_and_a_version) { EXPECT_EQ(blas_library().find("cuBLAS "), 0u) << blas_library(); }

}  // namespace
}  // namespace plateau::gpu
