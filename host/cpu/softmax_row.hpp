// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What every twin that takes a softmax needs of a row of logits.
#pragma once

#include <cmath>
#include <concepts>

#include "plateau/core/view.hpp"

namespace plateau::cpu {

template <std::floating_point Real>
struct SoftmaxRow {
  std::int32_t predicted;  // the smallest column of the largest logit; -1 where a logit is NaN
  Real row_max, sum;       // the largest logit, and the sum of exp(z_j - row_max)
};

// z_i [classes], classes >= 1. `power`, where given, takes every exp(z_j - row_max), and may be z_i.
template <std::floating_point Real>
SoftmaxRow<Real> softmax_row(const Real* z_i, Index classes, Real* power = nullptr) {
  std::int32_t best = 0;
  bool ordered = true;
  for (Index j = 0; j < classes; ++j) {
    if (z_i[j] > z_i[best]) best = static_cast<std::int32_t>(j);
    ordered = ordered && !std::isnan(z_i[j]);
  }
  const Real row_max = z_i[best];
  Real sum = 0;
  for (Index j = 0; j < classes; ++j) {
    const Real power_j = std::exp(z_i[j] - row_max);
    sum += power_j;
    if (power != nullptr) power[j] = power_j;
  }
  return {ordered ? best : -1, row_max, sum};
}

}  // namespace plateau::cpu
