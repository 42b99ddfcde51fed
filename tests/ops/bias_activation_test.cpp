// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/bias_activation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::bias_activation_test {
namespace {

struct BiasCase {
  Index batch = 0, features = 0;
  std::vector<double> z, bias;
  Index padding = 0;
};

template <class Backend>
std::vector<RealOf<Backend>> run(const Backend& backend, Activation activation, const BiasCase& in) {
  using Real = RealOf<Backend>;
  const Guarded<Backend, Real> bias(backend, {1, in.features}, in.bias);
  Guarded<Backend, Real> z(backend, {in.batch, in.features, in.padding}, in.z);
  backend.bias_activation(activation, bias.span(), z.matrix());
  return z.download();
}

TEST(BiasActivation, reproduces_sums_solved_by_hand) {
  const BiasCase in{.batch = 2, .features = 3, .z = {1, -2, 0.5, -1, 2, -0.5}, .bias = {-1, 0.5, 0.25}};

  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, Activation::identity, in)), (std::vector<double>{0, -1.5, 0.75, -2, 2.5, -0.25}));
    EXPECT_EQ(as_double(run(backend, Activation::relu, in)), (std::vector<double>{0, 0, 0.75, 0, 2.5, 0}));
  });
}

TEST(BiasActivation, is_the_rounded_sum_of_the_row_and_the_bias_for_every_shape_and_padding) {
  for_each_backend([](const auto& backend) {
    using Real = RealOf<std::remove_cvref_t<decltype(backend)>>;
    for (const Index batch : {1, 7, 33})
      for (const Index features : kStraddlingSizes)
        for (const Index padding : {0, 3}) {
          const BiasCase in{batch, features, random_values(batch * features, -1, 1, kSeed),
                            random_values(features, -1, 1, kSeed + 1), padding};
          std::vector<Real> sum, relu;
          for (Index k = 0; k < batch * features; ++k) {
            sum.push_back(static_cast<Real>(in.z[at(k)]) + static_cast<Real>(in.bias[at(k % features)]));
            relu.push_back(std::max(sum.back(), Real(0)));
          }

          ASSERT_EQ(run(backend, Activation::identity, in), sum) << batch << " x " << features;
          ASSERT_EQ(run(backend, Activation::relu, in), relu) << batch << " x " << features;
        }
  });
}

TEST(BiasActivation, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const Activation activation : {Activation::identity, Activation::relu})
    for (const Index batch : {1, 31, 32, 33})
      for (const Index features : {1, 127, 128, 129, 1000}) {
        const BiasCase in{batch, features, random_values(batch * features, -3, 3, kSeed),
                          random_values(features, -1, 1, kSeed + 1)};
        const std::vector<double> want = run(kOracle, activation, in);
        const double allowed = budget(run(kTwin, activation, in), want);

        for_each_float_backend(
            [&](const auto& backend) { EXPECT_LE(relative_error(run(backend, activation, in), want), allowed); });
      }
}

TEST(BiasActivation, keeps_nan_and_infinity_visible) {
  const BiasCase in{.batch = 2, .features = 3, .z = {kNaN, -1, 1, kInfinity, -kInfinity, 1}, .bias = {0, 0, kNaN}};

  for_each_backend([&](const auto& backend) {
    for (const Activation activation : {Activation::identity, Activation::relu}) {
      const auto got = run(backend, activation, in);

      EXPECT_TRUE(std::isnan(got[0]));
      EXPECT_TRUE(std::isnan(got[2]) && std::isnan(got[5]));
      EXPECT_TRUE(std::isinf(got[3]) && got[3] > 0);
      EXPECT_EQ(static_cast<double>(got[4]), activation == Activation::relu ? 0 : -kInfinity);
    }
  });
}

// A GPU takes four columns at a time where the rows and the bias begin at multiples of 16 bytes. What lies between the
// rows may be anything, and stays: here it is the rest of a wider matrix.
TEST(BiasActivation, a_part_of_a_wider_matrix_may_begin_anywhere_and_leaves_the_rest_alone) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    for (const Index cols : {1, 3, 4, 5, 7, 8})
      for (const Index first : {0, 1, 2, 4})
        for (const Index bias_first : {0, 1, 4}) {
          std::vector<double> bias_values(16), want(36, -1);
          for (Index j = 0; j < 16; ++j) bias_values[at(j)] = static_cast<double>(j - 5);
          for (Index i = 0; i < 3; ++i)
            for (Index j = 0; j < cols; ++j)
              want[at(12 * i + first + j)] = std::max(0.0, bias_values[at(bias_first + j)] - 1);
          const Guarded<Backend, RealOf<Backend>> bias(backend, {1, 16}, bias_values);
          Guarded<Backend, RealOf<Backend>> wide(backend, {3, 12}, std::vector<double>(36, -1));
          auto z = wide.matrix();
          z.data += first;
          z.cols = cols;

          backend.bias_activation(Activation::relu, bias.span().subspan(bias_first, cols), z);

          EXPECT_EQ(as_double(wide.download()), want)
              << cols << " columns from " << first << ", bias from " << bias_first;
        }
  });
}

// Where a GPU's thread takes more than one: a grid has 2^20 of them at the most.
TEST(BiasActivation, takes_more_rows_than_a_grid_has_threads) {
  const Index rows = (Index{1} << 20) + 300;

  const std::vector<float> got = run(gpu_backend(), Activation::relu, {rows, 1, std::vector<double>(at(rows), 1), {2}});

  EXPECT_EQ(std::count(got.begin(), got.end(), 3.0f), rows);
}

TEST(BiasActivation, over_no_rows_or_columns_writes_nothing) {
  for_each_backend([](const auto& backend) {
    const BiasCase in{.batch = 0, .features = 3, .z = {}, .bias = {1, 2, 3}};

    EXPECT_TRUE(run(backend, Activation::relu, in).empty());
    EXPECT_TRUE(run(backend, Activation::relu, {.batch = 2, .features = 0, .z = {}, .bias = {}}).empty());
  });
}

TEST(BiasActivation, refuses_a_bias_of_another_width) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    const Guarded<Backend, RealOf<Backend>> bias(backend, {1, 2});
    Guarded<Backend, RealOf<Backend>> z(backend, {4, 3});

    EXPECT_THROW(backend.bias_activation(Activation::relu, bias.span(), z.matrix()), std::invalid_argument);
    EXPECT_TRUE(z.untouched());
  });
}

TEST(BiasActivationCost, reads_and_writes_every_element_once) {
  static_assert(bias_activation_cost(3, 5).flops == 2 * 15);
  static_assert(bias_activation_cost(3, 5).bytes_read == 4 * (15 + 5));
  static_assert(bias_activation_cost(3, 5).bytes_written == 4 * 15);
}

}  // namespace
}  // namespace plateau::test::bias_activation_test
