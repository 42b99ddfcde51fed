// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/device.hpp"

#include <gtest/gtest.h>

namespace plateau::gpu {
namespace {

TEST(Inventory, lists_devices_or_says_why_there_are_none) {
  const Inventory found = inventory();
  EXPECT_EQ(found.devices.empty(), !found.problem.empty()) << found.problem;
  for (const DeviceProperties& device : found.devices) {
    EXPECT_FALSE(device.name.empty());
    EXPECT_GT(device.multiprocessors, 0);
    EXPECT_GT(device.memory_bytes, 0);
    EXPECT_GT(device.l2_cache_bytes, 0);
  }
#if PLATEAU_TEST_WITH_CUDA
  EXPECT_GE(found.toolkit_version, 12000);
#else
  EXPECT_EQ(found.toolkit_version, 0);
  EXPECT_EQ(found.problem, "this program was built without the CUDA toolkit");
#endif
}

}  // namespace
}  // namespace plateau::gpu
