// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/error.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <regex>
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

std::string said_by(const std::function<void()>& call) {
  try {
    call();
    return "nothing was thrown";
  } catch (const GpuError& error) {
    return error.what();
  }
}

TEST(GpuError, says_how_much_memory_is_free_where_it_is_out) {
  constexpr int kMemoryAllocation = 2;  // cudaErrorMemoryAllocation
  constexpr int kAllocFailed = 3;       // CUBLAS_STATUS_ALLOC_FAILED
  for (const std::string& said :
       {said_by([] { check_cuda(kMemoryAllocation); }), said_by([] { check_cublas(kAllocFailed); })})
    EXPECT_TRUE(std::regex_search(said, std::regex(": [0-9]+ of [0-9]+ bytes of device memory are free$"))) << said;
  const std::string said = said_by([] { check_allocation(kMemoryAllocation, 77); });
  EXPECT_NE(said.find("out of device memory: 77 bytes asked for, "), std::string::npos) << said;
  EXPECT_NE(said_by([] { check_allocation(1, 77); }).find("cudaErrorInvalidValue"), std::string::npos);
}

TEST(GpuError, is_not_thrown_for_success) {
  EXPECT_NO_THROW(check_cuda(0));
  EXPECT_NO_THROW(check_cublas(0));
  EXPECT_NO_THROW(check_allocation(0, 77));
}

}  // namespace
}  // namespace plateau::gpu
