// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Must not compile: a launcher would hand a host pointer to a kernel. The memory space is part of a view's type.
// Refused with: could not convert 'on_host' from
#include "plateau/core/view.hpp"

void launch(plateau::DeviceSpan<const float> parameter);

void start(plateau::HostSpan<float> on_host, plateau::DeviceSpan<float> on_device) {
#ifdef PLATEAU_RIGHT
  launch(on_device);
  (void)on_host;
#else
  launch(on_host);
  (void)on_device;
#endif
}
