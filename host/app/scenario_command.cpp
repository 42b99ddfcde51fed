// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "scenario_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>

#include "command_line.hpp"
#include "live_view_on_terminal.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/console.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/report/run_json.hpp"
#include "plateau/study/scenario.hpp"

namespace plateau::app {
namespace {

struct ScenarioArguments {
  ScenarioOptions scenario;
  CommonOptions common;
  std::string labels = "described";
  bool no_controls = false;
};

void add_scenario_options(CLI::App& command, ScenarioArguments& arguments) {
  command
      .add_option("--labels", arguments.labels,
                  "described: what the article says; published: what its program computes")
      ->check(CLI::IsMember({"described", "published"}))
      ->capture_default_str();
  command.add_option("--epochs", arguments.scenario.epochs, "full-batch epochs")
      ->check(whole_number(1, kMaxEpochs))
      ->capture_default_str();
  command.add_option("--repeat", arguments.scenario.repeat, "train seeds S, S+1, ... and add a table over them")
      ->check(whole_number(1, 100'000))
      ->capture_default_str();
  command.add_flag("--no-controls", arguments.no_controls,
                   "leave the controls out; the reason then says what was not tested");
  add_common_options(command, arguments.common);
}

int exit_code(const ScenarioResult& result) {
  if (result.controls == RunOutcome::interrupted) return kExitInterrupted;
  for (const SeedResult& seed : result.seeds)
    if (seed.outcome == RunOutcome::interrupted) return kExitInterrupted;
  const auto diverged = [](const SeedResult& seed) { return seed.outcome == RunOutcome::diverged; };
  return std::any_of(result.seeds.begin(), result.seeds.end(), diverged) ? kExitFailed : 0;
}

// The run as curves, then its controls and the other seeds as bars, each with a time of its own; and in `begun` what
// goes on.
class ScenarioView {
 public:
  ScenarioView(LiveView& view, BegunFile& begun, const ProgressOf& run) : view_(view), begun_(begun), run_(run) {}

  ScenarioWatch watch() {
    ScenarioWatch watch{.controls = [this](const FleetProgress& progress) { show("controls", progress); },
                        .seeds = [this](const FleetProgress& progress) { show("other seeds", progress); }};
    if (view_.is_shown())
      watch.run = [this](const RunProgress& progress) {
        add_progress(frame_, progress, run_);
        view_.show(frame_, run_);
      };
    return watch;
  }

 private:
  void show(const std::string& title, const FleetProgress& progress) {
    if (title != title_) {
      view_.restart();
      earlier_ += runs_;
    }
    title_ = title;
    runs_ = progress.runs;
    begun_.reached(title, earlier_ + progress.finished);
    view_.show_bar([&](double seconds) { return fleet_bar(progress, seconds, title); });
  }

  LiveView& view_;
  BegunFile& begun_;
  ProgressOf run_;
  LiveFrame frame_;
  std::string title_;
  Index earlier_ = 0, runs_ = 1;  // trainings before those of `title_`, and of those; before them is the run
};

int run_scenario(ScenarioArguments& arguments) {
  const CommonOptions& common = arguments.common;
  ScenarioOptions& options = arguments.scenario;
  options.seed = common.seed;
  options.reading = arguments.labels == "published" ? LabelReading::published : LabelReading::described;
  options.controls = arguments.no_controls ? Controls::leave_out : Controls::train;
  if (options.seed > std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(options.repeat - 1))
    throw InputError(
        fmt::format("--seed {}: --repeat {} would count past the largest seed", options.seed, options.repeat));
  const Device device = choose_device(common);
  if (!common.out.empty()) prepare_run_directory(common.out);
  BegunFile begun = begin(common, {.epochs = options.epochs}, device.environment);

  const bool text = common.output_format() == OutputFormat::text;
  LiveView view(!common.quiet);
  ScenarioView watched(view, begun, {.rows = scenario_definition(options.kind).train_rows, .epochs = options.epochs});
  const ScenarioResult result = study_scenario(
      options, *device.trainer,
      [&](const RunStudy& run) {
        view.clear();
        if (text && !common.quiet) print_now(epoch_lines(run.result.history));
      },
      watched.watch());
  view.clear();

  if (!common.out.empty())
    write_run_directory(common.out, result.first,
                        scenario_json(options, result, device.environment, JsonHistory::leave_out));
  if (!text) {
    fmt::print("{}", scenario_json(options, result, device.environment, JsonHistory::include));
  } else {
    fmt::print("{}", scenario_summary(options, result, device.environment));
  }
  if (const std::string ended = outcome_sentence(result.first); !ended.empty())
    say_on_stderr(result.definition.name, ended);
  else if (exit_code(result) == kExitInterrupted)
    say_on_stderr(result.definition.name,
                  "interrupted after the first run, before all controls and seeds were trained");
  return exit_code(result);
}

constexpr const char* kDescription = "Train one of three experiments and say why its test accuracy stops improving";

}  // namespace

Action add_scenario_command(CLI::App& plateau) {
  auto arguments = std::make_shared<ScenarioArguments>();
  CLI::App* command = plateau.add_subcommand("scenario", kDescription);
  command->footer("Example: plateau scenario underfit --repeat 5 --quiet");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "overfit, underfit or ceiling")
      ->required()
      ->check(CLI::IsMember({"overfit", "underfit", "ceiling"}));
  add_scenario_options(*command, *arguments);
  return [arguments, name] {
    for (const auto kind : {ScenarioKind::overfit, ScenarioKind::underfit, ScenarioKind::ceiling})
      if (*name == to_string(kind)) arguments->scenario.kind = kind;
    return reported(arguments->common, [&] { return run_scenario(*arguments); });
  };
}

int run_scenario_program(ScenarioKind kind, int argc, char** argv) {
  const std::string name = std::string("scenario_") + to_string(kind);
  CLI::App app(kDescription, name);
  app.footer("Example: " + name + " --seed 1 --quiet");
  ScenarioArguments arguments{.scenario = {.kind = kind}};
  add_scenario_options(app, arguments);
  return run_program(app, argc, argv,
                     [&] { return reported(arguments.common, [&] { return run_scenario(arguments); }); });
}

}  // namespace plateau::app
