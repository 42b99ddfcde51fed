// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The label-permuted control: the same labels, dealt to the rows at random, so that no feature says anything about
// them.
//
//   permuted_i = label_pi(i)     pi = the keyed permutation (seed, label-permutation stream) of the rows
#pragma once

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

constexpr Cost permute_labels_cost(Index rows) {
  return {.flops = 0, .bytes_read = 4.0 * double(rows), .bytes_written = 4.0 * double(rows)};
}

// label, permuted [N], not overlapping
template <Space S>
void expects_permute_labels(SpanView<const std::int32_t, S> label, SpanView<std::int32_t, S> permuted) {
  expects(label.size == permuted.size, "permute_labels: as many labels out as in");
}

namespace cpu {

void permute_labels(std::uint64_t seed, HostSpan<const std::int32_t> label, HostSpan<std::int32_t> permuted);

}  // namespace cpu

namespace gpu {

class Stream;
void permute_labels(const Stream& stream, std::uint64_t seed, DeviceSpan<const std::int32_t> label,
                    DeviceSpan<std::int32_t> permuted);

}  // namespace gpu
}  // namespace plateau
