// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// permute_labels: the same labels, dealt to the rows at random.
//
//   formula   permuted_i = label_pi(i), pi the keyed permutation of the rows
//   shapes    label, permuted [N] i32, not overlapping
//   traffic   4 N bytes read in random order, 4 N written (permute_labels_cost)
//   roofline  six rounds of Philox and more per row: compute-bound; once per run
//   mapping   a thread per row
#include "plateau/ops/permute_labels.hpp"

#include "detail/elements.cuh"
#include "plateau/core/permutation.hpp"

namespace plateau::gpu {
namespace {

__global__ __launch_bounds__(kElementBlock) void permute_labels_kernel(KeyedPermutation place,
                                                                       const std::int32_t* label,
                                                                       DeviceSpan<std::int32_t> permuted) {
  for (Index i = element_index(); i < permuted.size; i += element_stride()) permuted.data[i] = label[place(i)];
}

}  // namespace

void permute_labels(const Stream& stream, std::uint64_t seed, DeviceSpan<const std::int32_t> label,
                    DeviceSpan<std::int32_t> permuted) {
  expects_permute_labels<Space::device>(label, permuted);
  if (label.empty()) return;
  launch(stream, element_shape(label.size), &permute_labels_kernel,
         KeyedPermutation({seed, StreamId::label_permutation}, label.size), label.data, permuted);
}

}  // namespace plateau::gpu
