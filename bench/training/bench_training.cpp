// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <string_view>

#include "cases.hpp"

namespace plateau::bench {
namespace {

int first_epoch(std::string_view device) {
  try {
    const auto trainer = device == "gpu" ? make_default_gpu_trainer() : make_cpu_trainer();
    train_first_epoch(*trainer);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_training: %s\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace plateau::bench

int main(int argc, char** argv) {
  using namespace plateau::bench;
  if (argc == 3 && std::string_view(argv[1]) == kFirstEpochOption) return first_epoch(argv[2]);
  return run({.name = "bench_training",
              .summary = "times whole trainings",
              .repetitions = 5,
              .add_cpu_cases = add_cpu_trainings,
              .add_gpu_cases = add_gpu_trainings},
             argc, argv);
}
