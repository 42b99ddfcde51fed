// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "command_line.hpp"
#include "data_options.hpp"
#include "live_view_on_terminal.hpp"
#include "model_use.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/predictions.hpp"
#include "plateau/study/run_study.hpp"

namespace plateau::app {
namespace {

struct PredictArguments {
  std::string model, data, out;
  ReadOptions reading;
  bool no_probabilities = false;
  CommonOptions common;

  bool to_stdout() const { return out.empty() || out == "-"; }
};

void expect_finite(const PredictArguments& arguments, Index first_row, HostMatrix<const float> probability) {
  for (Index i = 0; i < probability.rows; ++i)
    if (!std::isfinite(probability.row(i)[0]))
      throw InputError(fmt::format("{}: row {} is predicted nothing finite; its features are too large for {}",
                                   arguments.data, first_row + i, arguments.model));
}

std::unique_ptr<PredictionWriter> writer_of(const PredictArguments& arguments, const Schema& schema) {
  const PredictionColumns columns =
      arguments.no_probabilities ? PredictionColumns::class_alone : PredictionColumns::class_and_probabilities;
  if (!arguments.to_stdout()) return write_predictions(arguments.out, schema.classes.names, columns);
  std::vector<std::string> names = schema.classes.names;
  std::ranges::transform(names, names.begin(), for_stdout);
  return write_prediction_text(names, columns, [](std::string_view text) { fmt::print("{}", text); });
}

int run_predict(const PredictArguments& arguments) {
  const CommonOptions& common = arguments.common;
  const ModelFile model = read_model_file(arguments.model);
  const TrainedNetwork network = network_of(model, arguments.model);
  const Schema schema = schema_of(model, arguments.model);
  if (!arguments.to_stdout()) expects_apart({{"--out", arguments.out}}, {arguments.model, arguments.data});
  const Device device = choose_device(common);
  const std::unique_ptr<PredictionWriter> writer = writer_of(arguments, schema);

  // On a terminal that shows the predictions themselves, a line that is written over would be among them.
  LiveView view(!common.quiet && !(arguments.to_stdout() && isatty(STDOUT_FILENO) == 1));
  ReadOptions reading = arguments.reading;
  reading.labelled = false;
  reading.progress = [&](double share) {
    expects_no_interrupt();
    view.show_bar([&](double seconds) { return reading_bar(arguments.data, share, seconds); });
  };
  Index rows = 0;
  const auto predict = [&](Dataset&& block) {
    reconcile(block, schema);
    const Predictions predictions = device.trainer->predict(network, block.x());
    const Index classes = network.architecture.classes();
    const HostMatrix<const float> probability{predictions.probability.data(), block.rows(), classes, classes};
    expect_finite(arguments, rows, probability);
    writer->add({predictions.predicted.data(), block.rows()}, probability);
    rows += block.rows();
  };
  try {
    read_blocks(arguments.data, reading, rows_per_block(network.architecture), predict);
    writer->commit();
  } catch (const Interrupted&) {
    view.clear();
    say_on_stderr("plateau", fmt::format("interrupted after {} rows{}", rows,
                                         arguments.to_stdout() ? "" : "; nothing is written"));
    return kExitInterrupted;
  }
  view.clear();
  if (!arguments.to_stdout() && !common.quiet)
    fmt::print("{} rows predicted into {}\n", rows, for_stdout(arguments.out));
  return 0;
}

}  // namespace

Action add_predict_command(CLI::App& plateau) {
  auto arguments = std::make_shared<PredictArguments>();
  CLI::App* command =
      plateau.add_subcommand("predict", "Say the class of every row, by a trained model; of files of any size");
  command->footer(
      "Example: plateau predict --model iris.safetensors --data tests/data/iris.csv --target species --out "
      "iris-predicted.csv");
  PredictArguments& a = *arguments;
  command->add_option("--model", a.model, "safetensors file, as train saves it or of linear layers")->required();
  command->add_option("--data", a.data, std::string("rows, whose labels are not looked at: ") + kRowFiles)->required();
  add_table_options(*command, a.reading);
  command->get_option("--target")->description("column of a table that holds the classes: it is left out [none]");
  command->add_option("--out", a.out, ".csv or .npy file for classes and probabilities [a CSV on stdout]");
  command->add_flag("--no-probabilities", a.no_probabilities, "the classes alone; in an .npy file, their ids");
  add_device_options(*command, a.common);
  command->add_flag("--quiet", a.common.quiet, "no progress on the terminal, and no last line");
  return [arguments] { return run_predict(*arguments); };
}

}  // namespace plateau::app
