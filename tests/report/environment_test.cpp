// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/environment.hpp"

#include <gtest/gtest.h>

namespace plateau {
namespace {

TEST(Environment, names_what_decides_the_bits) {
  const Environment environment = cpu_environment(3);
  EXPECT_EQ(environment.device, "cpu");
  EXPECT_EQ(environment.engine, "layered");
  EXPECT_EQ(environment.precision, "fp32");
  EXPECT_EQ(environment.workers, 3);
  EXPECT_EQ(environment.matrix_library.rfind("Eigen 3.", 0), 0u) << environment.matrix_library;
  EXPECT_FALSE(environment.version.empty());
  EXPECT_FALSE(environment.compiler.empty());
  EXPECT_FALSE(environment.device_name.empty());
}

}  // namespace
}  // namespace plateau
