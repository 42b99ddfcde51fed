// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A stack of linear layers as the tensors of a safetensors file, and back; linear_stack.hpp says under which names.
#pragma once

#include <string>
#include <vector>

#include "plateau/data/linear_stack.hpp"
#include "plateau/data/safetensors.hpp"

namespace plateau {

// Throws InputError, which begins with `file`.
LinearStack stack_from_tensors(const std::string& file, const std::vector<Tensor>& tensors);

// Throws std::invalid_argument.
std::vector<Tensor> tensors_from_stack(const LinearStack& stack);

}  // namespace plateau
