// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/dense.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"
#include "support/sanitized.hpp"

namespace plateau::test::dense_test {
namespace {

struct DenseCase {
  Index batch = 0, in = 0, out = 0;
  std::vector<double> x, w, grad_z;
  Index padding = 0;  // of every matrix, each another multiple
};

template <class Real>
struct DenseOutputs {
  std::vector<Real> z, grad_x, grad_w;
};

template <class Backend>
DenseOutputs<RealOf<Backend>> run(const Backend& backend, const DenseCase& in) {
  using Real = RealOf<Backend>;
  const Guarded<Backend, Real> x(backend, {in.batch, in.in, in.padding}, in.x);
  const Guarded<Backend, Real> w(backend, {in.out, in.in, 2 * in.padding}, in.w);
  const Guarded<Backend, Real> grad_z(backend, {in.batch, in.out, 3 * in.padding}, in.grad_z);
  Guarded<Backend, Real> z(backend, {in.batch, in.out, 4 * in.padding});
  Guarded<Backend, Real> grad_x(backend, {in.batch, in.in, 5 * in.padding});
  Guarded<Backend, Real> grad_w(backend, {in.out, in.in, 6 * in.padding});
  backend.dense_forward(x.matrix(), w.matrix(), z.matrix());
  backend.dense_input_grad(grad_z.matrix(), w.matrix(), grad_x.matrix());
  backend.dense_weight_grad(grad_z.matrix(), x.matrix(), grad_w.matrix());
  return {z.download(), grad_x.download(), grad_w.download()};
}

DenseCase dyadic_case(Index batch, Index in, Index out, Index padding) {
  return {batch,
          in,
          out,
          dyadic_values(batch * in, kSeed),
          dyadic_values(out * in, kSeed + 1),
          dyadic_values(batch * out, kSeed + 2),
          padding};
}

DenseCase random_case(Index batch, Index in, Index out) {
  return {batch,
          in,
          out,
          random_values(batch * in, -1, 1, kSeed),
          random_values(out * in, -1, 1, kSeed + 1),
          random_values(batch * out, -1, 1, kSeed + 2)};
}

// The three sums of the contract, term by term.
DenseOutputs<double> defining_sums(const DenseCase& in) {
  DenseOutputs<double> sum{std::vector<double>(at(in.batch * in.out)), std::vector<double>(at(in.batch * in.in)),
                           std::vector<double>(at(in.out * in.in))};
  for (Index b = 0; b < in.batch; ++b)
    for (Index i = 0; i < in.in; ++i)
      for (Index o = 0; o < in.out; ++o) {
        const double x = in.x[at(b * in.in + i)], w = in.w[at(o * in.in + i)], grad_z = in.grad_z[at(b * in.out + o)];
        sum.z[at(b * in.out + o)] += x * w;
        sum.grad_x[at(b * in.in + i)] += grad_z * w;
        sum.grad_w[at(o * in.in + i)] += grad_z * x;
      }
  return sum;
}

TEST(Dense, reproduces_products_solved_by_hand) {
  const DenseCase in{
      .batch = 2, .in = 3, .out = 2, .x = {1, 2, 3, 4, 5, 6}, .w = {1, 0, -1, 2, 1, 0}, .grad_z = {1, 2, 3, -1}};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_EQ(as_double(got.z), (std::vector<double>{-2, 4, -2, 13}));
    EXPECT_EQ(as_double(got.grad_x), (std::vector<double>{5, 2, -1, 1, -1, -3}));
    EXPECT_EQ(as_double(got.grad_w), (std::vector<double>{13, 17, 21, -2, -1, 0}));
  });
}

TEST(Dense, is_exact_where_the_arithmetic_is) {
  for_each_backend([](const auto& backend) {
    for (const Index batch : {1, 7, 32, 33, 129})
      for (const Index features_in : {1, 2, 31, 64, 128, 160})
        for (const Index features_out : {1, 2, 33, 128, 160}) {
          if (kSanitized && (batch == 32 || features_in % 32 == 0 || features_out % 32 == 0)) continue;
          const DenseCase in = dyadic_case(batch, features_in, features_out, 0);
          const DenseOutputs<double> want = defining_sums(in);

          const auto got = run(backend, in);

          ASSERT_EQ(as_double(got.z), want.z) << batch << " x " << features_in << " -> " << features_out;
          ASSERT_EQ(as_double(got.grad_x), want.grad_x) << batch << " x " << features_in << " -> " << features_out;
          ASSERT_EQ(as_double(got.grad_w), want.grad_w) << batch << " x " << features_in << " -> " << features_out;
        }
  });
}

TEST(Dense, reads_and_writes_padded_rows) {
  for_each_backend([](const auto& backend) {
    for (const Index padding : {1, 4, 5})
      for (const Index features_in : {17, 260}) {
        const DenseCase in = dyadic_case(9, features_in, 33, padding);
        const DenseOutputs<double> want = defining_sums(in);

        const auto got = run(backend, in);

        EXPECT_EQ(as_double(got.z), want.z) << "padding " << padding << ", " << features_in << " features";
        EXPECT_EQ(as_double(got.grad_x), want.grad_x) << "padding " << padding << ", " << features_in << " features";
        EXPECT_EQ(as_double(got.grad_w), want.grad_w) << "padding " << padding << ", " << features_in << " features";
      }
  });
}

TEST(Dense, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const Index batch : {1, 7, 31, 32, 33, 127, 128, 129, 513})
    for (const Index features_in : {2, 3, 128, 200, 257})
      for (const Index features_out : {2, 64, 129}) {
        if (kSanitized && (batch > 129 || features_in % 2 == 0)) continue;
        SCOPED_TRACE(::testing::Message() << batch << " x " << features_in << " -> " << features_out);
        const DenseCase in = random_case(batch, features_in, features_out);
        const DenseOutputs<double> want = run(kOracle, in);
        const DenseOutputs<float> twin = run(kTwin, in);
        const double z_budget = budget(twin.z, want.z);
        const double grad_x_budget = budget(twin.grad_x, want.grad_x);
        const double grad_w_budget = budget(twin.grad_w, want.grad_w);

        for_each_float_backend([&](const auto& backend) {
          const DenseOutputs<float> got = run(backend, in);

          EXPECT_LE(relative_error(got.z, want.z), z_budget);
          EXPECT_LE(relative_error(got.grad_x, want.grad_x), grad_x_budget);
          EXPECT_LE(relative_error(got.grad_w, want.grad_w), grad_w_budget);
        });
      }
}

// What a CPU relies on that evaluates rows in tiles beside each other.
TEST(Dense, a_row_of_the_twins_has_the_same_bits_whatever_rows_are_multiplied_with_it) {
  for (const Index features_in : {2, 33, 128, 200})
    for (const Index features_out : {2, 5, 33, 64, 129}) {
      const DenseCase all = random_case(23, features_in, features_out);
      const auto rows_of = [](const auto& values, Index width, Index first, Index count) {
        return std::vector(values.begin() + first * width, values.begin() + (first + count) * width);
      };
      const auto together = run(kTwin, all);
      for (const Index count : {1, 2, 7, 8, 11})
        for (const Index first : {0, 5, 12}) {
          DenseCase some = all;
          some.batch = count;
          some.x = rows_of(all.x, features_in, first, count);
          some.grad_z = rows_of(all.grad_z, features_out, first, count);

          const auto alone = run(kTwin, some);

          SCOPED_TRACE(::testing::Message() << features_in << " -> " << features_out << ", " << count << " rows");
          EXPECT_EQ(alone.z, rows_of(together.z, features_out, first, count));
          EXPECT_EQ(alone.grad_x, rows_of(together.grad_x, features_in, first, count));
        }
    }
}

TEST(Dense, over_no_rows_gives_a_zero_weight_gradient) {
  DenseCase in{.batch = 0, .in = 5, .out = 3, .x = {}, .w = dyadic_values(15, kSeed), .grad_z = {}};

  for_each_backend([&](const auto& backend) {
    for (in.padding = 0; in.padding <= 1; ++in.padding) {
      const auto got = run(backend, in);

      EXPECT_TRUE(got.z.empty());
      EXPECT_TRUE(got.grad_x.empty());
      EXPECT_EQ(as_double(got.grad_w), std::vector<double>(15, 0.0));
    }
  });
}

TEST(Dense, gradients_are_the_central_differences_of_the_forward_product) {
  const DenseCase in = random_case(4, 5, 3);
  const DenseOutputs<double> got = run(kOracle, in);
  // A scalar whose gradient with respect to z is grad_z. It is linear in x and in w, so only rounding remains.
  const auto scalar = [&](const DenseCase& moved) {
    const DenseOutputs<double> out = run(kOracle, moved);
    double sum = 0;
    for (std::size_t k = 0; k < out.z.size(); ++k) sum += out.z[k] * in.grad_z[k];
    return sum;
  };
  const auto difference = [&](std::vector<double> DenseCase::*part, std::size_t k) {
    DenseCase above = in, below = in;
    (above.*part)[k] += 0.5;
    (below.*part)[k] -= 0.5;
    return scalar(above) - scalar(below);
  };

  for (std::size_t k = 0; k < in.x.size(); ++k)
    EXPECT_LE(std::abs(got.grad_x[k] - difference(&DenseCase::x, k)), 100 * kEps64) << "x " << k;
  for (std::size_t k = 0; k < in.w.size(); ++k)
    EXPECT_LE(std::abs(got.grad_w[k] - difference(&DenseCase::w, k)), 100 * kEps64) << "w " << k;
}

TEST(Dense, keeps_nan_visible) {
  DenseCase in = dyadic_case(3, 4, 2, 0);
  in.x[5] = kNaN;  // row 1, column 1

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_TRUE(std::isnan(got.z[2]) && std::isnan(got.z[3]));
    EXPECT_TRUE(std::isfinite(got.z[0]) && std::isfinite(got.z[5]));
    EXPECT_TRUE(std::isnan(got.grad_w[1]) && std::isnan(got.grad_w[5]));
  });
}

TEST(Dense, refuses_shapes_that_do_not_chain_and_writes_nothing) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    using Real = RealOf<Backend>;
    const auto matrix = [&](Index rows, Index cols) { return Guarded<Backend, Real>(backend, {rows, cols}); };
    struct Wrong {
      Shape x, w, z;
    };
    for (const Wrong& wrong :
         {Wrong{{3, 4}, {2, 4}, {2, 2}}, Wrong{{3, 4}, {2, 5}, {3, 2}}, Wrong{{3, 4}, {2, 4}, {3, 3}},
          Wrong{{3, 0}, {2, 0}, {3, 2}}, Wrong{{3, 4}, {0, 4}, {3, 0}}}) {
      auto x = matrix(wrong.x.rows, wrong.x.cols), w = matrix(wrong.w.rows, wrong.w.cols),
           z = matrix(wrong.z.rows, wrong.z.cols);

      EXPECT_THROW(backend.dense_forward(x.matrix(), w.matrix(), z.matrix()), std::invalid_argument);
      EXPECT_THROW(backend.dense_input_grad(z.matrix(), w.matrix(), x.matrix()), std::invalid_argument);
      EXPECT_THROW(backend.dense_weight_grad(z.matrix(), x.matrix(), w.matrix()), std::invalid_argument);
      EXPECT_TRUE(x.untouched() && w.untouched() && z.untouched());
    }
  });
}

TEST(DenseCost, counts_a_multiply_and_an_add_per_term_and_every_matrix_once) {
  static_assert(dense_forward_cost(3, 5, 7).flops == 2 * 3 * 5 * 7);
  static_assert(dense_forward_cost(3, 5, 7).bytes_read == 4 * (3 * 5 + 7 * 5));
  static_assert(dense_forward_cost(3, 5, 7).bytes_written == 4 * 3 * 7);
  static_assert(dense_input_grad_cost(3, 5, 7).bytes_read == 4 * (3 * 7 + 7 * 5));
  static_assert(dense_input_grad_cost(3, 5, 7).bytes_written == 4 * 3 * 5);
  static_assert(dense_weight_grad_cost(3, 5, 7).bytes_read == 4 * (3 * 7 + 3 * 5));
  static_assert(dense_weight_grad_cost(3, 5, 7).bytes_written == 4 * 7 * 5);
}

}  // namespace
}  // namespace plateau::test::dense_test
