// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// cuBLAS bound to one stream, with a workspace and a math mode that never change: what a product returns depends on
// its arguments and the kind of device only, and it can be captured into a graph.
#pragma once

#include <memory>

#include "plateau/core/precision.hpp"
#include "plateau/gpu/buffer.hpp"

struct cublasContext;

namespace plateau::gpu {

class BlasHandle {
 public:
  // Keeps `stream`, which must live longer. tf32 is a permission: products too small for it, and GPUs without tensor
  // cores that take it, compute in fp32.
  explicit BlasHandle(const Stream& stream, Precision precision = Precision::fp32);

  const Stream& stream() const { return *stream_; }
  cublasContext* handle() const { return handle_.get(); }

 private:
  // What cuBLAS's documentation asks for on Hopper; smaller devices need less.
  static constexpr Index kWorkspaceBytes = Index{32} << 20;

  struct Destroy {
    void operator()(cublasContext* context) const;
  };
  const Stream* stream_;
  DeviceBuffer<unsigned char> workspace_;
  std::unique_ptr<cublasContext, Destroy> handle_;
};

// "cuBLAS 13.0.2": part of what decides a result's bits.
std::string blas_library();

}  // namespace plateau::gpu
