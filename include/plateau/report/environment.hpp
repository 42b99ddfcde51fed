// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What computed a result: versions and the execution plan, which decide its bits, and the machine, which does not.
#pragma once

#include <string>

namespace plateau {

struct Environment {
  std::string version;  // of Plateau
  std::string compiler;
  std::string matrix_library;  // with the vector instructions it was compiled for
  std::string device;          // "cpu"
  std::string engine;          // "layered"
  std::string precision;       // "fp32"
  std::string device_name;     // of this machine's processor
  int workers = 1;             // threads; results do not depend on it
};

Environment cpu_environment(int workers);

}  // namespace plateau
