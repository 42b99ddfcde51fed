// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The best way to give every row of a square table a column of its own, as when the classes of predictions have to be
// matched with those of labels.
#pragma once

#include <cstdint>
#include <vector>

#include "plateau/core/view.hpp"

namespace plateau {

// The column of each row of `weight` [n, n], each column once, with the largest sum of weights; among equals one that
// keeps the most rows in the column of their own number. The Hungarian method in O(n^3) (Kuhn 1955, Nav. Res. Logist.
// Q. 2:83; Munkres 1957). n >= 1; weights lie in [0, 2^31).
std::vector<Index> best_assignment(const std::vector<Index>& weight, Index n);

// What reading given classes by a map does to the recall of every class that has rows, shares of 1: the sum over those
// whose recall rises, and over those whose recall falls.
struct RecallChange {
  double gained = 0, lost = 0;

  // Whether the map can be one of exchanged names: under that each class has its own rows, so none loses what it had by
  // its own name but by chance. A network that has forgotten classes gives their rows to others, and any map that gives
  // these rows back takes away those of the others. NaN is none.
  bool is_exchange() const;
};
inline constexpr double kExchangeLoses = 0.25;  // of what recalls gain, that others may lose under an exchange

// `given` [rows]: a class id of each row, or less than 0 for none; `label` likewise, none less than 0; `map`: the label
// that each given class stands for.
RecallChange recall_change(const std::vector<std::int32_t>& given, const std::vector<std::int32_t>& label,
                           const std::vector<Index>& map);

}  // namespace plateau
