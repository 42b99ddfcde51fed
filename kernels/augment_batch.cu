// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// augment_batch: noise on a batch's features, and rows mixed two by two.
//
//   formula   include/plateau/ops/augment_batch.hpp; the step and the share come from the state
//   shapes    x, augmented [B, F] f32 row-major (any strides)    label, second [B] i32    features [F]
//   traffic   4 B F bytes read, once more where rows are mixed, 4 B F written (augment_batch_cost)
//   roofline  with noise compute-bound: ten rounds of Philox and some 50 operations per element
//   mapping   a thread per element, as gather_batch has them
//   state     a batch that nobody will use is augmented all the same
#include "plateau/ops/augment_batch.hpp"

#include "detail/rows.cuh"

namespace plateau::gpu {
namespace {

struct NoisyRows {
  Augmentation augmentation;
  const FeatureStatistics* features;
  DeviceMatrix<const float> x;

  __device__ float operator()(std::int64_t step, Index r, Index j) const {
    const float value = x.row(r)[j];
    if (augmentation.jitter == 0) return value;
    const float amplitude = jitter_amplitude(augmentation.jitter, augmentation.scaled, features[j].spread);
    return add_rn(value, mul_rn(amplitude, jitter_noise(augmentation.seed, step, r, j, x.cols)));
  }
};

__global__ __launch_bounds__(kRowBlock) void augment_batch_kernel(NoisyRows noisy, KeyedPermutation partners,
                                                                  const TrainingState* state, const std::int32_t* label,
                                                                  DeviceMatrix<float> augmented,
                                                                  DeviceSpan<std::int32_t> second) {
  const std::int64_t step = state->step;
  const bool mixes = !second.empty();
  const KeyedPermutation of_step = partners.of_instance(static_cast<std::uint32_t>(step));
  const auto theirs = static_cast<float>(state->second_share);
  const float own = sub_rn(1.0f, theirs);
  for (Index row = row_index(); row < augmented.rows; row += row_stride()) {
    const Index partner = mixes ? of_step(row) : row;
    for (Index j = threadIdx.x; j < augmented.cols; j += blockDim.x) {
      const float value = noisy(step, row, j);
      augmented.row(row)[j] = mixes ? add_rn(mul_rn(own, value), mul_rn(theirs, noisy(step, partner, j))) : value;
    }
    if (mixes && threadIdx.x == 0) second.data[row] = label[partner];
  }
}

}  // namespace

void augment_batch(const Stream& stream, const Augmentation& augmentation, DeviceSpan<const FeatureStatistics> features,
                   DeviceSpan<const TrainingState> state, DeviceMatrix<const float> x,
                   DeviceSpan<const std::int32_t> label, DeviceMatrix<float> augmented,
                   DeviceSpan<std::int32_t> second) {
  expects_augment_batch<float, Space::device>(augmentation, features, state, x, label, augmented, second);
  if (x.rows == 0) return;
  launch(stream, row_shape(x.rows, x.cols), &augment_batch_kernel, NoisyRows{augmentation, features.data, x},
         mixing_partners(augmentation.seed, x.rows), state.data, label.data, augmented, second);
}

}  // namespace plateau::gpu
