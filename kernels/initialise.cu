// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// initialise: the first weights or biases of one tensor, drawn where they are trained.
//
//   formula   include/plateau/ops/initialise.hpp; every operation is rounded once, so the bits are the CPU twin's
//   shapes    parameter [P] f32
//   traffic   4 P bytes written (initialise_cost)
//   roofline  ten rounds of Philox per element, some 60 integer instructions for 4 bytes: compute-bound; once per run
//   mapping   a thread per element
#include "plateau/ops/initialise.hpp"

#include "detail/elements.cuh"
#include "plateau/core/random.hpp"
#include "plateau/core/rounded.hpp"

namespace plateau::gpu {
namespace {

__global__ __launch_bounds__(kElementBlock) void initialise_kernel(RandomStream stream, std::uint64_t first_element,
                                                                   float bound, DeviceSpan<float> parameter) {
  for (Index i = element_index(); i < parameter.size; i += element_stride()) {
    const float u = uniform(draw(stream, first_element + static_cast<std::uint64_t>(i)).word[0]);
    parameter.data[i] = mul_rn(sub_rn(mul_rn(2.0f, u), 1.0f), bound);
  }
}

}  // namespace

void initialise(const Stream& stream, std::uint64_t seed, Index first_element, Index fan_in,
                DeviceSpan<float> parameter) {
  expects(first_element >= 0, "initialise: first_element >= 0");
  const float bound = initialise_bound(fan_in);
  if (parameter.empty()) return;
  launch(stream, element_shape(parameter.size), &initialise_kernel, RandomStream{seed, StreamId::initialisation},
         static_cast<std::uint64_t>(first_element), bound, parameter);
}

}  // namespace plateau::gpu
