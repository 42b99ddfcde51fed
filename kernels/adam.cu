// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// adam: one launch over the flat span of all parameters.
//
//   formula   include/plateau/ops/adam.hpp; bias corrections and schedule come from the state, formed in double
//   shapes    grad, parameter, m, v [P] f32
//   traffic   grad, parameter, m, v read, parameter, m, v written: 28 P bytes (adam_cost)
//   roofline  14 P flop, 0.5 flop/byte: memory-bound. P = 33.6 M moves 940 MB, 196 us at 4.8 TB/s; below 1 MB the
//             launch itself dominates
//   mapping   a thread per four neighbouring parameters where all spans are aligned for it, else per parameter; the
//             P % 4 last ones go to the first threads
//   state     a run that has stopped is left alone
#include "plateau/ops/adam.hpp"

#include "detail/elements.cuh"
#include "detail/optimizer.cuh"

namespace plateau::gpu {
namespace {

struct AdamSpans {
  const float* grad;
  float* parameter;
  float* m;
  float* v;
};

template <int kCount>
__device__ void update(const AdamConstants& c, const AdamStep& step, const AdamSpans& at, Index i) {
  const Floats<kCount> grad = load<kCount>(at.grad + i);
  Floats<kCount> parameter = load<kCount>(at.parameter + i), m = load<kCount>(at.m + i), v = load<kCount>(at.v + i);
#pragma unroll
  for (int k = 0; k < kCount; ++k) adam_step(c, step, grad.at[k], parameter.at[k], m.at[k], v.at[k]);
  store(at.parameter + i, parameter);
  store(at.m + i, m);
  store(at.v + i, v);
}

template <int kCount>
__global__ __launch_bounds__(kElementBlock) void adam_kernel(AdamConstants c, const TrainingState* state, AdamSpans at,
                                                             Index size) {
  if (state->status != RunStatus::running) return;
  const AdamStep step =
      adam_step_constants(c, state->rate_reduction, state->bias_correction1, state->bias_correction2_sqrt);
  const Index vectors = size / kCount;
  for (Index i = element_index(); i < vectors; i += element_stride()) update<kCount>(c, step, at, i * kCount);
  const Index last = vectors * kCount + element_index();
  if (last < size) update<1>(c, step, at, last);
}

}  // namespace

void adam(const Stream& stream, const AdamParameters& adam, DeviceSpan<const TrainingState> state,
          DeviceSpan<const float> grad, DeviceSpan<float> parameter, DeviceSpan<float> m, DeviceSpan<float> v) {
  expects_adam<float, Space::device>(state, grad, parameter, m, v);
  if (parameter.empty()) return;
  const AdamSpans spans{grad.data, parameter.data, m.data, v.data};
  const bool vectors = aligned_for_vectors(grad.data, parameter.data, m.data, v.data);
  launch(stream, element_shape(vectors ? ceil_div(parameter.size, kVector) : parameter.size),
         vectors ? &adam_kernel<kVector> : &adam_kernel<1>,
         adam_constants(adam, adam.decay_kind == WeightDecay::decoupled), state.data, spans, parameter.size);
}

}  // namespace plateau::gpu
