// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/device.hpp"

#include <gtest/gtest.h>

#include "data/files.hpp"
#include "support/program.hpp"

namespace plateau::gpu::device_test {
namespace {

TEST(Inventory, lists_devices_or_says_why_there_are_none) {
  const Inventory found = inventory();
  EXPECT_EQ(found.devices.empty(), !found.problem.empty()) << found.problem;
  for (const DeviceProperties& device : found.devices) {
    EXPECT_FALSE(device.name.empty());
    EXPECT_GT(device.multiprocessors, 0);
    EXPECT_GT(device.memory_bytes, 0);
    EXPECT_GT(device.l2_cache_bytes, 0);
    EXPECT_GT(device.clock_hz, 0);
  }
#if PLATEAU_TEST_WITH_CUDA
  EXPECT_GE(found.toolkit_version, 12000);
#else
  EXPECT_EQ(found.toolkit_version, 0);
  EXPECT_EQ(found.problem, "this program was built without the CUDA toolkit");
#endif
}

// NVIDIA's data sheets: A100 SXM 19.5, H100 SXM 66.9, GeForce RTX 4090 82.6, T4 8.1 TFLOP/s.
TEST(Fp32Peak, is_that_of_the_data_sheets) {
  const auto tera = [](int major, int minor, int multiprocessors, std::int64_t clock_mhz) {
    return fp32_peak({.compute_major = major,
                      .compute_minor = minor,
                      .multiprocessors = multiprocessors,
                      .clock_hz = clock_mhz * 1'000'000}) *
           1e-12;
  };
  EXPECT_NEAR(tera(8, 0, 108, 1410), 19.5, 0.05);
  EXPECT_NEAR(tera(9, 0, 132, 1980), 66.9, 0.05);
  EXPECT_NEAR(tera(8, 9, 128, 2520), 82.6, 0.05);
  EXPECT_NEAR(tera(7, 5, 40, 1590), 8.1, 0.05);
}

// What PLATEAU_REQUIRE_GPU asks for is a GPU: the emulated one rehearses its tests, and never stands for it.
TEST(RequiredGpu, is_never_an_emulated_one) {
  const auto no_test = [](const std::string& variable) {
    return test::run_program({"/usr/bin/env", variable, PLATEAU_GPU_TESTS_EMULATED, "--gtest_filter=-*"},
                             testing_files::test_folder());
  };
  const test::ProgramResult required = no_test("PLATEAU_REQUIRE_GPU=1"), rehearsed = no_test("PLATEAU_REQUIRE_GPU=0");

  EXPECT_EQ(required.exit_code, 1);
  EXPECT_EQ(required.out, "failed: no GPU to test on: this program has an emulated one\n");
  EXPECT_EQ(rehearsed.exit_code, 0) << rehearsed.out;
  EXPECT_EQ(rehearsed.out.find("emulated GPU: "), 0u) << rehearsed.out;
}

}  // namespace
}  // namespace plateau::gpu::device_test
