// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/bias_grad.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test {
namespace {

template <class Backend>
std::vector<RealOf<Backend>> run(const Backend& backend, Shape shape, const std::vector<double>& values) {
  const Guarded<Backend, RealOf<Backend>> grad_z(backend, shape, values);
  Guarded<Backend, RealOf<Backend>> grad_bias(backend, {1, shape.cols});
  backend.bias_grad(grad_z.matrix(), grad_bias.span());
  return grad_bias.download();
}

TEST(BiasGrad, reproduces_column_sums_solved_by_hand) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, {3, 2}, {1, 2, 3, 4, 5, -6})), (std::vector<double>{9, 0}));
  });
}

TEST(BiasGrad, is_exact_where_the_arithmetic_is) {
  for_each_backend([](const auto& backend) {
    for (const Index batch : kStraddlingSizes)
      for (const Index features : {1, 2, 3, 17, 31, 32, 33, 129})
        for (const Index padding : {0, 5}) {
          const std::vector<double> grad_z = dyadic_values(batch * features, kSeed);
          std::vector<double> want(at(features));
          for (Index k = 0; k < batch * features; ++k) want[at(k % features)] += grad_z[at(k)];

          ASSERT_EQ(as_double(run(backend, {batch, features, padding}, grad_z)), want) << batch << " x " << features;
        }
  });
}

TEST(BiasGrad, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const Index batch : {1, 31, 32, 33, 500, 2000})
    for (const Index features : {1, 2, 127, 128, 129}) {
      SCOPED_TRACE(::testing::Message() << batch << " x " << features);
      const std::vector<double> grad_z = random_values(batch * features, -0.5f, 1, kSeed);  // sums that do not cancel
      const std::vector<double> want = run(kOracle, {batch, features}, grad_z);
      const double allowed = budget(run(kTwin, {batch, features}, grad_z), want);

      for_each_float_backend([&](const auto& backend) {
        EXPECT_LE(relative_error(run(backend, {batch, features}, grad_z), want), allowed);
      });
    }
}

// L = sum_ij c_ij (z_ij + bias_j) has the gradient c with respect to z.
TEST(BiasGrad, is_the_central_difference_of_the_bias) {
  const std::vector<double> z = random_values(12, -1, 1, kSeed), c = random_values(12, -1, 1, kSeed + 1);
  const std::vector<double> grad_bias = run(kOracle, {4, 3}, c);
  const auto scalar = [&](Index moved, double by) {
    std::vector<double> bias{0.25, -0.5, 0.75};
    bias[at(moved)] += by;
    const Guarded<CpuBackend<double>, double> bias_in(kOracle, {1, 3}, bias);
    Guarded<CpuBackend<double>, double> a(kOracle, {4, 3}, z);
    kOracle.bias_activation(Activation::identity, bias_in.span(), a.matrix());
    const std::vector<double> got = a.download();
    double sum = 0;
    for (std::size_t k = 0; k < got.size(); ++k) sum += c[k] * got[k];
    return sum;
  };

  for (Index j = 0; j < 3; ++j)
    EXPECT_LE(std::abs(grad_bias[at(j)] - (scalar(j, 0.5) - scalar(j, -0.5))), 100 * kEps64) << "column " << j;
}

TEST(BiasGrad, keeps_nan_visible_in_its_own_column) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {2, 2}, {1, kNaN, 1, 1});

    EXPECT_EQ(got[0], 2);
    EXPECT_TRUE(std::isnan(got[1]));
  });
}

TEST(BiasGrad, over_no_rows_is_zero) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, {0, 3}, {})), (std::vector<double>{0, 0, 0}));
  });
}

TEST(BiasGrad, over_no_columns_does_nothing) {
  for_each_backend([](const auto& backend) { EXPECT_TRUE(run(backend, {3, 0}, {}).empty()); });
}

TEST(BiasGrad, gives_equal_bits_for_equal_input) {
  const std::vector<double> grad_z = random_values(777 * 33, -1, 1, kSeed);

  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(run(backend, {777, 33}, grad_z), run(backend, {777, 33}, grad_z));
    EXPECT_EQ(run(backend, {777, 33}, grad_z), run(backend, {777, 33, 7}, grad_z));
  });
}

TEST(BiasGrad, refuses_a_gradient_of_another_width) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    const Guarded<Backend, RealOf<Backend>> grad_z(backend, {4, 3});
    Guarded<Backend, RealOf<Backend>> grad_bias(backend, {1, 4});

    EXPECT_THROW(backend.bias_grad(grad_z.matrix(), grad_bias.span()), std::invalid_argument);
    EXPECT_TRUE(grad_bias.untouched());
  });
}

TEST(BiasGradCost, reads_every_element_once) {
  static_assert(bias_grad_cost(3, 5).flops == 15);
  static_assert(bias_grad_cost(3, 5).bytes_read == 4 * 15);
  static_assert(bias_grad_cost(3, 5).bytes_written == 4 * 5);
}

}  // namespace
}  // namespace plateau::test
