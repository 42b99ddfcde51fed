// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which units of a layer any row activates. A ReLU that no row of the data activates is dead: no gradient reaches it.
//
//   active_j <- 1 where a_ij > 0 for any i, else as it was        NaN counts as not positive
//
// Tiles of the rows add up, in any order: the caller zeroes `active` before the first. Zero rows change nothing.
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

constexpr Cost unit_activity_cost(Index batch, Index units) {
  const double elements = double(batch) * double(units);
  return {.flops = elements, .bytes_read = 4 * elements, .bytes_written = 4.0 * double(units)};
}

// a [B, U]    active [U] i32
template <class Real, Space S>
void expects_unit_activity(MatrixView<const Real, S> a, SpanView<std::int32_t, S> active) {
  expects(active.size == a.cols, "unit_activity: one mark per column");
}

namespace cpu {

template <std::floating_point Real>
void unit_activity(HostMatrix<const Real> a, HostSpan<std::int32_t> active);

}  // namespace cpu

namespace gpu {

class Stream;
void unit_activity(const Stream& stream, DeviceMatrix<const float> a, DeviceSpan<std::int32_t> active);

}  // namespace gpu
}  // namespace plateau
