// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What each remedy may change a training into, and which of these settings folds of the training rows choose. Nothing
// here trains.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "plateau/study/battery.hpp"
#include "plateau/study/remedy_table.hpp"

namespace plateau {

// Whether a training has what `remedy` takes away: frozen layers, or weights to start from. True of all other remedies.
bool applies(Remedy remedy, const Run& base);

// What `remedy` may change `base` into, which trains on `rows` rows; empty where there is nothing to change. Of the
// remedies whose settings follow from one training alone; those that take others' results have none.
std::vector<Setting> remedy_settings(Remedy remedy, const Run& base, Index rows, const Battery& battery);
// Why that is empty.
const char* why_no_settings(Remedy remedy);

// `base` with a learning rate that falls to zero along a cosine, at its own rate and at three times of it; where it
// falls so already, with a constant one.
std::vector<Setting> schedule_settings(const Run& base);

// `base` for three and for ten times its epochs, as far as a training may have as many.
std::vector<Setting> longer_settings(const Run& base);

// The settings of a remedy with what they do on the folds; as many scores as settings.
struct Candidates {
  Remedy remedy = Remedy::placebo;
  std::vector<Setting> settings;
  std::vector<FoldScore> scores;
};

struct Choice {
  Setting setting;
  double loss = std::numeric_limits<double>::infinity();  // mean validation loss

  bool is_made() const { return loss < std::numeric_limits<double>::infinity(); }
};
// The setting of the lowest validation loss after its last epoch, or, where it stops early, after its best one; none
// where all diverged.
Choice best_of(const Candidates& candidates);
// The same, each setting stopped at its best epoch; none where all of them are best at their ends.
Choice best_stopped(const Candidates& candidates);
// The one of these two that the remedy takes.
Choice choice_of(const Candidates& candidates);

// What `run` changes of the training `own` that `what` does not say, in words: a recipe leaves out what it does not
// name, another network cannot begin with weights that fit the old one, and a training that does not stop early holds
// no rows out. "trains on all rows, starts from drawn weights"; empty where there is nothing.
std::string also_changed(const Run& own, const Setting& setting);

}  // namespace plateau
