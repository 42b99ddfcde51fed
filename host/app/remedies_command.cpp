// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "command_line.hpp"
#include "live_view_on_terminal.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/remedies_report.hpp"
#include "plateau/report/run_directory.hpp"
#include "study_options.hpp"

namespace plateau::app {
namespace {

struct RemediesArguments {
  StudyOptions study;
  std::vector<std::string> only;
};

// Those that can be asked for: all but the placebo, which is always there.
std::vector<std::string> remedy_names() {
  std::vector<std::string> names;
  for (int i = 0; i < kRemedies; ++i)
    if (const auto remedy = static_cast<Remedy>(i); remedy != Remedy::placebo) names.emplace_back(to_string(remedy));
  return names;
}

std::vector<Remedy> remedies_of(const std::vector<std::string>& names) {
  std::vector<Remedy> remedies;
  for (const std::string& name : names) {
    const std::optional<Remedy> remedy = remedy_named(name);
    if (!remedy || *remedy == Remedy::placebo)
      throw InputError(fmt::format("--only {}: expected some of {}", name, fmt::join(remedy_names(), ",")));
    if (std::ranges::find(remedies, *remedy) == remedies.end()) remedies.push_back(*remedy);
  }
  return remedies;
}

int run_remedies(const RemediesArguments& arguments) {
  const StudyOptions& options = arguments.study;
  const CommonOptions& common = options.common;
  RemediesConfiguration configuration = configuration_of<RemediesConfiguration>(options);
  configuration.only = remedies_of(arguments.only);
  expects_apart(outputs_in(common.out, {"remedies.json", "remedies.csv"}),
                {options.files.train, options.files.test, options.files.initial});
  const Split split = read_study_rows(options, configuration.run);
  const Device device = choose_device(common);
  if (!common.out.empty()) prepare_remedies_directory(common.out);
  BegunFile begun = begin(
      common, {.train_rows = split.train.rows(), .test_rows = split.test.rows(), .epochs = configuration.run.epochs},
      device.environment);

  LiveView view(!common.quiet);
  BlockBars bars;
  const std::optional<RemediesResult> result =
      remedies(split, configuration, *device.trainer, [&](std::string_view block, double share, Index trainings) {
        begun.reached(block, trainings);
        view.show_bar([&](double seconds) { return bars.bar(block, share, trainings, seconds); });
      });
  view.clear();
  if (!result) throw Interrupted{};

  const std::string json = remedies_json(*result, device.environment);
  if (!common.out.empty()) write_remedies_directory(common.out, *result, json);
  fmt::print("{}", common.output_format() == OutputFormat::text ? remedies_summary(*result, device.environment) : json);
  return exit_code_of(result->table);
}

}  // namespace

Action add_remedies_command(CLI::App& plateau) {
  auto arguments = std::make_shared<RemediesArguments>();
  CLI::App* command = plateau.add_subcommand(
      "remedies", "Try the usual cures on a training, and say which of them raises its accuracy");
  command->footer(
      "Example: plateau remedies --data tests/data/iris.csv --target species --test-fraction 0.3 --hidden \"\" "
      "--lr 0.0001 --quick --only optimisation,ensemble,class-weights,more-data"
      "\nExit codes: 0 a remedy helps, or none gains --delta for sure, 3 undecided, 2 bad input, 1 the baseline "
      "diverged, or a machine that failed, 130 Ctrl-C");
  RemediesArguments& a = *arguments;
  add_study_options(*command, a.study);
  command
      ->add_option("--only", a.only,
                   fmt::format("remedies that are tried: some of {} [all]", fmt::join(remedy_names(), ",")))
      ->delimiter(',');
  command->add_flag("--quick", a.study.quick, "5 trainings of what is judged, and fewer settings");
  command->add_flag("--thorough", a.study.thorough, "40 trainings of what is judged, in place of 20");
  add_common_options(*command, a.study.common);
  command->get_option("--seed")->description("of the study; draws test rows and folds as well");
  command->get_option("--out")->description("folder for remedies.json and remedies.csv");
  command->get_option("--quiet")->description("no progress on the terminal");
  return [arguments] { return reported(arguments->study.common, [&] { return run_remedies(*arguments); }); };
}

}  // namespace plateau::app
