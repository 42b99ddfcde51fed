// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How well scores tell two kinds of rows apart.
#pragma once

#include "plateau/study/statistics.hpp"

namespace plateau {

// Area under the ROC curve: how probable it is that a positive row has a higher score than another, ties counting half,
// with DeLong's interval (DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44:837). Scores that separate the rows
// wholly leave no variance to see; then the interval is Newcombe's (2006, Statistics in Medicine 25:559, method 5).
// As many scores as rows, none of them NaN; at least two rows of either kind.
//
// Of rows in clusters the variance is Obuchowski's (1997, Biometrics 53:567), times Student's factor for the kind that
// has rows in fewer clusters; these count as Newcombe's rows. The interval is [0, 1] where one cluster has all rows of
// a kind.
Estimate auc(const std::vector<double>& score, const std::vector<std::uint8_t>& positive,
             const Clusters& clusters = {});

}  // namespace plateau
