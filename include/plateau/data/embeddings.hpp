// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Features that another model computed, as safetensors files hold them (safetensors.hpp says what makes such a file
// whole; here all its dtypes may be in it), and their labels.
#pragma once

#include <string>

#include "plateau/data/npy.hpp"

namespace plateau {

// The names of the tensors. An empty one: the only tensor with the dtype and the number of dimensions.
struct EmbeddingNames {
  std::string features;
  std::string labels;
};

// `files` is "emb.safetensors" or "emb.safetensors:y.npy".
//
//   features    a tensor [rows, columns] of F32, F16 or BF16; the last two become floats exactly (half.hpp)
//   labels      a tensor [rows] of I64, I32, I16, I8, U64, U32, U16 or U8, every value in [0, kMaxClasses), or, where a
//               second file is named, what read_npy_labels() reads from that
//
// Whatever is refused is an InputError that names the tensor, or the row and column, at fault.
FeaturesAndLabels read_embeddings(const std::string& files, const EmbeddingNames& names = {});

}  // namespace plateau
