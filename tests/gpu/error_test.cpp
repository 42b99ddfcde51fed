// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace plateau::gpu {
namespace {

TEST(GpuError, says_what_was_refused_and_where) {
  constexpr int kInvalidValue = 1;  // cudaErrorInvalidValue and, by chance, CUBLAS_STATUS_NOT_INITIALIZED
  const auto here = CallSite::current();
  try {
    check_cuda(kInvalidValue, here);
    FAIL() << "an error passed";
  } catch (const GpuError& error) {
    const std::string said = error.what();
    EXPECT_EQ(said.find(std::string(here.file) + ":" + std::to_string(here.line) + ": "), 0u) << said;
    EXPECT_NE(said.find("cudaErrorInvalidValue"), std::string::npos) << said;
  }
  EXPECT_THROW(check_cublas(kInvalidValue), GpuError);
}

TEST(GpuError, is_not_thrown_for_success) {
  EXPECT_NO_THROW(check_cuda(0));
  EXPECT_NO_THROW(check_cublas(0));
}

}  // namespace
}  // namespace plateau::gpu
