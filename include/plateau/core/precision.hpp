// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// In which arithmetic matrices are multiplied. Everything else computes in fp32. Part of the execution plan.
#pragma once

namespace plateau {

// fp32: every product and sum in single precision. tf32: factors rounded to 10 bits of fraction, as the tensor cores
// of NVIDIA GPUs from compute capability 8.0 on take them; sums in single precision.
enum class Precision { fp32, tf32 };

constexpr const char* to_string(Precision precision) { return precision == Precision::tf32 ? "tf32" : "fp32"; }

}  // namespace plateau
