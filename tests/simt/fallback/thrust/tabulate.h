// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iterator>

namespace thrust {

template <class Policy, class Iterator, class Function>
void tabulate(const Policy&, Iterator first, Iterator last, Function function) {
  for (typename std::iterator_traits<Iterator>::difference_type i = 0; first != last; ++first, ++i)
    *first = function(i);
}

}  // namespace thrust
