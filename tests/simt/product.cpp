// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Never sanitized and always optimised, for it only touches copies that blas.cpp makes and checks: it is most of the
// time of a training on the emulated GPU. Fused multiply-adds are allowed here, as the products are exact.
#include "simt/product.hpp"

namespace plateau::simt {

void multiply_panels(std::size_t depth, const double* left, const double* right,
                     double (&tile)[kPanelCols][kPanelRows]) {
  double sum[kPanelCols][kPanelRows] = {};
  for (std::size_t k = 0; k < depth; ++k)
    for (std::size_t j = 0; j < kPanelCols; ++j)
      for (std::size_t i = 0; i < kPanelRows; ++i) sum[j][i] += left[k * kPanelRows + i] * right[k * kPanelCols + j];
  for (std::size_t j = 0; j < kPanelCols; ++j)
    for (std::size_t i = 0; i < kPanelRows; ++i) tile[j][i] = sum[j][i];
}

}  // namespace plateau::simt
