// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plateau/gpu/stream.hpp"

namespace plateau::bench {

// Enqueues one block of one warp that does nothing: the floor under every short time.
void empty_launch(const gpu::Stream& stream);

}  // namespace plateau::bench
