// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/device.hpp"

namespace plateau::gpu {

Inventory inventory() {
  return {.toolkit_version = 0,
          .driver_version = 0,
          .devices = {},
          .problem = "this program was built without the CUDA toolkit"};
}

}  // namespace plateau::gpu
