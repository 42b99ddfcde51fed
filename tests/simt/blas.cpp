// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The emulated cuBLAS: the library's own entry points, its arguments checked as it checks them, its products queued on
// the handle's stream. Products are more accurate than the library's: summed in double and rounded once.
#include <cublas_v2.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "simt/device.hpp"
#include "simt/product.hpp"

struct cublasContext {
  cudaStream_t stream = nullptr;
  bool has_workspace = false;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
};

namespace plateau::simt {
namespace {

using Lock = std::lock_guard<std::recursive_mutex>;

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
    throw std::runtime_error("cublasSgemm: " + std::string(name) + ", " + std::to_string(rows) + " x " +
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

void run(const Product& p) {
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

bool is_operation(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N || operation == CUBLAS_OP_T || operation == CUBLAS_OP_C;
}

}  // namespace
}  // namespace plateau::simt

using namespace plateau::simt;

extern "C" {

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  const Lock lock(device().mutex);
  if (device().spoils_a_capture()) return CUBLAS_STATUS_ALLOC_FAILED;
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  handle->stream = stream;
  handle->has_workspace = false;  // "this function unconditionally resets the workspace to the default workspace pool"
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, std::size_t bytes) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if ((workspace == nullptr) != (bytes == 0)) return CUBLAS_STATUS_INVALID_VALUE;
  if (reinterpret_cast<std::uintptr_t>(workspace) % 256 != 0) return CUBLAS_STATUS_INVALID_VALUE;
  const Lock lock(device().mutex);
  if (workspace != nullptr && !device().memory.holds(workspace, bytes)) return CUBLAS_STATUS_INVALID_VALUE;
  handle->has_workspace = workspace != nullptr;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t math) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (math != CUBLAS_DEFAULT_MATH && math != CUBLAS_TF32_TENSOR_OP_MATH) return CUBLAS_STATUS_INVALID_VALUE;
  handle->math = math;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetVersion_v2(cublasHandle_t, int* version) {
  *version = CUBLAS_VERSION;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetProperty(libraryPropertyType type, int* value) {
  switch (type) {
    case MAJOR_VERSION:
      *value = CUBLAS_VER_MAJOR;
      return CUBLAS_STATUS_SUCCESS;
    case MINOR_VERSION:
      *value = CUBLAS_VER_MINOR;
      return CUBLAS_STATUS_SUCCESS;
    case PATCH_LEVEL:
      *value = CUBLAS_VER_PATCH;
      return CUBLAS_STATUS_SUCCESS;
    default:
      return CUBLAS_STATUS_INVALID_VALUE;
  }
}

const char* cublasGetStatusString(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "the operation completed successfully";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "the library was not initialized";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "the resource allocation failed";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "an unsupported value or parameter was passed to the function";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "the GPU program failed to execute";
    default:
      return "a status without words here";
  }
}

// C = alpha op(A) op(B) + beta C, all column-major, alpha and beta read when called.
cublasStatus_t cublasSgemm_v2_64(cublasHandle_t handle, cublasOperation_t a_operation, cublasOperation_t b_operation,
                                 std::int64_t rows, std::int64_t cols, std::int64_t depth, const float* alpha,
                                 const float* a, std::int64_t a_stride, const float* b, std::int64_t b_stride,
                                 const float* beta, float* c, std::int64_t c_stride) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  const bool a_transposed = a_operation != CUBLAS_OP_N, b_transposed = b_operation != CUBLAS_OP_N;
  if (!is_operation(a_operation) || !is_operation(b_operation) || rows < 0 || cols < 0 || depth < 0 ||
      alpha == nullptr || beta == nullptr || a_stride < std::max<std::int64_t>(1, a_transposed ? depth : rows) ||
      b_stride < std::max<std::int64_t>(1, b_transposed ? cols : depth) || c_stride < std::max<std::int64_t>(1, rows))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (rows == 0 || cols == 0) return CUBLAS_STATUS_SUCCESS;

  const Lock lock(device().mutex);
  const cudaStream_t stream = handle->stream;
  if (device().knows(stream) && stream->capture != nullptr && !handle->has_workspace) {
    stream->capture->invalidated = true;  // the library would allocate a workspace
    return CUBLAS_STATUS_ALLOC_FAILED;
  }
  Work work;
  work.run = [product = Product{rows,
                                cols,
                                depth,
                                *alpha,
                                *beta,
                                {a, a_stride, a_transposed},
                                {b, b_stride, b_transposed},
                                c,
                                c_stride,
                                handle->math == CUBLAS_TF32_TENSOR_OP_MATH}] { run(product); };
  const cudaError_t status = device().submit(stream, Call::product, std::move(work));
  return status == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // extern "C"
