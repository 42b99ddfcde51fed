// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"
#include "operations.hpp"
#include "support/cpu_device.hpp"

namespace plateau::bench {

void add_cpu_operations(Effort effort) { add_operation_cases<CpuDevice>(effort, Where::cpu); }

}  // namespace plateau::bench
