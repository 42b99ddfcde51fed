// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The JSON header of a safetensors file: text to a list of tensors and back. What the list says about the data is
// judged by its reader (safetensors.cpp).
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/core/view.hpp"

namespace plateau {

inline constexpr std::string_view kSafetensorsMetadata = "__metadata__";  // a key that is no tensor

struct TensorEntry {
  std::string name;
  std::string dtype;
  std::vector<Index> shape;
  Index begin = 0;  // bytes from the start of the data
  Index end = 0;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> entries;
  std::map<std::string, std::string> metadata;  // what "__metadata__" maps
};

// The entries in the order of the text, their names distinct, their numbers >= 0. "__metadata__" must map strings to
// strings. Throws InputError, which begins with `file`, for everything else.
SafetensorsHeader parse_safetensors_header(std::string_view text, const std::string& file);

// Metadata come first, and not at all where there are none. Throws InputError, which begins with `file`, where a name,
// a key or a value is not UTF-8.
std::string format_safetensors_header(std::span<const TensorEntry> entries,
                                      const std::map<std::string, std::string>& metadata, const std::string& file);

}  // namespace plateau
