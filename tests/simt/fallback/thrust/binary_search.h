// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

namespace thrust {

// For each value: how many elements of the sorted [first, last) are not above it.
template <class Policy, class Iterator, class Values, class Output>
Output upper_bound(const Policy&, Iterator first, Iterator last, Values values_first, Values values_last,
                   Output output) {
  for (; values_first != values_last; ++values_first, ++output)
    *output = std::upper_bound(first, last, *values_first) - first;
  return output;
}

}  // namespace thrust
