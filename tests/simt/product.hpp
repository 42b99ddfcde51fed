// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The arithmetic of the emulated cuBLAS.
#pragma once

#include <cstddef>

namespace plateau::simt {

// Panels, so that the product reads memory in order: rows in groups of kPanelRows, columns in groups of kPanelCols, one
// group after the other, and in a group all rows (columns) for k = 0, then for k = 1, ... The last group is filled up
// with zeros.
inline constexpr std::size_t kPanelRows = 8;
inline constexpr std::size_t kPanelCols = 4;

// tile[j][i] = sum over k of left[k][i] * right[k][j], of two such groups. The factors are floats kept as doubles, so
// that every product is exact, and so is nearly every sum: the result is what the caller rounds once.
void multiply_panels(std::size_t depth, const double* left, const double* right,
                     double (&tile)[kPanelCols][kPanelRows]);

}  // namespace plateau::simt
