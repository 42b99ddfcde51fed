// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/support/cpu_device.hpp"
#include "cases.hpp"
#include "operations.hpp"

namespace plateau::bench {

void add_cpu_operations(Effort effort) { add_operation_cases<CpuDevice>(effort, Where::cpu, Precision::fp32); }

}  // namespace plateau::bench
