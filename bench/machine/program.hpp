// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The program around the measurements: a case takes one time per repetition and reports it by itself.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>

#include "plateau/gpu/device.hpp"

namespace plateau::bench {

// `smoke` runs every body once with small sizes, to show that it still works. Its times say nothing.
enum class Effort { full, smoke };

// What one run took, in microseconds, and whatever counters it adds. What it throws fails the repetition and the
// program.
using Measure = std::function<double(benchmark::State& state)>;
void add_case(const std::string& name, Measure measure);

// measurements.cpp, or without_cuda.cpp where there is no GPU floor.
void add_measurements(Effort effort, const gpu::DeviceProperties& device);

}  // namespace plateau::bench
