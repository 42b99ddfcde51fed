// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/error.hpp"

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

namespace plateau::gpu {
namespace {

std::string place(CallSite where) { return std::string(where.file) + ":" + std::to_string(where.line); }

}  // namespace

GpuError::GpuError(const std::string& what, CallSite where) : std::runtime_error(place(where) + ": " + what) {}

void check_cuda(int returned, CallSite where) {
  const auto status = static_cast<cudaError_t>(returned);
  if (status == cudaSuccess) return;
  cudaGetLastError();  // what is thrown must not surface again at the next call
  throw GpuError(std::string(cudaGetErrorString(status)) + " (" + cudaGetErrorName(status) + ")", where);
}

void check_cublas(int returned, CallSite where) {
  const auto status = static_cast<cublasStatus_t>(returned);
  if (status != CUBLAS_STATUS_SUCCESS) throw GpuError(std::string("cuBLAS: ") + cublasGetStatusString(status), where);
}

}  // namespace plateau::gpu
