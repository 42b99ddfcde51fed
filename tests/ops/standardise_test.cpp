// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/standardise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::standardise_test {
namespace {

using Statistics = std::vector<FeatureStatistics>;

template <class Backend>
std::vector<RealOf<Backend>> run(const Backend& backend, const Statistics& statistics, const Shape& shape,
                                 const std::vector<double>& values) {
  const Guarded<Backend, FeatureStatistics> features(backend, {1, static_cast<Index>(statistics.size())}, statistics);
  Guarded<Backend, RealOf<Backend>> x(backend, shape, values);
  backend.standardise(features.span(), x.matrix());
  return x.download();
}

// Means and spreads that are no floats.
Statistics random_statistics(Index features) {
  const std::vector<double> means = random_values(features, -1, 1, kSeed + 1);
  const std::vector<double> spreads = random_values(features, 0.25f, 3, kSeed + 2);
  Statistics statistics;
  for (Index j = 0; j < features; ++j)
    statistics.push_back({.mean = means[at(j)] + 1e-9, .spread = spreads[at(j)] + 1e-9});
  return statistics;
}

TEST(Standardise, reproduces_values_solved_by_hand) {
  const Statistics statistics{{.mean = 1, .spread = 2}, {.mean = -3, .spread = 0.25}, {.mean = 5, .spread = 0}};

  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, statistics, {2, 3}, {3, -3, 5, 0, -2.5, 7})),
              (std::vector<double>{1, 0, 0, -0.5, 2, 2}));
  });
}

TEST(Standardise, is_the_scale_of_the_column_for_every_shape_and_padding) {
  for_each_backend([](const auto& backend) {
    using Real = RealOf<std::remove_cvref_t<decltype(backend)>>;
    std::vector<Index> widths(std::begin(kStraddlingSizes), std::end(kStraddlingSizes));
    widths.insert(widths.end(), {1024, 1028, 1030});  // a block of a GPU takes up to 1024 columns at a time
    for (const Index rows : {1, 7, 33})
      for (const Index features : widths)
        for (const Index padding : {0, 3, 4}) {
          const Statistics statistics = random_statistics(features);
          const std::vector<double> x = random_values(rows * features, -2, 2, kSeed);
          std::vector<Real> want;
          for (Index k = 0; k < rows * features; ++k) {
            const FeatureStatistics& of_column = statistics[at(k % features)];
            const auto mean = static_cast<Real>(static_cast<float>(of_column.mean));
            const auto factor = static_cast<Real>(static_cast<float>(1 / of_column.spread));
            want.push_back((static_cast<Real>(x[at(k)]) - mean) * factor);
          }

          ASSERT_EQ(run(backend, statistics, {rows, features, padding}, x), want) << rows << " x " << features;
        }
  });
}

TEST(Standardise, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const Index rows : {1, 31, 33, 500})
    for (const Index features : {1, 3, 128, 129}) {
      SCOPED_TRACE(::testing::Message() << rows << " x " << features);
      const Statistics statistics = random_statistics(features);
      const std::vector<double> x = random_values(rows * features, -2, 2, kSeed);
      const std::vector<double> want = run(kOracle, statistics, {rows, features}, x);
      const double allowed = budget(run(kTwin, statistics, {rows, features}, x), want);

      for_each_float_backend([&](const auto& backend) {
        EXPECT_LE(relative_error(run(backend, statistics, {rows, features}, x), want), allowed);
      });
    }
}

TEST(Standardise, gives_mean_zero_and_spread_one_by_the_statistics_of_the_same_rows) {
  constexpr Index kRows = 300, kFeatures = 5;
  std::vector<double> values = random_values(kRows * kFeatures, 2, 10, kSeed);
  for (Index i = 0; i < kRows; ++i) values[at(i * kFeatures + 4)] = double{0.1f};  // a constant feature

  for_each_backend([&](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    const Guarded<Backend, std::int32_t> label(backend, {1, kRows}, std::vector<std::int32_t>(kRows));
    Guarded<Backend, std::int64_t> class_rows(backend, {1, 1});
    Guarded<Backend, FeatureStatistics> features(backend, {1, kFeatures});
    Guarded<Backend, RealOf<Backend>> x(backend, {kRows, kFeatures}, values);
    backend.dataset_statistics(x.matrix(), label.span(), class_rows.span(), features.span());
    backend.standardise(features.span(), x.matrix());
    backend.dataset_statistics(x.matrix(), label.span(), class_rows.span(), features.span());

    const Statistics after = features.download();
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_LE(std::abs(after[j].mean), 8 * kEps32) << "feature " << j;
      EXPECT_LE(std::abs(after[j].spread - 1), 8 * kEps32) << "feature " << j;
    }
    EXPECT_EQ(after[4].minimum, 0);
    EXPECT_EQ(after[4].maximum, 0);
  });
}

TEST(Standardise, keeps_nan_and_infinity_visible_and_where_they_are) {
  const Statistics statistics{{.mean = 1, .spread = 2}, {.mean = kNaN, .spread = kNaN}};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, statistics, {3, 2}, {kNaN, 1, -kInfinity, 2, 3, 3});

    EXPECT_TRUE(std::isnan(got[0]));
    EXPECT_TRUE(std::isinf(got[2]) && got[2] < 0);
    EXPECT_EQ(got[4], 1);
    EXPECT_TRUE(std::isnan(got[1]) && std::isnan(got[3]) && std::isnan(got[5]));
  });
}

// A GPU takes four columns at a time where the rows begin at multiples of 16 bytes. What lies between the rows may be
// anything, and stays: here it is the rest of a wider matrix.
TEST(Standardise, a_part_of_a_wider_matrix_may_begin_anywhere_and_leaves_the_rest_alone) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    for (const Index cols : {1, 3, 4, 5, 7, 8})
      for (const Index first : {0, 1, 2, 4}) {
        Statistics statistics;
        std::vector<double> want(36, 7);
        for (Index j = 0; j < cols; ++j) {
          statistics.push_back({.mean = static_cast<double>(j), .spread = 0.5});
          for (Index i = 0; i < 3; ++i) want[at(12 * i + first + j)] = 2 * static_cast<double>(7 - j);
        }
        const Guarded<Backend, FeatureStatistics> features(backend, {1, cols}, statistics);
        Guarded<Backend, RealOf<Backend>> wide(backend, {3, 12}, std::vector<double>(36, 7));
        auto x = wide.matrix();
        x.data += first;
        x.cols = cols;

        backend.standardise(features.span(), x);

        EXPECT_EQ(as_double(wide.download()), want) << cols << " columns from " << first;
      }
  });
}

// Where a GPU's thread takes more than one row: a grid has 2^20 threads at the most.
TEST(Standardise, takes_more_rows_than_a_grid_has_threads) {
  const Index rows = (Index{1} << 20) + 300;

  const std::vector<float> got =
      run(gpu_backend(), {{.mean = 1, .spread = 2}}, {rows, 1}, std::vector<double>(at(rows), 5));

  EXPECT_EQ(std::count(got.begin(), got.end(), 2.0f), rows);
}

TEST(Standardise, over_no_rows_or_columns_writes_nothing) {
  for_each_backend([](const auto& backend) {
    EXPECT_TRUE(run(backend, Statistics(3), {0, 3}, {}).empty());
    EXPECT_TRUE(run(backend, {}, {2, 0}, {}).empty());
  });
}

TEST(Standardise, refuses_statistics_of_another_number_of_features) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    for (const Index count : {0, 2, 4}) {
      const Guarded<Backend, FeatureStatistics> features(backend, {1, count}, Statistics(at(count)));
      Guarded<Backend, RealOf<Backend>> x(backend, {4, 3});

      EXPECT_THROW(backend.standardise(features.span(), x.matrix()), std::invalid_argument);
      EXPECT_TRUE(x.untouched());
    }
  });
}

TEST(StandardiseCost, reads_and_writes_every_value_once) {
  static_assert(standardise_cost(3, 5).flops == 2 * 15);
  static_assert(standardise_cost(3, 5).bytes_read == 4 * 15 + 32 * 5);
  static_assert(standardise_cost(3, 5).bytes_written == 4 * 15);
}

}  // namespace
}  // namespace plateau::test::standardise_test
