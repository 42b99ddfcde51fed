// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A run that goes on another day: where it stands, what it has measured, and the command that began it, in one
// safetensors file whose weights are a model as any other's (data/model_file.hpp). docs/checkpoint.md lists the rest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "plateau/data/model_file.hpp"
#include "plateau/model/run.hpp"
#include "plateau/report/environment.hpp"

namespace plateau {

inline constexpr int kCheckpointVersion = 1;
inline constexpr const char* kCheckpointFile = "checkpoint.safetensors";  // in the run's folder

struct Checkpoint {
  Architecture architecture;
  std::vector<std::string> options;                     // of the command that began the run
  std::uint32_t train_checksum = 0, test_checksum = 0;  // of its rows (data/dataset.hpp)
  std::string device;                                   // "cpu", "cuda" or "emulated"
  std::string computed_by;                              // what the last bits depend on beside the plan (computed_by())
  RunResult so_far;  // from the run's first epoch on, with its state; without predictions, dead units and scale,
                     // which a training that goes on forms anew
};

// "plateau 0.1.0 (commit), GCC 12.2, Eigen 3.4.0 AVX2, fp32, on cuda: NVIDIA H100 9.0": where two of these are equal,
// so are the bits that the same plan gives.
std::string computed_by(const Environment& environment);

// Replaces an older one as a whole. Names and scale are those of `model`, for who reads the weights alone; its stack is
// of no effect. Throws std::invalid_argument where there is no state, the parts of the result are not of its epochs, or
// the model's lists are not of the network; InputError where the file cannot be written or a text is not UTF-8.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint, ModelFile model = {});

// Every field to the bit. Throws InputError, which names the file, where it holds no checkpoint of this version, where
// a tensor is missing, too many or not of its shape and dtype, and where a number is none that a run can have.
Checkpoint read_checkpoint(const std::filesystem::path& path);

}  // namespace plateau
