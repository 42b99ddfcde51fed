// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The emulated cuBLAS: the library's own entry points, its arguments checked as it checks them, its products queued on
// the handle's stream. Products are more accurate than the library's: summed in double and rounded once.
#include <cublas_v2.h>

#include <algorithm>
#include <cstdint>

#include "simt/device.hpp"
#include "simt/gemm.hpp"

struct cublasContext {
  cudaStream_t stream = nullptr;
  bool has_workspace = false;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
};

namespace plateau::simt {
namespace {

using Lock = std::lock_guard<std::recursive_mutex>;

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
                                handle->math == CUBLAS_TF32_TENSOR_OP_MATH}] { multiply(product); };
  const cudaError_t status = device().submit(stream, Call::product, std::move(work));
  return status == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // extern "C"
