// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// layer_norms: the 2-norms of a layer's gradient, update and parameters, into the record of the state's epoch.
//
//   formula   include/plateau/ops/layer_norms.hpp
//   shapes    grad, before, after [P] f32    records [E, L]
//   traffic   the three spans read once: 12 P bytes (layer_norms_cost)
//   roofline  7 P flop in double, 0.6 flop/byte. Once per epoch and layer, so one block keeps the order of the sums
//             fixed without a second launch; it reads what one multiprocessor can, so beyond some 100,000 parameters
//             it takes longer than the memory needs
//   mapping   one block; a thread takes four neighbouring elements of each span at a time, by one access where all
//             spans are aligned for it; the order depends on P only
//   state     a run that has stopped is left alone
#include "plateau/ops/layer_norms.hpp"

#include "detail/elements.cuh"
#include "detail/reduce.cuh"

namespace plateau::gpu {
namespace {

constexpr int kLayerThreads = 512;

struct LayerSpans {
  const float* grad;
  const float* before;
  const float* after;
};

struct LayerScratch {
  BlockSum<double, kLayerThreads> gradient, update, weight;
};

template <int kCount>  // floats per access
__global__ __launch_bounds__(kLayerThreads) void layer_norms_kernel(Index layer, LayerSpans at, Index size,
                                                                    const TrainingState* state,
                                                                    DeviceMatrix<LayerRecord> records) {
  const Index epoch = state->epoch;
  if (state->status != RunStatus::running || epoch >= records.rows) return;  // every thread reads the same

  double gradient = 0, update = 0, weight = 0;
  const auto add_squares = [&](float grad, float before, float after) {
    const auto g = static_cast<double>(grad), w = static_cast<double>(before);
    const double u = static_cast<double>(after) - w;
    gradient += g * g;
    update += u * u;
    weight += w * w;
  };
  const Index vectors = size / kVector;
#pragma unroll 2
  for (Index i = threadIdx.x; i < vectors; i += kLayerThreads) {
    Floats<kCount> grad[kVector / kCount], before[kVector / kCount], after[kVector / kCount];
#pragma unroll
    for (int k = 0; k < kVector / kCount; ++k) {
      const Index first = i * kVector + k * kCount;
      grad[k] = load<kCount>(at.grad + first);
      before[k] = load<kCount>(at.before + first);
      after[k] = load<kCount>(at.after + first);
    }
#pragma unroll
    for (int k = 0; k < kVector; ++k)
      add_squares(grad[k / kCount].at[k % kCount], before[k / kCount].at[k % kCount], after[k / kCount].at[k % kCount]);
  }
  if (const Index last = vectors * kVector + threadIdx.x; last < size)
    add_squares(at.grad[last], at.before[last], at.after[last]);

  auto& scratch = shared<LayerScratch>();
  gradient = scratch.gradient(gradient);
  update = scratch.update(update);
  weight = scratch.weight(weight);
  if (threadIdx.x == 0) records.row(epoch)[layer] = {sqrt(gradient), sqrt(update), sqrt(weight)};
}

}  // namespace

void layer_norms(const Stream& stream, Index layer, DeviceSpan<const float> grad, DeviceSpan<const float> before,
                 DeviceSpan<const float> after, DeviceSpan<const TrainingState> state,
                 DeviceMatrix<LayerRecord> records) {
  expects_layer_norms<float, Space::device>(layer, grad, before, after, state, records);
  const bool vectors = aligned_for_vectors(grad.data, before.data, after.data);
  launch(stream, {.block = dim3(kLayerThreads)}, vectors ? &layer_norms_kernel<kVector> : &layer_norms_kernel<1>, layer,
         LayerSpans{grad.data, before.data, after.data}, grad.size, state.data, records);
}

}  // namespace plateau::gpu
