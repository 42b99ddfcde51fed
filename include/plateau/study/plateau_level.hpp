// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How high a test accuracy stands at the end of a training, and since when it has stood there.
#pragma once

#include <optional>
#include <vector>

#include "plateau/model/training.hpp"
#include "plateau/study/statistics.hpp"

namespace plateau {

// The level is the mean test accuracy of the last tenth of the epochs (at least one).
Index level_epochs(Index epochs);

// Share of the epochs [first, first + count) in which each test row was predicted right.
std::vector<double> row_accuracy(const CorrectBits& correct, Index first, Index count);
// The same over the level's epochs.
std::vector<double> level_row_accuracy(const CorrectBits& correct);

inline constexpr double kPlateauMargin = 0.01;  // one point

struct PlateauLevel {
  double level = 0;
  Interval interval;           // Wilson's, for the test rows
  Index epochs = 0;            // over which the level is the mean
  std::optional<Index> since;  // first epoch of the plateau; none: a plateau is not shown
};

// A plateau is the longest tail of the epochs whose first and second half differ by less than kPlateauMargin in an
// equivalence test: two one-sided t-tests at 5 % (Schuirmann 1987) with the test row as unit, the value of a row being
// the change of its accuracy from the first half to the second. Tails shorter than the level's epochs, and than 20, are
// too short to be called a plateau. `correct` holds at least one epoch and two rows; with one row none is shown.
PlateauLevel plateau_level(const CorrectBits& correct);

}  // namespace plateau
