// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the studies of somebody's training share: its rows, how it trains, and how thoroughly it is looked at.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "command_line.hpp"
#include "plateau/data/model_file.hpp"
#include "plateau/study/battery.hpp"
#include "training_options.hpp"

namespace plateau::app {

struct StudyOptions {
  TrainingFiles files;
  TrainingOptions training;
  std::optional<std::string> hidden;
  std::string scale = "none";
  std::optional<double> validation;
  Index patience = 0;
  double delta = 1;  // points
  bool quick = false, thorough = false;
  CommonOptions common;
};
void add_study_options(CLI::App& command, StudyOptions& options);

// Without a network. Throws InputError, naming the option, where a value is none.
StudyConfiguration configuration_of(const StudyOptions& options);

// The rows, and in the configuration the network for them with its initial weights, if any.
Split read_study_rows(const StudyOptions& options, StudyConfiguration& configuration);

}  // namespace plateau::app
