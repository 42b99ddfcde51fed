// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>

#include "command_line.hpp"
#include "data_options.hpp"
#include "live_view_on_terminal.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/console.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/report/run_json.hpp"
#include "plateau/study/sweep.hpp"

namespace plateau::app {
namespace {

constexpr double kMostSweepRuns = 1e5;  // whose histories lie in memory until the last one has ended

struct SweepArguments {
  SweepDefinition sweep{.epochs = 100, .seeds = 5};
  std::vector<std::string> hidden;
  std::string optimizer = "adam";
  std::optional<std::string> learning_rate, weight_decay;
  std::string dropout = "0";
  std::optional<double> momentum;
  std::string schedule = "constant", batch = "full", scale = "none";
  bool no_shuffle = false;
  CommonOptions common;
};

std::vector<std::vector<Index>> hidden_lists(const std::vector<std::string>& texts) {
  std::vector<std::vector<Index>> lists;
  for (const std::string& text : texts) {
    lists.push_back(parse_hidden(text));
    if (std::ranges::count(lists, lists.back()) > 1)
      throw InputError(fmt::format("--hidden {}: it is there twice", text.empty() ? "\"\"" : text));
  }
  return lists;
}

SweepOptimizer optimizer_kind(std::string_view name) {
  return name == "sgd" ? SweepOptimizer::sgd : name == "adamw" ? SweepOptimizer::adamw : SweepOptimizer::adam;
}

// What the options say, but for what takes the data to judge.
SweepDefinition definition_of(const SweepArguments& arguments) {
  SweepDefinition sweep = arguments.sweep;
  const auto defaults = optimizer_defaults(arguments.optimizer);
  const auto listed = [](const char* option, const std::optional<std::string>& text, double otherwise, Least least) {
    return text ? parse_numbers(option, *text, least) : std::vector<double>{otherwise};
  };
  sweep.hidden = hidden_lists(arguments.hidden);
  sweep.learning_rate = listed("--lr", arguments.learning_rate, defaults.learning_rate, Least::above_zero);
  sweep.weight_decay = listed("--weight-decay", arguments.weight_decay, defaults.weight_decay, Least::zero);
  sweep.dropout = parse_numbers("--dropout", arguments.dropout, Least::zero);
  for (const double rate : sweep.dropout)
    if (static_cast<float>(rate) >= 1)
      throw InputError(fmt::format("--dropout {}: expected shares of at least 0, below 1", rate));
  sweep.optimizer = optimizer_kind(arguments.optimizer);
  if (arguments.momentum && sweep.optimizer != SweepOptimizer::sgd)
    throw InputError("--momentum: only --optimizer sgd has one");
  sweep.momentum = checked("--momentum", arguments.momentum.value_or(0), Least::zero);
  sweep.schedule = arguments.schedule == "cosine" ? Schedule::cosine : Schedule::constant;
  sweep.batch = parse_batch(arguments.batch);
  sweep.order = arguments.no_shuffle ? RowOrder::as_stored : RowOrder::shuffled_each_epoch;
  sweep.standardise = arguments.scale == "standard";
  sweep.seed = arguments.common.seed;
  if (sweep.seed > std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(sweep.seeds - 1))
    throw InputError(fmt::format("--seed {}: --seeds {} would count past the largest seed", sweep.seed, sweep.seeds));
  if (!(0 <= sweep.validation && sweep.validation < 1))
    throw InputError(fmt::format("--validation {}: expected a share of at least 0, below 1", sweep.validation));
  if (sweep.validation == 0 && sweep.patience > 0)
    throw InputError("--early-stopping: it goes by validation rows, and --validation 0 holds none");
  const double runs = static_cast<double>(sweep.hidden.size()) * static_cast<double>(sweep.learning_rate.size()) *
                      static_cast<double>(sweep.weight_decay.size()) * static_cast<double>(sweep.dropout.size()) *
                      static_cast<double>(sweep.seeds);
  if (runs > kMostSweepRuns)
    throw InputError(fmt::format("the grid has {:.0f} runs; {:.0f} are the most", runs, kMostSweepRuns));
  return sweep;
}

int run_sweep(const SweepArguments& arguments) {
  const CommonOptions& common = arguments.common;
  const SweepDefinition sweep = definition_of(arguments);
  expects_apart(outputs_in(common.out, {"sweep.csv", "sweep.json"}), {sweep.files.train, sweep.files.test});
  expects_use_of_groups(sweep.files, sweep.validation);
  const Split split = read_split(sweep.files, {}, sweep.seed, !common.quiet);
  const ValidationRows held_out(split.train, sweep.validation, sweep.seed);  // refused before a device is looked for
  for (const std::vector<Index>& hidden : sweep.hidden) fitting_architecture(hidden, split, {}, sweep.files);
  const Device device = choose_device(common);
  if (!common.out.empty()) prepare_sweep_directory(common.out);
  BegunFile begun =
      begin(common, {.train_rows = split.train.rows(), .test_rows = split.test.rows(), .epochs = sweep.epochs},
            device.environment);

  LiveView view(!common.quiet);
  const auto show = [&](const FleetProgress& progress) {
    begun.reached("", progress.finished);
    view.show_bar([&](double seconds) { return fleet_bar(progress, seconds); });
  };
  show({.runs = setting_count(sweep) * sweep.seeds});
  const SweepResult result = study_sweep(sweep, split, *device.trainer, show);
  view.clear();

  const bool text = common.output_format() == OutputFormat::text;
  if (!common.out.empty()) write_sweep_directory(common.out, result, sweep_json(result, device.environment));
  fmt::print("{}", text ? sweep_summary(result, device.environment) : sweep_json(result, device.environment));
  if (const std::string ended = outcome_sentence(result); !ended.empty()) say_on_stderr("plateau", ended);
  if (result.count(RunOutcome::interrupted) > 0) return kExitInterrupted;
  return result.count(RunOutcome::diverged) == result.runs() ? kExitFailed : 0;
}

}  // namespace

Action add_sweep_command(CLI::App& plateau) {
  auto arguments = std::make_shared<SweepArguments>();
  CLI::App* command = plateau.add_subcommand(
      "sweep", "Train every combination of the listed settings, and rank them by rows that none trains on");
  command->footer(
      "Example: plateau sweep --data tests/data/iris.csv --target species --test-fraction 0.3 --scale standard "
      "--hidden \"\" --hidden 16 --lr 0.001,0.01 --seeds 5 --out iris-sweep");
  SweepArguments& a = *arguments;
  command->add_option("--data", a.sweep.files.train, std::string("training rows: ") + kRowFiles)->required();
  add_split_options(*command, a.sweep.files);
  command->add_option("--hidden", a.hidden, "hidden widths, as in 64,64; \"\" is a linear model; once per network")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--lr", a.learning_rate, "learning rates, as in 0.001,0.01 [0.001; sgd: 0.01]");
  command->add_option("--weight-decay", a.weight_decay,
                      "a list; L2 for adam and sgd, decoupled for adamw [0; adamw: 0.01]");
  command->add_option("--dropout", a.dropout, "a list of shares of hidden units dropped at every step")
      ->capture_default_str();
  command->add_option("--seeds", a.sweep.seeds, "every setting is trained with seeds S, S+1, ...")
      ->check(whole_number(1, 100'000))
      ->capture_default_str();
  command->add_option("--validation", a.sweep.validation, "share of the training rows held out, which rank; 0: none")
      ->capture_default_str();
  command->add_option("--optimizer", a.optimizer, "adam, adamw or sgd")
      ->check(CLI::IsMember({"adam", "adamw", "sgd"}))
      ->capture_default_str();
  command->add_option("--momentum", a.momentum, "of sgd [0]");
  command->add_option("--schedule", a.schedule, "of the learning rate: constant or cosine")
      ->check(CLI::IsMember({"constant", "cosine"}))
      ->capture_default_str();
  command->add_option("--batch", a.batch, "rows per step, or full")->capture_default_str();
  command->add_option("--epochs", a.sweep.epochs, "passes over the training rows")
      ->check(whole_number(1, kMaxEpochs))
      ->capture_default_str();
  command->add_flag("--no-shuffle", a.no_shuffle, "batches in the order of the file");
  command->add_option("--scale", a.scale, "standard: features to mean 0 and spread 1, by the rows trained on; or none")
      ->check(CLI::IsMember({"none", "standard"}))
      ->capture_default_str();
  command->add_flag("--class-weights", a.sweep.balanced_classes, "weigh classes inversely as their rows");
  command
      ->add_option("--early-stopping", a.sweep.patience,
                   "epochs without a lower validation loss after which a run ends; 0: it does not")
      ->check(whole_number(0, kMaxEpochs))
      ->capture_default_str();
  add_common_options(*command, a.common);
  command->get_option("--seed")->description(
      "first seed of initial weights and shuffles; draws test and validation rows");
  command->get_option("--out")->description("folder for sweep.json and sweep.csv");
  command->get_option("--quiet")->description("no progress on the terminal");
  return [arguments] { return reported(arguments->common, [&] { return run_sweep(*arguments); }); };
}

}  // namespace plateau::app
