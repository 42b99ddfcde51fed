// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// treat_labels: the labels of a dataset, permuted and flipped.
//
//   formula   include/plateau/ops/treat_labels.hpp
//   shapes    label, treated [N] i32, not overlapping; place, member [N] or null
//   traffic   4 N bytes read in random order, 4 N written (treat_labels_cost); with groups 16 N more
//   roofline  six rounds of Philox and more per row: compute-bound; once per run
//   mapping   a thread per row
#include "plateau/ops/treat_labels.hpp"

#include "detail/elements.cuh"

namespace plateau::gpu {
namespace {

__global__ __launch_bounds__(kElementBlock) void treat_labels_kernel(TreatedLabels treated_label,
                                                                     const GroupPlace* place,
                                                                     const std::int32_t* member,
                                                                     const std::int32_t* label,
                                                                     DeviceSpan<std::int32_t> treated) {
  for (Index i = element_index(); i < treated.size; i += element_stride())
    treated.data[i] = treated_label(label, place, member, i);
}

}  // namespace

void treat_labels(const Stream& stream, const LabelTreatment& treatment, Index classes,
                  const RowGroupsView<Space::device>& groups, DeviceSpan<const std::int32_t> label,
                  DeviceSpan<std::int32_t> treated) {
  expects_treat_labels<Space::device>(treatment, classes, groups, label, treated);
  if (label.empty()) return;
  launch(stream, element_shape(label.size), &treat_labels_kernel, TreatedLabels(treatment, label.size, classes),
         groups.place.data, groups.member.data, label.data, treated);
}

}  // namespace plateau::gpu
