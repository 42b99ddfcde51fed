// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The emulated cuBLASLt: single-precision products with the epilogues that the project uses, each argument checked as
// the library checks it, queued on the stream of the call.
//
// Where the library's documentation leaves a result open, the worse one is taken: its ReLU loses a NaN (it is "x :=
// max(x, 0)"), and what the bits of the mask mean is known to the two epilogues only.
#include <cublasLt.h>

#include <cmath>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "simt/device.hpp"
#include "simt/gemm.hpp"

struct cublasLtContext {};

namespace plateau::simt {
namespace {

using Lock = std::lock_guard<std::recursive_mutex>;

struct Layout : cublasLtMatrixLayoutOpaque_t {
  std::int64_t rows = 0, cols = 0, stride = 0;
};

struct Description : cublasLtMatmulDescOpaque_t {
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
  std::int32_t a_operation = CUBLAS_OP_N, b_operation = CUBLAS_OP_N;
  std::uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  void* bias = nullptr;
  void* aux = nullptr;
  std::int64_t aux_stride = 0;  // bits
};

struct Preference : cublasLtMatmulPreferenceOpaque_t {
  std::uint64_t workspace_bytes = 0;
};

constexpr std::uint64_t kAlgorithm = 0x706C6174;  // the one there is

const Layout& of(cublasLtMatrixLayout_t layout) { return *static_cast<const Layout*>(layout); }
const Description& of(cublasLtMatmulDesc_t description) { return *static_cast<const Description*>(description); }

template <class T>
cublasStatus_t set(T& member, const void* value, std::size_t bytes) {
  if (value == nullptr || bytes != sizeof(T)) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&member, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

// Whether the library would have an algorithm for these.
cublasStatus_t check(const Description& description, const Layout& a, const Layout& b, const Layout& c,
                     const Layout& d) {
  const bool ta = description.a_operation != CUBLAS_OP_N, tb = description.b_operation != CUBLAS_OP_N;
  const std::int64_t depth = ta ? a.rows : a.cols;
  if ((ta ? a.cols : a.rows) != d.rows || (tb ? b.rows : b.cols) != d.cols || (tb ? b.cols : b.rows) != depth ||
      c.rows != d.rows || c.cols != d.cols || c.stride != d.stride)
    return CUBLAS_STATUS_INVALID_VALUE;
  switch (description.epilogue) {
    case CUBLASLT_EPILOGUE_DEFAULT:
      return CUBLAS_STATUS_SUCCESS;
    case CUBLASLT_EPILOGUE_RELU_AUX_BIAS:
    case CUBLASLT_EPILOGUE_DRELU_BGRAD:
      if (description.aux == nullptr || description.aux_stride < d.rows || description.aux_stride % 128 != 0 ||
          reinterpret_cast<std::uintptr_t>(description.aux) % 16 != 0)
        return CUBLAS_STATUS_INVALID_VALUE;
      [[fallthrough]];
    case CUBLASLT_EPILOGUE_BGRADB:
      return description.bias == nullptr ? CUBLAS_STATUS_INVALID_VALUE : CUBLAS_STATUS_SUCCESS;
    default:
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

void expect_on_device(const char* name, const void* data, std::int64_t bytes) {
  if (!device().memory.holds(data, static_cast<std::size_t>(bytes)))
    throw std::runtime_error(std::string("cublasLtMatmul: the ") + name +
                             " does not lie in one allocation of the device");
}

// What follows the product, whose result stands in p.c.
void run_epilogue(const Description& description, const Product& p) {
  const auto bias_size = description.epilogue == CUBLASLT_EPILOGUE_BGRADB ? p.cols : p.rows;
  expect_on_device("bias", description.bias, bias_size * std::int64_t{sizeof(float)});
  auto* bias = static_cast<float*>(description.bias);
  auto* mask = static_cast<unsigned char*>(description.aux);
  if (mask != nullptr) expect_on_device("mask", mask, (p.cols - 1) * description.aux_stride / 8 + (p.rows + 7) / 8);
  const auto bit = [&](std::int64_t i, std::int64_t j) { return j * description.aux_stride + i; };
  if (description.epilogue == CUBLASLT_EPILOGUE_RELU_AUX_BIAS) {
    for (std::int64_t j = 0; j < p.cols; ++j) {
      std::memset(mask + bit(0, j) / 8, 0, static_cast<std::size_t>((p.rows + 7) / 8));
      for (std::int64_t i = 0; i < p.rows; ++i) {
        float& value = p.c[i + j * p.c_stride];
        value = std::fmax(value + bias[i], 0.0f);
        if (value > 0) mask[bit(i, j) / 8] = static_cast<unsigned char>(mask[bit(i, j) / 8] | 1u << bit(i, j) % 8);
      }
    }
  } else if (description.epilogue == CUBLASLT_EPILOGUE_DRELU_BGRAD) {
    for (std::int64_t i = 0; i < p.rows; ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j < p.cols; ++j) {
        float& value = p.c[i + j * p.c_stride];
        if ((mask[bit(i, j) / 8] >> bit(i, j) % 8 & 1) == 0) value = 0;
        sum += static_cast<double>(value);
      }
      bias[i] = static_cast<float>(sum);
    }
  } else {  // BGRADB: op(B) [depth, cols] summed over its rows
    for (std::int64_t j = 0; j < p.cols; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < p.depth; ++k)
        sum += static_cast<double>(p.b.data[k * p.b.row_step() + j * p.b.col_step()]);
      bias[j] = static_cast<float>(sum);
    }
  }
}

}  // namespace
}  // namespace plateau::simt

using namespace plateau::simt;

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *handle = new cublasLtContext;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type, std::uint64_t rows,
                                          std::uint64_t cols, std::int64_t stride) {
  if (layout == nullptr || type != CUDA_R_32F || stride < static_cast<std::int64_t>(rows))
    return CUBLAS_STATUS_INVALID_VALUE;
  auto* made = new Layout{};
  made->rows = static_cast<std::int64_t>(rows);
  made->cols = static_cast<std::int64_t>(cols);
  made->stride = stride;
  *layout = made;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete static_cast<Layout*>(layout);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* description, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  if (description == nullptr || scale != CUDA_R_32F) return CUBLAS_STATUS_INVALID_VALUE;
  if (compute != CUBLAS_COMPUTE_32F && compute != CUBLAS_COMPUTE_32F_FAST_TF32) return CUBLAS_STATUS_NOT_SUPPORTED;
  auto* made = new Description{};
  made->compute = compute;
  *description = made;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t description) {
  delete static_cast<Description*>(description);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t description,
                                              cublasLtMatmulDescAttributes_t attribute, const void* value,
                                              std::size_t bytes) {
  if (description == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  auto& d = *static_cast<Description*>(description);
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return set(d.a_operation, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return set(d.b_operation, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return set(d.epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return set(d.bias, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER:
      return set(d.aux, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD:
      return set(d.aux_stride, value, bytes);
    default:
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  if (preference == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *preference = new Preference{};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete static_cast<Preference*>(preference);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                                    std::size_t bytes) {
  if (preference == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (attribute != CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES) return CUBLAS_STATUS_NOT_SUPPORTED;
  return set(static_cast<Preference*>(preference)->workspace_bytes, value, bytes);
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t description,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t results[], int* found) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (description == nullptr || a == nullptr || b == nullptr || c == nullptr || d == nullptr || preference == nullptr ||
      wanted < 1 || results == nullptr || found == nullptr)
    return CUBLAS_STATUS_INVALID_VALUE;
  *found = 0;
  const cublasStatus_t status = check(of(description), of(a), of(b), of(c), of(d));
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  results[0] = {};
  results[0].algo.data[0] = kAlgorithm;
  results[0].state = CUBLAS_STATUS_SUCCESS;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

// D = epilogue(alpha op(A) op(B) + beta C), all column-major, alpha and beta read when called.
cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t description, const void* alpha,
                              const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                              cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                              cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* algo, void* workspace, std::size_t workspace_bytes,
                              cudaStream_t stream) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (description == nullptr || a_layout == nullptr || b_layout == nullptr || c_layout == nullptr ||
      d_layout == nullptr || alpha == nullptr || beta == nullptr || c != d)  // beside d it is not used here
    return CUBLAS_STATUS_INVALID_VALUE;
  const Layout &la = of(a_layout), &lb = of(b_layout), &ld = of(d_layout);
  if (const cublasStatus_t status = check(of(description), la, lb, of(c_layout), ld); status != CUBLAS_STATUS_SUCCESS)
    return status;
  if (algo == nullptr || algo->data[0] != kAlgorithm) return CUBLAS_STATUS_INVALID_VALUE;
  const Lock lock(device().mutex);
  if (workspace_bytes > 0 && !device().memory.holds(workspace, workspace_bytes)) return CUBLAS_STATUS_INVALID_VALUE;
  const Description& asked = of(description);
  Product product{};
  product.rows = ld.rows;
  product.cols = ld.cols;
  product.depth = asked.a_operation != CUBLAS_OP_N ? la.rows : la.cols;
  product.alpha = *static_cast<const float*>(alpha);
  product.beta = *static_cast<const float*>(beta);
  product.a = {static_cast<const float*>(a), la.stride, asked.a_operation != CUBLAS_OP_N};
  product.b = {static_cast<const float*>(b), lb.stride, asked.b_operation != CUBLAS_OP_N};
  product.c = static_cast<float*>(d);
  product.c_stride = ld.stride;
  product.tf32 = asked.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  Work work;
  work.run = [product, asked] {
    multiply(product);
    if (asked.epilogue != CUBLASLT_EPILOGUE_DEFAULT) run_epilogue(asked, product);
  };
  const cudaError_t status = device().submit(stream, Call::product, std::move(work));
  return status == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // extern "C"
