// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Must not compile: a launcher would hand a host pointer to a kernel. The memory space is part of a view's type.
// Refused with: could not convert 'on_host' from
#include "plateau/ops/bias_grad.hpp"

void start(const plateau::gpu::Stream& stream, plateau::DeviceMatrix<const float> grad_z,
           plateau::HostSpan<float> on_host, plateau::DeviceSpan<float> on_device) {
#ifdef PLATEAU_RIGHT
  plateau::gpu::bias_grad(stream, grad_z, {}, on_device);
  (void)on_host;
#else
  plateau::gpu::bias_grad(stream, grad_z, {}, on_host);
  (void)on_device;
#endif
}
