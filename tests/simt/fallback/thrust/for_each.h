// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace thrust {

template <class Policy, class Iterator, class Size, class Function>
Iterator for_each_n(const Policy&, Iterator first, Size count, Function function) {
  for (Size i = 0; i < count; ++i, ++first) function(*first);
  return first;
}

}  // namespace thrust
