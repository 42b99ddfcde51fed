// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// sgd: momentum and step, one launch over the flat span of all parameters.
//
//   formula   include/plateau/ops/sgd.hpp
//   shapes    grad, parameter, velocity [P] f32
//   traffic   grad, parameter, velocity read, parameter, velocity written: 20 P bytes (sgd_cost)
//   roofline  6 P flop, 0.3 flop/byte: memory-bound. P = 33.6 M moves 671 MB, 140 us at 4.8 TB/s
//   mapping   as adam: a thread per four neighbouring parameters where the spans are aligned for it, else per parameter
//   state     a run that has stopped is left alone
#include "plateau/ops/sgd.hpp"

#include "detail/elements.cuh"
#include "detail/optimizer.cuh"

namespace plateau::gpu {
namespace {

template <int kCount>
__device__ void update(const SgdConstants& c, float rate, const float* grad_at, float* parameter_at,
                       float* velocity_at) {
  const Floats<kCount> grad = load<kCount>(grad_at);
  Floats<kCount> parameter = load<kCount>(parameter_at), velocity = load<kCount>(velocity_at);
#pragma unroll
  for (int k = 0; k < kCount; ++k) sgd_step(c, rate, grad.at[k], parameter.at[k], velocity.at[k]);
  store(parameter_at, parameter);
  store(velocity_at, velocity);
}

template <int kCount>
__global__ __launch_bounds__(kElementBlock) void sgd_kernel(SgdConstants c, const TrainingState* state,
                                                            const float* grad, float* parameter, float* velocity,
                                                            Index size) {
  if (state->status != RunStatus::running) return;
  const float rate = sgd_rate(c, state->rate_reduction);
  const Index vectors = size / kCount;
  for (Index i = element_index(); i < vectors; i += element_stride())
    update<kCount>(c, rate, grad + i * kCount, parameter + i * kCount, velocity + i * kCount);
  const Index last = vectors * kCount + element_index();
  if (last < size) update<1>(c, rate, grad + last, parameter + last, velocity + last);
}

}  // namespace

void sgd(const Stream& stream, const SgdParameters& sgd, DeviceSpan<const TrainingState> state,
         DeviceSpan<const float> grad, DeviceSpan<float> parameter, DeviceSpan<float> velocity) {
  expects_sgd<float, Space::device>(state, grad, parameter, velocity);
  if (parameter.empty()) return;
  const bool vectors = aligned_for_vectors(grad.data, parameter.data, velocity.data);
  launch(stream, element_shape(vectors ? ceil_div(parameter.size, kVector) : parameter.size),
         vectors ? &sgd_kernel<kVector> : &sgd_kernel<1>, sgd_constants(sgd), state.data, grad.data, parameter.data,
         velocity.data, parameter.size);
}

}  // namespace plateau::gpu
