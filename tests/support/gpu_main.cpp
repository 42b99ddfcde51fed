// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// main() of gpu_tests, the tests that need a GPU. Without one it says why and exits with 77, which ctest takes for a
// skip; PLATEAU_REQUIRE_GPU=1 makes that a failure. An emulated GPU never counts.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "plateau/gpu/device.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const plateau::gpu::Inventory found = plateau::gpu::inventory();
  if (!found.devices.empty() && !found.emulated) {
    std::printf("GPU: %s\n", found.devices.front().name.c_str());
    return RUN_ALL_TESTS();
  }
  const char* required = std::getenv("PLATEAU_REQUIRE_GPU");
  const bool fails = required != nullptr && std::string(required) == "1";
  std::printf("%s: no GPU to test on: %s\n", fails ? "failed" : "skipped",
              found.emulated ? "this program has an emulated one" : found.problem.c_str());
  return fails ? EXIT_FAILURE : 77;
}
