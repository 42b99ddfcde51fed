// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a study of remedies has found, to be read by a person and by a program.
#pragma once

#include <string>

#include "plateau/report/environment.hpp"
#include "plateau/study/remedies.hpp"

namespace plateau {

inline constexpr int kRemediesJsonVersion = 4;

std::string remedies_summary(const RemediesResult& result, const Environment& environment);
// Equal byte for byte but for what stands under "measured". docs/remedies.md describes the schema.
std::string remedies_json(const RemediesResult& result, const Environment& environment);
// A line per remedy, in the order of the table; the columns are those of docs/remedies.md. Every number reads back as
// the same double, and what a remedy does not have is empty.
std::string remedies_csv(const RemediesResult& result);

}  // namespace plateau
