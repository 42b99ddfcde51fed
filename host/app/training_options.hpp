// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the commands that describe one training share: its optimizer, its steps, and what is done to its rows.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "plateau/model/run.hpp"

namespace plateau::app {

struct TrainingOptions {
  std::string optimizer = "adam";
  std::optional<double> learning_rate, momentum, weight_decay;
  std::string schedule = "constant", batch = "full";
  Index epochs = 100;
  bool no_shuffle = false;
  double dropout = 0, jitter = 0, mixup = 0;
  bool class_weights = false;
};
void add_training_options(CLI::App& command, TrainingOptions& options);

// Without a network and rows. Throws InputError, naming the option, where a value is none.
Run run_of(const TrainingOptions& options, std::uint64_t seed);

}  // namespace plateau::app
