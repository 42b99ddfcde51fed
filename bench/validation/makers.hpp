// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One maker of problems for each cause. docs/validation.md says what each builds in, and why that is then what keeps
// the accuracy where it is.
#pragma once

#include <string>
#include <vector>

#include "bench/validation/problem.hpp"

namespace plateau::validation {

// One or two for every cause, and those of problems without a fault, of two causes and of too few rows, in a fixed
// order.
const std::vector<std::string>& maker_names();

// How many of its problems rates are reported of: 30 at least of every cause, 100 of those without a fault and of those
// that nobody could tell. Throws std::invalid_argument where there is no such maker.
Index sets_of(const std::string& maker);

// Whether the intervals of a maker's `number`-th problem are judged by true values: of every `every`-th, with an offset
// that grows from one to the next, so that what alternates between problems is in all of them; 0: of none. Of makers
// whose trainings take minutes it is none either.
inline constexpr Index kTruthsEvery = 4;
bool has_truths(const std::string& maker, Index number, Index every);

// The `number`-th problem of a maker: the same on every machine, and of no seed that another problem has. Throws
// std::invalid_argument where there is no such maker or number < 0.
Specification specification_of(Part part, const std::string& maker, Index number);

// What identifies a part: CRC-32 of the rows of the first problem of every maker and of the parameters and the right
// verdicts of the first `kHashedSets`. It is pinned in checksums.txt.
inline constexpr Index kHashedSets = 100;
std::uint32_t checksum(Part part);

}  // namespace plateau::validation
