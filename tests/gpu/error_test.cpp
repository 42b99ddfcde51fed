// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/error.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <string>

namespace plateau::gpu::error_test {
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

// "...: 1024 of 4096 bytes of device memory are free"; by hand, for std::regex alarms g++ 12 under sanitizers.
bool ends_with_free_memory(const std::string& said) {
  const std::size_t colon = said.rfind(": ");
  long long free = -1, total = -1;
  int length = 0;
  if (colon == std::string::npos ||
      std::sscanf(said.c_str() + colon, ": %lld of %lld bytes of device memory are free%n", &free, &total, &length) !=
          2)
    return false;
  return colon + static_cast<std::size_t>(length) == said.size() && 0 <= free && free <= total;
}

TEST(GpuError, says_how_much_memory_is_free_where_it_is_out) {
  constexpr int kMemoryAllocation = 2;  // cudaErrorMemoryAllocation
  constexpr int kAllocFailed = 3;       // CUBLAS_STATUS_ALLOC_FAILED
  for (const std::string& said :
       {said_by([] { check_cuda(kMemoryAllocation); }), said_by([] { check_cublas(kAllocFailed); })})
    EXPECT_TRUE(ends_with_free_memory(said)) << said;
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
}  // namespace plateau::gpu::error_test
