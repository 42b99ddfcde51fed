// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// An open safetensors file whose header has been judged, as safetensors.hpp says, its data still to be read.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "byte_source.hpp"
#include "safetensors_header.hpp"

namespace plateau {

class SafetensorsFile {
 public:
  // With f32, a tensor of another dtype is refused, unless its name begins with `free`, where that is not empty.
  enum class Dtypes { f32, all };

  SafetensorsFile(const std::filesystem::path& path, Dtypes dtypes, std::string_view free = {});

  const SafetensorsHeader& header() const { return header_; }  // the entries in the order of their data
  // Stands where the data of `entry` begin; entries are asked for in the order of their data, and read to their end.
  PlainFile& at(const TensorEntry& entry);

  const std::string& name() const { return file_.name(); }
  [[noreturn]] void refuse(const std::string& what) const { file_.refuse(what); }

 private:
  PlainFile file_;
  SafetensorsHeader header_;
  Index data_bytes_ = 0;
};

// Nothing begins with an empty prefix.
inline bool begins_with(const TensorEntry& entry, std::string_view prefix) {
  return !prefix.empty() && entry.name.starts_with(prefix);
}

// "tensor 'a' of shape [2, 3]"
std::string described(const TensorEntry& entry);

}  // namespace plateau
