// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Initial weights and biases of one tensor: U(-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's default for nn.Linear.
//
//   parameter_i = (2 u_i - 1) * bound     u_i = element first_element + i of the seed's initialisation stream
//
// 2u - 1 is exact and the product is rounded once, so every device writes the same bits; a double instance holds the
// float values. `first_element` is the tensor's offset in the run's parameters counted without padding.
#pragma once

#include <cmath>
#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

constexpr Cost initialise_cost(Index parameters) {
  return {.flops = 2.0 * double(parameters), .bytes_read = 0, .bytes_written = 4.0 * double(parameters)};
}

inline float initialise_bound(Index fan_in) {
  expects(fan_in >= 1, "initialise: fan_in >= 1");
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(fan_in)));
}

namespace cpu {

template <std::floating_point Real>
void initialise(std::uint64_t seed, Index first_element, Index fan_in, HostSpan<Real> parameter);

}  // namespace cpu

namespace gpu {

class Stream;
void initialise(const Stream& stream, std::uint64_t seed, Index first_element, Index fan_in,
                DeviceSpan<float> parameter);

}  // namespace gpu
}  // namespace plateau
