// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/support/program.hpp"

namespace plateau::bench {

void add_cpu_operations(Effort effort);
void add_gpu_operations(Effort effort);

}  // namespace plateau::bench
