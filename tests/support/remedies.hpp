// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rows and tables of remedies, made by hand.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "plateau/study/remedy_table.hpp"

namespace plateau::test {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kZ = 1.959963984540054;

// A gain with its interval of +- 1.96 standard errors.
inline Difference gain_of(double value, double error, double p = 0.5) {
  return {{value, {value - kZ * error, value + kZ * error}}, error, p, 2.8016 * error};
}
inline RemedyRow judged(Remedy remedy, const Difference& gain) {
  return {.remedy = remedy,
          .state = RemedyState::unresolved,
          .chosen = std::string("setting of ") + to_string(remedy),
          .setting = {.trainings = 20, .gain = gain},
          .better_seeds = 17};
}
inline RemedyRow placebo(const Difference& gain) {
  RemedyRow row = judged(Remedy::placebo, gain);
  row.state = RemedyState::control;
  return row;
}
inline RemedyRow more_data(const Difference& gain) {
  RemedyRow row = judged(Remedy::more_data, gain);
  row.state = RemedyState::predicted;
  return row;
}
inline RemedyRow not_tried(Remedy remedy) { return {.remedy = remedy, .chosen = "nothing to change"}; }

inline RemedyTable decided(std::vector<RemedyRow> rows) {
  RemedyTable table{.delta = 0.01,
                    .train_rows = 300,
                    .test_rows = 1000,
                    .baseline = {.trainings = 20, .test_accuracy = 0.8},
                    .rows = std::move(rows)};
  decide(table);
  return table;
}
inline std::vector<Remedy> order(const RemedyTable& table) {
  std::vector<Remedy> remedies;
  for (const RemedyRow& row : table.rows) remedies.push_back(row.remedy);
  return remedies;
}
inline bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline const Difference kHelps = gain_of(0.05, 0.01, 1e-6), kSmall = gain_of(0.001, 0.001, 0.2),
                        kOpen = gain_of(0, 0.02, 0.5);

inline RemedyRow balanced(const Difference& gain, const Difference& accuracy) {
  RemedyRow row = judged(Remedy::class_weights, gain);
  row.chosen = "class weights";
  row.balanced = true;
  row.accuracy_gain = accuracy;
  return row;
}
inline RemedyRow held_out(RemedyRow row, double accuracy) {
  row.held_out_accuracy = accuracy;
  return row;
}

}  // namespace plateau::test
