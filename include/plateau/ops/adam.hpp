// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Adam over one flat span of parameters, with weight decay as L2 (Kingma and Ba 2015) or decoupled (AdamW, Loshchilov
// and Hutter 2019), in PyTorch's form: epsilon outside the square root.
//
//   g = grad + decay * p  (L2)          p *= 1 - lr * decay  (decoupled)
//   m = beta1 m + (1 - beta1) g         v = beta2 v + (1 - beta2) g^2
//   p -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
//
//   shapes    parameter, grad, m, v [P]
//   state     t and its bias corrections, and what a schedule takes off the learning rate lr
//   traffic   grad, p, m, v read, p, m, v written: 28 P bytes
//   stopped   does nothing once the run has
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

enum class WeightDecay { l2, decoupled };

struct AdamParameters {
  double learning_rate = 1e-3;
  AdamBetas betas;
  double epsilon = 1e-8;
  double weight_decay = 0;
  WeightDecay decay_kind = WeightDecay::l2;
};

constexpr Cost adam_cost(Index parameters) {
  return {.flops = 14.0 * double(parameters),
          .bytes_read = 16.0 * double(parameters),
          .bytes_written = 12.0 * double(parameters)};
}

template <class Real, Space S>
void expects_adam(SpanView<const TrainingState, S> state, SpanView<const Real, S> grad, SpanView<Real, S> parameter,
                  SpanView<Real, S> m, SpanView<Real, S> v) {
  expects_training_state(state);
  expects(grad.size == parameter.size, "adam: one gradient per parameter");
  expects(m.size == parameter.size && v.size == parameter.size, "adam: both moments per parameter");
}

namespace cpu {

template <std::floating_point Real>
void adam(const AdamParameters& adam, HostSpan<const TrainingState> state, HostSpan<const Real> grad,
          HostSpan<Real> parameter, HostSpan<Real> m, HostSpan<Real> v);

}  // namespace cpu

namespace gpu {

class Stream;
void adam(const Stream& stream, const AdamParameters& adam, DeviceSpan<const TrainingState> state,
          DeviceSpan<const float> grad, DeviceSpan<float> parameter, DeviceSpan<float> m, DeviceSpan<float> v);

}  // namespace gpu
}  // namespace plateau
