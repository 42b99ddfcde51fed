// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The labels of a dataset as a control trains on them: permuted, within groups if there are some, and flipped.
//
//   treated_i = flip_i(label_pi(i))     pi = the keyed permutation of all rows, or of those of the row's group;
//   flip_i    = one of the other classes where a uniform number is below the rate, else the identity
//
//   shapes    label, treated [N], not overlapping; the groups' arrays [N] or empty
//   bits      equal on every device
#pragma once

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/label_treatment.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

constexpr Cost treat_labels_cost(Index rows) {
  return {.flops = 0, .bytes_read = 4.0 * double(rows), .bytes_written = 4.0 * double(rows)};
}

template <Space S>
void expects_treat_labels(const LabelTreatment& treatment, Index classes, const RowGroupsView<S>& groups,
                          SpanView<const std::int32_t, S> label, SpanView<std::int32_t, S> treated) {
  expects(label.size == treated.size, "treat_labels: as many labels out as in");
  expects(groups.place.size == groups.member.size && (groups.place.empty() || groups.place.size == label.size),
          "treat_labels: every row has a group, or none");
  expects(0 <= treatment.flip_rate && treatment.flip_rate <= 1, "treat_labels: 0 <= flip rate <= 1");
  expects(classes >= 1, "treat_labels: at least one class");
}

namespace cpu {

void treat_labels(const LabelTreatment& treatment, Index classes, const RowGroupsView<Space::host>& groups,
                  HostSpan<const std::int32_t> label, HostSpan<std::int32_t> treated);

}  // namespace cpu

namespace gpu {

class Stream;
void treat_labels(const Stream& stream, const LabelTreatment& treatment, Index classes,
                  const RowGroupsView<Space::device>& groups, DeviceSpan<const std::int32_t> label,
                  DeviceSpan<std::int32_t> treated);

}  // namespace gpu
}  // namespace plateau
