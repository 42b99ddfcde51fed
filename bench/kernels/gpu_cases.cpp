// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/support/gpu_device.hpp"
#include "cases.hpp"
#include "operations.hpp"

namespace plateau::bench {

void add_gpu_operations(Effort effort) {
  for (const Precision precision : {Precision::fp32, Precision::tf32})
    add_operation_cases<GpuDevice>(effort, Where::gpu, precision, precision);
}

}  // namespace plateau::bench
