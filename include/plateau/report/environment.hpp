// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What computes a result: which device is taken and why; versions and the execution plan, which decide a result's bits;
// and the machine, which does not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plateau/core/precision.hpp"
#include "plateau/core/view.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/report/build.hpp"

namespace plateau {

struct GpuEnvironment {
  std::string compute_capability;  // "9.0"
  int multiprocessors = 0;         // a matrix library divides its products by them
  std::string toolkit;             // the CUDA that was built with
  std::string driver;              // the newest CUDA that the machine's driver serves
};

struct Environment {
  std::string version;  // of Plateau
  Build build;
  std::string compiler;
  std::string matrix_library;         // on the CPU with the vector instructions it was compiled for
  std::string device;                 // "cpu", "cuda" or "emulated"
  std::string precision;              // "fp32" or "tf32"
  Index evaluation_rows = 0;          // test rows that are evaluated together
  std::string device_name;            // the processor's or the GPU's
  int workers = 0;                    // threads of the CPU device; results do not depend on it
  std::optional<GpuEnvironment> gpu;  // none on the CPU
};

Environment cpu_environment(int workers);
// `found` holds a device; the first one is what trains.
Environment gpu_environment(const gpu::Inventory& found, const std::string& matrix_library,
                            Precision precision = Precision::fp32);

std::string cuda_version(int version);  // 12040 -> "12.4"

// What `--device auto`, `cuda` or `cpu` takes where the CUDA runtime found this. Throws InputError for `cuda` where
// there is no GPU. `auto` leaves an emulated GPU alone: it is there for tests, and slow.
enum class DeviceKind { cpu, gpu };
struct DeviceChoice {
  DeviceKind kind = DeviceKind::cpu;
  std::string why;  // of an automatic choice
};
DeviceChoice device_choice(std::string_view asked, const gpu::Inventory& found);

}  // namespace plateau
