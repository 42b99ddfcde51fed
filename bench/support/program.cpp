// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/support/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <vector>

#include "plateau/core/error.hpp"
#include "plateau/gpu/error.hpp"
#include "plateau/model/gpu_trainer.hpp"
#include "plateau/report/environment.hpp"

namespace plateau::bench {
namespace {

int failures = 0;
const Program* running = nullptr;

struct Options {
  std::string device = "auto";
  Effort effort = Effort::full;
  bool help = false;
  std::vector<std::string> for_google_benchmark;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--smoke") {
      options.effort = Effort::smoke;
    } else if (argument == "--help" || argument == "-h") {
      options.help = true;
    } else if (argument == "--device") {
      if (++i == argc) throw InputError("--device: one of auto, cuda, cpu is missing");
      options.device = argv[i];
    } else if (argument.starts_with("--device=")) {
      options.device = argument.substr(std::string_view("--device=").size());
    } else {
      options.for_google_benchmark.push_back(argument);
    }
  }
  if (options.device != "auto" && options.device != "cuda" && options.device != "cpu")
    throw InputError(fmt::format("--device {}: one of auto, cuda, cpu is expected", options.device));
  return options;
}

// A GPU where there is one; an emulated one as well, so that a program linked with it never measures by accident.
DeviceKind chosen_device(const Program& program, const Options& options, const gpu::Inventory& found) {
  if (program.add_cpu_cases == nullptr) {
    if (options.device == "cpu") throw InputError("--device cpu: there is nothing to measure on a CPU here");
    if (found.devices.empty()) throw InputError("there is no GPU to measure: " + found.problem);
    return DeviceKind::gpu;
  }
  if (program.add_gpu_cases == nullptr) {
    if (options.device == "cuda") throw InputError("--device cuda: there is nothing to measure on a GPU here");
    return DeviceKind::cpu;
  }
  if (options.device == "auto") return found.devices.empty() ? DeviceKind::cpu : DeviceKind::gpu;
  return device_choice(options.device, found).kind;
}

void describe_machine(DeviceKind kind, const gpu::Inventory& found, Effort effort) {
  const Environment environment =
      kind == DeviceKind::gpu ? gpu_environment(found, gpu_matrix_library()) : cpu_environment(1);
  const GpuEnvironment gpu = environment.gpu.value_or(GpuEnvironment{});
  const std::pair<const char*, std::string> entries[] = {
      {"device", environment.device},
      {"device_name", environment.device_name},
      {"compute_capability", gpu.compute_capability},
      {"multiprocessors", environment.gpu ? std::to_string(gpu.multiprocessors) : ""},
      {"toolkit", gpu.toolkit},
      {"driver", gpu.driver},
      {"matrix_library", environment.matrix_library},
      {"compiler", environment.compiler},
      {"plateau_version", environment.version},
      {"build_commit", environment.build.commit},
      {"build_dirty", environment.build.dirty ? "true" : "false"},
      {"smoke", effort == Effort::smoke ? "true" : "false"}};
  for (const auto& [key, value] : entries) benchmark::AddCustomContext(key, value);
}

void print_help() {
  fmt::print(
      "{}: {}\n\n"
      "  --device auto|cuda|cpu   default auto: the GPU where there is one, else the CPU\n"
      "  --smoke                  every body once, with the smallest shapes; the times say nothing\n\n"
      "and the options of Google Benchmark, of which --benchmark_min_time has no effect:\n\n",
      running->name, running->summary);
  benchmark::PrintDefaultHelp();
}

int run_cases(const Program& program, const Options& options) {
  if (options.help) {
    print_help();
    return 0;
  }
  const gpu::Inventory found = gpu::inventory();
  const DeviceKind kind = chosen_device(program, options, found);
  if (kind == DeviceKind::gpu && found.emulated && options.effort != Effort::smoke)
    throw InputError("this program's GPU is emulated and its times would say nothing: only --smoke runs on it");

  // The user's own options come later and count.
  std::vector<std::string> arguments{
      std::string(program.name),
      fmt::format("--benchmark_repetitions={}", options.effort == Effort::smoke ? 1 : program.repetitions)};
  arguments.insert(arguments.end(), options.for_google_benchmark.begin(), options.for_google_benchmark.end());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (count > 1) throw InputError(fmt::format("{}: this option is not known; --help lists them", pointers[1]));

  describe_machine(kind, found, options.effort);
  (kind == DeviceKind::gpu ? program.add_gpu_cases : program.add_cpu_cases)(options.effort);
  const std::size_t cases = benchmark::RunSpecifiedBenchmarks();
  benchmark::ClearRegisteredBenchmarks();  // what the cases hold of a device goes before the device does
  if (cases == 0) throw InputError("--benchmark_filter: no case has such a name");
  return failures == 0 ? 0 : 1;
}

}  // namespace

int run(const Program& program, int argc, char** argv) {
  running = &program;
  try {
    return run_cases(program, parse(argc, argv));
  } catch (const InputError& error) {
    fmt::print(stderr, "{}: {}\n", program.name, error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program.name, error.what());
    return 1;
  }
}

void add_case(const std::string& name, Measure measure) {
  const auto body = [name, measure = std::move(measure)](benchmark::State& state) {
    try {
      for ([[maybe_unused]] auto _ : state) {
        const double took_us = measure(state);
        if (!(0 < took_us && std::isfinite(took_us))) throw std::runtime_error("the clock gave no time");
        state.SetIterationTime(took_us * 1e-6);
      }
    } catch (const gpu::UnsupportedProduct& reason) {
      state.SkipWithError((std::string("not offered: ") + reason.what()).c_str());
    } catch (const std::exception& error) {
      ++failures;
      fmt::print(stderr, "{}: {}: {}\n", running->name, name, error.what());
      state.SkipWithError(error.what());
    }
  };
  benchmark::RegisterBenchmark(name.c_str(), body)->UseManualTime()->Iterations(1)->Unit(benchmark::kMicrosecond);
}

}  // namespace plateau::bench
