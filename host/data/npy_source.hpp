// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// An .npy array from any source of bytes: a file (npy.hpp) or a member of an archive (npz.hpp). The array ends where
// the source does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "byte_source.hpp"
#include "feature_rows.hpp"

namespace plateau {

struct NpyHeader {
  std::string dtype;
  bool fortran_order = false;
  std::vector<Index> shape;
};

NpyHeader read_npy_header(ByteSource& source);

// The header, then the data, as npy.hpp says.
std::unique_ptr<FeatureRows> open_npy_features(std::unique_ptr<ByteSource> source);
std::vector<std::int32_t> read_npy_labels(ByteSource& source);

// Whether dtype and dimensions are those that the readers above take.
bool are_npy_features(const NpyHeader& header);
bool are_npy_labels(const NpyHeader& header);

// "'<f4' (3, 4)"
std::string dtype_and_shape(const NpyHeader& header);

}  // namespace plateau
