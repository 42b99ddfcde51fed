// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/bias_grad.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/column_sums.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::bias_grad_test {
namespace {

template <class Backend>
std::vector<RealOf<Backend>> run(const Backend& backend, Shape shape, const std::vector<double>& values) {
  const Guarded<Backend, RealOf<Backend>> grad_z(backend, shape, values);
  Guarded<Backend, RealOf<Backend>> grad_bias(backend, {1, shape.cols});
  backend.bias_grad(grad_z.matrix(), grad_bias.span());
  return grad_bias.download();
}

std::vector<double> exact_sums(Shape shape, const std::vector<double>& dyadic) {
  std::vector<double> sums(at(shape.cols));
  for (Index k = 0; k < shape.rows * shape.cols; ++k) sums[at(k % shape.cols)] += dyadic[at(k)];
  return sums;
}

TEST(BiasGrad, reproduces_column_sums_solved_by_hand) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, {3, 2}, {1, 2, 3, 4, 5, -6})), (std::vector<double>{9, 0}));
  });
}

TEST(BiasGrad, is_exact_where_the_arithmetic_is) {
  for_each_backend([](const auto& backend) {
    for (const Index batch : kStraddlingSizes)
      for (const Index features : kColumnCounts)
        for (const Index padding : {0, 5}) {
          const std::vector<double> grad_z = dyadic_values(batch * features, kSeed);
          ASSERT_EQ(as_double(run(backend, {batch, features, padding}, grad_z)), exact_sums({batch, features}, grad_z))
              << batch << " x " << features;
        }
  });
}

TEST(BiasGrad, is_exact_where_rows_are_divided) {
  for (const Shape& shape : kDividedShapes) {
    const std::vector<double> grad_z = dyadic_values(shape.rows * shape.cols, kSeed);
    const std::vector<double> want = exact_sums(shape, grad_z);

    for_each_backend([&](const auto& backend) {
      for (const Index padding : {0, 3})
        EXPECT_EQ(as_double(run(backend, {shape.rows, shape.cols, padding}, grad_z)), want)
            << shape.rows << " x " << shape.cols << ", padding " << padding;
    });
  }
}

#if !defined(__SANITIZE_THREAD__)
TEST(BiasGrad, is_exact_where_few_wide_rows_are_divided) {
  const std::vector<double> grad_z = dyadic_values(kWideDividedShape.rows * kWideDividedShape.cols, kSeed);
  for_each_float_backend([&](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, kWideDividedShape, grad_z)), exact_sums(kWideDividedShape, grad_z));
  });
}
#endif

TEST(BiasGrad, float_backends_stay_within_budget_where_rows_are_divided) {
  for (const Shape& shape : kFewDividedShapes) {
    SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols);
    const std::vector<double> grad_z = random_values(shape.rows * shape.cols, -0.5f, 1, kSeed);
    const std::vector<double> want = run(kOracle, shape, grad_z);
    const double allowed = budget(run(kTwin, shape, grad_z), want);

    for_each_float_backend(
        [&](const auto& backend) { EXPECT_LE(relative_error(run(backend, shape, grad_z), want), allowed); });
  }
}

TEST(BiasGrad, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const Index batch : kRowCounts)
    for (const Index features : kColumnCounts) {
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

// The last row ends where the memory does, within a vector: for the address sanitizer.
TEST(BiasGrad, reads_nothing_behind_the_last_row) {
  for_each_backend([](const auto& backend) {
    using Real = RealOf<std::remove_cvref_t<decltype(backend)>>;
    const auto values = backend.template allocate<Real>(2 * 12 + 10, 0);
    Guarded<std::remove_cvref_t<decltype(backend)>, Real> grad_bias(backend, {1, 10});
    backend.bias_grad(as_matrix(values.view(), 3, 10, 12), grad_bias.span());

    EXPECT_EQ(as_double(grad_bias.download()), std::vector<double>(10, 0.0));
  });
}

// Wherever rows begin, whatever lies between them.
TEST(BiasGrad, gives_equal_bits_for_equal_shapes) {
  std::vector<Shape> shapes{{777, 33}, {100, 12}, {33, 5}, {1, 4}};
  shapes.insert(shapes.end(), std::begin(kFewDividedShapes), std::end(kFewDividedShapes));
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols);
    const std::vector<double> grad_z = random_values(shape.rows * shape.cols, -1, 1, kSeed);

    for_each_float_backend([&](const auto& backend) {
      using Backend = std::remove_cvref_t<decltype(backend)>;
      const std::vector<float> want = run(backend, shape, grad_z);

      EXPECT_EQ(run(backend, shape, grad_z), want);
      for (const Index padding : {7, static_cast<int>(round_up(shape.cols, 4) - shape.cols)})
        EXPECT_EQ(run(backend, {shape.rows, shape.cols, padding}, grad_z), want) << "padding " << padding;
      for (const Index columns : {1, 2, 4}) {
        const Guarded<Backend, float> wider(backend, {shape.rows, columns + shape.cols, 4 - columns % 4},
                                            behind_columns(columns, shape, grad_z));
        Guarded<Backend, float> grad_bias(backend, {1, shape.cols});
        backend.bias_grad(without_columns(columns, wider.matrix()), grad_bias.span());
        EXPECT_EQ(grad_bias.download(), want) << "behind " << columns << " columns";
      }
    });
  }
}

TEST(BiasGrad, gpu_sums_small_matrices_in_one_launch_and_others_in_two) {
  const GpuBackend& backend = gpu_backend();
  const auto launches_of = [&](Shape shape) {
    const Guarded<GpuBackend, float> grad_z(backend, shape);
    Guarded<GpuBackend, float> grad_bias(backend, {1, shape.cols});
    return launches([&] { backend.bias_grad(grad_z.matrix(), grad_bias.span()); });
  };

  for (const Index rows : {0, 1, 100, 2000, 4096})
    for (const Index cols : {1, 2, 10, 128}) EXPECT_EQ(launches_of({rows, cols}), 1) << rows << " x " << cols;
  EXPECT_EQ(launches_of({8191, 1}), 1);
  EXPECT_EQ(launches_of({5, 0}), 0);
  EXPECT_EQ(launches_of(kWideDividedShape), 2);
  for (const Shape& shape : kDividedShapes) EXPECT_EQ(launches_of(shape), 2) << shape.rows << " x " << shape.cols;
}

TEST(BiasGrad, gpu_wants_room_for_the_sums_of_its_parts_and_no_more) {
  for (const Shape& shape : kFewDividedShapes) {
    const std::vector<double> values = dyadic_values(shape.rows * shape.cols, kSeed);
    const Guarded<GpuBackend, float> grad_z(gpu_backend(), shape, values);
    const Index partials = column_partials(shape.rows, shape.cols);
    Guarded<GpuBackend, float> less(gpu_backend(), {1, partials - 1}), enough(gpu_backend(), {1, partials});
    Guarded<GpuBackend, float> grad_bias(gpu_backend(), {1, shape.cols});
    const auto sum = [&](DeviceSpan<float> partial) {
      gpu::bias_grad(gpu_backend().stream(), grad_z.matrix(), partial, grad_bias.span());
    };

    EXPECT_THROW(sum(less.span()), std::invalid_argument);
    EXPECT_TRUE(less.untouched() && grad_bias.untouched());
    sum(enough.span());
    EXPECT_EQ(enough.download().size(), at(partials));
    EXPECT_EQ(as_double(grad_bias.download()), exact_sums(shape, values));
  }
  const Guarded<GpuBackend, float> small(gpu_backend(), {2, 2}, std::vector<double>{1, 2, 3, 4});
  Guarded<GpuBackend, float> grad_bias(gpu_backend(), {1, 2});
  gpu::bias_grad(gpu_backend().stream(), small.matrix(), {}, grad_bias.span());
  EXPECT_EQ(as_double(grad_bias.download()), (std::vector<double>{4, 6}));
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
}  // namespace plateau::test::bias_grad_test
