// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Small data sets to train on, owned together with their views.
#pragma once

#include <cmath>
#include <vector>

#include "plateau/model/training.hpp"
#include "support/cases.hpp"

namespace plateau::test {

struct Rows {
  Index features = 0;
  std::vector<float> train_x, test_x;
  std::vector<std::int32_t> train_label, test_label;

  TrainingData views() const {
    const auto count = [](const auto& label) { return static_cast<Index>(label.size()); };
    return {as_matrix(HostSpan<const float>{train_x.data(), count(train_x)}, count(train_label), features),
            {train_label.data(), count(train_label)},
            as_matrix(HostSpan<const float>{test_x.data(), count(test_x)}, count(test_label), features),
            {test_label.data(), count(test_label)}};
  }
};

// Uniform features in [-1, 1), and labels that follow from the first of them: learnable, with `classes` classes.
inline Rows learnable_rows(Index train, Index test, Index features, Index classes, std::uint64_t seed = kSeed) {
  Rows rows{.features = features};
  const auto fill = [&](Index count, std::uint64_t part_seed, std::vector<float>& x, std::vector<std::int32_t>& label) {
    for (const double value : random_values(count * features, -1.0f, 1.0f, part_seed))
      x.push_back(static_cast<float>(value));
    for (Index i = 0; i < count; ++i) {
      const double place = (static_cast<double>(x[at(i * features)]) + 1) / 2 * static_cast<double>(classes);
      label.push_back(static_cast<std::int32_t>(std::floor(place)));
    }
  };
  fill(train, seed, rows.train_x, rows.train_label);
  fill(test, seed + 1, rows.test_x, rows.test_label);
  return rows;
}

}  // namespace plateau::test
