// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Must not compile: an input would be written. A const view never becomes a mutable one.
// Refused with: could not convert 'input' from
#include "plateau/ops/bias_activation.hpp"

void activate(plateau::HostSpan<const float> bias, plateau::HostMatrix<const float> input,
              plateau::HostMatrix<float> output) {
#ifdef PLATEAU_RIGHT
  plateau::cpu::bias_activation<float>(plateau::Activation::relu, bias, output);
  (void)input;
#else
  plateau::cpu::bias_activation<float>(plateau::Activation::relu, bias, input);
  (void)output;
#endif
}
