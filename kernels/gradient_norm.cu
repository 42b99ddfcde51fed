// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// gradient_norm: the 2-norm of the flat gradient, into the history row of the state's epoch.
//
//   formula   include/plateau/ops/gradient_norm.hpp
//   shapes    grad [P] f32    partial [gradient_norm_partials(P)] f64    history [E]
//   traffic   grad read once: 4 P bytes (gradient_norm_cost); the partial sums stay in the L2 cache
//   roofline  2 P flop in double, 0.5 flop/byte: memory-bound where double is not a rarity. P = 33.6 M moves 134 MB,
//             28 us at 4.8 TB/s
//   mapping   two launches: a sum per block into `partial`, then one block adds those. A thread takes four neighbouring
//             elements at a time, by one access where the span is aligned for it; the order depends on P only
//   state     a run that has stopped is left alone
#include "plateau/ops/gradient_norm.hpp"

#include "detail/elements.cuh"
#include "detail/reduce.cuh"

namespace plateau::gpu {
namespace {

constexpr int kNormThreads = 512;

template <int kCount>  // floats per access
__global__ __launch_bounds__(kNormThreads) void sum_squares_kernel(DeviceSpan<const float> grad,
                                                                   const TrainingState* state, double* partial) {
  if (state->status != RunStatus::running) return;
  double sum = 0;
  const auto add_square = [&](float element) {
    const auto g = static_cast<double>(element);
    sum += g * g;
  };
  const Index vectors = grad.size / kVector;
#pragma unroll 4
  for (Index i = element_index(); i < vectors; i += element_stride()) {
    Floats<kCount> values[kVector / kCount];
#pragma unroll
    for (int k = 0; k < kVector / kCount; ++k) values[k] = load<kCount>(grad.data + i * kVector + k * kCount);
#pragma unroll
    for (int k = 0; k < kVector; ++k) add_square(values[k / kCount].at[k % kCount]);
  }
  if (const Index last = vectors * kVector + element_index(); last < grad.size) add_square(grad.data[last]);
  sum = shared<BlockSum<double, kNormThreads>>()(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

__global__ __launch_bounds__(kNormThreads) void root_of_sum_kernel(const double* partial, Index partials,
                                                                   const TrainingState* state,
                                                                   DeviceSpan<EpochMetrics> history) {
  const Index epoch = state->epoch;
  if (state->status != RunStatus::running || epoch >= history.size) return;
  double sum = 0;
  for (Index i = threadIdx.x; i < partials; i += kNormThreads) sum += partial[i];
  sum = shared<BlockSum<double, kNormThreads>>()(sum);
  if (threadIdx.x == 0) history.data[epoch].gradient_norm = sqrt(sum);
}

}  // namespace

void gradient_norm(const Stream& stream, DeviceSpan<const float> grad, DeviceSpan<const TrainingState> state,
                   DeviceSpan<double> partial, DeviceSpan<EpochMetrics> history) {
  expects_training_state<Space::device>(state);
  const Index partials = gradient_norm_partials(grad.size);
  expects(partial.size >= partials, "gradient_norm: room for the partial sums");
  launch(stream, {.grid = dim3(static_cast<unsigned>(partials)), .block = dim3(kNormThreads)},
         aligned_for_vectors(grad.data) ? &sum_squares_kernel<kVector> : &sum_squares_kernel<1>, grad, state.data,
         partial.data);
  launch(stream, {.block = dim3(kNormThreads)}, &root_of_sum_kernel, partial.data, partials, state.data, history);
}

}  // namespace plateau::gpu
