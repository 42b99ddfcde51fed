// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command_line.hpp"
#include "data_options.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/console.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/report/run_json.hpp"
#include "plateau/study/run_study.hpp"
#include "progress_line.hpp"
#include "training_options.hpp"

namespace plateau::app {
namespace {

struct TrainArguments {
  TrainingFiles files;
  TrainingOptions training;
  std::optional<std::string> hidden;
  std::string scale = "none";
  std::optional<double> validation;
  Index patience = 0;
  std::string history_file, model_file;
  CommonOptions common;
};

// The share of the training rows that is held out: a fifth where a run stops early by them and none is named.
double validation_share(const TrainArguments& arguments) {
  const double share = arguments.validation.value_or(arguments.patience > 0 ? 0.2 : 0);
  if (!(0 <= share && share < 1))
    throw InputError(fmt::format("--validation {}: expected a share of at least 0, below 1", share));
  if (share == 0 && arguments.patience > 0)
    throw InputError("--early-stopping: it goes by validation rows, and --validation 0 holds none");
  return share;
}

Run described_run(const TrainArguments& arguments) {
  Run run = run_of(arguments.training, arguments.common.seed);
  run.patience = arguments.patience;
  run.standardise = arguments.scale == "standard";
  run.outputs.scale = run.standardise;
  return run;
}

int exit_code(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::finished:
    case RunOutcome::stopped_early:
      return 0;
    case RunOutcome::diverged:
      return kExitFailed;
    case RunOutcome::interrupted:
      return kExitInterrupted;
  }
  return kExitFailed;
}

int run_train(const TrainArguments& arguments) {
  const CommonOptions& common = arguments.common;
  const TrainingFiles& files = arguments.files;
  const double validation = validation_share(arguments);
  Run run = described_run(arguments);
  std::optional<std::vector<Index>> hidden;
  if (arguments.hidden) hidden = parse_hidden(*arguments.hidden);
  if (!hidden && files.initial.empty())
    throw InputError(
        "--hidden is missing: name the hidden widths, as in --hidden 128,128, or an initial model by --init");
  if (!arguments.history_file.empty() && arguments.history_file == arguments.model_file)
    throw InputError(fmt::format("--history and --save both name {}", arguments.model_file));

  std::optional<ModelFile> initial;
  if (!files.initial.empty()) initial = read_model_file(files.initial);
  if (run.standardise && initial && !initial->scale_mean.empty())
    throw InputError(
        fmt::format("--scale standard: {} brings the scale it was trained with, and that is used; leave "
                    "out one of the two",
                    files.initial));
  const Split split = read_split(files, initial, common.seed, !common.quiet);
  run.architecture = fitting_architecture(hidden, split, initial ? std::optional(initial->stack) : std::nullopt, files);
  if (initial) run.initial = initial->stack.parameters;
  const ValidationRows held_out(split.train, validation, common.seed);
  held_out.hold_out_of(run);
  const Device device = choose_device(common);
  if (!arguments.history_file.empty()) expect_writable(arguments.history_file);
  if (!arguments.model_file.empty()) expect_writable(arguments.model_file);
  if (!common.out.empty()) prepare_run_directory(common.out);

  ProgressLine line(!common.quiet);
  const ProgressOf whole{.rows = split.train.rows() - held_out.count(), .epochs = run.epochs};
  const RunStudy study = study_run(run, split, *device.trainer, {.observer = [&](const RunProgress& progress) {
                                     line.show([&](double s) { return progress_line(progress, whole, s); });
                                   }});
  line.clear();

  if (!arguments.history_file.empty()) write_file(arguments.history_file, history_csv(study));
  if (!arguments.model_file.empty() && has_model(study)) write_model(arguments.model_file, study);
  const auto json = [&](JsonHistory history) {
    return training_json(study, files, validation, device.environment, history);
  };
  if (!common.out.empty()) write_run_directory(common.out, study, json(JsonHistory::leave_out));
  if (common.output_format() == OutputFormat::json) {
    fmt::print("{}", json(JsonHistory::include));
  } else {
    if (!common.quiet) fmt::print("{}", epoch_lines(study.result.history));
    fmt::print("{}", training_summary(study, device.environment));
  }
  if (const std::string ended = outcome_sentence(study); !ended.empty()) fmt::print(stderr, "plateau: {}\n", ended);
  return exit_code(study.result.outcome);
}

}  // namespace

Action add_train_command(CLI::App& plateau) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = plateau.add_subcommand("train", "Train a network on your rows, and test it after every epoch");
  command->footer(
      "Example: plateau train --train tests/data/iris.csv --target species --test-fraction 0.3 --scale standard "
      "--hidden 16 --lr 0.01 --epochs 300 --save iris.safetensors");
  TrainArguments& a = *arguments;
  command->add_option("--train", a.files.train, std::string("training rows: ") + kRowFiles)->required();
  add_split_options(*command, a.files);
  command->add_option("--hidden", a.hidden, "hidden widths, as in 128,128; \"\" is a linear model");
  command->add_option("--scale", a.scale, "standard: features to mean 0 and spread 1, by the rows trained on; or none")
      ->check(CLI::IsMember({"none", "standard"}))
      ->capture_default_str();
  add_training_options(*command, a.training);
  command->add_option("--validation", a.validation,
                      "share of the training rows held out and evaluated after every epoch [0; with --early-stopping "
                      "0.2]");
  command
      ->add_option("--early-stopping", a.patience,
                   "epochs without a lower validation loss after which the run ends, and keeps its best parameters; "
                   "0: it does not")
      ->check(whole_number(0, kMaxEpochs))
      ->capture_default_str();
  command->add_option("--init", a.files.initial, "initial weights: a safetensors file of linear layers");
  command->add_option("--history", a.history_file, "CSV file for the figures of every epoch");
  command->add_option("--save", a.model_file, "safetensors file for the trained weights");
  add_common_options(*command, a.common);
  command->get_option("--seed")->description("seed of initial weights and shuffles; draws test and validation rows");
  return [arguments] { return run_train(*arguments); };
}

}  // namespace plateau::app
