// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Single-precision operations with exactly one rounding each, so that host and device produce the same bits: nvcc may
// fuse a*b+c into one rounding unless told not to, host compilers are told by -ffp-contract=off.
#pragma once

#include <cmath>

#include "plateau/core/view.hpp"

namespace plateau {

#if defined(__CUDA_ARCH__)
PLATEAU_HD inline float add_rn(float a, float b) { return __fadd_rn(a, b); }
PLATEAU_HD inline float sub_rn(float a, float b) { return __fsub_rn(a, b); }
PLATEAU_HD inline float mul_rn(float a, float b) { return __fmul_rn(a, b); }
PLATEAU_HD inline float div_rn(float a, float b) { return __fdiv_rn(a, b); }
PLATEAU_HD inline float sqrt_rn(float a) { return __fsqrt_rn(a); }
#else
PLATEAU_HD constexpr float add_rn(float a, float b) { return a + b; }
PLATEAU_HD constexpr float sub_rn(float a, float b) { return a - b; }
PLATEAU_HD constexpr float mul_rn(float a, float b) { return a * b; }
PLATEAU_HD constexpr float div_rn(float a, float b) { return a / b; }
PLATEAU_HD inline float sqrt_rn(float a) { return std::sqrt(a); }
#endif

}  // namespace plateau
