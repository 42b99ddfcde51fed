// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What every benchmark program does alike: its options, the description of the machine in its results, and its exit
// code. A program adds cases to Google Benchmark; each repetition of a case takes one time and reports it by itself.
//
//   exit code   0; 1 where a case failed; 2 where the program was asked for something it cannot do
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <string_view>

namespace plateau::bench {

// `smoke` runs every body once with the smallest shapes, to show that it still works. Its times say nothing.
enum class Effort { full, smoke };

struct Program {
  std::string_view name;
  std::string_view summary;
  int repetitions = 10;  // of every case, unless --benchmark_repetitions or --smoke says otherwise
  void (*add_cpu_cases)(Effort effort) = nullptr;  // null: of a program that only measures GPUs
  void (*add_gpu_cases)(Effort effort) = nullptr;  // called where there is a GPU, real or emulated; null: of a program
                                                   // that only measures the CPU
};

int run(const Program& program, int argc, char** argv);

// Measures a case once: what one run took, in microseconds, and whatever counters it adds. What it throws fails the
// repetition and the program, and the case gets no time; a product that the library does not have is only skipped.
using Measure = std::function<double(benchmark::State& state)>;
void add_case(const std::string& name, Measure measure);

}  // namespace plateau::bench
