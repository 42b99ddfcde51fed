// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// dense_epilogue: dense products by cuBLASLt with bias, ReLU, its mask and the bias gradients as their epilogues.
//
// Row-major becomes column-major as in dense.cu. What an epilogue calls rows is then our columns: a bias per row of the
// result is one per feature, and a column of the mask is a row of the batch.
//
//   forward        RELU_AUX_BIAS    z^T [O, B] = w [O, I] x^T [I, B]; bias [O]; mask [O bits, B]
//   input grad     DRELU_BGRAD      grad_x^T [I, B] = w^T [I, O] grad_z^T [O, B]; mask [I bits, B]; grad_bias [I]
//   weight grad    BGRADB           grad_w^T [I, O] = x^T [I, B] grad_z [B, O]; grad_bias [O], summed over B
//
//   shapes    x, grad_x [B, I]    w, grad_w [O, I]    a, grad_z [B, O] f32 row-major (any strides)
//             bias and its gradients one per feature    mask [B, ceil(F / 32)] u32, rows 128 bits or multiples apart
//   traffic   dense_forward_relu_cost and its neighbours: the pass of a kernel over the result less
//   choice    the first algorithm of the library's heuristic, which depends on shapes, strides, alignment and device
#include "plateau/ops/dense_epilogue.hpp"

#include <cublasLt.h>

#include <memory>

#include "plateau/gpu/blas.hpp"
#include "plateau/gpu/error.hpp"

namespace plateau::gpu {
namespace {

// Owns one of the library's descriptors, which are pointers.
template <class Pointer, cublasStatus_t (*destroy)(Pointer)>
class Descriptor {
 public:
  template <class... Arguments>
  explicit Descriptor(cublasStatus_t (*create)(Pointer*, Arguments...), std::type_identity_t<Arguments>... arguments) {
    check_cublas(create(&pointer_, arguments...));
  }
  ~Descriptor() { destroy(pointer_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Pointer get() const { return pointer_; }

 private:
  Pointer pointer_ = nullptr;
};
using Layout = Descriptor<cublasLtMatrixLayout_t, &cublasLtMatrixLayoutDestroy>;
using Operation = Descriptor<cublasLtMatmulDesc_t, &cublasLtMatmulDescDestroy>;
using Preference = Descriptor<cublasLtMatmulPreference_t, &cublasLtMatmulPreferenceDestroy>;

// A row-major matrix as the library sees it: its transpose, by columns.
Layout layout_of(DeviceMatrix<const float> m) {
  return Layout(&cublasLtMatrixLayoutCreate, CUDA_R_32F, static_cast<std::uint64_t>(m.cols),
                static_cast<std::uint64_t>(m.rows), m.stride);
}

template <class T>
void set(const Operation& operation, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  check_cublas(cublasLtMatmulDescSetAttribute(operation.get(), attribute, &value, sizeof value));
}

struct Mask {
  const std::uint32_t* data = nullptr;
  Index stride = 0;  // words
};

// D = epilogue(op(A) op(B)), all column-major, each the transpose of its row-major view.
void product(const BlasHandle& blas, cublasLtEpilogue_t epilogue, cublasOperation_t op_a, DeviceMatrix<const float> a,
             cublasOperation_t op_b, DeviceMatrix<const float> b, DeviceMatrix<float> d, const float* bias, Mask mask) {
  const Operation operation(&cublasLtMatmulDescCreate,
                            blas.precision() == Precision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F,
                            CUDA_R_32F);
  set(operation, CUBLASLT_MATMUL_DESC_TRANSA, static_cast<std::int32_t>(op_a));
  set(operation, CUBLASLT_MATMUL_DESC_TRANSB, static_cast<std::int32_t>(op_b));
  set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE, static_cast<std::uint32_t>(epilogue));
  set(operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
  if (mask.data != nullptr) {
    set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, mask.data);
    set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, std::int64_t{mask.stride * 32});
  }
  const Layout a_layout = layout_of(a), b_layout = layout_of(b), d_layout = layout_of(d);
  const DeviceSpan<unsigned char> workspace = blas.workspace();
  const Preference preference(&cublasLtMatmulPreferenceCreate);
  const auto workspace_bytes = static_cast<std::uint64_t>(workspace.size);
  check_cublas(cublasLtMatmulPreferenceSetAttribute(preference.get(), CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                    &workspace_bytes, sizeof workspace_bytes));
  cublasLtMatmulHeuristicResult_t best{};
  int found = 0;
  check_cublas(cublasLtMatmulAlgoGetHeuristic(blas.lt_handle(), operation.get(), a_layout.get(), b_layout.get(),
                                              d_layout.get(), d_layout.get(), preference.get(), 1, &best, &found));
  if (found == 0) check_cublas(CUBLAS_STATUS_NOT_SUPPORTED);
  const float alpha = 1.0f, beta = 0.0f;
  check_cublas(cublasLtMatmul(blas.lt_handle(), operation.get(), &alpha, a.data, a_layout.get(), b.data, b_layout.get(),
                              &beta, d.data, d_layout.get(), d.data, d_layout.get(), &best.algo, workspace.data,
                              static_cast<std::size_t>(workspace.size), blas.stream().handle()));
}

}  // namespace

void dense_forward_relu(const BlasHandle& blas, DeviceMatrix<const float> x, DeviceMatrix<const float> w,
                        DeviceSpan<const float> bias, DeviceMatrix<float> a, DeviceMatrix<std::uint32_t> mask) {
  expects_dense_epilogue(x, w, a, a, bias);
  expects_mask(mask, a);
  product(blas, CUBLASLT_EPILOGUE_RELU_AUX_BIAS, CUBLAS_OP_T, w, CUBLAS_OP_N, x, a, bias.data,
          {mask.data, mask.stride});
}

void dense_input_grad_relu(const BlasHandle& blas, DeviceMatrix<const float> grad_z, DeviceMatrix<const float> w,
                           DeviceMatrix<const std::uint32_t> mask, DeviceMatrix<float> grad_x,
                           DeviceSpan<float> grad_bias) {
  expects_dense_epilogue(grad_x, w, grad_z, grad_x, grad_bias);
  expects_mask(mask, grad_x);
  product(blas, CUBLASLT_EPILOGUE_DRELU_BGRAD, CUBLAS_OP_N, w, CUBLAS_OP_N, grad_z, grad_x, grad_bias.data,
          {mask.data, mask.stride});
}

void dense_weight_grad_bias(const BlasHandle& blas, DeviceMatrix<const float> grad_z, DeviceMatrix<const float> x,
                            DeviceMatrix<float> grad_w, DeviceSpan<float> grad_bias) {
  expects_dense_epilogue(x, grad_w, grad_z, grad_z, grad_bias);
  product(blas, CUBLASLT_EPILOGUE_BGRADB, CUBLAS_OP_N, x, CUBLAS_OP_T, grad_z, grad_w, grad_bias.data, {});
}

}  // namespace plateau::gpu
