// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// bench_machine: what this GPU takes for the things that a design of kernels has to know. Prints Google Benchmark's
// results; --benchmark_format=json has every repetition.
//
//   exit code   0; 1 where a measurement failed or left a wrong result; 2 where there is nothing to measure
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "plateau/core/error.hpp"
#include "plateau/model/gpu_trainer.hpp"
#include "plateau/report/environment.hpp"
#include "program.hpp"

namespace plateau::bench {
namespace {

constexpr std::string_view kName = "bench_machine";
constexpr int kRepetitions = 10;
int failures = 0;

void print_help() {
  fmt::print(
      "{}: times what a GPU takes for kernel boundaries, barriers, shared memory of other blocks, L2, copies and\n"
      "multiply-adds\n\n"
      "  --smoke   every body once, with small sizes; the times say nothing\n\n"
      "and the options of Google Benchmark, of which --benchmark_min_time has no effect:\n\n",
      kName);
  benchmark::PrintDefaultHelp();
}

void describe_machine(const gpu::Inventory& found, Effort effort) {
  const Environment environment = gpu_environment(found, gpu_matrix_library());
  const GpuEnvironment gpu = environment.gpu.value_or(GpuEnvironment{});
  const std::pair<const char*, std::string> entries[] = {{"device", environment.device},
                                                         {"device_name", environment.device_name},
                                                         {"compute_capability", gpu.compute_capability},
                                                         {"multiprocessors", std::to_string(gpu.multiprocessors)},
                                                         {"toolkit", gpu.toolkit},
                                                         {"driver", gpu.driver},
                                                         {"matrix_library", environment.matrix_library},
                                                         {"compiler", environment.compiler},
                                                         {"plateau_version", environment.version},
                                                         {"smoke", effort == Effort::smoke ? "true" : "false"}};
  for (const auto& [key, value] : entries) benchmark::AddCustomContext(key, value);
}

int run(int argc, char** argv) {
  Effort effort = Effort::full;
  std::vector<std::string> arguments{std::string(kName)};
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      print_help();
      return 0;
    }
    if (argument == "--smoke")
      effort = Effort::smoke;
    else
      arguments.emplace_back(argument);
  }
  const gpu::Inventory found = gpu::inventory();
  if (found.devices.empty()) throw InputError("there is no GPU to measure: " + found.problem);
  if (found.emulated && effort != Effort::smoke)
    throw InputError("this program's GPU is emulated and its times would say nothing: only --smoke runs on it");

  // The user's own options come later and count.
  arguments.insert(arguments.begin() + 1,
                   fmt::format("--benchmark_repetitions={}", effort == Effort::smoke ? 1 : kRepetitions));
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (count > 1) throw InputError(fmt::format("{}: this option is not known; --help lists them", pointers[1]));
  describe_machine(found, effort);
  add_measurements(effort, found.devices.front());
  const std::size_t cases = benchmark::RunSpecifiedBenchmarks();
  benchmark::ClearRegisteredBenchmarks();  // what the cases hold of a device goes before the device does
  if (cases == 0) throw InputError("--benchmark_filter: no case has such a name");
  return failures == 0 ? 0 : 1;
}

}  // namespace

void add_case(const std::string& name, Measure measure) {
  const auto body = [name, measure = std::move(measure)](benchmark::State& state) {
    try {
      for ([[maybe_unused]] auto _ : state) {
        const double took_us = measure(state);
        if (!(0 < took_us && std::isfinite(took_us))) throw std::runtime_error("the clock gave no time");
        state.SetIterationTime(took_us * 1e-6);
      }
    } catch (const std::exception& error) {
      ++failures;
      fmt::print(stderr, "{}: {}: {}\n", kName, name, error.what());
      state.SkipWithError(error.what());
    }
  };
  benchmark::RegisterBenchmark(name.c_str(), body)->UseManualTime()->Iterations(1)->Unit(benchmark::kMicrosecond);
}

}  // namespace plateau::bench

int main(int argc, char** argv) {
  try {
    return plateau::bench::run(argc, argv);
  } catch (const plateau::InputError& error) {
    fmt::print(stderr, "{}: {}\n", plateau::bench::kName, error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", plateau::bench::kName, error.what());
    return 1;
  }
}
