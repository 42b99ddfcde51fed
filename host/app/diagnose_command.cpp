// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command_line.hpp"
#include "data_options.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/console.hpp"
#include "plateau/report/diagnosis_report.hpp"
#include "plateau/report/run_directory.hpp"
#include "progress_line.hpp"
#include "training_options.hpp"

namespace plateau::app {
namespace {

constexpr const char* kUsualHidden = "64";

struct DiagnoseArguments {
  TrainingFiles files;
  TrainingOptions training;
  std::optional<std::string> hidden;
  std::string scale = "none";
  std::optional<double> validation;
  Index patience = 0;
  double delta = 1;  // points
  bool quick = false, thorough = false;
  std::string second_data, second_test;
  CommonOptions common;
};

DiagnoseConfiguration configuration_of(const DiagnoseArguments& arguments) {
  DiagnoseConfiguration configuration{.files = arguments.files, .run = run_of(arguments.training, 0)};
  configuration.run.patience = arguments.patience;
  configuration.run.standardise = arguments.scale == "standard";
  configuration.validation = arguments.validation.value_or(0.2);
  if (arguments.validation && arguments.patience == 0)
    throw InputError("--validation: only --early-stopping holds rows out");
  if (!(0 < configuration.validation && configuration.validation < 1))
    throw InputError(fmt::format("--validation {}: expected a share above 0, below 1", configuration.validation));
  if (!(0 < arguments.delta && arguments.delta < 100))
    throw InputError(fmt::format("--delta {}: expected points, above 0 and below 100", arguments.delta));
  if (arguments.quick && arguments.thorough) throw InputError("--quick and --thorough: leave out one of the two");
  configuration.second_data = arguments.second_data;
  configuration.second_test = arguments.second_test;
  configuration.delta = arguments.delta / 100;
  configuration.depth = arguments.quick ? Depth::quick : arguments.thorough ? Depth::thorough : Depth::standard;
  configuration.seed = arguments.common.seed;
  return configuration;
}

// The same rows with the second features, where they are given.
std::optional<Split> read_second(const DiagnoseArguments& arguments, const Split& split) {
  const TrainingFiles& files = arguments.files;
  if (arguments.second_data.empty()) return {};
  const ReadOptions reading{.header = files.reading.header, .labelled = false};
  const Dataset features = read_rows(arguments.second_data, reading, !arguments.common.quiet);
  std::optional<Dataset> of_test;
  if (!arguments.second_test.empty()) of_test = read_rows(arguments.second_test, reading, !arguments.common.quiet);
  return with_features(split, features, of_test, files.reading);
}

void expects_second_files(const DiagnoseArguments& arguments) {
  if (arguments.second_data.empty() && !arguments.second_test.empty())
    throw InputError("--second-test: without --second-data there are no second features to train on");
  if (!arguments.second_data.empty() && !arguments.files.test.empty() && arguments.second_test.empty())
    throw InputError("--second-test is missing: the second features of the rows of --test");
  if (!arguments.second_test.empty() && arguments.files.test_fraction)
    throw InputError("--second-test: the test rows are drawn from --data, and so --second-data holds them as well");
}

int run_diagnose(const DiagnoseArguments& arguments) {
  const CommonOptions& common = arguments.common;
  DiagnoseConfiguration configuration = configuration_of(arguments);
  const TrainingFiles& files = arguments.files;
  const std::vector<Index> hidden = parse_hidden(arguments.hidden.value_or(kUsualHidden));
  expects_second_files(arguments);
  expects_apart(outputs_in(common.out, {"diagnosis.json", "suspects.csv"}),
                {files.train, files.test, files.initial, arguments.second_data, arguments.second_test});

  std::optional<ModelFile> initial;
  if (!files.initial.empty()) initial = read_model_file(files.initial);
  const Split split = read_split(files, initial, common.seed, !common.quiet);
  const std::optional<Split> second = read_second(arguments, split);
  configuration.run.architecture =
      fitting_architecture(initial && !arguments.hidden ? std::optional<std::vector<Index>>{} : hidden, split,
                           initial ? std::optional(initial->stack) : std::nullopt, files);
  if (initial) configuration.run.initial = initial->stack.parameters;
  const Device device = choose_device(common);
  if (!common.out.empty()) prepare_diagnosis_directory(common.out);

  ProgressLine line(!common.quiet);
  const std::optional<Diagnosis> diagnosis =
      diagnose(split, second ? &*second : nullptr, configuration, *device.trainer,
               [&](std::string_view block, double share, Index trainings) {
                 line.show([&](double seconds) { return diagnosis_line(block, share, trainings, seconds); });
               });
  line.clear();
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
      "--lr 0.0001 --quick");
  DiagnoseArguments& a = *arguments;
  command->add_option("--data", a.files.train, std::string("training rows: ") + kRowFiles)->required();
  add_split_options(*command, a.files);
  command->add_option("--second-data", a.second_data,
                      "other features of the same rows in the same order, without labels, as in another.npy");
  command->add_option("--second-test", a.second_test, "those of the rows of --test");
  command->add_option("--hidden", a.hidden, "hidden widths of the training, as in 64,64; \"\" is a linear model [64]");
  command->add_option("--init", a.files.initial, "its initial weights, a .safetensors");
  add_training_options(*command, a.training);
  command->add_option("--scale", a.scale, "standard: features to mean 0 and spread 1, by the rows trained on; or none")
      ->check(CLI::IsMember({"none", "standard"}))
      ->capture_default_str();
  command
      ->add_option("--early-stopping", a.patience,
                   "epochs without a lower validation loss after which it ends; 0: it does not")
      ->check(whole_number(0, kMaxEpochs))
      ->capture_default_str();
  command->add_option("--validation", a.validation, "share of the training rows held out for that [0.2]");
  command->add_option("--delta", a.delta, "smallest gain that is worth acting on, in points")->capture_default_str();
  command->add_flag("--quick", a.quick, "some 300 trainings in place of some 1,200");
  command->add_flag("--thorough", a.thorough, "some 5,000 trainings");
  add_common_options(*command, a.common);
  command->get_option("--seed")->description("of the study; draws test rows and folds as well");
  command->get_option("--out")->description("folder for diagnosis.json and suspects.csv");
  command->get_option("--quiet")->description("no progress on the terminal");
  return [arguments] { return run_diagnose(*arguments); };
}

}  // namespace plateau::app
