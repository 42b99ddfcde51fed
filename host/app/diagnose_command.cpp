// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command_line.hpp"
#include "data_options.hpp"
#include "live_view_on_terminal.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/diagnosis_report.hpp"
#include "plateau/report/run_directory.hpp"
#include "study_options.hpp"

namespace plateau::app {
namespace {

struct DiagnoseArguments {
  StudyOptions study;
  std::string second_data, second_test;
};

// The same rows with the second features, where they are given.
std::optional<Split> read_second(const DiagnoseArguments& arguments, const Split& split) {
  const StudyOptions& options = arguments.study;
  if (arguments.second_data.empty()) return {};
  const ReadOptions reading{.header = options.files.reading.header, .labelled = false};
  const Dataset features = read_rows(arguments.second_data, reading, !options.common.quiet);
  std::optional<Dataset> of_test;
  if (!arguments.second_test.empty()) of_test = read_rows(arguments.second_test, reading, !options.common.quiet);
  return with_features(split, features, of_test, options.files.reading);
}

void expects_second_files(const DiagnoseArguments& arguments) {
  const TrainingFiles& files = arguments.study.files;
  if (arguments.second_data.empty() && !arguments.second_test.empty())
    throw InputError("--second-test: without --second-data there are no second features to train on");
  if (!arguments.second_data.empty() && !files.test.empty() && arguments.second_test.empty())
    throw InputError("--second-test is missing: the second features of the rows of --test");
  if (!arguments.second_test.empty() && files.test_fraction)
    throw InputError("--second-test: the test rows are drawn from --data, and so --second-data holds them as well");
}

int run_diagnose(const DiagnoseArguments& arguments) {
  const StudyOptions& options = arguments.study;
  const CommonOptions& common = options.common;
  DiagnoseConfiguration configuration = configuration_of<DiagnoseConfiguration>(options);
  configuration.second_data = arguments.second_data;
  configuration.second_test = arguments.second_test;
  expects_second_files(arguments);
  expects_apart(
      outputs_in(common.out, {"diagnosis.json", "suspects.csv"}),
      {options.files.train, options.files.test, options.files.initial, arguments.second_data, arguments.second_test});
  const Split split = read_study_rows(options, configuration.run);
  const std::optional<Split> second = read_second(arguments, split);
  const Device device = choose_device(common);
  if (!common.out.empty()) prepare_diagnosis_directory(common.out);
  BegunFile begun = begin(
      common, {.train_rows = split.train.rows(), .test_rows = split.test.rows(), .epochs = configuration.run.epochs},
      device.environment);

  LiveView view(!common.quiet);
  BlockBars bars;
  const std::optional<Diagnosis> diagnosis =
      diagnose(split, second ? &*second : nullptr, configuration, *device.trainer,
               [&](std::string_view block, double share, Index trainings) {
                 begun.reached(block, trainings);
                 view.show_bar([&](double seconds) { return bars.bar(block, share, trainings, seconds); });
               });
  view.clear();
  if (!diagnosis) throw Interrupted{};

  const std::string json = diagnosis_json(*diagnosis, device.environment);
  if (!common.out.empty()) write_diagnosis_directory(common.out, *diagnosis, json);
  fmt::print("{}",
             common.output_format() == OutputFormat::text ? diagnosis_summary(*diagnosis, device.environment) : json);
  return exit_code_of(diagnosis->verdict);
}

}  // namespace

Action add_diagnose_command(CLI::App& plateau) {
  auto arguments = std::make_shared<DiagnoseArguments>();
  CLI::App* command = plateau.add_subcommand(
      "diagnose", "Say why the test accuracy of a training has stopped improving, by controlled trainings");
  command->footer(
      "Example: plateau diagnose --data tests/data/iris.csv --target species --test-fraction 0.3 --hidden \"\" "
      "--lr 0.0001 --quick"
      "\nExit codes: 0 decided, 3 inconclusive, 4 a fault of data or training is proved that makes the accuracy worth "
      "nothing or holds it back, 2 bad input, 1 a machine that failed, 130 Ctrl-C");
  DiagnoseArguments& a = *arguments;
  add_study_options(*command, a.study);
  command->add_option("--second-data", a.second_data,
                      "other features of the same rows in the same order, without labels, as in another.npy");
  command->add_option("--second-test", a.second_test, "those of the rows of --test");
  command->add_flag("--quick", a.study.quick, "some 350 trainings in place of some 1,250");
  command->add_flag("--thorough", a.study.thorough, "some 5,000 trainings");
  add_common_options(*command, a.study.common);
  command->get_option("--seed")->description("of the study; draws test rows and folds as well");
  command->get_option("--out")->description("folder for diagnosis.json and suspects.csv");
  command->get_option("--quiet")->description("no progress on the terminal");
  return [arguments] { return reported(arguments->study.common, [&] { return run_diagnose(*arguments); }); };
}

}  // namespace plateau::app
