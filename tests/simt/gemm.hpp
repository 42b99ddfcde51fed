// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The products behind the entry points of blas.cpp and blas_lt.cpp.
#pragma once

#include <cstdint>

namespace plateau::simt {

// A column-major matrix of the device, and how it enters the product.
struct Factor {
  const float* data;
  std::int64_t stride;  // between columns
  bool transposed;

  // Between elements of op(matrix).
  std::int64_t row_step() const { return transposed ? stride : 1; }
  std::int64_t col_step() const { return transposed ? 1 : stride; }
};

struct Product {
  std::int64_t rows, cols, depth;
  float alpha, beta;
  Factor a, b;
  float* c;
  std::int64_t c_stride;
  bool tf32;
};

// C = alpha op(A) op(B) + beta C. Throws where a matrix does not lie in the device's memory.
void multiply(const Product& p);

}  // namespace plateau::simt
