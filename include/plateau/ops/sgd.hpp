// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Stochastic gradient descent with momentum over one flat span, as PyTorch defines it (no dampening, no Nesterov).
//
//   g = grad + decay * p        u = momentum * u + g        p -= lr * u
//
//   shapes    parameter, grad, velocity [P]; the velocity starts at zero
//   state     what a schedule takes off the learning rate lr; does nothing once the run has stopped
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

struct SgdParameters {
  double learning_rate = 1e-2;
  double momentum = 0;
  double weight_decay = 0;
};

constexpr Cost sgd_cost(Index parameters) {
  return {.flops = 6.0 * double(parameters),
          .bytes_read = 12.0 * double(parameters),
          .bytes_written = 8.0 * double(parameters)};
}

template <class Real, Space S>
void expects_sgd(SpanView<const TrainingState, S> state, SpanView<const Real, S> grad, SpanView<Real, S> parameter,
                 SpanView<Real, S> velocity) {
  expects_training_state(state);
  expects(grad.size == parameter.size && velocity.size == parameter.size,
          "sgd: one gradient and one velocity per parameter");
}

namespace cpu {

template <std::floating_point Real>
void sgd(const SgdParameters& sgd, HostSpan<const TrainingState> state, HostSpan<const Real> grad,
         HostSpan<Real> parameter, HostSpan<Real> velocity);

}  // namespace cpu

namespace gpu {

class Stream;
void sgd(const Stream& stream, const SgdParameters& sgd, DeviceSpan<const TrainingState> state,
         DeviceSpan<const float> grad, DeviceSpan<float> parameter, DeviceSpan<float> velocity);

}  // namespace gpu
}  // namespace plateau
