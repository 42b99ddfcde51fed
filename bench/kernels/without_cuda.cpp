// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"

namespace plateau::bench {

// Never called: there is no GPU to add cases for.
void add_gpu_operations(Effort) {}

}  // namespace plateau::bench
