// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/environment.hpp"

#include <fstream>

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
          .compiler = compiler_name(),
          .matrix_library = cpu::matrix_library(),
          .device = "cpu",
          .engine = "layered",
          .precision = "fp32",
          .device_name = processor_name(),
          .workers = workers};
}

}  // namespace plateau
