// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/augment_batch.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::augment_batch_test {
namespace {

struct AugmentCase {
  Augmentation augmentation;
  Index rows = 1, features = 1;
  std::int64_t step = 0;
  double second_share = 0;
  std::vector<double> spread = {};  // 1 each, if empty
  Index padding = 0;
};

template <class Real>
struct Augmented {
  std::vector<Real> x;
  std::vector<std::int32_t> second;
};

std::vector<double> values_of(const AugmentCase& in) { return random_values(in.rows * in.features, -2, 2, kSeed); }

// Label r belongs to row r.
template <class Backend>
Augmented<RealOf<Backend>> run(const Backend& backend, const AugmentCase& in) {
  std::vector<FeatureStatistics> statistics(at(in.features), {.mean = 5, .spread = 1});
  for (std::size_t j = 0; j < in.spread.size(); ++j) statistics[j].spread = in.spread[j];
  std::vector<std::int32_t> numbers;
  for (std::int32_t r = 0; r < in.rows; ++r) numbers.push_back(r);
  const Guarded<Backend, FeatureStatistics> features(backend, {1, in.features}, statistics);
  const Guarded<Backend, TrainingState> state(
      backend, {1, 1}, std::vector<TrainingState>{{.step = in.step, .second_share = in.second_share}});
  const Guarded<Backend, RealOf<Backend>> x(backend, {in.rows, in.features, in.padding}, values_of(in));
  const Guarded<Backend, std::int32_t> label(backend, {1, in.rows}, numbers);
  Guarded<Backend, RealOf<Backend>> augmented(backend, {in.rows, in.features, 2 * in.padding});
  Guarded<Backend, std::int32_t> second(backend, {1, in.augmentation.mixes ? in.rows : 0});
  backend.augment_batch(in.augmentation, features.span(), state.span(), x.matrix(), label.span(), augmented.matrix(),
                        second.span());
  return {augmented.download(), second.download()};
}

TEST(AugmentBatch, adds_each_elements_own_normal_number_in_units_of_the_features_spread) {
  const AugmentCase in{
      .augmentation = {.jitter = 0.25f, .seed = 3}, .rows = 5, .features = 3, .step = 7, .spread = {2, 0, 0.5}};
  const std::vector<double> x = values_of(in);
  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);
    for (Index r = 0; r < 5; ++r)
      for (Index j = 0; j < 3; ++j) {
        const PhiloxCounter random = draw({3, StreamId::augmentation, 7}, static_cast<std::uint64_t>(r * 3 + j));
        const double noise = 0.25 * in.spread[at(j)] * static_cast<double>(normal(random.word[0], random.word[1]));
        EXPECT_NEAR(static_cast<double>(got.x[at(r * 3 + j)]), x[at(r * 3 + j)] + noise, 1e-6) << r << " " << j;
      }
    EXPECT_TRUE(got.second.empty());
  });
}

TEST(AugmentBatch, of_scaled_features_has_noise_of_the_jitter_itself_but_none_where_a_feature_is_constant) {
  AugmentCase in{.augmentation = {.jitter = 0.5f, .seed = 3}, .rows = 4, .features = 2, .spread = {1, 0}};
  AugmentCase scaled = in;
  scaled.augmentation.scaled = true;
  scaled.spread = {40, 0};
  for_each_backend([&](const auto& backend) { EXPECT_EQ(run(backend, in).x, run(backend, scaled).x); });
}

TEST(AugmentBatch, mixes_every_row_with_the_steps_partner) {
  const AugmentCase in{
      .augmentation = {.mixes = true, .seed = 9}, .rows = 37, .features = 5, .step = 4, .second_share = 0.25};
  const std::vector<double> x = values_of(in);
  const KeyedPermutation partners({9, StreamId::mixing, 4}, 37);
  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);
    for (Index r = 0; r < 37; ++r) {
      EXPECT_EQ(got.second[at(r)], partners(r));
      for (Index j = 0; j < 5; ++j)
        EXPECT_NEAR(static_cast<double>(got.x[at(r * 5 + j)]),
                    0.75 * x[at(r * 5 + j)] + 0.25 * x[at(partners(r) * 5 + j)], 1e-6);
    }
  });
}

TEST(AugmentBatch, mixes_rows_that_have_their_noise) {
  AugmentCase noisy{.augmentation = {.jitter = 0.5f, .seed = 9}, .rows = 20, .features = 3, .step = 4};
  AugmentCase both = noisy;
  both.augmentation.mixes = true;
  both.second_share = 0.5;
  const KeyedPermutation partners({9, StreamId::mixing, 4}, 20);
  for_each_backend([&](const auto& backend) {
    const auto noise = run(backend, noisy), got = run(backend, both);
    for (Index r = 0; r < 20; ++r)
      for (Index j = 0; j < 3; ++j)
        EXPECT_EQ(got.x[at(r * 3 + j)], noise.x[at(r * 3 + j)] / 2 + noise.x[at(partners(r) * 3 + j)] / 2);
  });
}

TEST(AugmentBatch, gives_a_gpu_and_a_cpu_equal_bits) {
  for (const auto& [rows, features] : {std::pair<Index, Index>{1, 1}, {33, 7}, {100, 300}, {257, 2}})
    for (const bool mixes : {false, true})
      for (const Index padding : {0, 3}) {
        const AugmentCase in{.augmentation = {.jitter = 0.1f, .mixes = mixes, .seed = 1234567890123},
                             .rows = rows,
                             .features = features,
                             .step = 3,
                             .second_share = 0.3,
                             .padding = padding};
        const auto cpu = run(kTwin, in), gpu = run(gpu_backend(), in);
        EXPECT_EQ(fingerprint(cpu.x), fingerprint(gpu.x)) << rows << " x " << features;
        EXPECT_EQ(cpu.second, gpu.second);
      }
}

TEST(AugmentBatch, changes_with_step_and_seed_alone) {
  const AugmentCase in{
      .augmentation = {.jitter = 0.1f, .mixes = true, .seed = 1}, .rows = 9, .features = 2, .second_share = 0.4};
  AugmentCase later = in, other = in;
  later.step = 1;
  other.augmentation.seed = 2;
  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);
    EXPECT_EQ(got.x, run(backend, in).x);
    EXPECT_NE(got.x, run(backend, later).x);
    EXPECT_NE(got.x, run(backend, other).x);
    EXPECT_NE(got.second, run(backend, later).second);
  });
}

TEST(AugmentBatch, without_noise_and_mixing_copies) {
  const AugmentCase in{.augmentation = {.seed = 1}, .rows = 9, .features = 2};
  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);
    for (std::size_t k = 0; k < got.x.size(); ++k)
      EXPECT_EQ(got.x[k], static_cast<RealOf<std::remove_cvref_t<decltype(backend)>>>(values_of(in)[k]));
  });
}

TEST(AugmentBatch, of_more_rows_than_a_grid_has_threads_augments_them_all) {
  const AugmentCase in{
      .augmentation = {.jitter = 1, .mixes = true, .seed = 5}, .rows = (Index{1} << 20) + 100, .second_share = 0.5};
  const auto cpu = run(kTwin, in), gpu = run(gpu_backend(), in);
  EXPECT_EQ(fingerprint(cpu.x), fingerprint(gpu.x));
  EXPECT_EQ(cpu.second, gpu.second);
}

TEST(AugmentBatch, of_no_rows_does_nothing) {
  for_each_backend([](const auto& backend) {
    EXPECT_TRUE(run(backend, {.augmentation = {.jitter = 1, .mixes = true}, .rows = 0}).x.empty());
  });
}

TEST(AugmentBatch, refuses_what_does_not_fit) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Index features = 2, blocks = 1, label = 3;
      Shape augmented{3, 2};
      Index second = 3;
      float jitter = 0;
      bool mixes = true;
    };
    for (const Wrong& wrong : {Wrong{.features = 3}, Wrong{.blocks = 2}, Wrong{.label = 2}, Wrong{.augmented = {3, 3}},
                               Wrong{.augmented = {2, 2}}, Wrong{.second = 2}, Wrong{.second = 0},
                               Wrong{.second = 3, .mixes = false}, Wrong{.jitter = -1}, Wrong{.jitter = NAN}}) {
      const Guarded<Backend, FeatureStatistics> features(backend, {1, wrong.features});
      const Guarded<Backend, TrainingState> state(backend, {1, wrong.blocks},
                                                  std::vector<TrainingState>(at(wrong.blocks)));
      const Guarded<Backend, RealOf<Backend>> x(backend, {3, 2});
      const Guarded<Backend, std::int32_t> label(backend, {1, wrong.label});
      Guarded<Backend, RealOf<Backend>> augmented(backend, wrong.augmented);
      Guarded<Backend, std::int32_t> second(backend, {1, wrong.second});
      EXPECT_THROW(backend.augment_batch({.jitter = wrong.jitter, .mixes = wrong.mixes}, features.span(), state.span(),
                                         x.matrix(), label.span(), augmented.matrix(), second.span()),
                   std::invalid_argument);
      EXPECT_TRUE(augmented.untouched() && second.untouched());
    }
  });
}

TEST(AugmentBatchCost, reads_and_writes_every_row_once) {
  static_assert(augment_batch_cost(3, 5, false).bytes_read == 60);
  static_assert(augment_batch_cost(3, 5, true).bytes_written == 72);
  static_assert(augment_batch_cost(3, 5, true).flops == 75);
}

}  // namespace
}  // namespace plateau::test::augment_batch_test
