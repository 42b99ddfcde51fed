// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How the learning rate changes from epoch to epoch.
//
//   constant  lr
//   cosine    lr (1 + cos(pi e / E)) / 2 in epoch e of E: from lr towards zero (Loshchilov and Hutter 2017, without
//             restarts; PyTorch's CosineAnnealingLR with T_max = E, stepped once per epoch)
#pragma once

#include <cmath>

#include "plateau/core/view.hpp"

namespace plateau {

// cos(pi x) for moderate x; a device has it without the reduction of large arguments.
#if defined(__CUDA_ARCH__)
PLATEAU_HD inline double cos_pi(double x) { return cospi(x); }
#else
PLATEAU_HD inline double cos_pi(double x) { return std::cos(3.141592653589793 * x); }
#endif

enum class Schedule : std::int32_t { constant, cosine };

// What the schedule takes off the learning rate in an epoch, as a share of it: 0 leaves it as it is, to the bit.
PLATEAU_HD inline double rate_reduction(Schedule schedule, std::int64_t epoch, std::int64_t epochs) {
  if (schedule == Schedule::constant) return 0;
  return (1 - cos_pi(static_cast<double>(epoch) / static_cast<double>(epochs))) / 2;
}

}  // namespace plateau
