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

inline constexpr double kUsualValidation = 0.2;

struct StudyOptions {
  TrainingFiles files;
  TrainingOptions training;
  std::optional<std::string> hidden;
  std::string scale = "none";
  std::optional<double> validation;
  Index patience = 0;
  std::vector<Index> frozen;
  double delta = 1;  // points
  bool quick = false, thorough = false;
  CommonOptions common;
};
void add_study_options(CLI::App& command, StudyOptions& options);

// Throws InputError, naming the option, where a value is none.
void expects_study(const StudyOptions& options);
// Without a network.
Run run_of(const StudyOptions& options);
// What every study of a training is asked; likewise without a network.
template <class Configuration>
Configuration configuration_of(const StudyOptions& options) {
  expects_study(options);
  Configuration configuration;
  configuration.files = options.files;
  configuration.run = run_of(options);
  configuration.validation = options.validation.value_or(kUsualValidation);
  configuration.delta = options.delta / 100;
  configuration.depth = options.quick ? Depth::quick : options.thorough ? Depth::thorough : Depth::standard;
  configuration.seed = options.common.seed;
  return configuration;
}

// The rows, and in the run the network for them with its initial weights, if any.
Split read_study_rows(const StudyOptions& options, Run& run);

}  // namespace plateau::app
