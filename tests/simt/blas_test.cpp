// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <cublas_v2.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "simt/runtime.hpp"
#include "support/compare.hpp"

namespace plateau::simt::blas_test {
namespace {

using test::kEps32;
using test::relative_error;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Column-major, on the device, the columns `stride` apart; what is between them stays NaN.
struct Matrix {
  std::int64_t rows, cols, stride;
  std::vector<float> host{};
  float* device = nullptr;

  std::size_t size() const { return static_cast<std::size_t>(stride * (cols - 1) + rows); }
  float& at(std::int64_t i, std::int64_t j) { return host[static_cast<std::size_t>(i + j * stride)]; }
  float at(std::int64_t i, std::int64_t j) const { return host[static_cast<std::size_t>(i + j * stride)]; }
};

class Blas : public testing::Test {
 protected:
  Blas() {
    cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking);
    cudaMalloc(&workspace_, kWorkspaceBytes);
    EXPECT_EQ(cublasCreate(&handle_), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasSetStream(handle_, stream_), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasSetWorkspace(handle_, workspace_, kWorkspaceBytes), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasSetMathMode(handle_, CUBLAS_DEFAULT_MATH), CUBLAS_STATUS_SUCCESS);
  }
  ~Blas() override {
    for (float* memory : memory_) cudaFree(memory);
    EXPECT_EQ(cublasDestroy(handle_), CUBLAS_STATUS_SUCCESS);
    cudaFree(workspace_);
    cudaStreamDestroy(stream_);
  }

  Matrix matrix(std::int64_t rows, std::int64_t cols, std::int64_t padding) {
    Matrix m{rows, cols, rows + padding};
    m.host.assign(m.size(), kNaN);
    for (std::int64_t j = 0; j < cols; ++j)
      for (std::int64_t i = 0; i < rows; ++i) m.at(i, j) = next();
    void* memory = nullptr;
    EXPECT_EQ(cudaMalloc(&memory, m.size() * sizeof(float)), cudaSuccess);
    m.device = static_cast<float*>(memory);
    memory_.push_back(m.device);
    copy_in(m);
    return m;
  }
  void copy_in(const Matrix& m) {
    cudaMemcpyAsync(m.device, m.host.data(), m.size() * sizeof(float), cudaMemcpyHostToDevice, stream_);
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  }
  std::vector<float> copy_out(const Matrix& m) {
    std::vector<float> host(m.size());
    cudaMemcpyAsync(host.data(), m.device, m.size() * sizeof(float), cudaMemcpyDeviceToHost, stream_);
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    return host;
  }
  float next() {  // in (-1, 1)
    random_ = random_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<float>(static_cast<std::int32_t>(random_ >> 32)) * 0x1p-31f;
  }
  cublasStatus_t product(cublasOperation_t op_a, cublasOperation_t op_b, std::int64_t depth, float alpha,
                         const Matrix& a, const Matrix& b, float beta, const Matrix& c) {
    return cublasSgemm_64(handle_, op_a, op_b, c.rows, c.cols, depth, &alpha, a.device, a.stride, b.device, b.stride,
                          &beta, c.device, c.stride);
  }

  static constexpr std::size_t kWorkspaceBytes = 1024;
  cudaStream_t stream_ = nullptr;
  cublasHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  std::vector<float*> memory_;
  std::uint64_t random_ = 1;
};

TEST_F(Blas, is_the_product_of_every_shape_transpose_and_stride) {
  struct Shape {
    std::int64_t m, n, k;
  };
  for (const Shape s : {Shape{1, 1, 1}, {16, 4, 8}, {17, 5, 9}, {15, 3, 1}, {33, 64, 7}, {2, 31, 130}})
    for (const cublasOperation_t op_a : {CUBLAS_OP_N, CUBLAS_OP_T})
      for (const cublasOperation_t op_b : {CUBLAS_OP_N, CUBLAS_OP_T})
        for (const std::int64_t padding : {0, 3})
          for (const float alpha : {1.0f, -0.75f})
            for (const float beta : {0.0f, 0.5f}) {
              const bool ta = op_a == CUBLAS_OP_T, tb = op_b == CUBLAS_OP_T;
              const Matrix a = ta ? matrix(s.k, s.m, padding) : matrix(s.m, s.k, padding);
              const Matrix b = tb ? matrix(s.n, s.k, 2 * padding) : matrix(s.k, s.n, 2 * padding);
              const Matrix c = matrix(s.m, s.n, padding);
              std::vector<double> want;
              for (std::int64_t j = 0; j < s.n; ++j)
                for (std::int64_t i = 0; i < s.m; ++i) {
                  double sum = 0;
                  for (std::int64_t k = 0; k < s.k; ++k)
                    sum += double(ta ? a.at(k, i) : a.at(i, k)) * double(tb ? b.at(j, k) : b.at(k, j));
                  want.push_back(double(alpha) * sum + double(beta) * double(c.at(i, j)));
                }

              ASSERT_EQ(product(op_a, op_b, s.k, alpha, a, b, beta, c), CUBLAS_STATUS_SUCCESS);

              const std::vector<float> out = copy_out(c);
              std::vector<float> got;
              for (std::int64_t j = 0; j < c.cols; ++j)
                for (std::int64_t i = 0; i < c.stride && i + j * c.stride < std::int64_t(out.size()); ++i) {
                  const float x = out[static_cast<std::size_t>(i + j * c.stride)];
                  if (i < c.rows)
                    got.push_back(x);
                  else
                    EXPECT_TRUE(std::isnan(x)) << "between the columns";
                }
              EXPECT_LE(relative_error(got, want), 0.5 * kEps32) << s.m << " " << s.n << " " << s.k << " " << ta << tb;
            }
}

// Eleven bits of fraction are a tie, which goes away from zero; twelve are nothing. fp32 keeps both.
TEST_F(Blas, tf32_rounds_the_factors_to_ten_bits_of_fraction) {
  Matrix a = matrix(1, 3, 0), b = matrix(3, 1, 0);
  const Matrix c = matrix(1, 1, 0);
  a.host = {1 + 0x1p-11f, -1 - 0x1p-11f, 1 + 0x1p-12f};
  b.host = {1, 2 + 0x1p-10f, 4};
  copy_in(a), copy_in(b);
  const auto sum = [&](cublasMath_t math) {
    EXPECT_EQ(cublasSetMathMode(handle_, math), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(product(CUBLAS_OP_N, CUBLAS_OP_N, 3, 1, a, b, 0, c), CUBLAS_STATUS_SUCCESS);
    return static_cast<double>(copy_out(c)[0]);
  };

  EXPECT_EQ(sum(CUBLAS_TF32_TENSOR_OP_MATH), (1 + 0x1p-10) * (1 - (2 + 0x1p-9)) + 4);
  const double exact = (1 + 0x1p-11) * (1 - (2 + 0x1p-10)) + 4 * (1 + 0x1p-12);
  EXPECT_LE(std::abs(sum(CUBLAS_DEFAULT_MATH) - exact), kEps32 * exact);
  EXPECT_EQ(cublasSetMathMode(handle_, CUBLAS_PEDANTIC_MATH), CUBLAS_STATUS_INVALID_VALUE) << "unknown here";

  a.host[0] = std::numeric_limits<float>::infinity();
  copy_in(a);
  EXPECT_EQ(sum(CUBLAS_TF32_TENSOR_OP_MATH), std::numeric_limits<double>::infinity());
}

TEST_F(Blas, beta_zero_reads_no_c_and_alpha_zero_no_factors) {
  const Matrix a = matrix(3, 3, 0), b = matrix(3, 3, 0);
  Matrix c = matrix(3, 3, 0), nan = matrix(3, 3, 0);
  for (float& x : nan.host) x = kNaN;
  copy_in(nan);
  const float before = c.at(1, 1);

  ASSERT_EQ(product(CUBLAS_OP_N, CUBLAS_OP_N, 3, 0.0f, nan, nan, 2.0f, c), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(copy_out(c)[4], 2 * before);
  ASSERT_EQ(product(CUBLAS_OP_N, CUBLAS_OP_N, 3, 1.0f, a, b, 0.0f, nan), CUBLAS_STATUS_SUCCESS);
  for (const float x : copy_out(nan)) EXPECT_TRUE(std::isfinite(x));
  ASSERT_EQ(product(CUBLAS_OP_N, CUBLAS_OP_N, 0, 1.0f, a, b, 0.0f, c), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(copy_out(c), std::vector<float>(9, 0.0f)) << "a sum over nothing";
}

TEST_F(Blas, is_queued_with_the_alpha_and_beta_of_the_call) {
  const Matrix a = matrix(1, 1, 0), b = matrix(1, 1, 0), c = matrix(1, 1, 0);
  float alpha = 1, beta = 0;
  forget_calls();
  ASSERT_EQ(
      cublasSgemm_64(handle_, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &alpha, a.device, 1, b.device, 1, &beta, c.device, 1),
      CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(calls(), std::vector<Call>{Call::product});
  alpha = beta = kNaN;
  EXPECT_EQ(*c.device, c.at(0, 0)) << "nothing runs before the host waits";
  EXPECT_EQ(copy_out(c)[0], a.at(0, 0) * b.at(0, 0));
}

TEST_F(Blas, refuses_what_cublas_refuses) {
  const Matrix a = matrix(4, 4, 0);
  const float one = 1;
  const auto call = [&](cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, std::int64_t m,
                        std::int64_t n, std::int64_t k, const float* alpha, std::int64_t lda, std::int64_t ldb,
                        const float* beta, std::int64_t ldc) {
    return cublasSgemm_64(handle, op_a, op_b, m, n, k, alpha, a.device, lda, a.device, ldb, beta, a.device, ldc);
  };
  constexpr auto N = CUBLAS_OP_N, T = CUBLAS_OP_T;
  EXPECT_EQ(call(nullptr, N, N, 2, 2, 2, &one, 4, 4, &one, 4), CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(call(handle_, N, N, -1, 2, 2, &one, 4, 4, &one, 4), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(call(handle_, N, N, 2, -1, 2, &one, 4, 4, &one, 4), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(call(handle_, N, N, 2, 2, -1, &one, 4, 4, &one, 4), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(call(handle_, N, N, 2, 2, 2, nullptr, 4, 4, &one, 4), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(call(handle_, N, N, 2, 2, 2, &one, 4, 4, nullptr, 4), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(call(handle_, N, N, 3, 1, 2, &one, 2, 4, &one, 4), CUBLAS_STATUS_INVALID_VALUE) << "lda < m";
  EXPECT_EQ(call(handle_, T, N, 3, 1, 2, &one, 2, 4, &one, 4), CUBLAS_STATUS_SUCCESS) << "lda = k";
  EXPECT_EQ(call(handle_, T, N, 1, 1, 3, &one, 2, 4, &one, 4), CUBLAS_STATUS_INVALID_VALUE) << "lda < k";
  EXPECT_EQ(call(handle_, N, N, 1, 2, 3, &one, 4, 2, &one, 4), CUBLAS_STATUS_INVALID_VALUE) << "ldb < k";
  EXPECT_EQ(call(handle_, N, T, 1, 3, 1, &one, 4, 2, &one, 4), CUBLAS_STATUS_INVALID_VALUE) << "ldb < n";
  EXPECT_EQ(call(handle_, N, N, 3, 1, 1, &one, 4, 4, &one, 2), CUBLAS_STATUS_INVALID_VALUE) << "ldc < m";
  EXPECT_EQ(call(handle_, N, N, 0, 2, 2, &one, 4, 4, &one, 4), CUBLAS_STATUS_SUCCESS) << "nothing to do";
  EXPECT_STREQ(cublasGetStatusString(CUBLAS_STATUS_INVALID_VALUE),
               "an unsupported value or parameter was passed to the function");
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
}

TEST_F(Blas, a_matrix_that_leaves_its_memory_is_a_fault) {
  const Matrix a = matrix(4, 4, 0), c = matrix(4, 4, 0);
  Matrix short_b = matrix(4, 3, 0);
  short_b.cols = 4;
  ASSERT_EQ(product(CUBLAS_OP_N, CUBLAS_OP_N, 4, 1.0f, a, short_b, 0.0f, c), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaErrorLaunchFailure);
  EXPECT_NE(std::string(cudaGetErrorString(cudaErrorLaunchFailure)).find("a product of cuBLAS: B, 4 x 4"),
            std::string::npos);
}

TEST_F(Blas, a_capture_wants_a_workspace_of_the_users) {
  const Matrix a = matrix(2, 2, 0), c = matrix(2, 2, 0);
  cudaGraph_t graph = nullptr;
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  EXPECT_EQ(product(CUBLAS_OP_N, CUBLAS_OP_N, 2, 1.0f, a, a, 0.0f, c), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  std::size_t nodes = 0;
  cudaGraphGetNodes(graph, nullptr, &nodes);
  EXPECT_EQ(nodes, 1u);
  cudaGraphDestroy(graph);

  cublasSetStream(handle_, stream_);  // takes the workspace back
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  EXPECT_EQ(product(CUBLAS_OP_N, CUBLAS_OP_N, 2, 1.0f, a, a, 0.0f, c), CUBLAS_STATUS_ALLOC_FAILED);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
}

TEST_F(Blas, refuses_a_workspace_that_is_not_aligned_or_not_on_the_device) {
  alignas(256) static unsigned char host[256];
  EXPECT_EQ(cublasSetWorkspace(handle_, static_cast<unsigned char*>(workspace_) + 16, 64), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasSetWorkspace(handle_, host, sizeof host), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasSetWorkspace(handle_, workspace_, kWorkspaceBytes + 1), CUBLAS_STATUS_INVALID_VALUE);
}

}  // namespace
}  // namespace plateau::simt::blas_test
