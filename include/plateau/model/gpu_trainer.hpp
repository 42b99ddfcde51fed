// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The GPU device with the layered engine: rows, weights, gradients, moments, metrics and every decision stay in device
// memory; what a training leaves behind is fetched once, at its end.
#pragma once

#include <memory>

#include "plateau/core/precision.hpp"
#include "plateau/model/trainer.hpp"

namespace plateau {

// How epochs reach the device: recorded once and replayed, or launch by launch, as the first one always does. Equal
// bits either way.
enum class Execution { graph, stream };

// Where epilogues of cuBLASLt take the place of kernels: nowhere, everywhere (where the library has none for a shape
// the training fails), or where that is measured to be faster, once per training and before it begins.
enum class Epilogues { none, everywhere, measured };

// `automatic`: fused where the run fits that engine and is small (prefers_fused), in fp32 and without epilogues;
// otherwise layered. `fused`: every run, or InputError.
enum class Engine { layered, fused, automatic };

struct GpuOptions {
  const std::atomic<bool>* stop = nullptr;  // handed to the device, which ends the run as interrupted after an epoch
  Precision precision = Precision::fp32;
  Epilogues epilogues = Epilogues::none;
  Engine engine = Engine::layered;
  Execution execution = Execution::graph;
  // A recorded epoch costs host memory and time per launch. One of about more launches than this is not recorded.
  Index most_recorded_launches = 1 << 16;
};

// Test rows that are evaluated together on the GPU. Part of the execution plan.
inline constexpr Index kGpuEvaluationRows = 1 << 15;

// Throws gpu::GpuError where there is no device or no CUDA was built in; gpu::inventory() says why. Throws
// std::invalid_argument for the fused engine with TF32 or epilogues, which are the layered one's.
std::unique_ptr<Trainer> make_gpu_trainer(const GpuOptions& options);

// Device memory that the layered engine works with for the run, beside what its libraries take.
Index layered_memory_bytes(const Run& run, const TrainingData& data, const GpuOptions& options);

// "cuBLAS 13.0.2": the library whose products decide a result's bits; empty without CUDA.
std::string gpu_matrix_library();

}  // namespace plateau
