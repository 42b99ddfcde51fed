// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A table in blocks of rows (csv.cpp), as read_blocks() hands them over.
#pragma once

#include <filesystem>

#include "plateau/data/dataset.hpp"

namespace plateau {

// rows_per_block >= 1.
void read_csv_blocks(const std::filesystem::path& path, const ReadOptions& options, Index rows_per_block,
                     const TakeBlock& take);

}  // namespace plateau
