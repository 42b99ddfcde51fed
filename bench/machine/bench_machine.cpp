// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What this GPU takes for the things that a design of kernels has to know. There is no CPU to compare it with.
#include "measurements.hpp"

int main(int argc, char** argv) {
  using namespace plateau::bench;
  return run(
      {.name = "bench_machine",
       .summary = "times what a GPU takes for kernel boundaries, barriers, other blocks' shared memory, L2, copies\n"
                  "and multiply-adds",
       .add_gpu_cases = add_measurements},
      argc, argv);
}
