// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/weighted_xent.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::weighted_xent_test {
namespace {

using Labels = std::vector<std::int32_t>;
using Weights = std::vector<float>;

constexpr RunStatus kStopped[] = {RunStatus::diverged, RunStatus::interrupted, RunStatus::stopped_early};

// Around what a lane of a GPU holds of a row.
#if defined(__SANITIZE_THREAD__)
constexpr Index kClasses[] = {2, 10, 33, 129, 513};
#else
constexpr Index kClasses[] = {2, 3, 10, 31, 32, 33, 127, 128, 129, 511, 512, 513, 1024};
#endif

// ---- balanced_class_weights -----------------------------------------------------------------------------------------
template <class Backend>
Weights balanced(const Backend& backend, const Labels& labels, Index classes) {
  const Guarded<Backend, std::int32_t> label(backend, {1, static_cast<Index>(labels.size())}, labels);
  Guarded<Backend, float> weight(backend, {1, classes});
  backend.balanced_class_weights(label.span(), weight.span());
  return weight.download();
}

TEST(BalancedClassWeights, reproduce_what_scikit_learn_computes) {
  for_each_backend([](const auto& backend) {
    // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 1, 1, 2, 2, 2, 2, 2])
    EXPECT_EQ(balanced(backend, {0, 1, 1, 2, 2, 2, 2, 2}, 3), (Weights{8.0f / 3, 4.0f / 3, float(8.0 / 15)}));
    EXPECT_EQ(balanced(backend, {0, 1, 0, 1}, 2), (Weights{1, 1}));
    EXPECT_EQ(balanced(backend, {0, 0, 0}, 1), (Weights{1}));
  });
}

TEST(BalancedClassWeights, of_a_class_without_rows_are_zero) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(balanced(backend, {1, 1, 3, 1}, 4), (Weights{0, 1.0f / 3, 0, 1}));
    EXPECT_EQ(balanced(backend, {}, 3), (Weights{0, 0, 0}));
  });
}

TEST(BalancedClassWeights, count_a_label_outside_the_classes_among_the_rows_only) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(balanced(backend, {0, -1, 2, 1, 1'000'000'000, -1'000'000'000, 1, 1}, 2), (Weights{4, 4.0f / 3}));
    Weights most(at(kMaxClasses));
    most.back() = 2.0f / kMaxClasses;
    EXPECT_EQ(balanced(backend, {kMaxClasses, kMaxClasses - 1}, kMaxClasses), most);
  });
}

TEST(BalancedClassWeights, have_the_same_bits_on_every_device) {
  for (const Index rows : {1, 31, 511, 512, 513, 5000})
    for (const Index classes : {1, 2, 33, 511, 512, 513, 1024}) {
      const Labels labels = random_labels(rows, classes, kSeed);
      std::vector<double> counts(at(classes));
      for (const std::int32_t y : labels) ++counts[at(y)];
      Weights want;
      for (const double count : counts)
        want.push_back(count == 0 ? 0 : float(double(rows) / (double(classes) * count)));

      for_each_backend([&](const auto& backend) {
        EXPECT_EQ(balanced(backend, labels, classes), want) << rows << " rows of " << classes << " classes";
      });
    }
}

TEST(BalancedClassWeights, refuse_no_classes_too_many_and_too_many_rows) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    const Guarded<Backend, std::int32_t> label(backend, {1, 3}, Labels{0, 0, 0});
    const SpanView<const std::int32_t, Backend::kSpace> endless{label.span().data, Index{1} << 32};
    for (const Index classes : {Index{0}, kMaxClasses + 1}) {
      Guarded<Backend, float> weight(backend, {1, classes});
      EXPECT_THROW(backend.balanced_class_weights(label.span(), weight.span()), std::invalid_argument);
      EXPECT_TRUE(weight.untouched());
    }
    Guarded<Backend, float> weight(backend, {1, 2});
    EXPECT_THROW(backend.balanced_class_weights(endless, weight.span()), std::invalid_argument);
    EXPECT_TRUE(weight.untouched());
  });
}

// ---- batch_weight ---------------------------------------------------------------------------------------------------
// The weights lie between two others.
template <class Backend>
TrainingState weighed(const Backend& backend, const std::vector<double>& weights, const Labels& labels,
                      TrainingState before = {}) {
  const auto classes = static_cast<Index>(weights.size());
  std::vector<double> all{9};
  all.insert(all.end(), weights.begin(), weights.end());
  all.push_back(9);
  const Guarded<Backend, float> weight(backend, {1, classes + 2}, all);
  const Guarded<Backend, std::int32_t> label(backend, {1, static_cast<Index>(labels.size())}, labels);
  Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{before});
  backend.batch_weight(weight.span().subspan(1, classes), label.span(), state.span());
  return state.download()[0];
}

TEST(BatchWeight, is_the_sum_of_the_weights_of_the_labels) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(weighed(backend, {0.5, 2, 8}, {0, 1, 1, 2, 0}).batch_weight, 13);
    EXPECT_EQ(weighed(backend, {3}, {0}).batch_weight, 3);
    EXPECT_EQ(weighed(backend, {3}, {}, {.batch_weight = 5}).batch_weight, 0);
    EXPECT_EQ(weighed(backend, {0, 1}, {0, 0}, {.batch_weight = 5}).batch_weight, 0);
  });
}

TEST(BatchWeight, counts_every_row_once) {
  for_each_backend([](const auto& backend) {
    for (const Index rows : {1, 31, 32, 33, 511, 512, 513, 1025, 5000}) {
      const Labels labels = random_labels(rows, 40, kSeed);
      const std::vector<double> weights = dyadic_values(40, kSeed);
      double want = 0;  // exact, in every order
      for (const std::int32_t y : labels) want += weights[at(y)];

      EXPECT_EQ(weighed(backend, weights, labels).batch_weight, want) << rows << " rows";
    }
  });
}

TEST(BatchWeight, is_summed_in_double) {
  const std::vector<double> weights = random_values(40, 0, 2, kSeed);
  const Labels labels = random_labels(3000, 40, kSeed);
  const double want = weighed(kOracle, weights, labels).batch_weight;

  for_each_float_backend([&](const auto& backend) {
    EXPECT_LE(std::abs(weighed(backend, weights, labels).batch_weight / want - 1), 64 * kEps64);
    EXPECT_EQ(weighed(backend, {0x1p30, 1}, {0, 1, 1, 0}).batch_weight, 0x1p31 + 2);
  });
}

TEST(BatchWeight, is_no_number_where_a_label_is_no_class) {
  for_each_backend([](const auto& backend) {
    for (const std::int32_t label : {-1, 2, 1'000'000'000, -1'000'000'000})
      EXPECT_TRUE(std::isnan(weighed(backend, {1, 2}, {0, label, 1}).batch_weight)) << "label " << label;
    EXPECT_TRUE(std::isnan(weighed(backend, {1, kNaN}, {0, 1}).batch_weight));
  });
}

TEST(BatchWeight, changes_nothing_else_and_nothing_once_the_run_has_stopped) {
  for_each_backend([](const auto& backend) {
    const TrainingState after =
        weighed(backend, {2}, {0, 0},
                {.step = 7, .rate_reduction = 0.5, .second_share = 0.25, .best_loss = 3, .best_epochs = 2, .epoch = 4});

    EXPECT_EQ(after.batch_weight, 4);
    EXPECT_EQ(after.step, 7);
    EXPECT_EQ(after.rate_reduction, 0.5);
    EXPECT_EQ(after.second_share, 0.25);
    EXPECT_EQ(after.best_loss, 3);
    EXPECT_EQ(after.best_epochs, 2);
    EXPECT_EQ(after.epoch, 4);
    EXPECT_EQ(after.status, RunStatus::running);
    for (const RunStatus status : kStopped)
      EXPECT_EQ(weighed(backend, {2}, {0, 0}, {.batch_weight = 9, .status = status}).batch_weight, 9);
  });
}

TEST(BatchWeight, refuses_no_classes_too_many_and_anything_but_one_control_block) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Index classes, states;
    };
    for (const Wrong& wrong : {Wrong{0, 1}, Wrong{kMaxClasses + 1, 1}, Wrong{2, 0}, Wrong{2, 2}}) {
      const Guarded<Backend, float> weight(backend, {1, wrong.classes});
      const Guarded<Backend, std::int32_t> label(backend, {1, 0});
      Guarded<Backend, TrainingState> state(backend, {1, wrong.states},
                                            std::vector<TrainingState>(at(wrong.states), {.batch_weight = 5}));

      EXPECT_THROW(backend.batch_weight(weight.span(), label.span(), state.span()), std::invalid_argument);
      for (const TrainingState& s : state.download()) EXPECT_EQ(s.batch_weight, 5);
    }
  });
}

// ---- weighted_softmax_xent ------------------------------------------------------------------------------------------
struct XentCase {
  Index batch = 0, classes = 0;
  std::vector<double> z;
  Labels label, second_label;
  std::vector<double> weight;
  double second_share = 0;
  Index padding = 0, grad_padding = 0;
};

template <class Real>
struct XentOutputs {
  std::vector<Real> loss;
  Labels predicted;
  std::vector<Real> grad_z;
};

enum class Gradient { beside, in_place, none };

// With the weight of the batch, where there are weights.
template <class Backend>
XentOutputs<RealOf<Backend>> run(const Backend& backend, const XentCase& in, Gradient gradient = Gradient::beside) {
  using Real = RealOf<Backend>;
  const auto ints = [&](const Labels& labels) {
    return Guarded<Backend, std::int32_t>(backend, {1, static_cast<Index>(labels.size())}, labels);
  };
  Guarded<Backend, Real> z(backend, {in.batch, in.classes, in.padding}, in.z);
  const Guarded<Backend, std::int32_t> label = ints(in.label), second_label = ints(in.second_label);
  const Guarded<Backend, float> weight(backend, {1, static_cast<Index>(in.weight.size())}, in.weight);
  Guarded<Backend, TrainingState> state(
      backend, {1, 1}, std::vector<TrainingState>{{.second_share = in.second_share, .batch_weight = kNaN}});
  Guarded<Backend, Real> loss(backend, {1, in.batch});
  Guarded<Backend, std::int32_t> predicted(backend, {1, in.batch});
  Guarded<Backend, Real> grad_z(backend, {in.batch, in.classes, in.grad_padding});
  const MatrixView<Real, Backend::kSpace> written = gradient == Gradient::beside ? grad_z.matrix()
                                                    : gradient == Gradient::in_place
                                                        ? z.matrix()
                                                        : MatrixView<Real, Backend::kSpace>{};
  if (!in.weight.empty()) backend.batch_weight(weight.span(), label.span(), state.span());
  backend.weighted_softmax_xent(z.matrix(), label.span(), second_label.span(), weight.span(), state.span(), loss.span(),
                                predicted.span(), written);
  EXPECT_TRUE(gradient == Gradient::beside || grad_z.untouched());
  return {loss.download(), predicted.download(), gradient == Gradient::in_place ? z.download() : grad_z.download()};
}

template <class Backend>
XentOutputs<RealOf<Backend>> plain(const Backend& backend, const XentCase& in) {
  using Real = RealOf<Backend>;
  const Guarded<Backend, Real> z(backend, {in.batch, in.classes}, in.z);
  const Guarded<Backend, std::int32_t> label(backend, {1, in.batch}, in.label);
  Guarded<Backend, Real> loss(backend, {1, in.batch}), grad_z(backend, {in.batch, in.classes});
  Guarded<Backend, std::int32_t> predicted(backend, {1, in.batch});
  backend.softmax_xent(z.matrix(), label.span(), loss.span(), predicted.span(), grad_z.matrix());
  return {loss.download(), predicted.download(), grad_z.download()};
}

enum class With { neither, weights, second_labels, both };

XentCase random_case(Index batch, Index classes, float spread, With with) {
  XentCase in{.batch = batch, .classes = classes, .z = random_values(batch * classes, -spread, spread, kSeed)};
  in.label = random_labels(batch, classes, kSeed + 1);
  if (with == With::weights || with == With::both) in.weight = random_values(classes, 0.25f, 4, kSeed + 2);
  if (with == With::second_labels || with == With::both) {
    in.second_label = random_labels(batch, classes, kSeed + 3);
    in.second_share = 0.3125;
  }
  return in;
}

// Probabilities without a row maximum: 1 / p_j = sum_k exp(z_k - z_j).
XentOutputs<double> by_definition(const XentCase& in) {
  const auto weight = [&](std::int32_t y) { return in.weight.empty() ? 1 : in.weight[at(y)]; };
  double batch_weight = 0;
  for (const std::int32_t y : in.label) batch_weight += weight(y);
  XentOutputs<double> out;
  for (Index i = 0; i < in.batch; ++i) {
    const double* z = in.z.data() + i * in.classes;
    const std::int32_t first = in.label[at(i)], second = in.second_label.empty() ? first : in.second_label[at(i)];
    const double a = (1 - in.second_share) * weight(first), b = in.second_share * weight(second);
    double loss = 0;
    Index best = 0;
    for (std::int32_t j = 0; j < in.classes; ++j) {
      double inverse = 0;
      for (Index k = 0; k < in.classes; ++k) inverse += std::exp(z[k] - z[j]);
      const double target = (j == first ? a : 0) + (j == second ? b : 0);
      loss += target * std::log(inverse);
      out.grad_z.push_back(((a + b) / inverse - target) / batch_weight);
      if (z[j] > z[best]) best = j;
    }
    out.loss.push_back(loss * static_cast<double>(in.batch) / batch_weight);
    out.predicted.push_back(static_cast<std::int32_t>(best));
  }
  return out;
}

TEST(WeightedXent, reproduces_weighted_rows_solved_by_hand) {
  // Four times log 2 over weights of 1 + 3: the mean is log 2.
  const XentCase in{.batch = 2, .classes = 2, .z = {0, 0, 0, 0}, .label = {0, 1}, .weight = {1, 3}};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_EQ(as_double(got.grad_z), (std::vector<double>{-0.125, 0.125, 0.375, -0.375}));
    EXPECT_LE(relative_error(got.loss, {0.5 * std::log(2.0), 1.5 * std::log(2.0)}), kEps32);
  });
}

TEST(WeightedXent, reproduces_a_mixed_row_solved_by_hand) {
  // softmax = (1/4, 3/4); a quarter of the second label.
  const XentCase in{
      .batch = 1, .classes = 2, .z = {0.0, std::log(3.0)}, .label = {1}, .second_label = {0}, .second_share = 0.25};

  const XentOutputs<double> got = run(kOracle, in);

  EXPECT_LE(relative_error(got.loss, {0.75 * std::log(4.0 / 3) + 0.25 * std::log(4.0)}), 4 * kEps64);
  EXPECT_LE(std::abs(got.grad_z[0]), 4 * kEps64);
  EXPECT_LE(std::abs(got.grad_z[1]), 4 * kEps64);
  EXPECT_EQ(got.predicted, (Labels{1}));
}

TEST(WeightedXent, oracle_agrees_with_the_definition) {
  for (const With with : {With::neither, With::weights, With::second_labels, With::both})
    for (const Index classes : {2, 3, 31, 33, 129})
      for (const float spread : {1.0f, 20.0f}) {
        const XentCase in = random_case(7, classes, spread, with);
        const XentOutputs<double> want = by_definition(in);

        const XentOutputs<double> got = run(kOracle, in);

        EXPECT_EQ(got.predicted, want.predicted) << classes << " classes, spread " << spread;
        EXPECT_LE(relative_error(got.loss, want.loss), 200 * kEps64) << classes << " classes, spread " << spread;
        EXPECT_LE(relative_error(got.grad_z, want.grad_z), 200 * kEps64) << classes << " classes, spread " << spread;
      }
}

TEST(WeightedXent, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const With with : {With::neither, With::weights, With::second_labels, With::both})
    for (const Index batch : {7, 8, 9, 33})
      for (const Index classes : kClasses)
        for (const float spread : {1.0f, 20.0f}) {  // soft and nearly one-hot rows
          SCOPED_TRACE(::testing::Message()
                       << batch << " x " << classes << ", spread " << spread << ", with " << static_cast<int>(with));
          const XentCase in = random_case(batch, classes, spread, with);
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

TEST(WeightedXent, without_weights_and_second_labels_is_softmax_xent) {
  for_each_backend([](const auto& backend) {
    const double eps = sizeof(RealOf<std::remove_cvref_t<decltype(backend)>>) == 4 ? kEps32 : kEps64;
    for (const Index classes : {1, 2, 10, 32, 33, 129}) {
      XentCase in = random_case(9, classes, 3, With::neither);
      const auto want = plain(backend, in);

      for (const double unused_share : {0.0, 0.5, kNaN}) {  // of second labels that there are not
        in.second_share = unused_share;
        const auto got = run(backend, in);
        EXPECT_EQ(got.predicted, want.predicted);
        EXPECT_LE(relative_error(got.loss, as_double(want.loss)), 4 * eps) << classes << " classes";
        EXPECT_LE(relative_error(got.grad_z, as_double(want.grad_z)), 4 * eps) << classes << " classes";
      }
    }
  });
}

TEST(WeightedXent, equal_weights_and_equal_labels_change_nothing) {
  for_each_backend([](const auto& backend) {
    const double eps = sizeof(RealOf<std::remove_cvref_t<decltype(backend)>>) == 4 ? kEps32 : kEps64;
    for (const Index classes : {2, 33}) {
      XentCase in = random_case(9, classes, 3, With::neither);
      const auto want = run(backend, in);
      in.weight.assign(at(classes), 8);
      in.second_label = in.label;
      for (const double share : {0.0, 0.25, 1.0}) {
        in.second_share = share;
        const auto got = run(backend, in);
        EXPECT_LE(relative_error(got.loss, as_double(want.loss)), 4 * eps) << "share " << share;
        EXPECT_LE(relative_error(got.grad_z, as_double(want.grad_z)), 4 * eps) << "share " << share;
      }
    }
  });
}

TEST(WeightedXent, of_the_whole_share_the_second_labels_are_all_there_is) {
  for_each_backend([](const auto& backend) {
    for (const Index classes : {3, 40}) {
      XentCase in = random_case(9, classes, 3, With::second_labels);
      in.second_share = 1;
      const auto mixed = run(backend, in);
      in.label = in.second_label;
      in.second_label.clear();
      const auto second = run(backend, in);

      EXPECT_EQ(mixed.loss, second.loss);
      EXPECT_EQ(mixed.grad_z, second.grad_z);
    }
  });
}

// As PyTorch reduces: the weighted losses over the weights, not over the rows.
TEST(WeightedXent, mean_loss_is_the_weighted_mean) {
  const XentCase in = random_case(7, 5, 2, With::weights);
  double weighted = 0, weights = 0;
  const XentOutputs<double> unweighted = plain(kOracle, in);
  for (std::size_t i = 0; i < 7; ++i) {
    weighted += in.weight[at(in.label[i])] * unweighted.loss[i];
    weights += in.weight[at(in.label[i])];
  }

  for_each_backend([&](const auto& backend) {
    double sum = 0;
    for (const auto loss : run(backend, in).loss) sum += static_cast<double>(loss);
    EXPECT_LE(std::abs(sum / 7 / (weighted / weights) - 1), 8 * kEps32);
  });
}

TEST(WeightedXent, gradient_is_the_central_difference_of_the_mean_loss) {
  constexpr double kStep = 0x1p-17;
  const XentCase in = random_case(3, 4, 2, With::both);
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

TEST(WeightedXent, leaves_out_a_term_without_a_factor) {
  for_each_backend([](const auto& backend) {
    // Class 0 costs infinitely much here, but weighs nothing, or has no share.
    const std::vector<double> z{-kInfinity, 0, 0};
    const auto weightless = run(
        backend, {.batch = 2, .classes = 3, .z = {-kInfinity, 0, 0, 1, 1, 1}, .label = {0, 1}, .weight = {0, 2, 2}});
    EXPECT_EQ(as_double(weightless.loss)[0], 0);
    EXPECT_EQ(as_double(weightless.grad_z)[0], 0);
    EXPECT_EQ(as_double(weightless.grad_z)[1], 0);
    EXPECT_LE(std::abs(static_cast<double>(weightless.loss[1]) - 2 * std::log(3.0)), 4 * kEps32);

    for (const double share : {0.0, 1.0}) {
      const std::int32_t none = 0, all = 1;
      const auto got = run(backend, {.batch = 1,
                                     .classes = 3,
                                     .z = z,
                                     .label = {share == 0 ? all : none},
                                     .second_label = {share == 0 ? none : all},
                                     .second_share = share});
      EXPECT_LE(std::abs(static_cast<double>(got.loss[0]) - std::log(2.0)), 2 * kEps32) << "share " << share;
    }
    EXPECT_TRUE(std::isinf(
        run(backend, {.batch = 1, .classes = 3, .z = z, .label = {1}, .second_label = {0}, .second_share = 0.0625})
            .loss[0]));
  });
}

TEST(WeightedXent, of_a_batch_without_weight_is_no_number) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {.batch = 1, .classes = 2, .z = {1, 2}, .label = {0}, .weight = {0, 1}});

    EXPECT_TRUE(std::isnan(got.loss[0]));
    EXPECT_TRUE(std::isnan(got.grad_z[0]));
    EXPECT_EQ(got.predicted, (Labels{1}));
  });
}

TEST(WeightedXent, keeps_nan_visible) {
  for_each_backend([](const auto& backend) {
    for (const With with : {With::neither, With::both})
      for (const std::size_t classes : {10u, 40u})
        for (const std::size_t place : {std::size_t{0}, std::size_t{2}, classes - 1}) {
          XentCase in = random_case(2, static_cast<Index>(classes), 2, with);
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

TEST(WeightedXent, a_tie_goes_to_the_smallest_class) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(run(backend, {.batch = 3, .classes = 3, .z = {1, 2, 2, 5, 5, 5, 7, 1, 7}, .label = {0, 0, 0}}).predicted,
              (Labels{1, 0, 0}));
    XentCase wide{.batch = 1, .classes = 129, .z = std::vector<double>(129, -1.0), .label = {0}};
    wide.z[40] = wide.z[33] = wide.z[128] = 4;
    EXPECT_EQ(run(backend, wide).predicted, (Labels{33}));
  });
}

// A GPU's lane holds more columns than there are classes; none of those beyond is a label.
TEST(WeightedXent, a_label_outside_the_classes_gives_its_row_nan_and_touches_nothing) {
  for_each_backend([](const auto& backend) {
    for (const Index classes : {1, 3, 32, 33, 40, 128})
      for (const Index outside :
           {classes, classes + 3, classes + 95, Index{-1}, Index{-32}, Index{1'000'000'000}, Index{-1'000'000'000}})
        for (const double share : {0.0, 0.5, 1.0}) {
          const auto label = static_cast<std::int32_t>(outside);
          XentCase in{.batch = 2,
                      .classes = classes,
                      .z = std::vector<double>(at(2 * classes), 0.5),
                      .label = {label, 0},
                      .second_label = {0, 0},
                      .second_share = share};
          const auto expect_first_row_nan = [&](const XentCase& of) {
            const auto got = run(backend, of);
            EXPECT_TRUE(std::isnan(got.loss[0])) << classes << " classes, label " << label << ", share " << share;
            EXPECT_TRUE(std::isnan(got.grad_z[0])) << classes << " classes, label " << label << ", share " << share;
            EXPECT_EQ(got.predicted, (Labels{0, 0}));
            return got;
          };
          EXPECT_TRUE(std::isfinite(expect_first_row_nan(in).loss[1]));

          in.label = {0, 0};
          in.second_label = {label, 0};
          EXPECT_TRUE(std::isfinite(expect_first_row_nan(in).loss[1]));
          in.weight.assign(at(classes), 2);
          EXPECT_TRUE(std::isfinite(expect_first_row_nan(in).loss[1]));

          in.label = {label, 0};
          EXPECT_TRUE(std::isnan(expect_first_row_nan(in).loss[1])) << "in a batch of no weight that is a number";
        }
  });
}

TEST(WeightedXent, gradient_may_replace_the_logits_and_may_be_left_out) {
  for_each_backend([](const auto& backend) {
    for (const Index classes : {2, 10, 32, 33, 130}) {
      XentCase in = random_case(11, classes, 3, With::both);
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

TEST(WeightedXent, does_nothing_once_the_run_has_stopped) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    for (const RunStatus status : kStopped) {
      const Guarded<Backend, RealOf<Backend>> z(backend, {2, 3}, std::vector<double>(6));
      const Guarded<Backend, std::int32_t> label(backend, {1, 2}, Labels{0, 1});
      const Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{{.status = status}});
      Guarded<Backend, RealOf<Backend>> loss(backend, {1, 2}), grad_z(backend, {2, 3});
      Guarded<Backend, std::int32_t> predicted(backend, {1, 2});
      backend.weighted_softmax_xent(z.matrix(), label.span(), {}, {}, state.span(), loss.span(), predicted.span(),
                                    grad_z.matrix());

      EXPECT_TRUE(loss.untouched() && predicted.untouched() && grad_z.untouched());
    }
  });
}

TEST(WeightedXent, over_no_rows_writes_nothing) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {.batch = 0, .classes = 3, .z = {}, .label = {}, .weight = {1, 2, 3}});

    EXPECT_TRUE(got.loss.empty() && got.predicted.empty() && got.grad_z.empty());
  });
}

TEST(WeightedXent, refuses_what_does_not_match) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    using Real = RealOf<Backend>;
    struct Wrong {
      Shape z, label, second_label, weight, state, loss, predicted, grad_z;
    };
    const Shape rows{1, 2}, one{1, 1}, three{1, 3}, matrix{2, 3};
    for (const Wrong& wrong :
         {Wrong{matrix, one, rows, three, one, rows, rows, matrix},
          Wrong{matrix, rows, one, three, one, rows, rows, matrix},
          Wrong{matrix, rows, three, three, one, rows, rows, matrix},
          Wrong{matrix, rows, rows, rows, one, rows, rows, matrix},
          Wrong{matrix, rows, rows, {1, 4}, one, rows, rows, matrix},
          Wrong{matrix, rows, rows, three, {1, 0}, rows, rows, matrix},
          Wrong{matrix, rows, rows, three, rows, rows, rows, matrix},
          Wrong{matrix, rows, rows, three, one, three, rows, matrix},
          Wrong{matrix, rows, rows, three, one, rows, one, matrix},
          Wrong{matrix, rows, rows, three, one, rows, rows, {1, 3}},
          Wrong{matrix, rows, rows, three, one, rows, rows, {2, 2}},
          Wrong{{2, 0}, rows, rows, {1, 0}, one, rows, rows, {2, 0}},
          Wrong{{2, kMaxClasses + 1}, rows, rows, {1, kMaxClasses + 1}, one, rows, rows, {2, kMaxClasses + 1}}}) {
      const Guarded<Backend, Real> z(backend, wrong.z);
      const Guarded<Backend, std::int32_t> label(backend, wrong.label), second_label(backend, wrong.second_label);
      const Guarded<Backend, float> weight(backend, wrong.weight);
      const Guarded<Backend, TrainingState> state(backend, wrong.state,
                                                  std::vector<TrainingState>(at(wrong.state.cols)));
      Guarded<Backend, Real> loss(backend, wrong.loss), grad_z(backend, wrong.grad_z);
      Guarded<Backend, std::int32_t> predicted(backend, wrong.predicted);

      EXPECT_THROW(backend.weighted_softmax_xent(z.matrix(), label.span(), second_label.span(), weight.span(),
                                                 state.span(), loss.span(), predicted.span(), grad_z.matrix()),
                   std::invalid_argument);
      EXPECT_TRUE(loss.untouched() && predicted.untouched() && grad_z.untouched());
    }
  });
}

TEST(WeightedXentCost, reads_logits_labels_and_weights_once) {
  static_assert(balanced_class_weights_cost(10, 3).bytes_read == 40);
  static_assert(balanced_class_weights_cost(10, 3).bytes_written == 12);
  static_assert(balanced_class_weights_cost(10, 3).flops == 6);
  static_assert(batch_weight_cost(10, 3).bytes_read == 52);
  static_assert(batch_weight_cost(10, 3).bytes_written == 8);
  static_assert(batch_weight_cost(10, 3).flops == 10);
  static_assert(weighted_softmax_xent_cost(3, 5).flops == 5 * 15);
  static_assert(weighted_softmax_xent_cost(3, 5).bytes_read == 4 * 15 + 8 * 3 + 4 * 5);
  static_assert(weighted_softmax_xent_cost(3, 5).bytes_written == 4 * 15 + 8 * 3);
}

}  // namespace
}  // namespace plateau::test::weighted_xent_test
