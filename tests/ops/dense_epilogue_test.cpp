// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/dense_epilogue.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::dense_epilogue_test {
namespace {

// A layer seen from both sides: x -> a by the forward product; then grad_z, of the layer above, whose weight is
// `above` [out, width], back through this layer's ReLU; and the weight gradient of that layer.
struct LayerCase {
  Index batch = 0, in = 0, width = 0, out = 0;
  std::vector<double> x, w, bias, above, grad_z;
  Index padding = 0;  // of every matrix but the mask, each another multiple
};

template <class Real>
struct LayerOutputs {
  std::vector<Real> a, grad_a, grad_bias, grad_above, grad_bias_above;
};

// Rows of a mask are a multiple of 128 bits apart.
Shape mask_shape(Index rows, Index features) {
  return {rows, mask_words(features), mask_stride(features) - mask_words(features)};
}

template <class Backend>
LayerOutputs<RealOf<Backend>> run(const Backend& backend, const LayerCase& in) {
  using Real = RealOf<Backend>;
  const Guarded<Backend, Real> x(backend, {in.batch, in.in, in.padding}, in.x);
  const Guarded<Backend, Real> w(backend, {in.width, in.in, 2 * in.padding}, in.w);
  const Guarded<Backend, Real> bias(backend, {1, in.width}, in.bias);
  const Guarded<Backend, Real> above(backend, {in.out, in.width, 3 * in.padding}, in.above);
  const Guarded<Backend, Real> grad_z(backend, {in.batch, in.out, 4 * in.padding}, in.grad_z);
  Guarded<Backend, std::uint32_t> mask(backend, mask_shape(in.batch, in.width));
  Guarded<Backend, Real> a(backend, {in.batch, in.width, 5 * in.padding});
  Guarded<Backend, Real> grad_a(backend, {in.batch, in.width, 6 * in.padding});
  Guarded<Backend, Real> grad_bias(backend, {1, in.width});
  Guarded<Backend, Real> grad_above(backend, {in.out, in.width, 7 * in.padding});
  Guarded<Backend, Real> grad_bias_above(backend, {1, in.out});
  backend.dense_forward_relu(x.matrix(), w.matrix(), bias.span(), a.matrix(), mask.matrix());
  const Guarded<Backend, std::uint32_t>& written = mask;
  backend.dense_input_grad_relu(grad_z.matrix(), above.matrix(), written.matrix(), grad_a.matrix(), grad_bias.span());
  const Guarded<Backend, Real>& activations = a;
  backend.dense_weight_grad_bias(grad_z.matrix(), activations.matrix(), grad_above.matrix(), grad_bias_above.span());
  return {a.download(), grad_a.download(), grad_bias.download(), grad_above.download(), grad_bias_above.download()};
}

template <class Values>
LayerCase make_case(Index batch, Index in, Index width, Index out, Index padding, const Values& values) {
  return {batch,
          in,
          width,
          out,
          values(batch * in, kSeed),
          values(width * in, kSeed + 1),
          values(width, kSeed + 2),
          values(out * width, kSeed + 3),
          values(batch * out, kSeed + 4),
          padding};
}
LayerCase dyadic_case(Index batch, Index in, Index width, Index out, Index padding) {
  return make_case(batch, in, width, out, padding,
                   [](Index count, std::uint64_t seed) { return dyadic_values(count, seed); });
}
LayerCase random_case(Index batch, Index in, Index width, Index out) {
  return make_case(batch, in, width, out, 0,
                   [](Index count, std::uint64_t seed) { return random_values(count, -1, 1, seed); });
}

// The sums of the contract, term by term.
LayerOutputs<double> defining_sums(const LayerCase& in) {
  LayerOutputs<double> sum{std::vector<double>(at(in.batch * in.width)), std::vector<double>(at(in.batch * in.width)),
                           std::vector<double>(at(in.width)), std::vector<double>(at(in.out * in.width)),
                           std::vector<double>(at(in.out))};
  for (Index b = 0; b < in.batch; ++b) {
    for (Index j = 0; j < in.width; ++j) {
      double z = in.bias[at(j)], grad = 0;
      for (Index i = 0; i < in.in; ++i) z += in.x[at(b * in.in + i)] * in.w[at(j * in.in + i)];
      for (Index o = 0; o < in.out; ++o) grad += in.grad_z[at(b * in.out + o)] * in.above[at(o * in.width + j)];
      sum.a[at(b * in.width + j)] = z > 0 ? z : 0;
      sum.grad_a[at(b * in.width + j)] = z > 0 ? grad : 0;
      sum.grad_bias[at(j)] += z > 0 ? grad : 0;
    }
    for (Index o = 0; o < in.out; ++o) {
      const double grad = in.grad_z[at(b * in.out + o)];
      sum.grad_bias_above[at(o)] += grad;
      for (Index j = 0; j < in.width; ++j) sum.grad_above[at(o * in.width + j)] += grad * sum.a[at(b * in.width + j)];
    }
  }
  return sum;
}

template <class Got>
void expect_equal(const Got& got, const LayerOutputs<double>& want) {
  EXPECT_EQ(as_double(got.a), want.a);
  EXPECT_EQ(as_double(got.grad_a), want.grad_a);
  EXPECT_EQ(as_double(got.grad_bias), want.grad_bias);
  EXPECT_EQ(as_double(got.grad_above), want.grad_above);
  EXPECT_EQ(as_double(got.grad_bias_above), want.grad_bias_above);
}

TEST(DenseEpilogue, reproduces_a_layer_solved_by_hand) {
  const LayerCase in{.batch = 2,
                     .in = 2,
                     .width = 3,
                     .out = 2,
                     .x = {1, 2, 3, -1},
                     .w = {1, 0, 0, 1, 1, 1},
                     .bias = {0, -1, -2},
                     .above = {1, 2, 3, 0, 1, -1},
                     .grad_z = {1, 2, -1, 3}};
  // z = {1, 1, 1; 3, -2, 0}
  const LayerOutputs<double> want{.a = {1, 1, 1, 3, 0, 0},
                                  .grad_a = {1, 4, 1, -1, 0, 0},
                                  .grad_bias = {0, 4, 1},
                                  .grad_above = {-2, 1, 1, 11, 2, 2},
                                  .grad_bias_above = {0, 5}};

  for_each_backend([&](const auto& backend) { expect_equal(run(backend, in), want); });
}

TEST(DenseEpilogue, is_exact_where_the_arithmetic_is) {
  for_each_backend([](const auto& backend) {
    for (const Index batch : {1, 7, 33})
      for (const Index width : {1, 2, 31, 32, 33, 127, 128, 129})
        for (const Index padding : {0, 4, 5}) {
          const LayerCase in = dyadic_case(batch, 9, width, 5, padding);
          SCOPED_TRACE(::testing::Message() << batch << " x " << width << ", padding " << padding);
          expect_equal(run(backend, in), defining_sums(in));
        }
  });
}

TEST(DenseEpilogue, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const Index batch : {1, 32, 129, 257})
    for (const Index in_features : {2, 64})
      for (const Index width : {3, 64, 129})
        for (const Index out : {2, 10}) {
          SCOPED_TRACE(::testing::Message() << batch << ": " << in_features << "-" << width << "-" << out);
          const LayerCase in = random_case(batch, in_features, width, out);
          const LayerOutputs<double> want = run(kOracle, in);
          const LayerOutputs<float> twin = run(kTwin, in);

          for_each_float_backend([&](const auto& backend) {
            const LayerOutputs<float> got = run(backend, in);
            EXPECT_LE(relative_error(got.a, want.a), budget(twin.a, want.a));
            EXPECT_LE(relative_error(got.grad_a, want.grad_a), budget(twin.grad_a, want.grad_a));
            EXPECT_LE(relative_error(got.grad_bias, want.grad_bias), budget(twin.grad_bias, want.grad_bias));
            EXPECT_LE(relative_error(got.grad_above, want.grad_above), budget(twin.grad_above, want.grad_above));
            EXPECT_LE(relative_error(got.grad_bias_above, want.grad_bias_above),
                      budget(twin.grad_bias_above, want.grad_bias_above));
          });
        }
}

// What a kernel after the product would do, in the same order of sums or not.
TEST(DenseEpilogue, does_what_the_product_and_the_kernels_do) {
  const LayerCase in = dyadic_case(33, 9, 65, 5, 0);
  for_each_float_backend([&](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    const Guarded<Backend, float> x(backend, {in.batch, in.in}, in.x), w(backend, {in.width, in.in}, in.w),
        bias(backend, {1, in.width}, in.bias), above(backend, {in.out, in.width}, in.above),
        grad_z(backend, {in.batch, in.out}, in.grad_z);
    Guarded<Backend, float> a(backend, {in.batch, in.width}), grad_a(backend, {in.batch, in.width}),
        grad_bias(backend, {1, in.width}), grad_above(backend, {in.out, in.width}),
        grad_bias_above(backend, {1, in.out});
    backend.dense_forward(x.matrix(), w.matrix(), a.matrix());
    backend.bias_activation(Activation::relu, bias.span(), a.matrix());
    const Guarded<Backend, float>& activations = a;
    backend.dense_input_grad(grad_z.matrix(), above.matrix(), grad_a.matrix());
    backend.relu_backward(activations.matrix(), grad_a.matrix(), grad_bias.span());
    backend.dense_weight_grad(grad_z.matrix(), activations.matrix(), grad_above.matrix());
    backend.bias_grad(grad_z.matrix(), grad_bias_above.span());

    const auto got = run(backend, in);

    EXPECT_EQ(got.a, a.download());
    EXPECT_EQ(got.grad_a, grad_a.download());
    EXPECT_EQ(got.grad_bias, grad_bias.download());
    EXPECT_EQ(got.grad_above, grad_above.download());
    EXPECT_EQ(got.grad_bias_above, grad_bias_above.download());
  });
}

TEST(DenseEpilogue, a_nan_gradient_stays_visible) {
  LayerCase in = dyadic_case(3, 4, 2, 2, 0);
  in.bias = {1000, 1000};  // every ReLU passes
  in.grad_z[1] = kNaN;     // row 0, output 1
  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);
    EXPECT_TRUE(std::isnan(got.grad_a[0]) && std::isnan(got.grad_bias[1]) && std::isnan(got.grad_above[2]));
    EXPECT_TRUE(std::isnan(got.grad_bias_above[1]) && std::isfinite(got.grad_bias_above[0]));
    EXPECT_TRUE(std::isfinite(got.grad_a[2]) && std::isfinite(got.grad_above[0]));
  });
}

TEST(DenseEpilogue, refuses_shapes_that_do_not_chain_and_writes_nothing) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    using Real = RealOf<Backend>;
    struct Wrong {
      Shape x, w, z;
      Index bias_of_z, bias_of_x;
      Shape mask_of_z, mask_of_x;
    };
    const Shape x{3, 4}, w{2, 4}, z{3, 2};
    for (const Wrong& wrong : {Wrong{{2, 4}, w, z, 2, 4, mask_shape(3, 2), mask_shape(2, 4)},
                               Wrong{x, {2, 5}, z, 2, 4, mask_shape(3, 2), mask_shape(3, 4)},
                               Wrong{x, {3, 4}, z, 2, 4, mask_shape(3, 2), mask_shape(3, 4)},
                               Wrong{{0, 4}, w, {0, 2}, 2, 4, mask_shape(0, 2), mask_shape(0, 4)},
                               Wrong{x, w, z, 1, 5, mask_shape(3, 2), mask_shape(3, 4)},
                               Wrong{x, w, z, 2, 4, mask_shape(2, 2), mask_shape(2, 4)},
                               Wrong{x, w, z, 2, 4, {3, 1}, {3, 1}}, Wrong{x, w, z, 2, 4, {3, 2, 2}, {3, 2, 2}}}) {
      Guarded<Backend, Real> x_like(backend, wrong.x), w_like(backend, wrong.w), z_like(backend, wrong.z);
      Guarded<Backend, Real> bias_of_z(backend, {1, wrong.bias_of_z}), bias_of_x(backend, {1, wrong.bias_of_x});
      Guarded<Backend, std::uint32_t> mask_of_z(backend, wrong.mask_of_z), mask_of_x(backend, wrong.mask_of_x);

      EXPECT_THROW(backend.dense_forward_relu(x_like.matrix(), w_like.matrix(), bias_of_z.span(), z_like.matrix(),
                                              mask_of_z.matrix()),
                   std::invalid_argument);
      EXPECT_THROW(backend.dense_input_grad_relu(z_like.matrix(), w_like.matrix(), mask_of_x.matrix(), x_like.matrix(),
                                                 bias_of_x.span()),
                   std::invalid_argument);
      const bool mask_is_wrong = wrong.x.rows == 3 && wrong.w.rows == 2 && wrong.w.cols == 4 && wrong.bias_of_z == 2;
      if (!mask_is_wrong) {
        EXPECT_THROW(
            backend.dense_weight_grad_bias(z_like.matrix(), x_like.matrix(), w_like.matrix(), bias_of_z.span()),
            std::invalid_argument);
      }
      EXPECT_TRUE(x_like.untouched() && w_like.untouched() && z_like.untouched());
      EXPECT_TRUE(bias_of_z.untouched() && bias_of_x.untouched() && mask_of_z.untouched() && mask_of_x.untouched());
    }
  });
}

TEST(DenseEpilogueCost, adds_the_pass_over_the_result_to_the_products) {
  static_assert(dense_forward_relu_cost(3, 5, 64).flops == 2 * 3 * 5 * 64 + 2 * 3 * 64);
  static_assert(dense_forward_relu_cost(3, 5, 64).bytes_written == 4 * 3 * 64 + 3 * 8);
  static_assert(dense_input_grad_relu_cost(3, 64, 7).bytes_read == 4 * (3 * 7 + 7 * 64) + 3 * 8);
  static_assert(dense_input_grad_relu_cost(3, 64, 7).bytes_written == 4 * 3 * 64 + 4 * 64);
  static_assert(dense_weight_grad_bias_cost(3, 5, 7).bytes_written == 4 * (7 * 5 + 7));
}

}  // namespace
}  // namespace plateau::test::dense_epilogue_test
