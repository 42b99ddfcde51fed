// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One step of one parameter, as ops/adam.hpp and ops/sgd.hpp define it.
#pragma once

#include "plateau/core/view.hpp"

namespace plateau::gpu {

struct AdamConstants {
  double learning_rate, decoupled_decay;
  float l2, beta1, rest1, beta2, rest2, epsilon;
};

// Rounded once from double. Of AdamParameters, so that no operation has to know another one's contract.
template <class AdamParameters>
PLATEAU_HD AdamConstants adam_constants(const AdamParameters& adam, bool decoupled) {
  return {.learning_rate = adam.learning_rate,
          .decoupled_decay = decoupled ? adam.weight_decay : 0,
          .l2 = static_cast<float>(decoupled ? 0 : adam.weight_decay),
          .beta1 = static_cast<float>(adam.betas.beta1),
          .rest1 = static_cast<float>(1 - adam.betas.beta1),
          .beta2 = static_cast<float>(adam.betas.beta2),
          .rest2 = static_cast<float>(1 - adam.betas.beta2),
          .epsilon = static_cast<float>(adam.epsilon)};
}

// What changes from step to step, rounded once from double: learning rate / (1 - beta1^t), what decoupled decay leaves
// of a parameter, and sqrt(1 - beta2^t).
struct AdamStep {
  float step_size, keep, correction2_sqrt;
};
// rate_reduction: what a schedule takes off the learning rate.
PLATEAU_HD inline AdamStep adam_step_constants(const AdamConstants& c, double rate_reduction, double correction1,
                                               double correction2_sqrt) {
  const double rate = c.learning_rate * (1 - rate_reduction);
  return {.step_size = static_cast<float>(rate / correction1),
          .keep = static_cast<float>(1 - rate * c.decoupled_decay),
          .correction2_sqrt = static_cast<float>(correction2_sqrt)};
}

__device__ inline void adam_step(const AdamConstants& c, const AdamStep& step, float grad, float& parameter, float& m,
                                 float& v) {
  const float p = parameter * step.keep;
  const float g = grad + c.l2 * p;
  m = c.beta1 * m + c.rest1 * g;
  v = c.beta2 * v + c.rest2 * g * g;
  parameter = p - step.step_size * m / (sqrtf(v) / step.correction2_sqrt + c.epsilon);
}

struct SgdConstants {
  double learning_rate;
  float momentum, decay;
};

template <class SgdParameters>
PLATEAU_HD SgdConstants sgd_constants(const SgdParameters& sgd) {
  return {.learning_rate = sgd.learning_rate,
          .momentum = static_cast<float>(sgd.momentum),
          .decay = static_cast<float>(sgd.weight_decay)};
}

PLATEAU_HD inline float sgd_rate(const SgdConstants& c, double rate_reduction) {
  return static_cast<float>(c.learning_rate * (1 - rate_reduction));
}

__device__ inline void sgd_step(const SgdConstants& c, float rate, float grad, float& parameter, float& velocity) {
  velocity = c.momentum * velocity + (grad + c.decay * parameter);
  parameter -= rate * velocity;
}

}  // namespace plateau::gpu
