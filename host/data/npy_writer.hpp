// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// An .npy array (npy.hpp says which) that is written row by row and knows at the end how many there are.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plateau/core/view.hpp"
#include "plateau/data/output_file.hpp"

namespace plateau {

class NpyWriter {
 public:
  // `shape_of_row` is {columns} of a matrix and {} of a list. Throws InputError where the file cannot be written, as
  // the members below do.
  NpyWriter(const std::filesystem::path& path, const char* dtype, std::vector<Index> shape_of_row);

  void add(HostMatrix<const float> rows);         // of a matrix of '<f4'
  void add(HostSpan<const std::int32_t> values);  // of a list of '<i4'
  void commit();                                  // the last call; without it there is no file

 private:
  OutputFile file_;
  std::string dtype_;
  std::vector<Index> shape_;  // of all rows so far
  std::size_t header_bytes_ = 0;
};

}  // namespace plateau
