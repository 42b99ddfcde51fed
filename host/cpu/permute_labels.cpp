// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/permute_labels.hpp"

#include "plateau/core/permutation.hpp"

namespace plateau {
void cpu::permute_labels(std::uint64_t seed, HostSpan<const std::int32_t> label, HostSpan<std::int32_t> permuted) {
  expects_permute_labels<Space::host>(label, permuted);
  if (label.empty()) return;
  const KeyedPermutation place({seed, StreamId::label_permutation}, label.size);
  for (Index i = 0; i < label.size; ++i) permuted.data[i] = label.data[place(i)];
}
}  // namespace plateau
