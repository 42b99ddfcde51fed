// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/gpu_trainer.hpp"

#include <stdexcept>

namespace plateau {

// Callers ask gpu::inventory() first, which says that there is no device.
std::unique_ptr<Trainer> make_gpu_trainer(const GpuOptions&) {
  throw std::runtime_error("this program was built without the CUDA toolkit");
}

Index layered_memory_bytes(const Run&, const TrainingData&, const GpuOptions&) { return 0; }

std::string gpu_matrix_library() { return {}; }

}  // namespace plateau
