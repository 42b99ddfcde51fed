// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/dropout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::dropout_test {
namespace {

template <class Backend>
std::vector<RealOf<Backend>> run(const Backend& backend, const DropoutRule& rule, const Shape& shape,
                                 const std::vector<double>& values, TrainingState control = {.step = 1}) {
  const Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{control});
  Guarded<Backend, RealOf<Backend>> a(backend, shape, values);
  backend.dropout(rule, state.span(), a.matrix());
  return a.download();
}

// Every unit on its own.
template <class Real>
std::vector<Real> by_definition(const DropoutRule& rule, const Shape& shape, const std::vector<double>& values,
                                std::int64_t step = 1) {
  std::vector<Real> out;
  for (Index i = 0; i < shape.rows; ++i)
    for (Index j = 0; j < shape.cols; ++j) {
      const DropoutPlace place = dropout_place(rule.layer, i, j, shape.cols);
      const std::uint32_t word = draw(dropout_stream(rule.seed, step), place.element).word[place.word];
      const auto unit = static_cast<Real>(values[at(i * shape.cols + j)]);
      out.push_back(dropout_keeps(rule.rate, word) ? unit * static_cast<Real>(dropout_scale(rule.rate)) : Real(0));
    }
  return out;
}

std::vector<double> ones(Index count) { return std::vector<double>(at(count), 1.0); }

TEST(Dropout, never_changes) {
  for_each_backend([](const auto& backend) {
    const std::vector<double> got = as_double(run(backend, {.rate = 0.5f, .seed = 42}, {40, 25}, ones(1000)));

    EXPECT_EQ((std::vector<double>(got.begin(), got.begin() + 8)), (std::vector<double>{2, 0, 0, 0, 0, 2, 2, 0}));
    EXPECT_EQ(fingerprint(got), 0x525FCD40D8E67065u);
  });
}

TEST(Dropout, is_its_definition_for_every_shape_padding_and_rate) {
  for_each_backend([](const auto& backend) {
    using Real = RealOf<std::remove_cvref_t<decltype(backend)>>;
    for (const Index batch : {1, 7, 8, 9, 24, 25, 31, 32, 33, 39, 41, 63, 100})
      for (const Index features : kStraddlingSizes)
        for (const Index padding : {0, 3}) {
          const DropoutRule rule{.rate = padding == 0 ? 0.3f : 0.75f, .seed = kSeed, .layer = features % 3};
          const Shape shape{batch, features, padding};
          const std::vector<double> a = random_values(batch * features, -1, 1, kSeed);

          ASSERT_EQ(run(backend, rule, shape, a), by_definition<Real>(rule, shape, a)) << batch << " x " << features;
        }
  });
}

TEST(Dropout, float_backends_round_the_double_oracle_once) {
  const DropoutRule rule{.rate = 0.3f, .seed = kSeed};
  const std::vector<double> a = random_values(100 * 37, -1, 1, kSeed);
  std::vector<float> want;
  for (const double unit : run(kOracle, rule, {100, 37}, a)) want.push_back(static_cast<float>(unit));

  for_each_float_backend([&](const auto& backend) { EXPECT_EQ(run(backend, rule, {100, 37}, a), want); });
}

TEST(Dropout, masks_depend_on_step_seed_and_layer_and_on_nothing_else) {
  for_each_backend([](const auto& backend) {
    const DropoutRule rule{.rate = 0.5f, .seed = 7, .layer = 1};
    const Shape shape{33, 40};
    const auto mask = [&](const DropoutRule& r, std::int64_t step) {
      return run(backend, r, shape, ones(33 * 40), {.step = step});
    };
    const auto want = mask(rule, 3);

    EXPECT_EQ(mask(rule, 3), want);
    EXPECT_EQ(run(backend, rule, shape, ones(33 * 40), {.step = 3, .best_loss = 5, .best_epochs = 2, .epoch = 4}),
              want);
    EXPECT_NE(mask(rule, 4), want);
    EXPECT_NE(mask({.rate = 0.5f, .seed = 8, .layer = 1}, 3), want);
    EXPECT_NE(mask({.rate = 0.5f, .seed = std::uint64_t{1} << 32 | 7, .layer = 1}, 3), want);
    EXPECT_NE(mask({.rate = 0.5f, .seed = 7, .layer = 2}, 3), want);
  });
}

TEST(Dropout, of_no_rate_changes_nothing) {
  const std::vector<double> a = random_values(50 * 9, -1, 1, kSeed);

  for_each_backend([&](const auto& backend) { EXPECT_EQ(as_double(run(backend, {.seed = kSeed}, {50, 9}, a)), a); });
}

// On the way back the gradient takes the mask and the factor of the activations.
TEST(Dropout, of_the_gradient_repeats_the_mask_of_the_activations) {
  for_each_backend([](const auto& backend) {
    const DropoutRule rule{.rate = 0.5f, .seed = kSeed};
    const auto a = run(backend, rule, {70, 10}, std::vector<double>(700, 3.0));
    const auto grad = run(backend, rule, {70, 10}, std::vector<double>(700, -1.0));

    for (std::size_t k = 0; k < a.size(); ++k) EXPECT_EQ(a[k], -3 * grad[k]) << "unit " << k;
  });
}

TEST(Dropout, a_dropped_unit_is_zero_whatever_it_was_and_a_kept_one_stays_visible) {
  for_each_backend([](const auto& backend) {
    const DropoutRule rule{.rate = 0.5f, .seed = kSeed};
    const auto kept = run(backend, rule, {20, 10}, ones(200));
    for (const double value : {kNaN, kInfinity, -kInfinity, -1.0, -0.0}) {
      const auto got = run(backend, rule, {20, 10}, std::vector<double>(200, value));

      for (std::size_t k = 0; k < got.size(); ++k) {
        if (kept[k] == 0)
          EXPECT_TRUE(got[k] == 0 && !std::signbit(got[k])) << value << " became " << got[k];
        else if (std::isnan(value))
          EXPECT_TRUE(std::isnan(got[k]));
        else
          EXPECT_EQ(static_cast<double>(got[k]), 2 * value);
      }
    }
  });
}

TEST(Dropout, does_nothing_once_the_run_has_stopped) {
  for_each_backend([](const auto& backend) {
    for (const RunStatus status : {RunStatus::diverged, RunStatus::interrupted, RunStatus::stopped_early})
      EXPECT_EQ(as_double(run(backend, {.rate = 0.5f}, {9, 5}, ones(45), {.step = 1, .status = status})), ones(45));
  });
}

// Where a GPU's thread takes more than one draw: a grid has 2^20 threads at the most.
TEST(Dropout, takes_more_draws_than_a_grid_has_threads) {
  const Shape shape{(Index{1} << 22) + 300, 1};
  const DropoutRule rule{.rate = 0.25f, .seed = kSeed};
  const std::vector<double> a = ones(shape.rows);

  const std::vector<float> got = run(gpu_backend(), rule, shape, a), want = run(kTwin, rule, shape, a);

  EXPECT_TRUE(got == want);  // too long to print
}

TEST(Dropout, over_no_rows_or_columns_writes_nothing) {
  for_each_backend([](const auto& backend) {
    EXPECT_TRUE(run(backend, {.rate = 0.5f}, {0, 3}, {}).empty());
    EXPECT_TRUE(run(backend, {.rate = 0.5f}, {40, 0}, {}).empty());
  });
}

TEST(Dropout, refuses_a_rate_a_layer_and_a_number_of_control_blocks_outside_of_what_there_is) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    const auto expect_refused = [&](const DropoutRule& rule, Index blocks) {
      const Guarded<Backend, TrainingState> state(backend, {1, blocks}, std::vector<TrainingState>(at(blocks)));
      Guarded<Backend, RealOf<Backend>> a(backend, {4, 3});

      EXPECT_THROW(backend.dropout(rule, state.span(), a.matrix()), std::invalid_argument);
      EXPECT_TRUE(a.untouched());
    };
    for (const float rate : {1.0f, 1.5f, -0.1f, static_cast<float>(kNaN), static_cast<float>(kInfinity)})
      expect_refused({.rate = rate}, 1);
    for (const Index layer : {Index{-1}, kMaxDropoutLayers}) expect_refused({.rate = 0.5f, .layer = layer}, 1);
    for (const Index blocks : {0, 2}) expect_refused({.rate = 0.5f}, blocks);
  });
}

TEST(Dropout, takes_the_last_layer_and_the_largest_rate_there_are) {
  const DropoutRule rule{.rate = 1 - 0x1p-24f, .seed = kSeed, .layer = kMaxDropoutLayers - 1};

  for_each_float_backend([&](const auto& backend) {
    EXPECT_EQ(run(backend, rule, {10, 10}, ones(100)), by_definition<float>(rule, {10, 10}, ones(100)));
  });
}

TEST(DropoutCost, reads_and_writes_every_unit_once) {
  static_assert(dropout_cost(3, 5).flops == 2 * 15);
  static_assert(dropout_cost(3, 5).bytes_read == 4 * 15);
  static_assert(dropout_cost(3, 5).bytes_written == 4 * 15);
}

}  // namespace
}  // namespace plateau::test::dropout_test
