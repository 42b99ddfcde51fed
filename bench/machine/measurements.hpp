// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The measurements of a GPU as cases.
#pragma once

#include "bench/support/program.hpp"

namespace plateau::bench {

void add_measurements(Effort effort);

}  // namespace plateau::bench
