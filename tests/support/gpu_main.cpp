// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// main() of gpu_tests, the tests that need a GPU, and of gpu_tests_emulated, their rehearsal on the emulated one.
// Without any it says why and exits with 77, which ctest takes for a skip. PLATEAU_REQUIRE_GPU=1 makes that a failure,
// and the rehearsal too: an emulated GPU never counts.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "plateau/gpu/device.hpp"
#include "support/selection.hpp"

int main(int argc, char** argv) {
  if (!plateau::test::select_tests(argc, argv)) return EXIT_FAILURE;
  const plateau::gpu::Inventory found = plateau::gpu::inventory();
  const char* asked = std::getenv("PLATEAU_REQUIRE_GPU");
  const bool required = asked != nullptr && std::string(asked) == "1";
  if (found.devices.empty() || (required && found.emulated)) {
    std::printf("%s: no GPU to test on: %s\n", required ? "failed" : "skipped",
                found.emulated ? "this program has an emulated one" : found.problem.c_str());
    return required ? EXIT_FAILURE : 77;
  }
  std::printf("%s: %s\n", found.emulated ? "emulated GPU" : "GPU", found.devices.front().name.c_str());
  return RUN_ALL_TESTS();
}
