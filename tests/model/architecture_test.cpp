// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/architecture.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace plateau::architecture_test {
namespace {

TEST(Architecture, counts_and_names_its_layers) {
  const Architecture net{{2, 128, 64, 3}};
  EXPECT_EQ(net.layers(), 3);
  EXPECT_EQ(net.features(), 2);
  EXPECT_EQ(net.classes(), 3);
  EXPECT_EQ(net.widest(), 128);
  EXPECT_EQ(net.fan_in(1), 128);
  EXPECT_EQ(net.fan_out(1), 64);
  EXPECT_EQ(net.parameters(), 2 * 128 + 128 + 128 * 64 + 64 + 64 * 3 + 3);
  EXPECT_EQ(to_string(net), "2-128-64-3");
}

TEST(Architecture, refuses_what_is_no_network) {
  for (const std::vector<Index>& widths : std::vector<std::vector<Index>>{{},
                                                                          {3},
                                                                          {3, 0, 2},
                                                                          {3, -1, 2},
                                                                          {0, 2},
                                                                          {3, kMaxWidth + 1, 2},
                                                                          {3, kMaxClasses + 1},
                                                                          std::vector<Index>(66, 2)})
    EXPECT_THROW(ParameterLayout({widths}), std::invalid_argument);
  EXPECT_NO_THROW(ParameterLayout({{1, 1}}));
  EXPECT_NO_THROW(ParameterLayout({std::vector<Index>(65, 2)}));
}

TEST(ParameterLayout, tensors_are_aligned_disjoint_and_inside) {
  const ParameterLayout layout({{3, 33, 2}});
  Index end = 0;
  Index elements = 0;
  for (const auto& tensor : layout.tensors()) {
    EXPECT_GE(tensor.offset, end);
    EXPECT_EQ(tensor.offset % ParameterLayout::kTensorAlignment, 0);
    end = tensor.offset + tensor.size;
    elements += tensor.size;
  }
  EXPECT_LE(end, layout.size());
  EXPECT_EQ(elements, layout.architecture().parameters());
}

TEST(ParameterLayout, views_have_pytorch_shapes) {
  const ParameterLayout layout({{3, 5, 2}});
  std::vector<float> flat(static_cast<std::size_t>(layout.size()));
  const HostSpan<float> span{flat.data(), layout.size()};
  EXPECT_EQ(layout.weight(span, 0).rows, 5);
  EXPECT_EQ(layout.weight(span, 0).cols, 3);
  EXPECT_EQ(layout.bias(span, 0).size, 5);
  EXPECT_EQ(layout.weight(span, 1).rows, 2);
  EXPECT_EQ(layout.weight(span, 1).cols, 5);
  EXPECT_EQ(layout.bias(span, 1).data, flat.data() + layout.tensors()[3].offset);
}

}  // namespace
}  // namespace plateau::architecture_test
