// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"

int main(int argc, char** argv) {
  using namespace plateau::bench;
  return run({.name = "bench_training",
              .summary = "times whole trainings",
              .repetitions = 5,
              .add_cpu_cases = add_cpu_trainings,
              .add_gpu_cases = add_gpu_trainings},
             argc, argv);
}
