// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Problems made of rows that somebody measured: Fisher's iris and the UCI's optical digits, as they are and with
// faults.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/validation/problem.hpp"

namespace plateau::validation {

// "iris-clean", "iris-no-signal", ..., "digits-clean", ...
const std::vector<std::string>& real_maker_names();

// The `number`-th of a maker: the rows of `folder`/iris.csv or digits.csv.gz, split by a seed of that number. Throws
// InputError where there is no such file, and std::invalid_argument where there is no such maker or number < 0.
Problem real_problem(const std::filesystem::path& folder, const std::string& maker, Index number);

// CRC-32 of the rows and parameters of the first problem of every maker.
std::uint32_t real_checksum(const std::filesystem::path& folder);

}  // namespace plateau::validation
