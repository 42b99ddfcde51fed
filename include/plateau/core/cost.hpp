// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What an operation must compute and move, counted from its shapes: the numbers every benchmark divides by.
#pragma once

#include <algorithm>

namespace plateau {

struct Cost {
  double flops = 0;
  double bytes_read = 0;
  double bytes_written = 0;

  constexpr double bytes() const { return bytes_read + bytes_written; }
  friend constexpr Cost operator+(Cost a, Cost b) {
    return {a.flops + b.flops, a.bytes_read + b.bytes_read, a.bytes_written + b.bytes_written};
  }
};

// The shortest time the work can take on a machine with these rates (Williams, Waterman, Patterson 2009).
constexpr double roofline_seconds(Cost cost, double flops_per_second, double bytes_per_second) {
  return std::max(cost.flops / flops_per_second, cost.bytes() / bytes_per_second);
}

}  // namespace plateau
