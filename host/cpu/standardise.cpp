// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/standardise.hpp"

#include <vector>

namespace plateau {
template <std::floating_point Real>
void cpu::standardise(HostSpan<const FeatureStatistics> features, HostMatrix<Real> x) {
  expects_standardise<Real, Space::host>(features, x);
  std::vector<FeatureScale> scales;
  for (const FeatureStatistics& feature : features) scales.push_back(feature_scale(feature.mean, feature.spread));
  for (Index i = 0; i < x.rows; ++i) {
    Real* value = x.row(i);
    for (const FeatureScale& scale : scales) {
      *value = scaled(scale, *value);
      ++value;
    }
  }
}

template void cpu::standardise<float>(HostSpan<const FeatureStatistics>, HostMatrix<float>);
template void cpu::standardise<double>(HostSpan<const FeatureStatistics>, HostMatrix<double>);
}  // namespace plateau
