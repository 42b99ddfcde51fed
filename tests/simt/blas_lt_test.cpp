// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the emulated cuBLASLt refuses; what it computes is in the test of dense_epilogue.
#include <cublasLt.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "simt/runtime.hpp"

namespace plateau::simt::blas_lt_test {
namespace {

class BlasLt : public testing::Test {
 protected:
  BlasLt() {
    cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking);
    EXPECT_EQ(cublasLtCreate(&handle_), CUBLAS_STATUS_SUCCESS);
    for (float** memory : {&a_, &b_, &d_, &bias_, &mask_}) {
      void* start = nullptr;
      EXPECT_EQ(cudaMalloc(&start, kBytes), cudaSuccess);
      *memory = static_cast<float*>(start);
    }
    EXPECT_EQ(cublasLtMatmulDescCreate(&operation_, CUBLAS_COMPUTE_32F, CUDA_R_32F), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtMatmulPreferenceCreate(&preference_), CUBLAS_STATUS_SUCCESS);
    for (cublasLtMatrixLayout_t* layout : {&a_layout_, &b_layout_, &d_layout_})
      EXPECT_EQ(cublasLtMatrixLayoutCreate(layout, CUDA_R_32F, kSize, kSize, kSize), CUBLAS_STATUS_SUCCESS);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, std::uint32_t{CUBLASLT_EPILOGUE_RELU_AUX_BIAS});
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias_);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, mask_);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, std::int64_t{128});
  }
  ~BlasLt() override {
    cudaDeviceSynchronize();
    cudaGetLastError();
    for (const cublasLtMatrixLayout_t layout : {a_layout_, b_layout_, d_layout_}) cublasLtMatrixLayoutDestroy(layout);
    cublasLtMatmulPreferenceDestroy(preference_);
    cublasLtMatmulDescDestroy(operation_);
    for (float* memory : {a_, b_, d_, bias_, mask_}) cudaFree(memory);
    EXPECT_EQ(cublasLtDestroy(handle_), CUBLAS_STATUS_SUCCESS);
    cudaStreamDestroy(stream_);
  }

  template <class T>
  cublasStatus_t set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    return cublasLtMatmulDescSetAttribute(operation_, attribute, &value, sizeof value);
  }
  cublasStatus_t choose() {
    int found = 0;
    return cublasLtMatmulAlgoGetHeuristic(handle_, operation_, a_layout_, b_layout_, d_layout_, d_layout_, preference_,
                                          1, &best_, &found);
  }
  cublasStatus_t product(const cublasLtMatmulAlgo_t* algorithm, float* c = nullptr) {
    const float alpha = 1, beta = 0;
    return cublasLtMatmul(handle_, operation_, &alpha, a_, a_layout_, b_, b_layout_, &beta, c != nullptr ? c : d_,
                          d_layout_, d_, d_layout_, algorithm, nullptr, 0, stream_);
  }
  // Every element becomes `value`.
  void fill(float* matrix, float value) {
    for (std::size_t i = 0; i < kSize * kSize; ++i) host_[i] = value;
    cudaMemcpyAsync(matrix, host_, sizeof host_, cudaMemcpyHostToDevice, stream_);
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  }

  static constexpr std::size_t kSize = 3, kBytes = 256;
  cudaStream_t stream_ = nullptr;
  cublasLtHandle_t handle_ = nullptr;
  float *a_ = nullptr, *b_ = nullptr, *d_ = nullptr, *bias_ = nullptr, *mask_ = nullptr;
  cublasLtMatmulDesc_t operation_ = nullptr;
  cublasLtMatmulPreference_t preference_ = nullptr;
  cublasLtMatrixLayout_t a_layout_ = nullptr, b_layout_ = nullptr, d_layout_ = nullptr;
  cublasLtMatmulHeuristicResult_t best_{};
  float host_[kSize * kSize] = {};
};

TEST_F(BlasLt, takes_what_is_complete) {
  EXPECT_EQ(choose(), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(product(&best_.algo), CUBLAS_STATUS_SUCCESS);
}

TEST_F(BlasLt, refuses_a_mask_or_bias_that_the_library_refuses) {
  ASSERT_EQ(choose(), CUBLAS_STATUS_SUCCESS);
  const std::function<void()> wrong[] = {
      [&] { set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, std::int64_t{96}); },  // not a multiple of 128
      [&] { set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, std::int64_t{0}); },   // less than the rows
      [&] { set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, mask_ + 1); },    // not aligned to 16 bytes
      [&] { set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, static_cast<float*>(nullptr)); },
      [&] { set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<float*>(nullptr)); },
  };
  for (const auto& break_it : wrong) {
    set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, std::int64_t{128});
    set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, mask_);
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias_);
    ASSERT_EQ(product(&best_.algo), CUBLAS_STATUS_SUCCESS);
    break_it();
    EXPECT_EQ(choose(), CUBLAS_STATUS_INVALID_VALUE);
    EXPECT_EQ(product(&best_.algo), CUBLAS_STATUS_INVALID_VALUE);
  }
}

TEST_F(BlasLt, refuses_what_it_does_not_know) {
  set(CUBLASLT_MATMUL_DESC_EPILOGUE, std::uint32_t{32});  // GELU
  EXPECT_EQ(choose(), CUBLAS_STATUS_NOT_SUPPORTED);
  set(CUBLASLT_MATMUL_DESC_EPILOGUE, std::uint32_t{CUBLASLT_EPILOGUE_DEFAULT});
  ASSERT_EQ(choose(), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(product(nullptr), CUBLAS_STATUS_INVALID_VALUE) << "no algorithm";
  cublasLtMatmulAlgo_t other{};
  EXPECT_EQ(product(&other), CUBLAS_STATUS_INVALID_VALUE) << "not one that the heuristic gave";
  EXPECT_EQ(product(&best_.algo, a_), CUBLAS_STATUS_INVALID_VALUE) << "C beside D";
  const std::int32_t too_short = 0;
  EXPECT_EQ(cublasLtMatmulDescSetAttribute(operation_, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &too_short, sizeof too_short),
            CUBLAS_STATUS_INVALID_VALUE);
  cublasLtMatmulDesc_t operation = nullptr;
  EXPECT_EQ(cublasLtMatmulDescCreate(&operation, static_cast<cublasComputeType_t>(64), CUDA_R_32F),
            CUBLAS_STATUS_NOT_SUPPORTED);
  cublasLtMatrixLayout_t layout = nullptr;
  EXPECT_EQ(cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, 4, 1, 3), CUBLAS_STATUS_INVALID_VALUE);
}

// The library's documentation says "x := max(x, 0)" and nothing of NaN: the worse is assumed.
TEST_F(BlasLt, its_relu_loses_a_nan) {
  fill(a_, 1), fill(b_, std::numeric_limits<float>::quiet_NaN()), fill(bias_, 0);
  ASSERT_EQ(choose(), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(product(&best_.algo), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(d_[0], 0);
}

}  // namespace
}  // namespace plateau::simt::blas_lt_test
