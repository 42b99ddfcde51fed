// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/initialise.hpp"

#include "plateau/core/random.hpp"
#include "plateau/core/rounded.hpp"

namespace plateau {
template <std::floating_point Real>
void cpu::initialise(std::uint64_t seed, Index first_element, Index fan_in, HostSpan<Real> parameter) {
  expects(first_element >= 0, "initialise: first_element >= 0");
  const float bound = initialise_bound(fan_in);
  const RandomStream stream{seed, StreamId::initialisation};
  for (Index i = 0; i < parameter.size; ++i) {
    const float u = uniform(draw(stream, static_cast<std::uint64_t>(first_element + i)).word[0]);
    parameter.data[i] = mul_rn(sub_rn(mul_rn(2.0f, u), 1.0f), bound);
  }
}

template void cpu::initialise<float>(std::uint64_t, Index, Index, HostSpan<float>);
template void cpu::initialise<double>(std::uint64_t, Index, Index, HostSpan<double>);
}  // namespace plateau
