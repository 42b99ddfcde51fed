// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Never sanitized and always optimised, for it only touches copies that blas.cpp makes and checks: it is most of the
// time of a training on the emulated GPU. Fused multiply-adds are allowed here, as the products are exact.
#include "simt/product.hpp"

#include <cstring>

namespace plateau::simt {
namespace {

// Vectors by name: g++ 12 keeps the sums of plain loops in memory, at a seventh of the speed.
using Lanes = double __attribute__((vector_size(32)));
constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
constexpr std::size_t kVectors = kPanelRows / kLanes;
static_assert(kPanelRows % kLanes == 0);

Lanes load(const double* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

}  // namespace

void multiply_panels(std::size_t depth, const double* left, const double* right,
                     double (&tile)[kPanelCols][kPanelRows]) {
  Lanes sum[kPanelCols][kVectors] = {};
  for (std::size_t k = 0; k < depth; ++k, left += kPanelRows, right += kPanelCols) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Lanes lanes = load(left + v * kLanes);
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kPanelCols; ++j) sum[j][v] += lanes * right[j];
    }
  }
  std::memcpy(tile, sum, sizeof tile);
}

}  // namespace plateau::simt
