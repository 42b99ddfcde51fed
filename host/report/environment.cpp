// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/environment.hpp"

#include <fmt/format.h>

#include <fstream>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/model/gpu_trainer.hpp"
#include "plateau/ops/dense.hpp"

namespace plateau {
namespace {

// Linux tells the processor's name here only; elsewhere it stays unnamed.
std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "unnamed processor";
}

std::string compiler_name() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "unknown compiler";
#endif
}

}  // namespace

Environment cpu_environment(int workers) {
  return {.version = PLATEAU_VERSION,
          .build = this_build(),
          .compiler = compiler_name(),
          .matrix_library = cpu::matrix_library(),
          .device = "cpu",
          .precision = to_string(Precision::fp32),
          .evaluation_rows = kCpuEvaluationRows,
          .device_name = processor_name(),
          .workers = workers};
}

Environment gpu_environment(const gpu::Inventory& found, const std::string& matrix_library, Precision precision) {
  expects(!found.devices.empty(), "gpu_environment: at least one device");
  const gpu::DeviceProperties& device = found.devices.front();
  return {.version = PLATEAU_VERSION,
          .build = this_build(),
          .compiler = compiler_name(),
          .matrix_library = (found.emulated ? "emulated " : "") + matrix_library,
          .device = found.emulated ? "emulated" : "cuda",
          .precision = to_string(precision),
          .evaluation_rows = kGpuEvaluationRows,
          .device_name = device.name,
          .gpu = GpuEnvironment{.compute_capability = fmt::format("{}.{}", device.compute_major, device.compute_minor),
                                .multiprocessors = device.multiprocessors,
                                .toolkit = cuda_version(found.toolkit_version),
                                .driver = cuda_version(found.driver_version)}};
}

std::string cuda_version(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

DeviceChoice device_choice(std::string_view asked, const gpu::Inventory& found) {
  const std::size_t gpus = found.devices.size();
  if (asked == "cpu") return {DeviceKind::cpu, ""};
  if (asked == "cuda") {
    if (gpus == 0) throw InputError("--device cuda: " + found.problem);
    return {DeviceKind::gpu, ""};
  }
  if (gpus == 0) return {DeviceKind::cpu, found.problem};
  if (found.emulated) return {DeviceKind::cpu, "an emulated GPU is taken by --device cuda only"};
  return {DeviceKind::gpu, gpus == 1 ? "the GPU of this machine" : fmt::format("the first of {} GPUs", gpus)};
}

}  // namespace plateau
