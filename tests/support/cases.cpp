// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "support/cases.hpp"

#include "plateau/core/random.hpp"

namespace plateau::test {

std::vector<double> random_values(Index count, float low, float high, std::uint64_t seed) {
  std::vector<double> values;
  for (Index i = 0; i < count; ++i) {
    const float u = uniform(draw({seed, StreamId::augmentation}, static_cast<std::uint64_t>(i)).word[0]);
    values.push_back(static_cast<double>(low + (high - low) * u));
  }
  return values;
}

std::vector<double> dyadic_values(Index count, std::uint64_t seed) {
  std::vector<double> values;
  for (Index i = 0; i < count; ++i) {
    const std::uint32_t word = draw({seed, StreamId::augmentation}, static_cast<std::uint64_t>(i)).word[1];
    values.push_back((static_cast<double>(word >> 24) - 128) / 16);
  }
  return values;
}

std::vector<std::int32_t> random_labels(Index count, Index classes, std::uint64_t seed) {
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < count; ++i) {
    const std::uint32_t word = draw({seed, StreamId::labels}, static_cast<std::uint64_t>(i)).word[2];
    labels.push_back(static_cast<std::int32_t>(static_cast<Index>(word) % classes));
  }
  return labels;
}

}  // namespace plateau::test
