// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Writes that must not go unseen: before the first element, after the last one, into the padding between rows; and
// elements that nobody wrote.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/guarded.hpp"

namespace plateau::test {
namespace {

using Floats = Guarded<CpuBackend<float>, float>;
using Ints = Guarded<CpuBackend<float>, std::int32_t>;

constexpr const char* kFound = "written outside of the view";

TEST(Guarded, hands_back_what_is_stored_without_the_padding) {
  Floats matrix(kTwin, {2, 3, 2}, std::vector<double>{1, 2, 3, 4, 5, 6});

  matrix.matrix().row(1)[2] = 7;

  EXPECT_EQ(matrix.matrix().stride, 5);
  EXPECT_EQ(matrix.download(), (std::vector<float>{1, 2, 3, 4, 5, 7}));
  EXPECT_FALSE(matrix.untouched());
}

TEST(Guarded, poisons_what_nobody_wrote) {
  const Floats floats(kTwin, {1, 2});
  const Ints ints(kTwin, {1, 2});

  EXPECT_TRUE(std::isnan(floats.download()[1]));
  EXPECT_TRUE(is_poison(ints.download()[1]));
  EXPECT_NE(ints.download()[1], -1);  // a prediction that an operation may write
  EXPECT_TRUE(floats.untouched() && ints.untouched());
}

TEST(Guarded, finds_a_write_after_the_last_element) {
  Floats span(kTwin, {1, 3}, std::vector<double>{1, 2, 3});

  span.span().data[3] = 0;

  EXPECT_NONFATAL_FAILURE(span.download(), kFound);
}

TEST(Guarded, finds_a_write_before_the_first_element) {
  Ints span(kTwin, {1, 3});

  span.span().data[-1] = 0;

  EXPECT_NONFATAL_FAILURE(span.download(), kFound);
}

TEST(Guarded, finds_a_write_into_the_padding_of_any_row) {
  for (const Index row : {0, 1, 2}) {
    Floats matrix(kTwin, {3, 4, 1});

    matrix.matrix().row(row)[4] = 1;

    EXPECT_NONFATAL_FAILURE(matrix.download(), kFound);
  }
}

TEST(Guarded, finds_another_nan_in_a_fence) {
  Floats span(kTwin, {1, 3});

  span.span().data[-2] = std::numeric_limits<float>::quiet_NaN();

  EXPECT_NONFATAL_FAILURE(span.download(), kFound);
}

TEST(Guarded, finds_a_write_to_what_has_no_elements) {
  Floats nothing(kTwin, {0, 3});

  nothing.matrix().data[0] = 1;

  EXPECT_NONFATAL_FAILURE(nothing.download(), kFound);
}

// What an operation that takes the padding for columns does.
TEST(Guarded, finds_an_operation_that_runs_over_the_end_of_its_rows) {
  const Floats bias(kTwin, {1, 5}, std::vector<double>(5));
  Floats z(kTwin, {2, 4, 1}, std::vector<double>(8));
  HostMatrix<float> too_wide = z.matrix();
  too_wide.cols = 5;

  kTwin.bias_activation(Activation::relu, bias.span(), too_wide);
  z.matrix().row(1)[4] = 1;

  EXPECT_NONFATAL_FAILURE(z.download(), kFound);
}

}  // namespace
}  // namespace plateau::test
