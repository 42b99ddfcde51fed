// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The best way to give every row of a square table a column of its own, as when the classes of predictions have to be
// matched with those of labels.
#pragma once

#include <vector>

#include "plateau/core/view.hpp"

namespace plateau {

// The column of each row of `weight` [n, n], each column once, with the largest sum of weights; among equals one that
// keeps the most rows in the column of their own number. The Hungarian method in O(n^3) (Kuhn 1955, Nav. Res. Logist.
// Q. 2:83; Munkres 1957). n >= 1; weights lie in [0, 2^31).
std::vector<Index> best_assignment(const std::vector<Index>& weight, Index n);

}  // namespace plateau
