// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The rows that a training sees: features and class labels, checked once, here, so that nothing below checks again.
#pragma once

#include <string>
#include <vector>

#include "plateau/core/host_buffer.hpp"

namespace plateau {

struct Dataset {
  Index columns = 0;
  HostBuffer<float> values;  // [rows, columns], dense, row-major
  std::vector<std::int32_t> labels;

  Index rows() const { return static_cast<Index>(labels.size()); }
  Index features() const { return columns; }
  HostMatrix<const float> x() const { return as_matrix(values.view(), rows(), columns); }
  HostSpan<const std::int32_t> label() const { return {labels.data(), rows()}; }
};

// `files` is "X.npy:y.npy". At least one row and one column, as many labels as rows, every feature finite, every label
// in [0, kMaxClasses); anything else throws InputError, which counts rows and columns from 0.
Dataset read_npy_pair(const std::string& files);

}  // namespace plateau
