// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the summaries of studies have in common: gains in points, and the user's training in words.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <string_view>

#include "plateau/study/laboratory.hpp"
#include "plateau/study/remedy_table.hpp"
#include "text.hpp"

namespace plateau {

// Without the sign of a zero.
inline std::string in_points(double gain) { return fmt::format("{:.1f}", std::round(1000 * gain) / 10 + 0.0); }

inline std::string range_in_points(Interval interval) {
  return fmt::format("[{}, {}]", in_points(interval.low), in_points(interval.high));
}

// Of a remedy (standing_of()), for people.
inline std::string standing_words(std::string_view standing) {
  if (standing == "helps-named-first") return "helps, named first";
  if (standing == "helps-try-first") return "helps, try first";
  std::string words(standing);
  if (standing != to_string(RemedyState::trade_off)) std::ranges::replace(words, '-', ' ');
  return words;
}

// All that the options of a training say: `validation` is the share of the rows that is held out
// where it stops early, `initial` the file of its initial weights, if any, which may have scaled the rows.
inline std::string training_words(const Run& run, double validation, const std::string& initial,
                                  bool scaled_by_initial) {
  std::string text = fmt::format("{}, {} at learning rate {:g}, {}, {}, features {}", to_string(run.architecture),
                                 optimizer_name(run.optimizer), learning_rate(run.optimizer),
                                 run.batch == 0 ? std::string("full batch") : fmt::format("batches of {}", run.batch),
                                 counted(run.epochs, "epoch"),
                                 run.standardise     ? "standardised"
                                 : scaled_by_initial ? "by the scale of the given weights"
                                                     : "as they are");
  const auto add = [&](bool there, const std::string& words) {
    if (there) text += ", " + words;
  };
  const auto* const sgd = std::get_if<SgdParameters>(&run.optimizer);
  add(sgd != nullptr && sgd->momentum > 0, fmt::format("momentum {:g}", sgd != nullptr ? double{sgd->momentum} : 0));
  add(weight_decay(run.optimizer) > 0, fmt::format("weight decay {:g}", weight_decay(run.optimizer)));
  add(run.schedule == Schedule::cosine, "cosine schedule");
  add(run.order == RowOrder::as_stored && run.batch > 0, "rows not shuffled");
  add(run.dropout > 0, fmt::format("dropout {:g}", run.dropout));
  add(run.jitter > 0, fmt::format("jitter {:g}", run.jitter));
  add(run.mixup > 0, fmt::format("mixup {:g}", run.mixup));
  add(run.class_weights.any(), "balanced class weights");
  add(run.patience > 0, fmt::format("stopped after {} without a lower loss on {:g} of the training rows, held out",
                                    counted(run.patience, "epoch"), validation));
  add(!initial.empty(), "begun with the weights of " + one_line(initial));
  std::string frozen;
  for (Index layer = 0; layer < run.architecture.layers(); ++layer)
    if ((run.frozen >> layer & 1u) != 0) frozen += fmt::format("{}{}", frozen.empty() ? "" : ",", layer + 1);
  add(!frozen.empty(), fmt::format("layer{} {} frozen", std::popcount(run.frozen) == 1 ? "" : "s", frozen));
  return text;
}

}  // namespace plateau
