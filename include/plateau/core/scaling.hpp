// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How a feature is brought to mean 0 and spread 1, with the same bits wherever that is done.
//
//   scaled x = (x - mean) * factor      mean and factor = 1 / spread rounded to float
//
// A constant feature is only shifted, as by scikit-learn's StandardScaler: its factor is 1.
#pragma once

#include "plateau/core/rounded.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

// A spread below this counts as none: the reciprocals of most have no float, and infinity times a distance of 0 is NaN.
inline constexpr double kSmallestSpread = 0x1p-126;

struct FeatureScale {
  float mean = 0;
  float factor = 1;
};

PLATEAU_HD constexpr FeatureScale feature_scale(double mean, double spread) {
  return {static_cast<float>(mean), spread >= kSmallestSpread ? static_cast<float>(1 / spread) : 1.0f};
}

PLATEAU_HD inline float scaled(FeatureScale scale, float x) { return mul_rn(sub_rn(x, scale.mean), scale.factor); }
PLATEAU_HD inline double scaled(FeatureScale scale, double x) {
  return (x - static_cast<double>(scale.mean)) * static_cast<double>(scale.factor);
}

}  // namespace plateau
