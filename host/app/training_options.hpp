// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the commands that describe one training share: its optimizer, its steps, and what is done to its rows.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

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

// --freeze, layers counted from 1; and as bits, of a network that `model` names. Throws InputError where it has no such
// layer, or no other.
void add_freeze_option(CLI::App& command, std::vector<Index>& frozen);
std::uint64_t frozen_bits(const std::vector<Index>& layers, const Architecture& net, const std::string& model);

// Without a network and rows. Throws InputError, naming the option, where a value is none.
Run run_of(const TrainingOptions& options, std::uint64_t seed);

}  // namespace plateau::app
