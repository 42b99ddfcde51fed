// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One step of one parameter, as ops/adam.hpp and ops/sgd.hpp define it.
#pragma once

#include "plateau/core/view.hpp"

namespace plateau::gpu {

struct AdamConstants {
  double learning_rate;
  float l2, keep, beta1, rest1, beta2, rest2, epsilon;
};

// Rounded once from double. Of AdamParameters, so that no operation has to know another one's contract.
template <class AdamParameters>
PLATEAU_HD AdamConstants adam_constants(const AdamParameters& adam, bool decoupled) {
  return {.learning_rate = adam.learning_rate,
          .l2 = static_cast<float>(decoupled ? 0 : adam.weight_decay),
          .keep = static_cast<float>(decoupled ? 1 - adam.learning_rate * adam.weight_decay : 1),
          .beta1 = static_cast<float>(adam.betas.beta1),
          .rest1 = static_cast<float>(1 - adam.betas.beta1),
          .beta2 = static_cast<float>(adam.betas.beta2),
          .rest2 = static_cast<float>(1 - adam.betas.beta2),
          .epsilon = static_cast<float>(adam.epsilon)};
}

// step_size = learning rate / (1 - beta1^t), correction2_sqrt = sqrt(1 - beta2^t), both rounded from double.
__device__ inline void adam_step(const AdamConstants& c, float step_size, float correction2_sqrt, float grad,
                                 float& parameter, float& m, float& v) {
  const float p = parameter * c.keep;
  const float g = grad + c.l2 * p;
  m = c.beta1 * m + c.rest1 * g;
  v = c.beta2 * v + c.rest2 * g * g;
  parameter = p - step_size * m / (sqrtf(v) / correction2_sqrt + c.epsilon);
}

struct SgdConstants {
  float learning_rate, momentum, decay;
};

template <class SgdParameters>
PLATEAU_HD SgdConstants sgd_constants(const SgdParameters& sgd) {
  return {.learning_rate = static_cast<float>(sgd.learning_rate),
          .momentum = static_cast<float>(sgd.momentum),
          .decay = static_cast<float>(sgd.weight_decay)};
}

__device__ inline void sgd_step(const SgdConstants& c, float grad, float& parameter, float& velocity) {
  velocity = c.momentum * velocity + (grad + c.decay * parameter);
  parameter -= c.learning_rate * velocity;
}

}  // namespace plateau::gpu
