// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The weights of a stack of linear layers, as a model file holds them.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "plateau/core/view.hpp"

namespace plateau {

inline constexpr Index kMaxStackLayers = 64;
// Begins the names of what a file holds beside its weights and metadata of ours: a training's state, say.
inline constexpr std::string_view kBesideWeights = "plateau.";

struct LinearStack {
  std::vector<Index> widths;      // {2, 64, 3}: two layers, from 2 features over 64 to 3 classes
  std::vector<float> parameters;  // of each layer its weight [out, in], row-major, then its bias [out]; no padding
};

// A safetensors file of at most kMaxStackLayers linear layers, each a PREFIX.weight [out, in] with a PREFIX.bias [out],
// whatever the prefixes are: fcK, the places in an nn.Sequential, none for a bare nn.Linear.
//
// Where the first thing in which two prefixes differ are numbers ("fc2" and "fc10", "body.0.a" and "body.2"), these
// order the two layers; nothing else in a name does ("encoder" and "decoder", "fc" and "fc1"). The order is the one in
// which the shapes chain of those that the numbers leave; where the shapes chain in none of these, the one in which
// they chain at all.
//
// Tensors that are named as what lies beside the weights are passed over, whatever their dtype. Anything else in the
// file, a value that is not finite and shapes that chain in no order or in several throw InputError, which names the
// tensors at fault: of several orders, two layers that come one before the other in some and behind it in others.
LinearStack read_linear_stack(const std::filesystem::path& path);

// fc1.weight, fc1.bias, fc2.weight, ... Throws std::invalid_argument where there is no layer, a width is below 1 or
// the parameters are not as many as the widths take, InputError where the file cannot be written.
void write_linear_stack(const std::filesystem::path& path, const LinearStack& stack);

}  // namespace plateau
