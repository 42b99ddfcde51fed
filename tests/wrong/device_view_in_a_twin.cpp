// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Must not compile: a twin would follow a pointer into the memory of a device. The memory space is part of a view's
// type, so that this is found before anything runs.
// Refused with: could not convert 'grad_z' from
#include "plateau/ops/bias_grad.hpp"

void sums(plateau::DeviceMatrix<const float> grad_z, plateau::HostMatrix<const float> grad_z_on_host,
          plateau::HostSpan<float> grad_bias) {
#ifdef PLATEAU_RIGHT
  plateau::cpu::bias_grad<float>(grad_z_on_host, grad_bias);
  (void)grad_z;
#else
  plateau::cpu::bias_grad<float>(grad_z, grad_bias);
  (void)grad_z_on_host;
#endif
}
