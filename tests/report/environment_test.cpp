// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/environment.hpp"

#include <gtest/gtest.h>

#include "plateau/core/error.hpp"
#include "plateau/model/gpu_trainer.hpp"

namespace plateau::environment_test {
namespace {

TEST(Environment, names_what_decides_the_bits) {
  const Environment environment = cpu_environment(3);
  EXPECT_EQ(environment.device, "cpu");
  EXPECT_EQ(environment.precision, "fp32");
  EXPECT_EQ(environment.evaluation_rows, kCpuEvaluationRows);
  EXPECT_EQ(environment.workers, 3);
  EXPECT_FALSE(environment.gpu.has_value());
  EXPECT_EQ(environment.matrix_library.rfind("Eigen 3.", 0), 0u) << environment.matrix_library;
  EXPECT_FALSE(environment.version.empty());
  EXPECT_EQ(environment.build.commit, this_build().commit);
  EXPECT_FALSE(environment.compiler.empty());
  EXPECT_FALSE(environment.device_name.empty());
}

gpu::Inventory with_gpus(std::size_t count) {
  return {.toolkit_version = 13000,
          .driver_version = 12080,
          .devices = std::vector<gpu::DeviceProperties>(
              count, {.name = "Some GPU", .compute_major = 8, .compute_minor = 9, .multiprocessors = 58})};
}
gpu::Inventory without_gpu(const std::string& problem) { return {.toolkit_version = 13000, .problem = problem}; }
gpu::Inventory emulated() {
  gpu::Inventory found = with_gpus(1);
  found.emulated = true;
  return found;
}

TEST(Environment, of_a_gpu_names_it_with_its_versions) {
  const Environment environment = gpu_environment(with_gpus(2), "cuBLAS 13.0.2");
  EXPECT_EQ(environment.device, "cuda");
  EXPECT_EQ(environment.device_name, "Some GPU");
  EXPECT_EQ(environment.precision, "fp32");
  EXPECT_EQ(gpu_environment(with_gpus(1), "", Precision::tf32).precision, "tf32");
  EXPECT_EQ(environment.matrix_library, "cuBLAS 13.0.2");
  EXPECT_EQ(environment.evaluation_rows, kGpuEvaluationRows);
  ASSERT_TRUE(environment.gpu.has_value());
  EXPECT_EQ(environment.gpu->compute_capability, "8.9");
  EXPECT_EQ(environment.gpu->multiprocessors, 58);
  EXPECT_EQ(environment.gpu->toolkit, "13.0");
  EXPECT_EQ(environment.gpu->driver, "12.8");
  EXPECT_EQ(environment.version, cpu_environment(1).version);
  EXPECT_EQ(environment.build.commit, this_build().commit);
  EXPECT_THROW(gpu_environment(without_gpu("none"), ""), std::invalid_argument);
}

TEST(Environment, never_calls_an_emulated_gpu_cuda) {
  EXPECT_EQ(gpu_environment(emulated(), "cuBLAS").device, "emulated");
  EXPECT_EQ(gpu_environment(emulated(), "cuBLAS").matrix_library, "emulated cuBLAS");
}

TEST(DeviceChoice, is_the_gpu_where_there_is_one) {
  EXPECT_EQ(device_choice("auto", with_gpus(1)).kind, DeviceKind::gpu);
  EXPECT_EQ(device_choice("auto", with_gpus(1)).why, "the GPU of this machine");
  EXPECT_EQ(device_choice("auto", with_gpus(3)).why, "the first of 3 GPUs");
  EXPECT_EQ(device_choice("cuda", with_gpus(1)).kind, DeviceKind::gpu);
  EXPECT_EQ(device_choice("cpu", with_gpus(1)).kind, DeviceKind::cpu);
}

TEST(DeviceChoice, says_why_there_is_none) {
  const gpu::Inventory found = without_gpu("the NVIDIA driver finds no GPU");
  EXPECT_EQ(device_choice("auto", found).kind, DeviceKind::cpu);
  EXPECT_EQ(device_choice("auto", found).why, "the NVIDIA driver finds no GPU");
  try {
    device_choice("cuda", found);
    FAIL() << "was taken";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "--device cuda: the NVIDIA driver finds no GPU");
  }
}

TEST(DeviceChoice, takes_an_emulated_gpu_only_where_it_is_asked_for) {
  EXPECT_EQ(device_choice("auto", emulated()).kind, DeviceKind::cpu);
  EXPECT_EQ(device_choice("auto", emulated()).why, "an emulated GPU is taken by --device cuda only");
  EXPECT_EQ(device_choice("cuda", emulated()).kind, DeviceKind::gpu);
}

}  // namespace
}  // namespace plateau::environment_test
