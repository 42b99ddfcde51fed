// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files, format versions 1.0, 2.0 and 3.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
//
// Little-endian, C order. A file is refused before memory is taken for its data unless exactly the bytes that its
// header announces follow the header. Whatever is refused is an InputError that names the file and the row, column,
// dtype or shape at fault.
#pragma once

#include <filesystem>
#include <vector>

#include "plateau/core/host_buffer.hpp"

namespace plateau {

struct NpyMatrix {
  Index rows = 0;
  Index cols = 0;
  HostBuffer<float> values;  // dense, row-major

  HostMatrix<const float> view() const { return as_matrix(values.view(), rows, cols); }
};

// What readers of features with their labels return (npz.hpp, idx.hpp, embeddings.hpp): at least one row and one
// column, as many labels as rows, every feature finite, every label in [0, kMaxClasses).
struct FeaturesAndLabels {
  NpyMatrix features;
  std::vector<std::int32_t> labels;
};

// A 2-D array of '<f4', or of '<f8' rounded to the nearest float; a finite '<f8' beyond the range of float is refused.
// NaN and infinities are read as they are.
NpyMatrix read_npy_features(const std::filesystem::path& path);

// A 1-D array of any integer type; every value in [0, 2^31).
std::vector<std::int32_t> read_npy_labels(const std::filesystem::path& path);

// Classes that rows are given, as Plateau writes them: a 1-D array of '<i4', each the id of a class or -1 for none.
std::vector<std::int32_t> read_npy_given_classes(const std::filesystem::path& path);

// Version 1.0, '<f4' and '<i4'. Throws InputError where the file cannot be written (data/output_file.hpp).
void write_npy_features(const std::filesystem::path& path, HostMatrix<const float> features);
void write_npy_labels(const std::filesystem::path& path, HostSpan<const std::int32_t> labels);

}  // namespace plateau
