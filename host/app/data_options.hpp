// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the commands that read rows share: how tables are read, and how training and test rows are got from the files.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "command_line.hpp"
#include "plateau/study/run_study.hpp"

namespace plateau::app {

// --target, --drop, --header.
void add_table_options(CLI::App& command, ReadOptions& options);
// Those, --test, --test-fraction and --group, for a command that trains.
void add_split_options(CLI::App& command, TrainingFiles& files);

inline constexpr const char* kRowFiles = "a .csv (also .tsv, .txt, .gz), X.npy:y.npy, .npz, .safetensors or IDX files";

// Throws InputError where --group has nothing to do: neither test nor validation rows are drawn.
void expects_use_of_groups(const TrainingFiles& files, double validation);

// read_dataset() with its progress on the terminal, where that is wanted.
Dataset read_rows(const std::string& files, const ReadOptions& options, bool progress);

// Training and test rows; with `initial` both are brought to its columns, classes and scale. The seed draws a test
// fraction. Throws InputError where neither --test nor --test-fraction is there, or both.
Split read_split(const TrainingFiles& files, const std::optional<ModelFile>& initial, std::uint64_t seed,
                 bool progress);

}  // namespace plateau::app
