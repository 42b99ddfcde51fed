// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/scaling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace plateau::scaling_test {
namespace {

TEST(Scaling, takes_the_mean_off_and_divides_by_the_spread) {
  const FeatureScale scale = feature_scale(3, 0.5);

  EXPECT_EQ(scale.mean, 3);
  EXPECT_EQ(scale.factor, 2);
  EXPECT_EQ(scaled(scale, 4.0f), 2.0f);
  EXPECT_EQ(scaled(scale, 2.75), -0.5);
}

TEST(Scaling, rounds_mean_and_factor_to_float) {
  const FeatureScale scale = feature_scale(0.1, 3);

  EXPECT_EQ(scale.mean, 0.1f);
  EXPECT_EQ(scale.factor, static_cast<float>(1.0 / 3.0));
  EXPECT_EQ(scaled(scale, 1.0), (1.0 - double{0.1f}) * double{static_cast<float>(1.0 / 3.0)});
}

TEST(Scaling, in_float_rounds_the_difference_and_the_product_once_each) {
  const FeatureScale scale{.mean = 0x1p-24f, .factor = 1 + 0x1p-23f};

  EXPECT_EQ(scaled(scale, 1 + 0x1p-23f), 1 + 0x1p-23f);                  // the difference is half-way, to even
  EXPECT_EQ(scaled(scale, 1 + 0x1p-23), (1 + 0x1p-24) * (1 + 0x1p-23));  // exact in double
}

TEST(Scaling, only_shifts_a_constant_feature) {
  for (const double spread : {0.0, 0x1p-149, 0x1p-128, 0x1.fp-127}) {
    const FeatureScale scale = feature_scale(7, spread);

    EXPECT_EQ(scale.factor, 1) << spread;
    EXPECT_EQ(scaled(scale, 7.0f), 0) << spread;
    EXPECT_EQ(scaled(scale, 9.0f), 2) << spread;
  }
  EXPECT_EQ(feature_scale(7, kSmallestSpread).factor, 0x1p126f);
}

TEST(Scaling, keeps_nan_visible) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

  EXPECT_TRUE(std::isnan(scaled(feature_scale(kNaN, kNaN), 1.0f)));
  EXPECT_TRUE(std::isnan(scaled(feature_scale(0, 1), static_cast<float>(kNaN))));
  EXPECT_TRUE(std::isnan(scaled(feature_scale(0, 1), kNaN)));
}

}  // namespace
}  // namespace plateau::scaling_test
