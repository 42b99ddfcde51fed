// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"

int main(int argc, char** argv) {
  using namespace plateau::bench;
  return run({.name = "bench_kernels",
              .summary = "times every operation, with a cold and with a warm cache",
              .repetitions = 10,
              .add_cpu_cases = add_cpu_operations,
              .add_gpu_cases = add_gpu_operations},
             argc, argv);
}
