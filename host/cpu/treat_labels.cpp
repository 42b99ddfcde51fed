// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/treat_labels.hpp"

namespace plateau {
void cpu::treat_labels(const LabelTreatment& treatment, Index classes, const RowGroupsView<Space::host>& groups,
                       HostSpan<const std::int32_t> label, HostSpan<std::int32_t> treated) {
  expects_treat_labels<Space::host>(treatment, classes, groups, label, treated);
  if (label.empty()) return;
  const TreatedLabels treated_label(treatment, label.size, classes);
  for (Index i = 0; i < label.size; ++i)
    treated[i] = treated_label(label.data, groups.place.data, groups.member.data, i);
}
}  // namespace plateau
