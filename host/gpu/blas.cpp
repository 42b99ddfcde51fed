// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/blas.hpp"

#include <cublas_v2.h>

#include <string>

#include "plateau/gpu/error.hpp"

namespace plateau::gpu {

BlasHandle::BlasHandle(const Stream& stream, Precision precision) : stream_(&stream), workspace_(kWorkspaceBytes) {
  cublasHandle_t handle = nullptr;
  check_cublas(cublasCreate(&handle));
  handle_.reset(handle);
  check_cublas(cublasSetStream(handle, stream.handle()));  // before the workspace, which it would take back
  check_cublas(cublasSetWorkspace(handle, workspace_.view().data, static_cast<std::size_t>(kWorkspaceBytes)));
  check_cublas(
      cublasSetMathMode(handle, precision == Precision::tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH));
}

void BlasHandle::Destroy::operator()(cublasContext* context) const { cublasDestroy(context); }

std::string blas_library() {
  int part[3] = {};
  check_cublas(cublasGetProperty(MAJOR_VERSION, &part[0]));
  check_cublas(cublasGetProperty(MINOR_VERSION, &part[1]));
  check_cublas(cublasGetProperty(PATCH_LEVEL, &part[2]));
  return "cuBLAS " + std::to_string(part[0]) + "." + std::to_string(part[1]) + "." + std::to_string(part[2]);
}

}  // namespace plateau::gpu
