// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/support/empty_launch.hpp"

#include "detail/launch.cuh"

namespace plateau::bench {
namespace {

__global__ void empty_kernel() {}

}  // namespace

void empty_launch(const gpu::Stream& stream) { gpu::launch(stream, {.block = dim3(gpu::kWarpSize)}, empty_kernel); }

}  // namespace plateau::bench
