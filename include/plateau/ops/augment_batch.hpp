// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What is done to a batch's rows before a step: Gaussian noise on every feature (jitter), and rows mixed two by two
// (mixup, core/mixing.hpp), whose second labels the loss needs (ops/weighted_xent.hpp).
//
//   noisy_rj     = x_rj + a_j n_rj        a_j = jitter * spread_j, or jitter where features are scaled to spread 1;
//                                         0 for a constant feature
//   n_rj         = normal of draw((seed, augmentation stream, step), r F + j)
//   augmented_rj = (1 - s) noisy_rj + s noisy_pi(r)j        s = the state's second_share, pi = the step's partners
//   second_r     = label_pi(r)       draw_mixing (ops/training_state.hpp) comes before, once per step
//
//   shapes    x, augmented [B, F], not overlapping; label, second [B], or second empty: rows are not mixed; features
//   [F] bits      equal on every device for equal shares; the noise always
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/mixing.hpp"
#include "plateau/core/normal.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/dataset_statistics.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

struct Augmentation {
  float jitter = 0;     // in standard deviations of each feature, >= 0
  bool scaled = false;  // features have been standardised
  bool mixes = false;
  std::uint64_t seed = 0;
};

// Of one feature's noise.
PLATEAU_HD inline float jitter_amplitude(float jitter, bool scaled, double spread) {
  if (!(spread > 0)) return 0;
  return scaled ? jitter : mul_rn(jitter, static_cast<float>(spread));
}
// The noise of column j in row r of a batch of rows of `features`.
PLATEAU_HD inline float jitter_noise(std::uint64_t seed, std::int64_t step, Index r, Index j, Index features) {
  const PhiloxCounter random = draw({seed, StreamId::augmentation, static_cast<std::uint32_t>(step)},
                                    static_cast<std::uint64_t>(r * features + j));
  return normal(random.word[0], random.word[1]);
}

constexpr Cost augment_batch_cost(Index batch, Index features, bool mixes) {
  const double bytes = 4.0 * double(batch) * double(features) + (mixes ? 4.0 * double(batch) : 0.0);
  return {.flops = (mixes ? 5.0 : 2.0) * double(batch) * double(features), .bytes_read = bytes, .bytes_written = bytes};
}
template <class Real, Space S>
void expects_augment_batch(const Augmentation& augmentation, SpanView<const FeatureStatistics, S> features,
                           SpanView<const TrainingState, S> state, MatrixView<const Real, S> x,
                           SpanView<const std::int32_t, S> label, MatrixView<Real, S> augmented,
                           SpanView<std::int32_t, S> second) {
  expects_training_state(state);
  expects(augmentation.jitter >= 0, "augment_batch: jitter >= 0");
  expects(features.size == x.cols, "augment_batch: statistics of every feature");
  expects(label.size == x.rows, "augment_batch: one label per row");
  expects(augmented.rows == x.rows && augmented.cols == x.cols, "augment_batch: as many rows and columns out as in");
  expects(second.size == (augmentation.mixes ? x.rows : 0), "augment_batch: a second label per mixed row");
}

namespace cpu {

template <std::floating_point Real>
void augment_batch(const Augmentation& augmentation, HostSpan<const FeatureStatistics> features,
                   HostSpan<const TrainingState> state, HostMatrix<const Real> x, HostSpan<const std::int32_t> label,
                   HostMatrix<Real> augmented, HostSpan<std::int32_t> second);

}  // namespace cpu

namespace gpu {

class Stream;
void augment_batch(const Stream& stream, const Augmentation& augmentation, DeviceSpan<const FeatureStatistics> features,
                   DeviceSpan<const TrainingState> state, DeviceMatrix<const float> x,
                   DeviceSpan<const std::int32_t> label, DeviceMatrix<float> augmented,
                   DeviceSpan<std::int32_t> second);

}  // namespace gpu
}  // namespace plateau
