// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Stands in for Thrust, of which the project uses a few algorithms, where there is no CUDA toolkit: on the host, one
// element after the other.
#pragma once

namespace thrust::cpp {

struct Policy {};
inline constexpr Policy par;

}  // namespace thrust::cpp
