// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

namespace thrust {

template <class Policy, class Iterator>
void sort(const Policy&, Iterator first, Iterator last) {
  std::sort(first, last);
}

}  // namespace thrust
