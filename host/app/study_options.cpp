// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "study_options.hpp"

#include <fmt/format.h>

#include "data_options.hpp"
#include "plateau/core/error.hpp"

namespace plateau::app {
namespace {

constexpr const char* kUsualHidden = "64";

}  // namespace

void add_study_options(CLI::App& command, StudyOptions& options) {
  StudyOptions& a = options;
  command.add_option("--data", a.files.train, std::string("training rows: ") + kRowFiles)->required();
  add_split_options(command, a.files);
  command.add_option("--hidden", a.hidden, "hidden widths of the training, as in 64,64; \"\" is a linear model [64]");
  command.add_option("--init", a.files.initial, "its initial weights, a .safetensors");
  add_training_options(command, a.training);
  add_freeze_option(command, a.frozen);
  command.add_option("--scale", a.scale, "standard: features to mean 0 and spread 1, by the rows trained on; or none")
      ->check(CLI::IsMember({"none", "standard"}))
      ->capture_default_str();
  command
      .add_option("--early-stopping", a.patience,
                  "epochs without a lower validation loss after which it ends; 0: it does not")
      ->check(whole_number(0, kMaxEpochs))
      ->capture_default_str();
  command.add_option("--validation", a.validation, "share of the training rows held out for that [0.2]");
  command.add_option("--delta", a.delta, "smallest gain that is worth acting on, in points")->capture_default_str();
}

void expects_study(const StudyOptions& options) {
  const double validation = options.validation.value_or(kUsualValidation);
  if (options.validation && options.patience == 0)
    throw InputError("--validation: only --early-stopping holds rows out");
  if (!(0 < validation && validation < 1))
    throw InputError(fmt::format("--validation {}: expected a share above 0, below 1", validation));
  if (!(0 < options.delta && options.delta < 100))
    throw InputError(fmt::format("--delta {}: expected points, above 0 and below 100", options.delta));
  if (options.quick && options.thorough) throw InputError("--quick and --thorough: leave out one of the two");
}

Run run_of(const StudyOptions& options) {
  Run run = run_of(options.training, 0);
  run.patience = options.patience;
  run.standardise = options.scale == "standard";
  return run;
}

Split read_study_rows(const StudyOptions& options, Run& run) {
  std::optional<ModelFile> initial;
  if (!options.files.initial.empty()) initial = read_model_file(options.files.initial);
  Split split = read_split(options.files, initial, options.common.seed, !options.common.quiet);
  const std::vector<Index> hidden = parse_hidden(options.hidden.value_or(kUsualHidden));
  run.architecture = fitting_architecture(initial && !options.hidden ? std::optional<std::vector<Index>>{} : hidden,
                                          split, initial ? std::optional(initial->stack) : std::nullopt, options.files);
  if (initial) run.initial = initial->stack.parameters;
  run.frozen = frozen_bits(options.frozen, run.architecture, initial ? options.files.initial : "what is trained");
  return split;
}

}  // namespace plateau::app
