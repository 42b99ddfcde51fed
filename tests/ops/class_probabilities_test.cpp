// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/class_probabilities.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::class_probabilities_test {
namespace {

using Classes = std::vector<std::int32_t>;

template <class Real>
struct Outputs {
  Classes predicted;
  std::vector<Real> probability;
};

enum class Probability { beside, in_place, none };

template <class Backend>
Outputs<RealOf<Backend>> run(const Backend& backend, const Shape& shape, const std::vector<double>& logits,
                             Probability written = Probability::beside) {
  using Real = RealOf<Backend>;
  Guarded<Backend, Real> z(backend, shape, logits);
  Guarded<Backend, std::int32_t> predicted(backend, {1, shape.rows});
  Guarded<Backend, Real> probability(backend, {shape.rows, shape.cols, 2 * shape.padding});
  backend.class_probabilities(z.matrix(), predicted.span(),
                              written == Probability::beside     ? probability.matrix()
                              : written == Probability::in_place ? z.matrix()
                                                                 : MatrixView<Real, Backend::kSpace>{});
  EXPECT_TRUE(written == Probability::beside || probability.untouched());
  return {predicted.download(), written == Probability::beside ? probability.download() : z.download()};
}

// Without a row maximum: 1 / p_j = sum_k exp(z_k - z_j).
Outputs<double> by_definition(const Shape& shape, const std::vector<double>& logits) {
  Outputs<double> out;
  for (Index i = 0; i < shape.rows; ++i) {
    const double* z = logits.data() + i * shape.cols;
    Index best = 0;
    for (Index j = 0; j < shape.cols; ++j) {
      double inverse = 0;
      for (Index k = 0; k < shape.cols; ++k) inverse += std::exp(z[k] - z[j]);
      out.probability.push_back(1 / inverse);
      if (z[j] > z[best]) best = j;
    }
    out.predicted.push_back(static_cast<std::int32_t>(best));
  }
  return out;
}

// Around the lanes of a GPU's warp, each of which takes every 32nd class.
constexpr Index kClassCounts[] = {1, 2, 3, 10, 31, 32, 33, 64, 65, 129, 1024};

TEST(ClassProbabilities, reproduces_rows_solved_by_hand) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {2, 2}, {0, std::log(3.0), 5, 5});

    EXPECT_EQ(got.predicted, (Classes{1, 0}));
    EXPECT_LE(relative_error(got.probability, {0.25, 0.75, 0.5, 0.5}), kEps32);
  });
}

TEST(ClassProbabilities, oracle_agrees_with_the_definition) {
  for (const Index classes : kClassCounts)
    for (const float spread : {1.0f, 20.0f}) {
      const std::vector<double> z = random_values(7 * classes, -spread, spread, kSeed);
      const Outputs<double> want = by_definition({7, classes}, z);

      const Outputs<double> got = run(kOracle, {7, classes}, z);

      EXPECT_EQ(got.predicted, want.predicted) << classes << " classes, spread " << spread;
      EXPECT_LE(relative_error(got.probability, want.probability), 64 * kEps64) << classes << ", spread " << spread;
    }
}

TEST(ClassProbabilities, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const Index batch : {1, 7, 8, 9, 33})
    for (const Index classes : kClassCounts)
      for (const float spread : {1.0f, 20.0f})
        for (const Index padding : {0, 3}) {
          SCOPED_TRACE(::testing::Message() << batch << " x " << classes << ", spread " << spread);
          const Shape shape{batch, classes, padding};
          const std::vector<double> z = random_values(batch * classes, -spread, spread, kSeed);
          const Outputs<double> want = run(kOracle, shape, z);
          const double allowed = budget(run(kTwin, shape, z).probability, want.probability);

          for_each_float_backend([&](const auto& backend) {
            const Outputs<float> got = run(backend, shape, z);

            EXPECT_LE(relative_error(got.probability, want.probability), allowed);
            EXPECT_EQ(got.predicted, want.predicted);
          });
        }
}

TEST(ClassProbabilities, every_row_sums_to_one) {
  for_each_backend([](const auto& backend) {
    for (const Index classes : kClassCounts) {
      const auto got = run(backend, {5, classes}, random_values(5 * classes, -3, 3, kSeed));
      for (Index i = 0; i < 5; ++i) {
        double sum = 0;
        for (Index j = 0; j < classes; ++j) sum += static_cast<double>(got.probability[at(i * classes + j)]);
        EXPECT_LE(std::abs(sum - 1), 8 * kEps32) << "row " << i << " of " << classes << " classes";
      }
    }
  });
}

TEST(ClassProbabilities, predicts_what_the_loss_predicts) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    for (const Index classes : kClassCounts) {
      std::vector<double> logits = dyadic_values(33 * classes, kSeed);  // of 256 values, so that there are ties
      logits[at(5 * classes + classes / 2)] = kNaN;
      logits[at(6 * classes)] = kInfinity;
      const Guarded<Backend, RealOf<Backend>> z(backend, {33, classes}, logits);
      const Guarded<Backend, std::int32_t> label(backend, {1, 33}, std::vector<std::int32_t>(33));
      Guarded<Backend, RealOf<Backend>> loss(backend, {1, 33});
      Guarded<Backend, std::int32_t> want(backend, {1, 33});
      backend.softmax_xent(z.matrix(), label.span(), loss.span(), want.span(), {});

      EXPECT_EQ(run(backend, {33, classes}, logits).predicted, want.download()) << classes << " classes";
    }
  });
}

TEST(ClassProbabilities, a_common_shift_of_the_logits_changes_no_bit) {
  for_each_backend([](const auto& backend) {
    const std::vector<double> z = dyadic_values(9 * 33, kSeed);  // multiples of 1/16, so adding 512 is exact in float
    const auto want = run(backend, {9, 33}, z);
    for (const double by : {512.0, -512.0, 4096.0}) {  // exp(512) overflows, exp(-512) underflows
      std::vector<double> shifted = z;
      for (double& logit : shifted) logit += by;

      EXPECT_EQ(run(backend, {9, 33}, shifted).probability, want.probability) << "shift " << by;
      EXPECT_EQ(run(backend, {9, 33}, shifted).predicted, want.predicted) << "shift " << by;
    }
  });
}

TEST(ClassProbabilities, a_tie_goes_to_the_smallest_class) {
  for_each_backend([](const auto& backend) {
    for (const std::size_t first : {0u, 1u, 31u, 32u, 63u})
      for (const std::size_t distance : {1u, 32u, 64u}) {
        std::vector<double> z(129, -1.0);
        z[first] = z[first + distance] = 4;
        EXPECT_EQ(run(backend, {1, 129}, z).predicted, (Classes{static_cast<std::int32_t>(first)})) << distance;
      }
  });
}

TEST(ClassProbabilities, finds_the_largest_logit_at_every_place) {
  for_each_backend([](const auto& backend) {
    for (const Index classes : {2, 7, 32, 33, 100})
      for (Index best = 0; best < classes; ++best) {
        std::vector<double> z(at(classes), -3.0);
        z[at(best)] = -1;

        EXPECT_EQ(run(backend, {1, classes}, z).predicted, (Classes{static_cast<std::int32_t>(best)}));
      }
  });
}

TEST(ClassProbabilities, keeps_nan_visible_and_in_its_row) {
  for_each_backend([](const auto& backend) {
    for (const std::size_t classes : {10u, 40u})
      for (const std::size_t place : {std::size_t{0}, std::size_t{1}, classes - 1}) {
        std::vector<double> z = dyadic_values(2 * static_cast<Index>(classes), kSeed);
        z[place] = kNaN;

        const auto got = run(backend, {2, static_cast<Index>(classes)}, z);

        EXPECT_EQ(got.predicted[0], -1) << "NaN at " << place;
        EXPECT_GE(got.predicted[1], 0);
        for (std::size_t j = 0; j < classes; ++j) {
          EXPECT_TRUE(std::isnan(got.probability[j])) << "NaN at " << place;
          EXPECT_TRUE(std::isfinite(got.probability[classes + j])) << "NaN at " << place;
        }
      }
  });
}

TEST(ClassProbabilities, an_infinite_logit_is_not_hidden) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {3, 2}, {0, kInfinity, -kInfinity, 0, -kInfinity, -kInfinity});

    EXPECT_EQ(got.predicted, (Classes{1, 1, 0}));
    EXPECT_TRUE(std::isnan(got.probability[1]));
    EXPECT_EQ(got.probability[2], 0);
    EXPECT_EQ(got.probability[3], 1);
    EXPECT_TRUE(std::isnan(got.probability[4]) && std::isnan(got.probability[5]));
  });
}

TEST(ClassProbabilities, may_replace_the_logits_and_may_be_left_out) {
  for_each_backend([](const auto& backend) {
    using Real = RealOf<std::remove_cvref_t<decltype(backend)>>;
    for (const Index classes : {2, 33, 129})
      for (const Index padding : {0, 3}) {
        const Shape shape{35, classes, padding};
        const std::vector<double> z = random_values(35 * classes, -3, 3, kSeed);
        const auto beside = run(backend, shape, z);
        const auto in_place = run(backend, shape, z, Probability::in_place);
        const auto none = run(backend, shape, z, Probability::none);

        EXPECT_EQ(in_place.probability, beside.probability);
        EXPECT_EQ(in_place.predicted, beside.predicted);
        EXPECT_EQ(none.probability, (std::vector<Real>{z.begin(), z.end()}));  // the logits, as they were
        EXPECT_EQ(none.predicted, beside.predicted);
      }
  });
}

TEST(ClassProbabilities, over_no_rows_writes_nothing) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {0, 3}, {});

    EXPECT_TRUE(got.predicted.empty() && got.probability.empty());
  });
}

TEST(ClassProbabilities, refuses_shapes_that_do_not_match_and_too_many_classes) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Shape z, predicted, probability;
    };
    for (const Wrong& wrong :
         {Wrong{{2, 3}, {1, 1}, {2, 3}}, Wrong{{2, 3}, {1, 3}, {2, 3}}, Wrong{{2, 3}, {1, 2}, {1, 3}},
          Wrong{{2, 3}, {1, 2}, {2, 2}}, Wrong{{2, 0}, {1, 2}, {2, 0}},
          Wrong{{1, kMaxClasses + 1}, {1, 1}, {1, kMaxClasses + 1}}}) {
      const Guarded<Backend, RealOf<Backend>> z(backend, wrong.z);
      Guarded<Backend, std::int32_t> predicted(backend, wrong.predicted);
      Guarded<Backend, RealOf<Backend>> probability(backend, wrong.probability);

      EXPECT_THROW(backend.class_probabilities(z.matrix(), predicted.span(), probability.matrix()),
                   std::invalid_argument);
      EXPECT_TRUE(predicted.untouched() && probability.untouched());
    }
  });
}

TEST(ClassProbabilitiesCost, reads_every_logit_and_writes_every_probability_once) {
  static_assert(class_probabilities_cost(3, 5).flops == 4 * 15);
  static_assert(class_probabilities_cost(3, 5).bytes_read == 4 * 15);
  static_assert(class_probabilities_cost(3, 5).bytes_written == 4 * 15 + 4 * 3);
}

}  // namespace
}  // namespace plateau::test::class_probabilities_test
