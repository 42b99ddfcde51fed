// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Data sets from lists of numbers.
#pragma once

#include <algorithm>
#include <vector>

#include "plateau/data/dataset.hpp"

namespace plateau::test {

// `labels` empty: rows without labels. As many classes as the largest label needs.
inline Dataset labelled(Index columns, const std::vector<float>& x, std::vector<std::int32_t> labels) {
  Dataset data{.source = "rows",
               .columns = columns,
               .values = HostBuffer<float>(static_cast<Index>(x.size())),
               .labels = std::move(labels),
               .classes = {}};
  std::copy(x.begin(), x.end(), data.values.view().data);
  if (data.is_labelled())
    data.classes = numbered_classes(*std::max_element(data.labels.begin(), data.labels.end()) + 1);
  return data;
}

}  // namespace plateau::test
