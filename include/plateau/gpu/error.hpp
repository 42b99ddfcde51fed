// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A call that the GPU, its driver or its libraries refused: what was called, from where, and what they said.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "plateau/core/call_site.hpp"

namespace plateau::gpu {

// what() reads "host/gpu/stream.cpp:31: an illegal memory access was encountered (cudaErrorIllegalAddress)".
class GpuError : public std::runtime_error {
 public:
  GpuError(const std::string& what, CallSite where);
};

// A product that the library does not have for these shapes, strides and types.
class UnsupportedProduct : public GpuError {
 public:
  using GpuError::GpuError;
};

// `status` is the cudaError_t or the cublasStatus_t that a call returned. Throws GpuError unless it says success; an
// error that CUDA would hand to the next call is taken back first. Nothing of the toolkit is called without them. Where
// memory is out they add how much of it is free; where cuBLAS says "not supported" they throw UnsupportedProduct.
void check_cuda(int status, CallSite where = CallSite::current());
void check_cublas(int status, CallSite where = CallSite::current());
// check_cuda for a call that takes device memory: where there is not enough, the bytes asked for are named as well.
void check_allocation(int status, std::int64_t bytes, CallSite where = CallSite::current());

}  // namespace plateau::gpu
