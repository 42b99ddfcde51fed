// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command_line.hpp"
#include "data_options.hpp"
#include "model_use.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/evaluation_report.hpp"
#include "plateau/study/run_study.hpp"

namespace plateau::app {
namespace {

struct EvaluateArguments {
  EvaluatedFiles files;
  std::string out;
  CommonOptions common;
};

int run_evaluate(const EvaluateArguments& arguments) {
  const CommonOptions& common = arguments.common;
  expects_apart({{"--out", arguments.out}}, {arguments.files.model, arguments.files.data});
  const ModelFile model = read_model_file(arguments.files.model);
  const TrainedNetwork network = network_of(model, arguments.files.model);
  Dataset data = read_rows(arguments.files.data, arguments.files.reading, !common.quiet);
  reconcile(data, schema_of(model, arguments.files.model));
  expects_labels_below(data, arguments.files.data, network.architecture.classes(), arguments.files.model);
  const Device device = choose_device(common);
  if (!arguments.out.empty()) expect_writable(arguments.out);

  const Predictions predictions =
      predict_in_blocks(*device.trainer, network, data.x(), rows_per_block(network.architecture), expects_no_interrupt);
  const ModelEvaluation evaluation{
      .network = network.architecture,
      .classes = data.classes,
      .figures = evaluate_predictions(predictions, data.label(), network.architecture.classes())};
  const auto json = [&] { return evaluation_json(evaluation, arguments.files, device.environment); };
  if (!arguments.out.empty()) write_file(arguments.out, json());
  fmt::print("{}", common.output_format() == OutputFormat::json
                       ? json()
                       : evaluation_summary(evaluation, arguments.files, device.environment));
  return 0;
}

}  // namespace

Action add_evaluate_command(CLI::App& plateau) {
  auto arguments = std::make_shared<EvaluateArguments>();
  CLI::App* command =
      plateau.add_subcommand("evaluate", "Say how well a trained model does on labelled rows, class by class");
  command->footer(
      "Example: plateau evaluate --model iris.safetensors --data tests/data/iris.csv --target species --format text");
  EvaluateArguments& a = *arguments;
  command->add_option("--model", a.files.model, "safetensors file, as train saves it or of linear layers")->required();
  command->add_option("--data", a.files.data, std::string("labelled rows: ") + kRowFiles)->required();
  add_table_options(*command, a.files.reading);
  add_device_options(*command, a.common);
  command->add_option("--out", a.out, "JSON file for the figures");
  add_output_options(*command, a.common);
  command->get_option("--quiet")->description("no progress on the terminal");
  return [arguments] { return run_evaluate(*arguments); };
}

}  // namespace plateau::app
