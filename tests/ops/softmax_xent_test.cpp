// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/softmax_xent.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::softmax_xent_test {
namespace {

using Labels = std::vector<std::int32_t>;

struct XentCase {
  Index batch = 0, classes = 0;
  std::vector<double> z;
  Labels label;
  Index padding = 0, grad_padding = 0;
};

template <class Real>
struct XentOutputs {
  std::vector<Real> loss;
  Labels predicted;
  std::vector<Real> grad_z;
};

// Around what a thread or a lane of a GPU holds of a row.
#if defined(__SANITIZE_THREAD__)
constexpr Index kClasses[] = {2, 4, 10, 17, 32, 33, 129, 513};
#else
constexpr Index kClasses[] = {2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 48, 128, 129, 256, 257, 512, 513, 1024};
#endif

enum class Gradient { beside, in_place, none };

template <class Backend>
XentOutputs<RealOf<Backend>> run(const Backend& backend, const XentCase& in, Gradient gradient = Gradient::beside) {
  using Real = RealOf<Backend>;
  Guarded<Backend, Real> z(backend, {in.batch, in.classes, in.padding}, in.z);
  const Guarded<Backend, std::int32_t> label(backend, {1, static_cast<Index>(in.label.size())}, in.label);
  Guarded<Backend, Real> loss(backend, {1, in.batch});
  Guarded<Backend, std::int32_t> predicted(backend, {1, in.batch});
  Guarded<Backend, Real> grad_z(backend, {in.batch, in.classes, in.grad_padding});
  const MatrixView<Real, Backend::kSpace> written = gradient == Gradient::beside ? grad_z.matrix()
                                                    : gradient == Gradient::in_place
                                                        ? z.matrix()
                                                        : MatrixView<Real, Backend::kSpace>{};
  backend.softmax_xent(z.matrix(), label.span(), loss.span(), predicted.span(), written);
  EXPECT_TRUE(gradient == Gradient::beside || grad_z.untouched());
  return {loss.download(), predicted.download(), gradient == Gradient::in_place ? z.download() : grad_z.download()};
}

// Logits and gradient without padding, `offset` floats behind where they would be aligned.
template <class Backend>
XentOutputs<RealOf<Backend>> run_from(const Backend& backend, const XentCase& in, Index offset) {
  using Real = RealOf<Backend>;
  const Index size = in.batch * in.classes;
  std::vector<double> shifted_z(at(offset), 0.0);
  shifted_z.insert(shifted_z.end(), in.z.begin(), in.z.end());
  const Guarded<Backend, Real> z(backend, {1, offset + size}, shifted_z);
  const Guarded<Backend, std::int32_t> label(backend, {1, in.batch}, in.label);
  Guarded<Backend, Real> loss(backend, {1, in.batch}), grad_z(backend, {1, offset + size});
  Guarded<Backend, std::int32_t> predicted(backend, {1, in.batch});
  backend.softmax_xent(as_matrix(z.span().subspan(offset, size), in.batch, in.classes), label.span(), loss.span(),
                       predicted.span(), as_matrix(grad_z.span().subspan(offset, size), in.batch, in.classes));
  const std::vector<Real> grad = grad_z.download();
  for (Index k = 0; k < offset; ++k) EXPECT_TRUE(is_poison(grad[at(k)])) << "written in front of the gradient";
  return {loss.download(), predicted.download(), {grad.begin() + offset, grad.end()}};
}

XentCase random_case(Index batch, Index classes, float spread) {
  return {batch, classes, random_values(batch * classes, -spread, spread, kSeed),
          random_labels(batch, classes, kSeed + 1)};
}

XentCase dyadic_case(Index batch, Index classes) {
  return {batch, classes, dyadic_values(batch * classes, kSeed), random_labels(batch, classes, kSeed + 1)};
}

XentCase shifted(XentCase in, double by) {
  for (double& z : in.z) z += by;
  return in;
}

// Probabilities without a row maximum: 1 / p_j = sum_k exp(z_k - z_j).
XentOutputs<double> by_definition(const XentCase& in) {
  XentOutputs<double> out;
  for (Index i = 0; i < in.batch; ++i) {
    const double* z = in.z.data() + i * in.classes;
    Index best = 0;
    for (Index j = 0; j < in.classes; ++j) {
      double inverse = 0;
      for (Index k = 0; k < in.classes; ++k) inverse += std::exp(z[k] - z[j]);
      const bool is_label = j == in.label[at(i)];
      if (is_label) out.loss.push_back(std::log(inverse));
      out.grad_z.push_back((1 / inverse - (is_label ? 1 : 0)) / static_cast<double>(in.batch));
      if (z[j] > z[best]) best = j;
    }
    out.predicted.push_back(static_cast<std::int32_t>(best));
  }
  return out;
}

TEST(SoftmaxXent, oracle_reproduces_a_row_solved_by_hand) {
  const XentCase in{.batch = 1, .classes = 2, .z = {0.0, std::log(3.0)}, .label = {1}};  // softmax = (1/4, 3/4)

  const XentOutputs<double> got = run(kOracle, in);

  EXPECT_LE(relative_error(got.loss, {std::log(4.0 / 3.0)}), 4 * kEps64);
  EXPECT_LE(relative_error(got.grad_z, {0.25, -0.25}), 4 * kEps64);
  EXPECT_EQ(got.predicted, (Labels{1}));
}

TEST(SoftmaxXent, gradient_is_of_the_mean_over_the_rows) {
  const XentCase in{.batch = 2, .classes = 2, .z = {0, 0, 0, 0}, .label = {0, 1}};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_EQ(as_double(got.grad_z), (std::vector<double>{-0.25, 0.25, 0.25, -0.25}));
    EXPECT_EQ(got.loss[0], got.loss[1]);
    EXPECT_LE(std::abs(static_cast<double>(got.loss[0]) - std::log(2.0)), kEps32);
  });
}

TEST(SoftmaxXent, oracle_agrees_with_the_definition) {
  for (const Index classes : {1, 2, 3, 31, 33, 129})
    for (const float spread : {1.0f, 20.0f}) {
      const XentCase in = random_case(7, classes, spread);
      const XentOutputs<double> want = by_definition(in);

      const XentOutputs<double> got = run(kOracle, in);

      EXPECT_EQ(got.predicted, want.predicted) << classes << " classes, spread " << spread;
      if (classes > 1) {
        EXPECT_LE(relative_error(got.loss, want.loss), 200 * kEps64) << classes << " classes, spread " << spread;
        EXPECT_LE(relative_error(got.grad_z, want.grad_z), 200 * kEps64) << classes << " classes, spread " << spread;
      }
    }
}

TEST(SoftmaxXent, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const Index batch : {1, 7, 8, 9, 33, 129})
    for (const Index classes : kClasses)
      for (const float spread : {1.0f, 20.0f}) {                 // soft and nearly one-hot rows
        if (batch == 1 && classes <= 8 && spread > 1) continue;  // one certain and right row: 1 - p loses every digit
        SCOPED_TRACE(::testing::Message() << batch << " x " << classes << ", spread " << spread);
        const XentCase in = random_case(batch, classes, spread);
        const XentOutputs<double> want = run(kOracle, in);
        const XentOutputs<float> twin = run(kTwin, in);
        const double loss_budget = budget(twin.loss, want.loss), grad_budget = budget(twin.grad_z, want.grad_z);

        for_each_float_backend([&](const auto& backend) {
          const XentOutputs<float> got = run(backend, in);

          EXPECT_LE(relative_error(got.loss, want.loss), loss_budget);
          EXPECT_LE(relative_error(got.grad_z, want.grad_z), grad_budget);
          EXPECT_EQ(got.predicted, want.predicted);
        });
      }
}

// A GPU reads and writes aligned rows by vectors, rows without gaps by way of shared memory and others one by one.
TEST(SoftmaxXent, gives_equal_bits_wherever_rows_begin) {
  for_each_backend([](const auto& backend) {
    for (const Index batch : {1, 33, 130})
      for (const Index classes : kClasses) {
        if (classes > 33) continue;
        SCOPED_TRACE(::testing::Message() << batch << " x " << classes);
        XentCase in = random_case(batch, classes, 5.0f);
        const auto want = run(backend, in);
        const auto expect_equal = [&](const auto& got, const char* where) {
          EXPECT_EQ(got.loss, want.loss) << where;
          EXPECT_EQ(got.predicted, want.predicted) << where;
          EXPECT_EQ(got.grad_z, want.grad_z) << where;
        };

        for (const Index offset : {1, 2, 4}) expect_equal(run_from(backend, in, offset), "behind an offset");
        in.padding = round_up(classes, 4) - classes;
        in.grad_padding = in.padding + 4;
        expect_equal(run(backend, in), "in aligned rows");
        expect_equal(run(backend, in, Gradient::in_place), "in aligned rows, in place");
        in.grad_padding = in.padding + 1;
        expect_equal(run(backend, in), "in aligned rows, with a gradient in others");
        in.padding = 1;
        in.grad_padding = 0;
        expect_equal(run(backend, in), "in rows with gaps, with a gradient without");
        expect_equal(run(backend, in, Gradient::in_place), "in rows with gaps, in place");
      }
  });
}

TEST(SoftmaxXent, gradient_is_the_central_difference_of_the_mean_loss) {
  constexpr double kStep = 0x1p-17;
  const XentCase in = random_case(3, 4, 2.0f);
  const auto mean_loss = [](const XentCase& moved) {
    const XentOutputs<double> out = run(kOracle, moved, Gradient::none);
    return (out.loss[0] + out.loss[1] + out.loss[2]) / 3;
  };

  const XentOutputs<double> got = run(kOracle, in);

  for (std::size_t k = 0; k < in.z.size(); ++k) {
    XentCase above = in, below = in;
    above.z[k] += kStep;
    below.z[k] -= kStep;
    EXPECT_LE(std::abs(got.grad_z[k] - (mean_loss(above) - mean_loss(below)) / (2 * kStep)), 1e-9) << "z " << k;
  }
}

TEST(SoftmaxXent, a_common_shift_of_the_logits_changes_no_gradient_bit) {
  for_each_backend([](const auto& backend) {
    for (const Index classes : {10, 33}) {
      const XentCase in = dyadic_case(9, classes);       // multiples of 1/16, so adding 512 is exact in float
      for (const double by : {512.0, -512.0, 4096.0}) {  // exp(512) overflows, exp(-512) underflows
        EXPECT_EQ(run(backend, in).grad_z, run(backend, shifted(in, by)).grad_z) << "shift " << by;
        EXPECT_EQ(run(backend, in).predicted, run(backend, shifted(in, by)).predicted) << "shift " << by;
      }
    }
  });
}

TEST(SoftmaxXent, every_row_of_the_gradient_sums_to_zero) {
  for_each_backend([](const auto& backend) {
    const double eps = sizeof(RealOf<std::remove_cvref_t<decltype(backend)>>) == 4 ? kEps32 : kEps64;
    for (const Index classes : {1, 2, 10, 32, 33, 1024}) {
      const auto got = run(backend, random_case(5, classes, 3.0f));
      for (Index i = 0; i < 5; ++i) {
        double sum = 0;
        for (Index j = 0; j < classes; ++j) sum += static_cast<double>(got.grad_z[at(i * classes + j)]);
        EXPECT_LE(std::abs(sum), 8 * eps) << "row " << i << " of " << classes << " classes";
      }
    }
  });
}

TEST(SoftmaxXent, one_class_costs_nothing) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {.batch = 2, .classes = 1, .z = {3.5, -700}, .label = {0, 0}});

    EXPECT_EQ(as_double(got.loss), (std::vector<double>{0, 0}));
    EXPECT_EQ(as_double(got.grad_z), (std::vector<double>{0, 0}));
    EXPECT_EQ(got.predicted, (Labels{0, 0}));
  });
}

TEST(SoftmaxXent, a_tie_goes_to_the_smallest_class) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(run(backend, {.batch = 3, .classes = 3, .z = {1, 2, 2, 5, 5, 5, 7, 1, 7}, .label = {0, 0, 0}}).predicted,
              (Labels{1, 0, 0}));
    XentCase wide{.batch = 1, .classes = 129, .z = std::vector<double>(129, -1.0), .label = {0}};
    wide.z[40] = wide.z[33] = wide.z[128] = 4;
    EXPECT_EQ(run(backend, wide).predicted, (Labels{33}));
    for (const std::size_t first : {0u, 1u, 15u, 30u}) {
      XentCase pair{.batch = 1, .classes = 32, .z = std::vector<double>(32, -1.0), .label = {0}};
      pair.z[first] = pair.z[first + 1] = pair.z[31] = 4;
      EXPECT_EQ(run(backend, pair).predicted, (Labels{static_cast<std::int32_t>(first)}));
    }
    for (const std::size_t first : {0u, 1u, 31u, 32u, 63u})  // one lane of a GPU's warp has every 32nd class
      for (const std::size_t distance : {1u, 32u, 64u}) {
        XentCase pair{.batch = 1, .classes = 129, .z = std::vector<double>(129, -1.0), .label = {0}};
        pair.z[first] = pair.z[first + distance] = 4;
        EXPECT_EQ(run(backend, pair).predicted, (Labels{static_cast<std::int32_t>(first)})) << "and " << distance;
      }
  });
}

TEST(SoftmaxXent, finds_the_largest_logit_at_every_place) {
  for_each_backend([](const auto& backend) {
    for (const Index classes : {2, 7, 32, 33, 100})
      for (Index best = 0; best < classes; ++best) {
        XentCase in{.batch = 1, .classes = classes, .z = std::vector<double>(at(classes), -3.0), .label = {0}};
        in.z[at(best)] = -1;

        EXPECT_EQ(run(backend, in).predicted, (Labels{static_cast<std::int32_t>(best)}));
      }
  });
}

TEST(SoftmaxXent, keeps_nan_visible) {
  for_each_backend([](const auto& backend) {
    for (const std::size_t classes : {10u, 40u})
      for (const std::size_t place : {std::size_t{0}, std::size_t{1}, std::size_t{2}, classes - 1}) {
        XentCase in = dyadic_case(2, static_cast<Index>(classes));
        in.z[place] = kNaN;

        const auto got = run(backend, in);

        EXPECT_EQ(got.predicted[0], -1) << "NaN at " << place;
        EXPECT_TRUE(std::isnan(got.loss[0])) << "NaN at " << place;
        for (std::size_t j = 0; j < classes; ++j) EXPECT_TRUE(std::isnan(got.grad_z[j])) << "NaN at " << place;
        EXPECT_GE(got.predicted[1], 0);
        EXPECT_TRUE(std::isfinite(got.loss[1]));
        EXPECT_TRUE(std::isfinite(got.grad_z[classes]));
      }
  });
}

TEST(SoftmaxXent, an_infinite_logit_is_not_hidden) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {.batch = 2, .classes = 2, .z = {kInfinity, 0, -kInfinity, 0}, .label = {0, 0}});

    EXPECT_TRUE(std::isnan(got.loss[0]));
    EXPECT_TRUE(std::isinf(got.loss[1]));
  });
}

TEST(SoftmaxXent, a_row_of_minus_infinity_is_no_certain_row) {
  for_each_backend([](const auto& backend) {
    for (const std::size_t classes : {3u, 40u}) {
      const auto got = run(backend, {.batch = 1,
                                     .classes = static_cast<Index>(classes),
                                     .z = std::vector<double>(classes, -kInfinity),
                                     .label = {1}});

      EXPECT_TRUE(std::isnan(got.loss[0]));
      EXPECT_EQ(got.predicted, (Labels{0}));
    }
  });
}

// A GPU's thread holds more columns than there are classes; none of those beyond is a label.
TEST(SoftmaxXent, a_label_just_outside_the_classes_gives_nan) {
  for_each_backend([](const auto& backend) {
    for (const Index classes : {1, 3, 4, 5, 9, 10, 17, 32, 33, 40, 128})
      for (const Index label : {classes, classes + 1, classes + 3, classes + 7, classes + 22, classes + 95, Index{-1},
                                Index{-31}, Index{-32}, -classes}) {
        const XentCase in{.batch = 1,
                          .classes = classes,
                          .z = std::vector<double>(at(classes), 0.5),
                          .label = {static_cast<std::int32_t>(label)}};

        EXPECT_TRUE(std::isnan(run(backend, in).loss[0])) << classes << " classes, label " << in.label[0];
        EXPECT_EQ(run(backend, in).predicted, (Labels{0}));
      }
  });
}

TEST(SoftmaxXent, a_label_outside_the_classes_gives_nan_and_touches_nothing) {
  for (const std::int32_t label : {-1, 2, 7, 1'000'000'000, -1'000'000'000}) {
    for_each_backend([&](const auto& backend) {
      const auto got = run(backend, {.batch = 2, .classes = 2, .z = {0, 0, 0, 0}, .label = {label, 1}});

      EXPECT_TRUE(std::isnan(got.loss[0])) << "label " << label;
      EXPECT_EQ(got.predicted, (Labels{0, 0}));
      EXPECT_EQ(as_double(got.grad_z), (std::vector<double>{0.25, 0.25, 0.25, -0.25})) << "label " << label;
      EXPECT_TRUE(std::isfinite(got.loss[1]));
    });
  }
}

TEST(SoftmaxXent, gradient_may_replace_the_logits_and_may_be_left_out) {
  for_each_backend([](const auto& backend) {
    for (const Index classes : {2, 10, 32, 33}) {
      XentCase in = random_case(35, classes, 3.0f);
      const auto beside = run(backend, in);
      for (in.padding = 0; in.padding <= 3; in.padding += 3) {
        in.grad_padding = 2 * in.padding;
        const auto in_place = run(backend, in, Gradient::in_place);
        const auto none = run(backend, in, Gradient::none);

        EXPECT_EQ(run(backend, in).grad_z, beside.grad_z);
        EXPECT_EQ(in_place.grad_z, beside.grad_z);
        EXPECT_EQ(in_place.loss, beside.loss);
        EXPECT_EQ(in_place.predicted, beside.predicted);
        EXPECT_EQ(none.loss, beside.loss);
        EXPECT_EQ(none.predicted, beside.predicted);
      }
    }
  });
}

TEST(SoftmaxXent, over_no_rows_writes_nothing) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {.batch = 0, .classes = 3, .z = {}, .label = {}});

    EXPECT_TRUE(got.loss.empty() && got.predicted.empty() && got.grad_z.empty());
  });
}

TEST(SoftmaxXent, refuses_missing_rows_and_too_many_classes) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    using Real = RealOf<Backend>;
    struct Wrong {
      Shape z, label, loss, predicted, grad_z;
    };
    for (const Wrong& wrong :
         {Wrong{{2, 3}, {1, 1}, {1, 2}, {1, 2}, {2, 3}}, Wrong{{2, 3}, {1, 2}, {1, 3}, {1, 2}, {2, 3}},
          Wrong{{2, 3}, {1, 2}, {1, 2}, {1, 1}, {2, 3}}, Wrong{{2, 3}, {1, 2}, {1, 2}, {1, 2}, {1, 3}},
          Wrong{{2, 3}, {1, 2}, {1, 2}, {1, 2}, {2, 2}}, Wrong{{2, 0}, {1, 2}, {1, 2}, {1, 2}, {2, 0}},
          Wrong{{1, kMaxClasses + 1}, {1, 1}, {1, 1}, {1, 1}, {1, kMaxClasses + 1}}}) {
      const Guarded<Backend, Real> z(backend, wrong.z);
      const Guarded<Backend, std::int32_t> label(backend, wrong.label);
      Guarded<Backend, Real> loss(backend, wrong.loss), grad_z(backend, wrong.grad_z);
      Guarded<Backend, std::int32_t> predicted(backend, wrong.predicted);

      EXPECT_THROW(backend.softmax_xent(z.matrix(), label.span(), loss.span(), predicted.span(), grad_z.matrix()),
                   std::invalid_argument);
      EXPECT_TRUE(loss.untouched() && predicted.untouched() && grad_z.untouched());
    }
  });
}

TEST(SoftmaxXentCost, reads_the_logits_once_and_writes_the_gradient_once) {
  static_assert(softmax_xent_cost(3, 5).flops == 5 * 15);
  static_assert(softmax_xent_cost(3, 5).bytes_read == 4 * 15 + 4 * 3);
  static_assert(softmax_xent_cost(3, 5).bytes_written == 4 * 15 + 8 * 3);
}

}  // namespace
}  // namespace plateau::test::softmax_xent_test
