// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Model selection by random search: random settings, halved successively (Jamieson and Talwalkar 2016, AISTATS). All of
// them are judged by one fold of the training rows, the best third by a second one as well, the best third of those by
// a third one, and so on: every rung takes one more fold, and the last one names the winner. A setting is judged by its
// mean validation loss at its best epoch so far, and then trained for as many epochs as were best.
#pragma once

#include <optional>
#include <vector>

#include "plateau/study/battery.hpp"

namespace plateau {

// Settings of every rung, one rung per fold (at least one), that take no more than `budget` trainings together: each
// rung has a third of the settings of the one before, rounded up. Empty where the budget is too small for one setting.
std::vector<Index> search_rungs(Index budget, Index folds);

struct SearchResult {
  Setting best;
  Index settings = 0;  // that were tried
  Index trainings = 0;
};
// None where the budget is too small, or every setting of a rung diverged.
std::optional<SearchResult> search_settings(Laboratory& laboratory, std::string_view block, const TrainingData& data,
                                            const Run& user, const Battery& battery, const Folds& folds, Index budget,
                                            std::uint64_t seed);

}  // namespace plateau
