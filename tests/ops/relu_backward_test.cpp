// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/relu_backward.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/column_sums.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::relu_backward_test {
namespace {

struct ReluCase {
  Index batch = 0, features = 0;
  std::vector<double> a, grad_a;
  Index padding = 0;
};

template <class Real>
struct ReluOutputs {
  std::vector<Real> grad_z, grad_bias;
};

template <class Backend>
ReluOutputs<RealOf<Backend>> run(const Backend& backend, const ReluCase& in) {
  using Real = RealOf<Backend>;
  const Guarded<Backend, Real> a(backend, {in.batch, in.features, in.padding}, in.a);
  Guarded<Backend, Real> grad(backend, {in.batch, in.features, 2 * in.padding}, in.grad_a);
  Guarded<Backend, Real> grad_bias(backend, {1, in.features});
  backend.relu_backward(a.matrix(), grad.matrix(), grad_bias.span());
  return {grad.download(), grad_bias.download()};
}

// Outputs of a ReLU: about half of them zero.
std::vector<double> relu(std::vector<double> z) {
  for (double& value : z) value = value < 0 ? 0 : value;
  return z;
}

TEST(ReluBackward, reproduces_a_mask_and_its_sums_solved_by_hand) {
  const ReluCase in{.batch = 3, .features = 2, .a = {1, 0, 0, 0.5, 2, 0}, .grad_a = {1, 2, 3, 4, 5, -6}};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_EQ(as_double(got.grad_z), (std::vector<double>{1, 0, 0, 4, 5, 0}));
    EXPECT_EQ(as_double(got.grad_bias), (std::vector<double>{6, 4}));
  });
}

TEST(ReluBackward, passes_nothing_at_zero_of_either_sign_and_below) {
  const ReluCase in{.batch = 1, .features = 4, .a = {0.0, -0.0, -1, 0x1p-126}, .grad_a = {1, 2, 3, 4}};

  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, in).grad_z), (std::vector<double>{0, 0, 0, 4}));
  });
}

ReluOutputs<double> exact(const ReluCase& dyadic) {
  ReluOutputs<double> out{dyadic.grad_a, std::vector<double>(at(dyadic.features))};
  for (Index k = 0; k < dyadic.batch * dyadic.features; ++k) {
    if (dyadic.a[at(k)] == 0) out.grad_z[at(k)] = 0;
    out.grad_bias[at(k % dyadic.features)] += out.grad_z[at(k)];
  }
  return out;
}

TEST(ReluBackward, is_exact_where_the_arithmetic_is) {
  for_each_backend([](const auto& backend) {
    for (const Index batch : kStraddlingSizes)
      for (const Index features : kColumnCounts)
        for (const Index padding : {0, 3}) {
          const ReluCase in{batch, features, relu(dyadic_values(batch * features, kSeed)),
                            dyadic_values(batch * features, kSeed + 1), padding};
          const ReluOutputs<double> want = exact(in);

          const auto got = run(backend, in);

          ASSERT_EQ(as_double(got.grad_z), want.grad_z) << batch << " x " << features;
          ASSERT_EQ(as_double(got.grad_bias), want.grad_bias) << batch << " x " << features;
        }
  });
}

TEST(ReluBackward, is_exact_where_rows_are_divided) {
  for (const Shape& shape : kDividedShapes) {
    SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols);
    const Index size = shape.rows * shape.cols;
    ReluCase in{shape.rows, shape.cols, relu(dyadic_values(size, kSeed)), dyadic_values(size, kSeed + 1)};
    const ReluOutputs<double> want = exact(in);

    for_each_backend([&](const auto& backend) {
      for (const Index padding : {0, 3}) {
        in.padding = padding;
        const auto got = run(backend, in);

        EXPECT_EQ(as_double(got.grad_z), want.grad_z) << "padding " << padding;
        EXPECT_EQ(as_double(got.grad_bias), want.grad_bias) << "padding " << padding;
      }
    });
  }
}

// Wherever rows begin, whatever lies between them.
TEST(ReluBackward, gives_equal_bits_for_equal_shapes) {
  std::vector<Shape> shapes{{777, 33}, {100, 12}, {33, 5}, {1, 4}};
  shapes.insert(shapes.end(), std::begin(kFewDividedShapes), std::end(kFewDividedShapes));
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols);
    const Index size = shape.rows * shape.cols;
    ReluCase in{shape.rows, shape.cols, relu(random_values(size, -1, 1, kSeed)), random_values(size, -1, 1, kSeed + 1)};

    for_each_float_backend([&](const auto& backend) {
      using Backend = std::remove_cvref_t<decltype(backend)>;
      in.padding = 0;
      const ReluOutputs<float> want = run(backend, in);
      const auto expect_equal = [&](const ReluOutputs<float>& got) {
        EXPECT_EQ(got.grad_z, want.grad_z);
        EXPECT_EQ(got.grad_bias, want.grad_bias);
      };

      for (const Index padding : {0, 1, 4}) {
        in.padding = padding;
        expect_equal(run(backend, in));
      }
      // Either of the two begins where vectors cannot.
      for (const auto& [a_columns, grad_columns] : {std::pair<Index, Index>{1, 0}, {0, 2}, {4, 4}, {3, 1}}) {
        const auto padding = [&](Index columns) { return round_up(columns + shape.cols, 4) - columns - shape.cols; };
        const Guarded<Backend, float> a(backend, {shape.rows, a_columns + shape.cols, padding(a_columns)},
                                        behind_columns(a_columns, shape, in.a));
        Guarded<Backend, float> grad(backend, {shape.rows, grad_columns + shape.cols, padding(grad_columns)},
                                     behind_columns(grad_columns, shape, in.grad_a));
        Guarded<Backend, float> grad_bias(backend, {1, shape.cols});
        backend.relu_backward(without_columns(a_columns, a.matrix()), without_columns(grad_columns, grad.matrix()),
                              grad_bias.span());
        EXPECT_EQ(as_double(grad.download()), behind_columns(grad_columns, shape, as_double(want.grad_z)))
            << a_columns << ", " << grad_columns;
        EXPECT_EQ(grad_bias.download(), want.grad_bias) << a_columns << ", " << grad_columns;
      }
    });
  }
}

TEST(ReluBackward, gpu_takes_one_launch_for_small_matrices_and_two_for_others) {
  const GpuBackend& backend = gpu_backend();
  const auto launches_of = [&](Shape shape) {
    const Guarded<GpuBackend, float> a(backend, shape);
    Guarded<GpuBackend, float> grad(backend, shape), grad_bias(backend, {1, shape.cols});
    return launches([&] { backend.relu_backward(a.matrix(), grad.matrix(), grad_bias.span()); });
  };

  for (const Index rows : {0, 1, 100, 2000, 4096})
    for (const Index cols : {1, 2, 64, 128}) EXPECT_EQ(launches_of({rows, cols}), 1) << rows << " x " << cols;
  EXPECT_EQ(launches_of({5, 0}), 0);
  EXPECT_EQ(launches_of(kWideDividedShape), 2);
  for (const Shape& shape : kDividedShapes) EXPECT_EQ(launches_of(shape), 2) << shape.rows << " x " << shape.cols;
}

TEST(ReluBackward, gpu_refuses_too_little_room_for_the_sums_of_its_parts) {
  const Shape shape = kDividedShapes[0];
  const Guarded<GpuBackend, float> a(gpu_backend(), shape);
  Guarded<GpuBackend, float> grad(gpu_backend(), shape), grad_bias(gpu_backend(), {1, shape.cols});
  Guarded<GpuBackend, float> partial(gpu_backend(), {1, column_partials(shape.rows, shape.cols) - 1});

  EXPECT_THROW(gpu::relu_backward(gpu_backend().stream(), a.matrix(), grad.matrix(), partial.span(), grad_bias.span()),
               std::invalid_argument);
  EXPECT_TRUE(grad.untouched() && partial.untouched() && grad_bias.untouched());
}

TEST(ReluBackward, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const Index batch : kRowCounts)
    for (const Index features : kColumnCounts) {
      SCOPED_TRACE(::testing::Message() << batch << " x " << features);
      const ReluCase in{batch, features, relu(random_values(batch * features, -1, 1, kSeed)),
                        random_values(batch * features, -0.5f, 1, kSeed + 1)};  // sums that do not cancel
      const ReluOutputs<double> want = run(kOracle, in);
      const double allowed = budget(run(kTwin, in).grad_bias, want.grad_bias);

      for_each_float_backend([&](const auto& backend) {
        const ReluOutputs<float> got = run(backend, in);

        EXPECT_EQ(as_double(got.grad_z), want.grad_z);  // a choice rounds nothing
        EXPECT_LE(relative_error(got.grad_bias, want.grad_bias), allowed);
      });
    }
}

TEST(ReluBackward, float_backends_stay_within_budget_where_rows_are_divided) {
  for (const Shape& shape : kFewDividedShapes) {
    SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols);
    const Index size = shape.rows * shape.cols;
    const ReluCase in{shape.rows, shape.cols, relu(random_values(size, -1, 1, kSeed)),
                      random_values(size, -0.5f, 1, kSeed + 1)};
    const ReluOutputs<double> want = run(kOracle, in);
    const double allowed = budget(run(kTwin, in).grad_bias, want.grad_bias);

    for_each_float_backend(
        [&](const auto& backend) { EXPECT_LE(relative_error(run(backend, in).grad_bias, want.grad_bias), allowed); });
  }
}

// L = sum_ij c_ij relu(z_ij + bias_j), away from the kink.
TEST(ReluBackward, is_the_central_difference_of_bias_and_relu) {
  constexpr double kStep = 0x1p-10;
  std::vector<double> z = random_values(20, -1, 1, kSeed);
  const std::vector<double> c = random_values(20, -1, 1, kSeed + 1), bias{0.25, -0.5, 0.75, 0.125};
  for (std::size_t k = 0; k < z.size(); ++k)
    if (std::abs(z[k] + bias[k % 4]) < 2 * kStep) z[k] += 0.125;
  const auto activations = [&](const std::vector<double>& z_moved, const std::vector<double>& bias_moved) {
    const Guarded<CpuBackend<double>, double> bias_in(kOracle, {1, 4}, bias_moved);
    Guarded<CpuBackend<double>, double> a(kOracle, {5, 4}, z_moved);
    kOracle.bias_activation(Activation::relu, bias_in.span(), a.matrix());
    return a.download();
  };
  const auto scalar = [&](const std::vector<double>& z_moved, const std::vector<double>& bias_moved) {
    const std::vector<double> a = activations(z_moved, bias_moved);
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) sum += c[k] * a[k];
    return sum;
  };
  const auto moved = [&](std::vector<double> values, std::size_t k, double by) {
    values[k] += by;
    return values;
  };

  const ReluOutputs<double> got = run(kOracle, {5, 4, activations(z, bias), c});

  for (std::size_t k = 0; k < z.size(); ++k) {
    const double difference = (scalar(moved(z, k, kStep), bias) - scalar(moved(z, k, -kStep), bias)) / (2 * kStep);
    EXPECT_LE(std::abs(got.grad_z[k] - difference), 1e-11) << "z " << k;
  }
  for (std::size_t j = 0; j < bias.size(); ++j) {
    const double difference = (scalar(z, moved(bias, j, kStep)) - scalar(z, moved(bias, j, -kStep))) / (2 * kStep);
    EXPECT_LE(std::abs(got.grad_bias[j] - difference), 1e-11) << "bias " << j;
  }
}

TEST(ReluBackward, passes_the_gradient_of_a_nan_activation_on) {
  const ReluCase in{.batch = 2, .features = 2, .a = {kNaN, 1, 1, 1}, .grad_a = {3, kNaN, 4, 5}};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_EQ(got.grad_z[0], 3);
    EXPECT_TRUE(std::isnan(got.grad_z[1]));
    EXPECT_EQ(got.grad_bias[0], 7);
    EXPECT_TRUE(std::isnan(got.grad_bias[1]));
  });
}

TEST(ReluBackward, stops_a_nan_gradient_at_a_dead_unit) {
  const ReluCase in{.batch = 1, .features = 2, .a = {0, 1}, .grad_a = {kNaN, 2}};

  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, in).grad_bias), (std::vector<double>{0, 2}));
  });
}

TEST(ReluBackward, over_no_rows_gives_a_zero_bias_gradient) {
  const ReluCase in{.batch = 0, .features = 3, .a = {}, .grad_a = {}};

  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, in).grad_bias), (std::vector<double>{0, 0, 0}));
  });
}

TEST(ReluBackward, over_no_columns_does_nothing) {
  for_each_backend([](const auto& backend) {
    EXPECT_TRUE(run(backend, {.batch = 3, .features = 0, .a = {}, .grad_a = {}}).grad_bias.empty());
  });
}

TEST(ReluBackward, refuses_shapes_that_differ) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    using Matrix = Guarded<Backend, RealOf<Backend>>;
    const Matrix a(backend, {4, 3});
    Matrix fewer_rows(backend, {3, 3}), fewer_cols(backend, {4, 2}), grad(backend, {4, 3});
    Matrix grad_bias(backend, {1, 3}), narrow_bias(backend, {1, 2});

    EXPECT_THROW(backend.relu_backward(a.matrix(), fewer_rows.matrix(), grad_bias.span()), std::invalid_argument);
    EXPECT_THROW(backend.relu_backward(a.matrix(), fewer_cols.matrix(), grad_bias.span()), std::invalid_argument);
    EXPECT_THROW(backend.relu_backward(a.matrix(), grad.matrix(), narrow_bias.span()), std::invalid_argument);
    EXPECT_TRUE(grad.untouched() && grad_bias.untouched() && narrow_bias.untouched());
  });
}

TEST(ReluBackwardCost, reads_two_matrices_and_writes_one_and_the_sums) {
  static_assert(relu_backward_cost(3, 5).flops == 2 * 15);
  static_assert(relu_backward_cost(3, 5).bytes_read == 8 * 15);
  static_assert(relu_backward_cost(3, 5).bytes_written == 4 * 15 + 4 * 5);
}

}  // namespace
}  // namespace plateau::test::relu_backward_test
