// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command_line.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/linear_stack.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/console.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/report/run_json.hpp"
#include "plateau/study/run_study.hpp"

namespace plateau::app {
namespace {

struct TrainArguments {
  TrainingFiles files;
  std::optional<std::string> hidden;
  std::string optimizer = "adam";
  std::optional<double> learning_rate, momentum, weight_decay;
  std::string batch = "full";
  Index epochs = 100;
  bool no_shuffle = false;
  std::string history_file, model_file;
  CommonOptions common;
};

Optimizer chosen_optimizer(const TrainArguments& arguments) {
  const OptimizerDefaults defaults = optimizer_defaults(arguments.optimizer);
  const double learning_rate =
      checked("--lr", arguments.learning_rate.value_or(defaults.learning_rate), Least::above_zero);
  const double weight_decay =
      checked("--weight-decay", arguments.weight_decay.value_or(defaults.weight_decay), Least::zero);
  if (arguments.optimizer == "sgd")
    return SgdParameters{.learning_rate = learning_rate,
                         .momentum = checked("--momentum", arguments.momentum.value_or(0), Least::zero),
                         .weight_decay = weight_decay};
  if (arguments.momentum) throw InputError("--momentum: only --optimizer sgd has one");
  return AdamParameters{.learning_rate = learning_rate,
                        .weight_decay = weight_decay,
                        .decay_kind = arguments.optimizer == "adamw" ? WeightDecay::decoupled : WeightDecay::l2};
}

int run_train(const TrainArguments& arguments) {
  const CommonOptions& common = arguments.common;
  Run run{.optimizer = chosen_optimizer(arguments),
          .epochs = arguments.epochs,
          .batch = parse_batch(arguments.batch),
          .order = arguments.no_shuffle ? RowOrder::as_stored : RowOrder::shuffled_each_epoch,
          .seed = common.seed};
  std::optional<std::vector<Index>> hidden;
  if (arguments.hidden) hidden = parse_hidden(*arguments.hidden);
  if (!hidden && arguments.files.initial.empty())
    throw InputError(
        "--hidden is missing: name the hidden widths, as in --hidden 128,128, or an initial model by --init");

  if (!arguments.history_file.empty() && arguments.history_file == arguments.model_file)
    throw InputError(fmt::format("--history and --save both name {}", arguments.model_file));
  const Split split{read_npy_pair(arguments.files.train), read_npy_pair(arguments.files.test)};
  std::optional<LinearStack> initial;
  if (!arguments.files.initial.empty()) initial = read_linear_stack(arguments.files.initial);
  run.architecture = fitting_architecture(hidden, split, initial, arguments.files);
  if (initial) run.initial = std::move(initial->parameters);
  const Device device = choose_device(common);
  if (!arguments.history_file.empty()) expect_writable(arguments.history_file);
  if (!arguments.model_file.empty()) expect_writable(arguments.model_file);
  if (!common.out.empty()) prepare_run_directory(common.out);

  const RunStudy study = study_run(run, split, *device.trainer);

  if (!arguments.history_file.empty()) write_file(arguments.history_file, history_csv(study.result.history));
  if (!arguments.model_file.empty() && has_model(study)) write_model(arguments.model_file, study);
  if (!common.out.empty())
    write_run_directory(common.out, study,
                        training_json(study, arguments.files, device.environment, JsonHistory::leave_out));
  if (common.output_format() == OutputFormat::json) {
    fmt::print("{}", training_json(study, arguments.files, device.environment, JsonHistory::include));
  } else {
    if (!common.quiet) fmt::print("{}", epoch_lines(study.result.history));
    fmt::print("{}", training_summary(study, device.environment));
  }
  if (const std::string ended = outcome_sentence(study); !ended.empty()) fmt::print(stderr, "plateau: {}\n", ended);
  switch (study.result.outcome) {
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

}  // namespace

Action add_train_command(CLI::App& plateau) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = plateau.add_subcommand("train", "Train a network on your rows, and test it after every epoch");
  command->footer(
      "Example: plateau train --train x.npy:y.npy --test tx.npy:ty.npy --hidden 128,128 --lr 0.01 --epochs 500");
  TrainArguments& a = *arguments;
  command->add_option("--train", a.files.train, "training rows: FEATURES.npy:LABELS.npy")->required();
  command->add_option("--test", a.files.test, "test rows, likewise")->required();
  command->add_option("--hidden", a.hidden, "hidden widths, as in 128,128; \"\" is a linear model");
  command->add_option("--optimizer", a.optimizer, "adam, adamw or sgd")
      ->check(CLI::IsMember({"adam", "adamw", "sgd"}))
      ->capture_default_str();
  command->add_option("--lr", a.learning_rate, "learning rate [0.001; sgd: 0.01]");
  command->add_option("--momentum", a.momentum, "of sgd [0]");
  command->add_option("--weight-decay", a.weight_decay, "L2 for adam and sgd, decoupled for adamw [0; adamw: 0.01]");
  command->add_option("--batch", a.batch, "rows per step, or full")->capture_default_str();
  command->add_option("--epochs", a.epochs, "passes over the training rows")
      ->check(whole_number(1, kMaxEpochs))
      ->capture_default_str();
  command->add_flag("--no-shuffle", a.no_shuffle, "batches in the order of the file");
  command->add_option("--init", a.files.initial, "initial weights: a safetensors file of linear layers");
  command->add_option("--history", a.history_file, "CSV file for the figures of every epoch");
  command->add_option("--save", a.model_file, "safetensors file for the trained weights");
  add_common_options(*command, a.common);
  return [arguments] { return run_train(*arguments); };
}

}  // namespace plateau::app
