// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "command_line.hpp"
#include "data_options.hpp"
#include "live_view_on_terminal.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/checkpoint.hpp"
#include "plateau/report/console.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/report/run_json.hpp"
#include "plateau/study/run_study.hpp"
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
  Index checkpoint_every = 0;
  std::string history_file, model_file;
  CommonOptions common;
};

constexpr const char *kResume = "--resume", *kOut = "--out", *kQuiet = "--quiet", *kFormat = "--format";

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

// What a run goes on from.
struct PausedRun {
  std::string folder;
  Checkpoint checkpoint;
  ModelFile model;  // the checkpoint's, with the names of its columns and classes
};

// Refuses to go on where the rows, what they are called or the network are others than those that the run began with.
void expects_the_same_run(const PausedRun& paused, const Checkpoint& now, const ModelFile& model,
                          const TrainingFiles& files) {
  const Checkpoint& then = paused.checkpoint;
  const auto refuse = [&](const std::string& what) {
    throw InputError(fmt::format("{} {}: {}", kResume, paused.folder, what));
  };
  const bool same_train = now.train_checksum == then.train_checksum;
  if (!same_train || now.test_checksum != then.test_checksum)
    refuse(fmt::format("the {} rows of {} are not those that the run began with", same_train ? "test" : "training",
                       same_train && !files.test.empty() ? files.test : files.train));
  const bool same_columns = model.features == paused.model.features;
  if (!same_columns || model.classes != paused.model.classes)
    refuse(fmt::format("the {} of {} do not have the names that they had when the run began",
                       same_columns ? "classes" : "columns", files.train));
  if (now.architecture.widths != then.architecture.widths)
    refuse(fmt::format("the network is {}, and {} when the run began", to_string(now.architecture),
                       to_string(then.architecture)));
}

int train_run(const TrainArguments& arguments, const std::vector<std::string>& options, const PausedRun* paused) {
  const CommonOptions& common = arguments.common;
  const TrainingFiles& files = arguments.files;
  const double validation = validation_share(arguments);
  Run run = described_run(arguments);
  std::optional<std::vector<Index>> hidden;
  if (arguments.hidden) hidden = parse_hidden(*arguments.hidden);
  if (files.train.empty()) throw InputError("--train is missing: name the rows to train on");
  if (!hidden && files.initial.empty())
    throw InputError(
        "--hidden is missing: name the hidden widths, as in --hidden 128,128, or an initial model by --init");
  std::vector<OutputName> written = outputs_in(common.out, {"run.json", "history.csv", "model.safetensors",
                                                            kTestLabelsFile, kTestPredictionsFile, kCheckpointFile});
  written.insert(written.end(), {{"--history", arguments.history_file}, {"--save", arguments.model_file}});
  expects_apart(written, {files.train, files.test, files.initial});
  expects_use_of_groups(files, validation);
  if (arguments.checkpoint_every > 0 && common.out.empty())
    throw InputError("--checkpoint-every: checkpoints lie in the folder of the run; name it by --out");

  std::optional<ModelFile> initial;
  if (!files.initial.empty()) initial = read_model_file(files.initial);
  if (run.standardise && initial && !initial->scale_mean.empty())
    throw InputError(
        fmt::format("--scale standard: {} brings the scale it was trained with, and that is used; leave "
                    "out one of the two",
                    files.initial));
  TrainingFiles to_read = files;
  to_read.reading.row_checksums = true;
  const Split split = read_split(to_read, initial, common.seed, !common.quiet);
  run.architecture = fitting_architecture(hidden, split, initial ? std::optional(initial->stack) : std::nullopt, files);
  if (initial) run.initial = initial->stack.parameters;
  const ValidationRows held_out(split.train, validation, common.seed);
  held_out.hold_out_of(run);
  const Device device = choose_device(common);
  if (!arguments.history_file.empty()) expect_writable(arguments.history_file);
  if (!arguments.model_file.empty()) expect_writable(arguments.model_file);

  Checkpoint checkpoint;
  const RunResult* before = nullptr;
  if (!common.out.empty()) {
    checkpoint = {.architecture = run.architecture,
                  .options = options,
                  .train_checksum = checksum(split.train),
                  .test_checksum = checksum(split.test),
                  .device = device.environment.device,
                  .computed_by = computed_by(device.environment)};
    run.outputs.state = true;
    if (paused == nullptr) prepare_run_directory(common.out);
  }
  if (paused != nullptr) {
    expects_the_same_run(*paused, checkpoint, model_of(run.architecture, {}, schema_of(split.train), {}), files);
    if (checkpoint.computed_by != paused->checkpoint.computed_by)
      say_on_stderr("plateau", fmt::format("the run was begun by {}, and goes on by {}: its last bits may differ",
                                           paused->checkpoint.computed_by, checkpoint.computed_by));
    before = &paused->checkpoint.so_far;
    run.resume = before->state;
    try {
      expects_run(run, views(split));
    } catch (const std::invalid_argument& error) {
      throw InputError(
          fmt::format("{} {}: the checkpoint is none of its run: {}", kResume, paused->folder, error.what()));
    }
  }
  Begun begun{.command = "plateau train",
              .options = options,
              .train_rows = split.train.rows(),
              .test_rows = split.test.rows(),
              .epochs = run.epochs};
  begun.options.insert(begun.options.end(), {kOut, common.out});
  const BegunFile begun_file(common.out, std::move(begun), device.environment);
  const auto keep = [&](const RunResult& so_far) {
    checkpoint.so_far = so_far;
    write_checkpoint(
        std::filesystem::path(common.out) / kCheckpointFile, checkpoint,
        model_of(run.architecture, {}, schema_of(split.train), so_far.scale.empty() ? split.scale : so_far.scale));
  };

  LiveView view(!common.quiet);
  LiveFrame frame;
  // Where no view shows how far the training is, those of its epochs do while it goes on.
  const bool prints_epochs = common.output_format() == OutputFormat::text && !common.quiet;
  std::size_t printed = 0;
  const bool prints_now = prints_epochs && !view.is_shown();
  // Engines that are not asked about every epoch tell of some only; what is left out comes with the next checkpoint or
  // at the end.
  std::mutex printing;
  const auto print_up_to_date = [&](const std::vector<EpochRecord>& history) {
    print_now(epoch_lines(history, printed));
    printed = std::max(printed, history.size());
  };
  if (prints_now && before != nullptr) print_up_to_date(before->history);
  const ProgressOf whole{.rows = split.train.rows() - held_out.count(),
                         .epochs = run.epochs,
                         .first_epoch = run.resume ? run.resume->epoch : 0};
  for (Index epoch = 0; view.is_shown() && before != nullptr && epoch < std::ssize(before->history); ++epoch)
    add_progress(frame, progress_after(epoch + 1, before->history[static_cast<std::size_t>(epoch)]), whole);
  const RunStudy study =
      study_run(run, split, *device.trainer,
                {.observer =
                     [&](const RunProgress& progress) {
                       if (view.is_shown()) {
                         add_progress(frame, progress, whole);
                         view.show(frame, whole);
                       }
                       const std::lock_guard lock(printing);
                       if (prints_now && static_cast<std::size_t>(progress.epochs) == printed + 1)
                         print_now(epoch_line(printed++, progress.train_loss, progress.test_accuracy));
                     },
                 .checkpoints = {.every = arguments.checkpoint_every,
                                 .take =
                                     [&](const RunResult& since) {
                                       const RunResult so_far = before != nullptr ? joined(*before, since) : since;
                                       keep(so_far);
                                       const std::lock_guard lock(printing);
                                       if (prints_now) print_up_to_date(so_far.history);
                                     }}},
                before);
  view.clear();

  if (!arguments.history_file.empty()) write_file(arguments.history_file, history_csv(study));
  if (!arguments.model_file.empty() && has_model(study)) write_model(arguments.model_file, study);
  const auto json = [&](JsonHistory history) {
    return training_json(study, files, validation, device.environment, history);
  };
  const bool can_go_on =
      study.result.outcome == RunOutcome::interrupted && study.result.state && study.result.state->epoch > 0;
  if (!common.out.empty()) {
    write_run_directory(common.out, study, json(JsonHistory::leave_out),
                        paused != nullptr ? Earlier::replace : Earlier::refuse);
    if (can_go_on) keep(study.result);
  }
  if (common.output_format() == OutputFormat::json) {
    fmt::print("{}", json(JsonHistory::include));
  } else {
    if (prints_epochs) fmt::print("{}", epoch_lines(study.result.history, printed));
    fmt::print("{}", training_summary(study, device.environment));
  }
  if (const std::string ended = outcome_sentence(study); !ended.empty())
    say_on_stderr("plateau",
                  ended + (can_go_on ? fmt::format("; plateau train {} {} goes on", kResume, common.out) : ""));
  return exit_code_after(study.result.outcome);
}

void add_train_options(CLI::App& command, TrainArguments& a) {
  command.add_option("--train", a.files.train, std::string("training rows: ") + kRowFiles);
  add_split_options(command, a.files);
  command.add_option("--hidden", a.hidden, "hidden widths, as in 128,128; \"\" is a linear model");
  command.add_option("--scale", a.scale, "standard: features to mean 0 and spread 1, by the rows trained on; or none")
      ->check(CLI::IsMember({"none", "standard"}))
      ->capture_default_str();
  add_training_options(command, a.training);
  command.add_option("--validation", a.validation,
                     "share of the training rows held out and evaluated after every epoch [0; with --early-stopping "
                     "0.2]");
  command
      .add_option("--early-stopping", a.patience,
                  "epochs without a lower validation loss after which the run ends, and keeps its best parameters; "
                  "0: it does not")
      ->check(whole_number(0, kMaxEpochs))
      ->capture_default_str();
  command.add_option("--init", a.files.initial, "initial weights: a safetensors file of linear layers");
  command.add_option("--history", a.history_file, "CSV file for the figures of every epoch");
  command.add_option("--save", a.model_file, "safetensors file for the trained weights");
  add_common_options(command, a.common);
  command.get_option("--seed")->description("seed of initial weights and shuffles; draws test and validation rows");
  command
      .add_option("--checkpoint-every", a.checkpoint_every,
                  "epochs after which the run leaves a checkpoint in its --out folder; 0: only when Ctrl-C ends it")
      ->check(whole_number(0, kMaxEpochs))
      ->capture_default_str();
}

// What --resume goes on with: the options that the run began with, as this program reads them. What is printed may be
// asked for anew, since the run has no part in it.
int resume_run(const CLI::App& given) {
  const std::vector<std::string> others = given_options(given, {kResume, kQuiet, kFormat});
  const std::string folder = given.get_option(kResume)->as<std::string>();
  if (!others.empty())
    throw InputError(
        fmt::format("{} {}: every option is that of the run; leave out {}", kResume, folder, others.front()));
  const PausedRun paused{folder, resume_run_directory(folder),
                         read_model_file(std::filesystem::path(folder) / kCheckpointFile)};
  CLI::App again;
  TrainArguments arguments;
  add_train_options(again, arguments);
  std::vector<std::string> backwards(paused.checkpoint.options.rbegin(), paused.checkpoint.options.rend());
  try {
    again.parse(backwards);
  } catch (const CLI::ParseError& error) {
    throw InputError(
        fmt::format("{} {}: the checkpoint has options that this program does not: {}", kResume, folder, error.what()));
  }
  arguments.common.out = folder;
  arguments.common.device = paused.checkpoint.device == "cpu" ? "cpu" : "cuda";
  if (given.get_option(kQuiet)->count() > 0) arguments.common.quiet = true;
  if (given.get_option(kFormat)->count() > 0) arguments.common.format = given.get_option(kFormat)->as<std::string>();
  return reported(arguments.common, [&] { return train_run(arguments, paused.checkpoint.options, &paused); });
}

}  // namespace

Action add_train_command(CLI::App& plateau) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = plateau.add_subcommand("train", "Train a network on your rows, and test it after every epoch");
  command->footer(
      "Example: plateau train --train tests/data/iris.csv --target species --test-fraction 0.3 --scale standard "
      "--hidden 16 --lr 0.01 --epochs 300 --save iris.safetensors");
  add_train_options(*command, *arguments);
  command->add_option(kResume,
                      "folder of a run that was interrupted or killed: goes on from its last checkpoint, with "
                      "the options of the run; only --quiet and --format can be given beside it");
  return [arguments, command] {
    if (command->get_option(kResume)->count() > 0) return resume_run(*command);
    return reported(arguments->common, [&] { return train_run(*arguments, given_options(*command, {kOut}), nullptr); });
  };
}

}  // namespace plateau::app
