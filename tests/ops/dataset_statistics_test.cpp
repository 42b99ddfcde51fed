// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/dataset_statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::dataset_statistics_test {
namespace {

using Labels = std::vector<std::int32_t>;

struct StatisticsCase {
  Index rows = 0, features = 0, classes = 1;
  std::vector<double> x;
  Labels label;
  Index padding = 0;
};

struct Statistics {
  std::vector<std::int64_t> class_rows;
  std::vector<double> mean, spread, minimum, maximum;
};

template <class Backend>
Statistics run(const Backend& backend, const StatisticsCase& in) {
  const Guarded<Backend, RealOf<Backend>> x(backend, {in.rows, in.features, in.padding}, in.x);
  const Guarded<Backend, std::int32_t> label(backend, {1, in.rows}, in.label);
  Guarded<Backend, std::int64_t> class_rows(backend, {1, in.classes});
  Guarded<Backend, FeatureStatistics> features(backend, {1, in.features});
  backend.dataset_statistics(x.matrix(), label.span(), class_rows.span(), features.span());
  Statistics got{.class_rows = class_rows.download()};
  for (const FeatureStatistics& feature : features.download()) {
    got.mean.push_back(feature.mean);
    got.spread.push_back(feature.spread);
    got.minimum.push_back(feature.minimum);
    got.maximum.push_back(feature.maximum);
  }
  return got;
}

TEST(DatasetStatistics, reproduce_four_rows_solved_by_hand) {
  for_each_backend([](const auto& backend) {
    const Statistics got = run(
        backend, {.rows = 4, .features = 2, .classes = 4, .x = {1, -5, 3, -5, 5, -5, 7, -5}, .label = {2, 0, 2, 3}});

    EXPECT_EQ(got.class_rows, (std::vector<std::int64_t>{1, 0, 2, 1}));
    EXPECT_EQ(got.mean, (std::vector<double>{4, -5}));
    EXPECT_LE(std::abs(got.spread[0] - std::sqrt(5.0)), 4 * kEps64);
    EXPECT_EQ(got.spread[1], 0);
    EXPECT_EQ(got.minimum, (std::vector<double>{1, -5}));
    EXPECT_EQ(got.maximum, (std::vector<double>{7, -5}));
  });
}

TEST(DatasetStatistics, agree_with_the_oracle_around_every_piece_of_rows) {
  for (const Index rows : {1, 2, 31, 1023, 1024, 1025, 3000})
    for (const Index features : {1, 3, 33}) {
      const StatisticsCase in{.rows = rows,
                              .features = features,
                              .classes = 5,
                              .x = random_values(rows * features, -3, 100, kSeed),
                              .label = random_labels(rows, 5, kSeed),
                              .padding = rows % 3};
      const Statistics want = run(kOracle, in);

      for_each_float_backend([&](const auto& backend) {
        const Statistics got = run(backend, in);

        EXPECT_EQ(got.class_rows, want.class_rows);
        EXPECT_EQ(got.minimum, want.minimum);
        EXPECT_EQ(got.maximum, want.maximum);
        EXPECT_LE(relative_error(got.mean, want.mean), 1e-13) << rows << " x " << features;
        EXPECT_LE(relative_error(got.spread, want.spread), rows == 1 ? 0 : 1e-13) << rows << " x " << features;
      });
    }
}

TEST(DatasetStatistics, a_large_offset_does_not_swallow_the_spread) {
  for_each_backend([](const auto& backend) {
    std::vector<double> x;
    for (int i = 0; i < 5000; ++i) x.push_back(i % 2 == 0 ? 16777214.0 : 16777216.0);

    const Statistics got = run(backend, {.rows = 5000, .features = 1, .x = x, .label = Labels(5000, 0)});

    EXPECT_LE(std::abs(got.mean[0] - 16777215.0), 1e-6);
    EXPECT_LE(std::abs(got.spread[0] - 1), 1e-9);
  });
}

TEST(DatasetStatistics, a_constant_feature_has_no_spread_at_all) {
  for_each_backend([](const auto& backend) {
    const float constant = 0.1f;
    const std::vector<double> x(3000, static_cast<double>(constant));

    const Statistics got = run(backend, {.rows = 3000, .features = 1, .x = x, .label = Labels(3000, 0)});

    EXPECT_EQ(got.mean[0], x[0]);
    EXPECT_EQ(got.spread[0], 0);
    EXPECT_EQ(got.minimum[0], x[0]);
    EXPECT_EQ(got.maximum[0], x[0]);
  });
}

TEST(DatasetStatistics, keep_a_nan_visible_wherever_it_is) {
  for_each_backend([](const auto& backend) {
    for (const std::size_t place : {0u, 1u, 1500u, 2047u}) {
      StatisticsCase in{.rows = 2048, .features = 1, .x = std::vector<double>(2048, 2.0), .label = Labels(2048, 0)};
      in.x[place] = kNaN;

      const Statistics got = run(backend, in);

      EXPECT_TRUE(std::isnan(got.mean[0]) && std::isnan(got.spread[0])) << "NaN at " << place;
      EXPECT_TRUE(std::isnan(got.minimum[0]) && std::isnan(got.maximum[0])) << "NaN at " << place;
    }
  });
}

TEST(DatasetStatistics, count_no_label_outside_the_classes) {
  for_each_backend([](const auto& backend) {
    const Statistics got = run(backend, {.rows = 7,
                                         .features = 1,
                                         .classes = 3,
                                         .x = std::vector<double>(7, 0.0),
                                         .label = {-1, 0, 2, 3, 2'000'000'000, -2'000'000'000, 2}});

    EXPECT_EQ(got.class_rows, (std::vector<std::int64_t>{1, 0, 2}));
  });
}

TEST(DatasetStatistics, refuse_no_rows_and_shapes_that_do_not_match) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Shape x, label, class_rows, features;
    };
    for (const Wrong& wrong : {Wrong{{0, 2}, {1, 0}, {1, 2}, {1, 2}}, Wrong{{3, 2}, {1, 2}, {1, 2}, {1, 2}},
                               Wrong{{3, 2}, {1, 3}, {1, 0}, {1, 2}}, Wrong{{3, 2}, {1, 3}, {1, 2}, {1, 1}}}) {
      const Guarded<Backend, RealOf<Backend>> x(backend, wrong.x);
      const Guarded<Backend, std::int32_t> label(backend, wrong.label);
      Guarded<Backend, std::int64_t> class_rows(backend, wrong.class_rows);
      Guarded<Backend, FeatureStatistics> features(backend, wrong.features);

      EXPECT_THROW(backend.dataset_statistics(x.matrix(), label.span(), class_rows.span(), features.span()),
                   std::invalid_argument);
      EXPECT_TRUE(class_rows.untouched() && features.untouched());
    }
  });
}

TEST(DatasetStatisticsCost, reads_every_value_once) {
  static_assert(dataset_statistics_cost(10, 3).bytes_read == 4 * 30 + 4 * 10);
  static_assert(dataset_statistics_cost(10, 3).bytes_written == 3 * sizeof(FeatureStatistics));
}

}  // namespace
}  // namespace plateau::test::dataset_statistics_test
