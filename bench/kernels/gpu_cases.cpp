// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"
#include "operations.hpp"
#include "support/gpu_device.hpp"

namespace plateau::bench {

void add_gpu_operations(Effort effort) { add_operation_cases<GpuDevice>(effort, Where::gpu); }

}  // namespace plateau::bench
