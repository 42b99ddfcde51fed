// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A trained model with what it takes to use it: a stack of linear layers as linear_stack.hpp writes it, so that other
// readers of safetensors see weights as they expect them, and in the metadata of the file, as JSON text under these
// keys, each only where there is something to say:
//
//   plateau.classes         ["cat","dog"]    the names of the classes, by class id
//   plateau.features        ["age","sex"]    the names of the features, by column
//   plateau.scale_mean      [0.5,-1.25]      a row is scaled before it is given to the model: (x - mean) * factor,
//   plateau.scale_factor    [1.0,3e-07]      core/scaling.hpp. In the shortest form that reads back as the same float
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plateau/data/linear_stack.hpp"
#include "plateau/data/safetensors.hpp"

namespace plateau {

struct ModelFile {
  LinearStack stack;
  std::vector<std::string> classes;   // empty, or as many as the last layer has outputs, no two the same
  std::vector<std::string> features;  // empty, or as many as the first layer has inputs
  std::vector<float> scale_mean;      // both empty (rows are not scaled), or as many as the first layer has inputs
  std::vector<float> scale_factor;
};

// Other metadata are passed over, and a file without any is read with empty lists. Throws InputError for what
// read_linear_stack() refuses, and where a list is not as described above.
ModelFile read_model_file(const std::filesystem::path& path);

// What lies in a file beside its model, which is read without it: names of tensors and keys begin with kBesideWeights,
// and are none of those above.
struct BesideModel {
  std::vector<TensorView> tensors;
  Metadata metadata;
};

// Throws std::invalid_argument where write_linear_stack() does, or a list is not as described above, or a number of the
// scale is not finite, or a name is not as described above; InputError where the file cannot be written or a name is
// not UTF-8.
void write_model_file(const std::filesystem::path& path, const ModelFile& model, const BesideModel& beside = {});

}  // namespace plateau
