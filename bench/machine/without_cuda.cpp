// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "measurements.hpp"

namespace plateau::bench {

// Never called: there is no device.
void add_measurements(Effort) {}

}  // namespace plateau::bench
