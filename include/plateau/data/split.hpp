// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which rows of a table are kept for the test: a seeded part, alike in its classes to the rest.
//
//   without groups  round(fraction * rows) test rows. Of every class fraction * its rows, rounded to a whole number
//                   below or above so that the sum is right (the largest remainders up). The rows of a class are drawn
//                   without regard to their order.
//   with groups     rows of a group stay together. Groups come in a seeded order, and one becomes test rows where that
//                   brings the classes nearer to their shares (least squares); then, in the same order, where it brings
//                   the number of test rows nearer. The sizes of groups decide how near that is.
//
// A class with training rows at all keeps one. The same rows, fraction and seed give the same split on every machine.
#pragma once

#include <string>
#include <vector>

#include "plateau/core/view.hpp"

namespace plateau {

struct RowSplit {
  std::vector<std::int32_t> train, test;  // ascending; every row is in one of them
};

// `groups` is empty or has the number of a group for every row, from 0, as Dataset has them (memory is taken for the
// largest). Labels in [0, classes). Throws InputError where `fraction` is not in (0, 1) or no row would be left on a
// side, in a sentence about rows of this `purpose` and the reason.
RowSplit split_rows(HostSpan<const std::int32_t> labels, Index classes, HostSpan<const std::int32_t> groups,
                    double fraction, std::uint64_t seed, const std::string& purpose = "test");

}  // namespace plateau
