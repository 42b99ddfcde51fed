// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <utility>

#include "command_line.hpp"
#include "data_options.hpp"
#include "model_use.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/forensics_report.hpp"
#include "plateau/report/run_directory.hpp"

namespace plateau::app {
namespace {

struct ForensicsArguments {
  ForensicsFiles files;
  double delta_points = 1;
  CommonOptions common;
};

// Predictions by the networks that were saved, where they are such as Plateau can compute.
void replay_networks(const std::vector<std::filesystem::path>& of_rounds, const ForensicsArguments& arguments,
                     ForensicsRecord& record) {
  const ForensicsFiles& files = arguments.files;
  const Device cpu = choose_device({.device = "cpu"});
  try {
    std::optional<NetworkReplay> replay;
    for (const auto& file : of_rounds) {
      const ModelFile model = read_model_file(file);
      if (!replay) {
        Dataset rows = read_rows(files.data, files.reading, !arguments.common.quiet);
        if (rows.labels != record.labels)
          throw InputError(
              fmt::format("{}: with --header auto its first line is a row to one reader and a header to "
                          "another; say which by --header",
                          files.data));
        replay.emplace(std::move(rows), *cpu.trainer, rows_per_block({model.stack.widths}));
      }
      replay->add(file.string(), model, expects_no_interrupt);
    }
    record.networks = replay->take();
    record.networks_by_plateau = replay->by_plateau();
  } catch (const InputError& error) {
    record.not_replayed = error.what();
  }
}

ForensicsRecord record_of(const ForensicsArguments& arguments, ForensicsReading& reading) {
  const ForensicsFiles& files = arguments.files;
  ForensicsRecord record{.log = read_round_log(files.rounds), .delta = arguments.delta_points / 100};
  std::optional<Dataset> data;
  if (!files.data.empty()) {
    data = read_test_labels(files.data, files.reading);
    if (files.test_rows && *files.test_rows != data->rows())
      throw InputError(fmt::format("--test-rows {}: {} has {} rows", *files.test_rows, files.data, data->rows()));
    record.labels = data->labels;
    record.classes = data->classes;
  }
  if (files.test_rows) record.test_rows = *files.test_rows;
  if (!files.predictions.empty()) {
    const RoundFiles of_rounds = files_of_rounds(files.predictions, {".csv", ".npy"}, record.log);
    reading.passed_over_predictions = of_rounds.passed_over;
    record.predictions = read_round_predictions(of_rounds.files, data ? &*data : nullptr);
    const auto rows = static_cast<Index>(record.predictions->predicted.front().size());
    if (files.test_rows && *files.test_rows != rows)
      throw InputError(fmt::format("--test-rows {}: {} has predictions of {} rows", *files.test_rows,
                                   of_rounds.files.front().string(), rows));
  }
  if (!files.checkpoints.empty()) {
    const RoundFiles of_rounds = files_of_rounds(files.checkpoints, {".safetensors"}, record.log);
    reading.passed_over_checkpoints = of_rounds.passed_over;
    for (const auto& file : of_rounds.files) {
      expects_no_interrupt();
      record.weights.add(file.string(), read_round_weights(file));
    }
    if (data) replay_networks(of_rounds.files, arguments, record);
  }
  add_reading(record, reading);
  return record;
}

int run_forensics(const ForensicsArguments& arguments) {
  const CommonOptions& common = arguments.common;
  if (!(0 < arguments.delta_points && arguments.delta_points < 100))
    throw InputError(fmt::format("--delta {}: expected points, above 0 and below 100", arguments.delta_points));
  expects_apart(outputs_in(common.out, {"forensics.json"}), {arguments.files.rounds, arguments.files.data});
  ForensicsReading reading;
  const ForensicsRecord record = record_of(arguments, reading);
  if (!common.out.empty()) prepare_forensics_directory(common.out);
  Forensics forensics{
      .files = arguments.files, .reading = std::move(reading), .evidence = measure_rounds(record), .decision = {}};
  forensics.decision = explain_forensics(forensics.evidence);
  const std::string json = forensics_json(forensics, cpu_environment(1));
  if (!common.out.empty()) write_forensics_directory(common.out, json);
  fmt::print("{}", common.output_format() == OutputFormat::json ? json : forensics_summary(forensics));
  return exit_code_of(forensics.decision.verdict);
}

}  // namespace

Action add_forensics_command(CLI::App& plateau) {
  auto arguments = std::make_shared<ForensicsArguments>();
  CLI::App* command = plateau.add_subcommand(
      "forensics", "Say why the accuracy of rounds that were trained elsewhere stands still, without training");
  command->footer(
      "Example: plateau forensics --rounds tests/data/forensics/rounds.csv --predictions "
      "tests/data/forensics/predictions --data tests/data/forensics/test.csv --target kind\n"
      "Exit codes: 0 decided, 3 inconclusive, 4 a fault of data or evaluation is proved, 2 bad input, 1 a machine that "
      "failed, 130 Ctrl-C");
  ForensicsArguments& a = *arguments;
  command
      ->add_option("--rounds", a.files.rounds,
                   "table with a line per round: test_accuracy, perhaps train_loss and train_accuracy")
      ->required();
  command->add_option("--predictions", a.files.predictions,
                      "folder with a .csv or .npy file per round: the class, or the outputs, of every test row");
  command->add_option("--checkpoints", a.files.checkpoints,
                      "folder with a .safetensors file of weights per round; with --data, "
                      "networks of linear layers and ReLU predict themselves");
  command->add_option("--data", a.files.data,
                      std::string("the test rows with their labels, or these alone: ") + kRowFiles + "; or y.npy");
  add_table_options(*command, a.files.reading);
  command->add_option("--test-rows", a.files.test_rows, "how many test rows there are, where no file says so")
      ->check(whole_number(1, 1'000'000'000'000));
  command->add_option("--delta", a.delta_points, "smallest change in accuracy that is worth acting on, in points")
      ->capture_default_str();
  command->add_option("--out", a.common.out, "folder for forensics.json");
  add_output_options(*command, a.common);
  add_report_options(*command, a.common);
  command->get_option("--quiet")->description("no progress on the terminal");
  return [arguments] { return reported(arguments->common, [&] { return run_forensics(*arguments); }); };
}

}  // namespace plateau::app
