// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "simt/gemm.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "simt/device.hpp"
#include "simt/product.hpp"

namespace plateau::simt {
namespace {

// Ten bits of fraction; a tie goes away from zero (PTX: cvt.rna.tf32.f32).
double rounded_to_tf32(double value) {
  if (!std::isfinite(value)) return value;
  constexpr std::uint32_t kDropped = (1u << 13) - 1;
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return static_cast<double>(std::bit_cast<float>((bits + (kDropped + 1) / 2) & ~kDropped));
}

std::size_t bytes_of(std::int64_t rows, std::int64_t cols, std::int64_t stride) {
  return static_cast<std::size_t>((cols - 1) * stride + rows) * sizeof(float);
}

// An access that a GPU would answer with an illegal address.
void expect_on_device(const char* name, const void* data, std::int64_t rows, std::int64_t cols, std::int64_t stride) {
  if (!device().memory.holds(data, bytes_of(rows, cols, stride)))
    throw std::runtime_error("a product of cuBLAS: " + std::string(name) + ", " + std::to_string(rows) + " x " +
                             std::to_string(cols) + " with leading dimension " + std::to_string(stride) +
                             ", does not lie in one allocation of the device");
}
void expect_on_device(const char* name, const Factor& factor, std::int64_t rows, std::int64_t cols) {
  if (factor.transposed) std::swap(rows, cols);
  expect_on_device(name, factor.data, rows, cols, factor.stride);
}

// Groups of `width` lines, see product.hpp: line i has its element k at data[i * line_step + k * element_step].
template <std::size_t width>
std::vector<double> pack(std::int64_t lines, std::int64_t depth, const float* data, std::int64_t line_step,
                         std::int64_t element_step) {
  const std::int64_t step = width, groups = (lines + step - 1) / step;
  std::vector<double> packed(static_cast<std::size_t>(groups * depth * step));
  double* to = packed.data();
  for (std::int64_t first = 0; first < lines; first += step)
    for (std::int64_t k = 0; k < depth; ++k, to += step) {
      const float* from = data + first * line_step + k * element_step;
      for (std::int64_t i = 0; i < std::min(step, lines - first); ++i) to[i] = static_cast<double>(from[i * line_step]);
    }
  return packed;
}

}  // namespace

void multiply(const Product& p) {
  const bool multiplies = p.depth > 0 && p.alpha != 0;  // otherwise a and b are not read
  const bool adds = p.beta != 0;                        // otherwise c is not read
  expect_on_device("C", p.c, p.rows, p.cols, p.c_stride);
  std::vector<double> left, right;
  if (multiplies) {
    expect_on_device("A", p.a, p.rows, p.depth);
    expect_on_device("B", p.b, p.depth, p.cols);
    left = pack<kPanelRows>(p.rows, p.depth, p.a.data, p.a.row_step(), p.a.col_step());
    right = pack<kPanelCols>(p.cols, p.depth, p.b.data, p.b.col_step(), p.b.row_step());
    if (p.tf32)
      for (std::vector<double>* factor : {&left, &right})
        std::transform(factor->begin(), factor->end(), factor->begin(), rounded_to_tf32);
  }
  const std::int64_t row_step = kPanelRows, col_step = kPanelCols;
  for (std::int64_t first_col = 0; first_col < p.cols; first_col += col_step)
    for (std::int64_t first_row = 0; first_row < p.rows; first_row += row_step) {
      double tile[kPanelCols][kPanelRows] = {};
      if (multiplies)
        multiply_panels(static_cast<std::size_t>(p.depth), left.data() + first_row * p.depth,
                        right.data() + first_col * p.depth, tile);
      for (std::int64_t j = 0; j < std::min(col_step, p.cols - first_col); ++j) {
        float* c = p.c + first_row + (first_col + j) * p.c_stride;
        for (std::int64_t i = 0; i < std::min(row_step, p.rows - first_row); ++i) {
          double value = static_cast<double>(p.alpha) * tile[j][i];
          if (adds) value += static_cast<double>(p.beta) * static_cast<double>(c[i]);
          c[i] = static_cast<float>(value);
        }
      }
    }
}

}  // namespace plateau::simt
