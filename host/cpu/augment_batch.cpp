// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/augment_batch.hpp"

namespace plateau {
template <std::floating_point Real>
void cpu::augment_batch(const Augmentation& augmentation, HostSpan<const FeatureStatistics> features,
                        HostSpan<const TrainingState> state, HostMatrix<const Real> x,
                        HostSpan<const std::int32_t> label, HostMatrix<Real> augmented, HostSpan<std::int32_t> second) {
  expects_augment_batch<Real, Space::host>(augmentation, features, state, x, label, augmented, second);
  if (x.rows == 0) return;
  const std::int64_t step = state[0].step;
  const auto noisy = [&](Index r, Index j) {
    if (augmentation.jitter == 0) return x.row(r)[j];
    const float amplitude = jitter_amplitude(augmentation.jitter, augmentation.scaled, features[j].spread);
    return x.row(r)[j] + static_cast<Real>(mul_rn(amplitude, jitter_noise(augmentation.seed, step, r, j, x.cols)));
  };
  if (second.empty()) {
    for (Index r = 0; r < x.rows; ++r)
      for (Index j = 0; j < x.cols; ++j) augmented.row(r)[j] = noisy(r, j);
    return;
  }
  const KeyedPermutation partners =
      mixing_partners(augmentation.seed, x.rows).of_instance(static_cast<std::uint32_t>(step));
  const auto theirs = static_cast<Real>(state[0].second_share), own = 1 - theirs;
  for (Index r = 0; r < x.rows; ++r) {
    const Index partner = partners(r);
    second[r] = label[partner];
    for (Index j = 0; j < x.cols; ++j) augmented.row(r)[j] = own * noisy(r, j) + theirs * noisy(partner, j);
  }
}

template void cpu::augment_batch<float>(const Augmentation&, HostSpan<const FeatureStatistics>,
                                        HostSpan<const TrainingState>, HostMatrix<const float>,
                                        HostSpan<const std::int32_t>, HostMatrix<float>, HostSpan<std::int32_t>);
template void cpu::augment_batch<double>(const Augmentation&, HostSpan<const FeatureStatistics>,
                                         HostSpan<const TrainingState>, HostMatrix<const double>,
                                         HostSpan<const std::int32_t>, HostMatrix<double>, HostSpan<std::int32_t>);
}  // namespace plateau
