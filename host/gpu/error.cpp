// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/error.hpp"

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

namespace plateau::gpu {
namespace {

std::string place(CallSite where) { return std::string(where.file) + ":" + std::to_string(where.line); }

// "1024 of 4096 bytes of device memory are free", or that even this is not to be learnt.
std::string memory_left() {
  std::size_t free = 0, total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) {
    cudaGetLastError();
    return "how much device memory is free cannot be learnt";
  }
  return std::to_string(free) + " of " + std::to_string(total) + " bytes of device memory are free";
}

}  // namespace

GpuError::GpuError(const std::string& what, CallSite where) : std::runtime_error(place(where) + ": " + what) {}

void check_cuda(int returned, CallSite where) {
  const auto status = static_cast<cudaError_t>(returned);
  if (status == cudaSuccess) return;
  cudaGetLastError();  // what is thrown must not surface again at the next call
  std::string said = std::string(cudaGetErrorString(status)) + " (" + cudaGetErrorName(status) + ")";
  if (status == cudaErrorMemoryAllocation) said += ": " + memory_left();
  throw GpuError(said, where);
}

void check_cublas(int returned, CallSite where) {
  const auto status = static_cast<cublasStatus_t>(returned);
  if (status == CUBLAS_STATUS_SUCCESS) return;
  std::string said = std::string("cuBLAS: ") + cublasGetStatusString(status);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED) throw UnsupportedProduct(said, where);
  if (status == CUBLAS_STATUS_ALLOC_FAILED) said += ": " + memory_left();
  throw GpuError(said, where);
}

void check_allocation(int returned, std::int64_t bytes, CallSite where) {
  if (static_cast<cudaError_t>(returned) != cudaErrorMemoryAllocation) return check_cuda(returned, where);
  cudaGetLastError();
  throw GpuError("out of device memory: " + std::to_string(bytes) + " bytes asked for, " + memory_left(), where);
}

}  // namespace plateau::gpu
